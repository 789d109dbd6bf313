"""What members hold of the disk, summed from rows, and when the check of a song burnt; places outlive their songs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
AMOUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Copies that are there, or on their way, count as large as what was attached."""
    op.add_column("job", sa.Column("reference_copy_bytes", AMOUNT))
    op.execute(
        "UPDATE job SET reference_copy_bytes = reference_size_bytes "
        "WHERE reference_copy_name IS NOT NULL OR state = 'checking'"
    )
    op.create_index("job_bytes", "job", ["member_id", "reference_copy_bytes", "track_size_bytes"])
    op.add_column("place", sa.Column("burnt_at", INSTANT))
    burnt = sa.text("burnt_at IS NOT NULL")
    op.create_index("place_burnt", "place", ["member_id", "burnt_at"], sqlite_where=burnt, postgresql_where=burnt)
