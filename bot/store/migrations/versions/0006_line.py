"""Indexes for the line: who waits, since when, and who holds a place, each without the songs that came to an end."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create them."""
    in_line = _where("state = 'queued' AND answered_at IS NOT NULL")
    op.create_index("job_in_line", "job", ["model", "member_id", "id", "guild_id"], **in_line)
    op.create_index("job_in_line_since", "job", ["model", "moved_at", "id", "guild_id"], **in_line)
    in_the_making = _where("state IN ('generating', 'submitting')")
    op.create_index("job_in_the_making", "job", ["model", "member_id"], **in_the_making)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
