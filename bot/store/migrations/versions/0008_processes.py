"""Which process works on a song, and which processes share the database."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What is at work keeps at work: nobody has claimed it."""
    op.add_column("job", sa.Column("claimed_by", sa.String(36)))
    op.create_table(
        "process",
        sa.Column("process_id", sa.String(36), primary_key=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", AMOUNT, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("shards", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("renewed_at", INSTANT, nullable=False),
        sa.Column("watched", AMOUNT, nullable=False),
        sa.Column("polls_share", sa.Float(), nullable=False),
        sa.Column("discord_share", sa.Float(), nullable=False),
        sa.CheckConstraint("kind IN ('run', 'worker')", name="process_kind_known"),
    )
