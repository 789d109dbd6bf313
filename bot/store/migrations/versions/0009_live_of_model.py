"""An index for how many songs are under way with each model, without the songs that came to an end."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create it."""
    live = sa.text("state IN ('checking', 'delivering', 'generating', 'queued', 'ready', 'submitting')")
    op.create_index("job_live_of_model", "job", ["provider", "model"], sqlite_where=live, postgresql_where=live)
