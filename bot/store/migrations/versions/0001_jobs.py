"""Jobs, their history, and remembered values."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = (
    "'cancelled', 'checking', 'delivered', 'delivering', 'expired', 'failed', 'generating', 'queued', 'ready', "
    "'refused', 'submitting', 'undeliverable', 'unknown'"
)
LIVE = "state IN ('checking', 'delivering', 'generating', 'queued', 'ready', 'submitting')"
RESTING = LIVE.replace(" IN ", " NOT IN ")

SNOWFLAKE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the three tables."""
    _create_jobs()
    op.create_table(
        "job_event",
        sa.Column("id", SNOWFLAKE, nullable=False, autoincrement=True),
        sa.Column("job_id", SNOWFLAKE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("before", sa.String(16)),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="job_event_job", ondelete="CASCADE"),
    )
    op.create_index("job_event_by_job", "job_event", ["job_id", "id"])
    op.create_table(
        "kept_value",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _create_jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", SNOWFLAKE, nullable=False, autoincrement=True),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("member_name", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("channel_id", SNOWFLAKE, nullable=False),
        sa.Column("guild_id", SNOWFLAKE),
        sa.Column("interaction_id", SNOWFLAKE, nullable=False),
        sa.Column("interaction_token", sa.Text()),
        sa.Column("upload_limit_bytes", SNOWFLAKE, nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lyrics", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("reference_url", sa.Text(), nullable=False),
        sa.Column("reference_name", sa.Text(), nullable=False),
        sa.Column("reference_size_bytes", SNOWFLAKE, nullable=False),
        sa.Column("reference_expires_at", INSTANT),
        sa.Column("reference_seconds", sa.Float()),
        sa.Column("reference_format", sa.Text()),
        sa.Column("reference_copy_name", sa.Text()),
        sa.Column("again_of", SNOWFLAKE),
        sa.Column("generation_id", sa.Text()),
        sa.Column("track_url", sa.Text()),
        sa.Column("track_copy_name", sa.Text()),
        sa.Column("track_size_bytes", SNOWFLAKE),
        sa.Column("track_seconds", sa.Float()),
        sa.Column("card_message_id", SNOWFLAKE),
        sa.Column("track_channel_id", SNOWFLAKE),
        sa.Column("track_message_id", SNOWFLAKE),
        sa.Column("told", sa.String(16)),
        sa.Column("reason", sa.String(32)),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.Column("submit_started_at", INSTANT),
        sa.Column("accepted_at", INSTANT),
        sa.Column("ready_at", INSTANT),
        sa.Column("deliver_started_at", INSTANT),
        sa.Column("deadline_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="job_key_once"),
        sa.UniqueConstraint("interaction_id", name="job_interaction_once"),
        sa.UniqueConstraint("generation_id", name="job_generation_once"),
        sa.CheckConstraint(f"state IN ({STATES})", name="job_state_known"),
        sa.CheckConstraint(f"told IN ({STATES})", name="job_told_known"),
        sa.CheckConstraint("origin IN ('direct', 'guild', 'user_install')", name="job_origin_known"),
        sqlite_autoincrement=True,
    )
    op.create_index("job_by_state", "job", ["state", "id"])
    op.create_index("job_by_member", "job", ["member_id", "id"])
    op.create_index("job_live", "job", ["guild_id", "channel_id", "id"], **_where(LIVE))
    op.create_index("job_resting", "job", ["moved_at", "id"], **_where(RESTING))
    op.create_index("job_ready", "job", ["ready_at"], **_where("ready_at IS NOT NULL"))
    # SQLite knows IS DISTINCT FROM only since 3.39 and has always written it IS NOT.
    op.create_index(
        "job_to_look_at",
        "job",
        ["id"],
        sqlite_where=sa.text(f"{LIVE} OR told IS NOT state"),
        postgresql_where=sa.text(f"{LIVE} OR told IS DISTINCT FROM state"),
    )


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
