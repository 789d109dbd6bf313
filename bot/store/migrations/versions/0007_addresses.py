"""At which address of its service a song was begun, so that another address is not taken to have lost it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Songs that are under way count as begun at the address that is configured, as they did before."""
    op.add_column("job", sa.Column("service_address", sa.Text()))
