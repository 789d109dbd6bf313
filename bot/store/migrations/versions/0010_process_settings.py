"""What each process goes by, so that one that goes by something else is noticed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Of processes that are there nobody knows it."""
    op.add_column("process", sa.Column("settings", sa.Text()))
