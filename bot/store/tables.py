"""The three tables. Their history is in `migrations/`; a test holds the two together."""

from collections.abc import Iterable

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    or_,
    text,
)

from bot.jobs.model import LIVE, JobState, Origin
from bot.store.columns import SNOWFLAKE, Instant, SafeText


def _one_of(column: str, values: Iterable[str]) -> str:
    """A condition with its values written out: a partial index is used only where the query says the very same."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in sorted(values))})"


metadata = MetaData()

jobs = Table(
    "job",
    metadata,
    Column("id", SNOWFLAKE, primary_key=True, autoincrement=True),
    Column("key", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("member_id", SNOWFLAKE, nullable=False),
    Column("member_name", SafeText, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("channel_id", SNOWFLAKE, nullable=False),
    Column("guild_id", SNOWFLAKE),
    Column("interaction_id", SNOWFLAKE, nullable=False),
    Column("interaction_token", SafeText),
    Column("upload_limit_bytes", SNOWFLAKE, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("title", SafeText, nullable=False),
    Column("lyrics", SafeText, nullable=False),
    Column("prompt", SafeText, nullable=False),
    Column("reference_url", SafeText, nullable=False),
    Column("reference_name", SafeText, nullable=False),
    Column("reference_size_bytes", SNOWFLAKE, nullable=False),
    Column("reference_expires_at", Instant),
    Column("reference_seconds", Float),
    Column("reference_format", SafeText),
    Column("reference_copy_name", SafeText),
    Column("again_of", SNOWFLAKE),  # no foreign key: the older job may be deleted
    Column("generation_id", SafeText),
    Column("track_url", SafeText),
    Column("track_copy_name", SafeText),
    Column("track_size_bytes", SNOWFLAKE),
    Column("track_seconds", Float),
    Column("card_message_id", SNOWFLAKE),
    Column("track_channel_id", SNOWFLAKE),
    Column("track_message_id", SNOWFLAKE),
    Column("told", String(16), key="notified_state"),
    Column("reason", String(32)),
    Column("detail", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Column("submit_started_at", Instant),
    Column("accepted_at", Instant),
    # When the generation came ready at its first watch; a track that was asked for again says nothing about the time
    # that generations take. The only column that is not part of a Job.
    Column("ready_at", Instant),
    Column("deliver_started_at", Instant),
    Column("deadline_at", Instant),
    # Who makes the song and for how much, pinned when it is ordered. The defaults are for rows that were there first.
    Column("provider", String(32), nullable=False, server_default=text("'aiml'")),
    Column("model", String(64), nullable=False, server_default=text("'minimax-music'")),
    Column("style", SafeText),
    Column("price_micros", SNOWFLAKE, nullable=False, server_default=text("37000")),
    # What our copy of the reference holds of the disk, or will, by what Discord says; NULL when there is none.
    Column("reference_copy_bytes", SNOWFLAKE),
    UniqueConstraint("key", name="job_key_once"),
    UniqueConstraint("interaction_id", name="job_interaction_once"),
    UniqueConstraint("generation_id", name="job_generation_once"),  # NULLs do not count
    CheckConstraint(_one_of("state", JobState), name="job_state_known"),
    CheckConstraint(_one_of("told", JobState), name="job_told_known"),
    CheckConstraint(_one_of("origin", Origin), name="job_origin_known"),
    # A number is never given twice, not even after a job is deleted: old buttons carry it.
    sqlite_autoincrement=True,
)

job_events = Table(
    "job_event",
    metadata,
    Column("id", SNOWFLAKE, primary_key=True, autoincrement=True),
    Column("job_id", SNOWFLAKE, ForeignKey("job.id", name="job_event_job", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("before", String(16)),
    Column("after", String(16), nullable=False),
    Column("detail", SafeText, nullable=False),
)

kept_values = Table(
    "kept_value",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", SafeText, nullable=False),
)

#: Conditions that have a partial index of their own.
is_live = text(_one_of("state", LIVE))
#: Not written as IN: SQLite would then take the index on the state and sort.
is_resting = text(_one_of("state", LIVE).replace(" IN ", " NOT IN "))
is_unfinished = or_(is_live, jobs.c.notified_state.is_distinct_from(jobs.c.state))

Index("job_by_state", jobs.c.state, jobs.c.id)
Index("job_by_member", jobs.c.member_id, jobs.c.id)
Index("job_bytes", jobs.c.member_id, jobs.c.reference_copy_bytes, jobs.c.track_size_bytes)
Index("job_live", jobs.c.guild_id, jobs.c.channel_id, jobs.c.id, sqlite_where=is_live, postgresql_where=is_live)
Index("job_to_look_at", jobs.c.id, sqlite_where=is_unfinished, postgresql_where=is_unfinished)
Index("job_resting", jobs.c.moved_at, jobs.c.id, sqlite_where=is_resting, postgresql_where=is_resting)
Index(
    "job_ready",
    jobs.c.ready_at,
    sqlite_where=jobs.c.ready_at.is_not(None),
    postgresql_where=jobs.c.ready_at.is_not(None),
)
Index("job_event_by_job", job_events.c.job_id, job_events.c.id)
