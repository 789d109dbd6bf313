"""Who makes a song, in which style and for how much; all before was `minimax-music` at AIML's price."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the four columns; every row that is there gets the service that made it."""
    op.add_column("job", sa.Column("provider", sa.String(32), nullable=False, server_default=sa.text("'aiml'")))
    op.add_column("job", sa.Column("model", sa.String(64), nullable=False, server_default=sa.text("'minimax-music'")))
    op.add_column("job", sa.Column("style", sa.Text()))
    op.add_column("job", sa.Column("price_micros", AMOUNT, nullable=False, server_default=sa.text("37000")))
