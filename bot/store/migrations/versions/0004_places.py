"""Whether the bot was a member where a song was ordered (NULL in older rows), and when Discord took our answer."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the two columns. What was ordered before counts as answered: nobody kept whether it was."""
    op.add_column("job", sa.Column("bot_is_member", sa.Boolean()))
    op.add_column("job", sa.Column("answered_at", INSTANT))
    op.execute("UPDATE job SET answered_at = created_at")
