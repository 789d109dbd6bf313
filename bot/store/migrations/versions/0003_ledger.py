"""The ledger, rules, what operators did, and the sums that verdicts read; every song in flight gets its hold."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SNOWFLAKE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")

LIVE = "state IN ('checking', 'delivering', 'generating', 'queued', 'ready', 'submitting')"
#: In flight, and what became of their last POST.
OUTCOMES = {
    "checking": None,
    "queued": None,
    "submitting": None,
    "unknown": "unknown",
    "generating": "spent",
    "ready": "spent",
    "delivering": "spent",
}
NOTE = "was in flight when the ledger was begun"


def upgrade() -> None:
    """Create the tables, then fill them from the jobs that are in flight."""
    _create_ledger()
    _create_operators_tables()
    _create_sums()
    op.create_index("job_live_of_member", "job", ["member_id", "id"], **_where(LIVE))
    op.create_index("job_again", "job", ["again_of", "id"], **_where("again_of IS NOT NULL"))
    _hold_what_is_in_flight()


def _create_ledger() -> None:
    op.create_table(
        "charge",
        sa.Column("id", SNOWFLAKE, nullable=False, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("guild_id", SNOWFLAKE),
        sa.Column("channel_id", SNOWFLAKE),
        sa.Column("job_id", SNOWFLAKE),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("songs", sa.Integer(), nullable=False),
        sa.Column("price_micros", SNOWFLAKE, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("kind IN ('freed', 'given', 'held', 'spent', 'unknown')", name="charge_kind_known"),
        sqlite_autoincrement=True,
    )
    op.create_index("charge_by_job", "charge", ["job_id", "id"])
    op.create_index("charge_by_time", "charge", ["at"])
    op.create_index("charge_gift", "charge", ["member_id", "at"], **_where("job_id IS NULL"))


def _create_operators_tables() -> None:
    op.create_table(
        "rule",
        sa.Column("id", SNOWFLAKE, nullable=False, autoincrement=True),
        sa.Column("guild_id", SNOWFLAKE, nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject_id", SNOWFLAKE, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("until", INSTANT),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", SNOWFLAKE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("subject_kind IN ('channel', 'guild', 'member', 'role', 'word')", name="rule_subject_known"),
        sa.CheckConstraint("kind IN ('allow', 'block', 'limit_at_once', 'limit_day')", name="rule_kind_known"),
    )
    op.create_index("rule_by_subject", "rule", ["guild_id", "subject_kind", "subject_id"])
    op.create_table(
        "audit",
        sa.Column("id", SNOWFLAKE, nullable=False, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", SNOWFLAKE, nullable=False),
        sa.Column("guild_id", SNOWFLAKE),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_by_guild", "audit", ["guild_id", "at"])


def _create_sums() -> None:
    op.create_table(
        "place",
        sa.Column("id", SNOWFLAKE, nullable=False, autoincrement=True),
        sa.Column("job_id", SNOWFLAKE, nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("guild_id", SNOWFLAKE),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("back_at", INSTANT),
        sa.Column("given_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("place_by_job", "place", ["job_id", "id"])
    op.create_index("place_by_time", "place", ["at"])
    op.create_index("place_of_member", "place", ["member_id", "at"], **_where("back_at IS NULL"))
    op.create_index("place_of_guild", "place", ["guild_id", "at"], **_where("back_at IS NULL"))
    op.create_index("place_given", "place", ["member_id", "given_at"], **_where("given_at IS NOT NULL"))
    op.create_table(
        "charge_held",
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("songs", SNOWFLAKE, nullable=False),
        sa.Column("micros", SNOWFLAKE, nullable=False),
        sa.PrimaryKeyConstraint("model"),
    )
    op.create_table(
        "charge_day",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("spent_songs", SNOWFLAKE, nullable=False),
        sa.Column("spent_micros", SNOWFLAKE, nullable=False),
        sa.Column("unknown_songs", SNOWFLAKE, nullable=False),
        sa.Column("unknown_micros", SNOWFLAKE, nullable=False),
        sa.PrimaryKeyConstraint("day", "model"),
    )
    op.create_table(
        "charge_minute",
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("micros", SNOWFLAKE, nullable=False),
        sa.PrimaryKeyConstraint("at"),
    )


def _hold_what_is_in_flight() -> None:
    connection = op.get_bind()
    meta = sa.MetaData()
    names = ("charge", "place", "charge_held", "charge_day", "charge_minute")
    tables = {name: sa.Table(name, meta, autoload_with=connection) for name in names}
    job_table = sa.Table("job", meta, autoload_with=connection)
    in_flight = sa.select(job_table).where(job_table.c.state.in_(OUTCOMES)).order_by(job_table.c.id)
    jobs = connection.execute(in_flight).mappings().all()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for job in jobs:
        rows["charge"] += _lines(job)
        rows["place"].append(
            {name: job[name] for name in ("member_id", "guild_id")} | {"job_id": job["id"], "at": job["created_at"]}
        )
    rows["charge_held"], rows["charge_day"], rows["charge_minute"] = _sums(jobs)
    for name, table in tables.items():
        if rows[name]:
            connection.execute(table.insert(), rows[name])


def _lines(job: Any) -> Iterator[dict[str, Any]]:
    outcome = OUTCOMES[job["state"]]
    # a song that waits holds the attempt to come; one that is being sent, or was, the one that was begun
    attempt = job["attempt"] + (1 if job["state"] in {"checking", "queued"} else 0)
    line = {name: job[name] for name in ("member_id", "guild_id", "channel_id", "provider", "model", "price_micros")}
    line |= {"job_id": job["id"], "attempt": attempt, "songs": 1, "note": NOTE}
    yield line | {"kind": "held", "at": job["created_at"]}
    if outcome is not None:
        yield line | {"kind": outcome, "at": _paid_at(job)}


def _paid_at(job: Any) -> Any:
    return job["accepted_at"] or job["submit_started_at"] or job["created_at"]


def _sums(jobs: Sequence[Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    held: dict[str, dict[str, Any]] = {}
    days: dict[tuple[str, str], dict[str, Any]] = {}
    minutes: dict[str, dict[str, Any]] = {}
    nothing = {"spent_songs": 0, "spent_micros": 0, "unknown_songs": 0, "unknown_micros": 0}
    for job in jobs:
        model, price, outcome = job["model"], job["price_micros"], OUTCOMES[job["state"]]
        if outcome is None:
            sums = held.setdefault(model, {"model": model, "songs": 0, "micros": 0})
            sums["songs"] += 1
            sums["micros"] += price
            continue
        at = _paid_at(job)
        moment = at.astimezone(UTC) if isinstance(at, datetime) else datetime.fromisoformat(at)
        day = f"{moment:%Y-%m-%d}"
        sums = days.setdefault((day, model), {"day": day, "model": model, **nothing})
        sums[f"{outcome}_songs"] += 1
        sums[f"{outcome}_micros"] += price
        minute = moment.replace(second=0, microsecond=0)
        stored = (
            minute if isinstance(at, datetime) else minute.isoformat(timespec="microseconds").replace("+00:00", "Z")
        )
        minutes.setdefault(str(stored), {"at": stored, "micros": 0})["micros"] += price
    return list(held.values()), list(days.values()), list(minutes.values())


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
