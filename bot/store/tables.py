"""The tables. Their history is in `migrations/`; a test holds the two together."""

from collections.abc import Iterable

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
    or_,
    text,
)

from bot.jobs.admission import RuleKind, SubjectKind
from bot.jobs.ledger import ChargeKind
from bot.jobs.model import LIVE, JobState, Origin
from bot.jobs.sharing import ProcessKind
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
    # that generations take. Not part of a Job.
    Column("ready_at", Instant),
    Column("deliver_started_at", Instant),
    Column("deadline_at", Instant),
    # Who makes the song and for how much, pinned when it is ordered. The defaults are for rows that were there first.
    Column("provider", String(32), nullable=False, server_default=text("'aiml'")),
    Column("model", String(64), nullable=False, server_default=text("'minimax-music'")),
    Column("style", SafeText),
    Column("price_micros", SNOWFLAKE, nullable=False, server_default=text("37000")),
    # NULL: no server, or a row from before this was asked.
    Column("bot_is_member", Boolean),
    # When Discord took our answer to the order; NULL: not yet, or never.
    Column("answered_at", Instant),
    # What our copy of the reference holds of the disk, or will, by what Discord says; NULL when there is none.
    Column("reference_copy_bytes", SNOWFLAKE),
    # Which of several processes works on it; NULL: the only one there is.
    Column("claimed_by", String(36)),
    # Where the last POST went, a service's base address; NULL: none yet, or by a version that kept no such.
    Column("service_address", SafeText),
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

# The ledger: lines are only added. No foreign key: it outlives its jobs.
charges = Table(
    "charge",
    metadata,
    Column("id", SNOWFLAKE, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("member_id", SNOWFLAKE, nullable=False),
    Column("guild_id", SNOWFLAKE),
    Column("channel_id", SNOWFLAKE),
    Column("job_id", SNOWFLAKE),  # none: a gift
    Column("attempt", Integer, nullable=False),
    Column("provider", String(32), nullable=False),
    Column("model", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("songs", Integer, nullable=False),
    Column("price_micros", SNOWFLAKE, nullable=False),
    Column("note", SafeText, nullable=False),
    CheckConstraint(_one_of("kind", ChargeKind), name="charge_kind_known"),
    sqlite_autoincrement=True,
)

rules = Table(
    "rule",
    metadata,
    Column("id", SNOWFLAKE, primary_key=True, autoincrement=True),
    Column("guild_id", SNOWFLAKE, nullable=False),  # 0: everywhere
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", SNOWFLAKE, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", SafeText),
    Column("until", Instant),
    Column("note", SafeText, nullable=False),
    Column("by", SNOWFLAKE, nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint(_one_of("subject_kind", SubjectKind), name="rule_subject_known"),
    CheckConstraint(_one_of("kind", RuleKind), name="rule_kind_known"),
)

audits = Table(
    "audit",
    metadata,
    Column("id", SNOWFLAKE, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("by", SNOWFLAKE, nullable=False),
    Column("guild_id", SNOWFLAKE),
    Column("what", String(32), nullable=False),
    Column("about", SafeText, nullable=False),
    Column("note", SafeText, nullable=False),
)

# What the counting needs, so that no verdict reads the ledger. A place of its member's day, since `at`.
places = Table(
    "place",
    metadata,
    Column("id", SNOWFLAKE, primary_key=True, autoincrement=True),
    Column("job_id", SNOWFLAKE, nullable=False),
    Column("member_id", SNOWFLAKE, nullable=False),
    Column("guild_id", SNOWFLAKE),
    Column("at", Instant, nullable=False),
    Column("back_at", Instant),  # since then it does not count
    Column("given_at", Instant),  # back, although it was paid for
    Column("burnt_at", Instant),  # the check of its reference used up its child's limits
)

#: Millionths that are reserved: one row for each model.
held_sums = Table(
    "charge_held",
    metadata,
    Column("model", String(64), primary_key=True),
    Column("songs", SNOWFLAKE, nullable=False),
    Column("micros", SNOWFLAKE, nullable=False),
)

day_sums = Table(
    "charge_day",
    metadata,
    Column("day", String(10), primary_key=True),  # UTC, such as 2026-01-31
    Column("model", String(64), primary_key=True),
    Column("spent_songs", SNOWFLAKE, nullable=False),
    Column("spent_micros", SNOWFLAKE, nullable=False),
    Column("unknown_songs", SNOWFLAKE, nullable=False),
    Column("unknown_micros", SNOWFLAKE, nullable=False),
)

#: Millionths spent or unknown, by the minute they were first counted in.
minute_sums = Table(
    "charge_minute",
    metadata,
    Column("at", Instant, primary_key=True),
    Column("micros", SNOWFLAKE, nullable=False),
)

#: Processes that share a database, each with its part of what the account and Discord allow.
processes = Table(
    "process",
    metadata,
    Column("process_id", String(36), primary_key=True),
    Column("host", SafeText, nullable=False),
    Column("pid", SNOWFLAKE, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("shards", SafeText, nullable=False),  # with commas between them; empty: all
    Column("since", Instant, nullable=False),
    Column("renewed_at", Instant, nullable=False),
    Column("watched", SNOWFLAKE, nullable=False),  # generations that it looks at
    Column("polls_share", Float, nullable=False),
    Column("discord_share", Float, nullable=False),
    Column("settings", SafeText),  # those that all should have alike, as JSON; NULL: not known
    CheckConstraint(_one_of("kind", ProcessKind), name="process_kind_known"),
)

#: Conditions that have a partial index of their own.
is_live = text(_one_of("state", LIVE))
#: Not written as IN: SQLite would then take the index on the state and sort.
is_resting = text(_one_of("state", LIVE).replace(" IN ", " NOT IN "))
#: Not before Discord took the answer to the order: nothing is paid for one without.
is_in_line = text("state = 'queued' AND answered_at IS NOT NULL")
is_in_the_making = text(_one_of("state", (JobState.GENERATING, JobState.SUBMITTING)))
is_counted = text("back_at IS NULL")
is_given_back = text("given_at IS NOT NULL")
is_burnt = text("burnt_at IS NOT NULL")
is_gift = text("job_id IS NULL")
is_unfinished = or_(is_live, jobs.c.notified_state.is_distinct_from(jobs.c.state))

Index("job_by_state", jobs.c.state, jobs.c.id)
Index("job_by_member", jobs.c.member_id, jobs.c.id)
Index("job_bytes", jobs.c.member_id, jobs.c.reference_copy_bytes, jobs.c.track_size_bytes)
Index(
    "job_in_line",
    jobs.c.model,
    jobs.c.member_id,
    jobs.c.id,
    jobs.c.guild_id,
    sqlite_where=is_in_line,
)
Index(
    "job_in_line_since",
    jobs.c.model,
    jobs.c.moved_at,
    jobs.c.id,
    jobs.c.guild_id,
    sqlite_where=is_in_line,
)
Index(
    "job_in_the_making",
    jobs.c.model,
    jobs.c.member_id,
    sqlite_where=is_in_the_making,
)
Index("job_live_of_model", jobs.c.provider, jobs.c.model, sqlite_where=is_live)
Index("job_live", jobs.c.guild_id, jobs.c.channel_id, jobs.c.id, sqlite_where=is_live)
Index("job_to_look_at", jobs.c.id, sqlite_where=is_unfinished)
Index("job_resting", jobs.c.moved_at, jobs.c.id, sqlite_where=is_resting)
Index(
    "job_ready",
    jobs.c.ready_at,
    sqlite_where=jobs.c.ready_at.is_not(None),
)
Index("job_event_by_job", job_events.c.job_id, job_events.c.id)
Index("job_live_of_member", jobs.c.member_id, jobs.c.id, sqlite_where=is_live)
Index(
    "job_again",
    jobs.c.again_of,
    jobs.c.id,
    sqlite_where=jobs.c.again_of.is_not(None),
)
Index("charge_by_job", charges.c.job_id, charges.c.id)
Index("charge_by_time", charges.c.at)
Index("charge_gift", charges.c.member_id, charges.c.at, sqlite_where=is_gift)
Index("rule_by_subject", rules.c.guild_id, rules.c.subject_kind, rules.c.subject_id)
Index("audit_by_guild", audits.c.guild_id, audits.c.at)
Index("place_by_job", places.c.job_id, places.c.id)
Index("place_by_time", places.c.at)
Index("place_of_member", places.c.member_id, places.c.at, sqlite_where=is_counted)
Index("place_of_guild", places.c.guild_id, places.c.at, sqlite_where=is_counted)
Index("place_given", places.c.member_id, places.c.given_at, sqlite_where=is_given_back)
Index("place_burnt", places.c.member_id, places.c.burnt_at, sqlite_where=is_burnt)


@event.listens_for(metadata, "before_create")
def _partial_on_postgresql(target: MetaData, connection: Connection, **_: object) -> None:
    """Named with the indexes, the condition would load PostgreSQL's dialect and its drivers' into a bot on SQLite."""
    if connection.dialect.name != "postgresql":
        return
    for table in target.tables.values():
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
