"""How large our copy of a reference is, so that what members hold of the disk is summed from rows."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Copies that are there, or on their way, count as large as what was attached."""
    op.add_column("job", sa.Column("reference_copy_bytes", AMOUNT))
    op.execute(
        "UPDATE job SET reference_copy_bytes = reference_size_bytes "
        "WHERE reference_copy_name IS NOT NULL OR state = 'checking'"
    )
    op.create_index("job_bytes", "job", ["member_id", "reference_copy_bytes", "track_size_bytes"])
