"""What a verdict is made of, read from the tables: four statements at most, each by an index, none over the ledger."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Integer, ScalarSelect, and_, bindparam, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Reason
from bot.jobs.admission import (
    EVERYWHERE,
    PAUSED,
    WINDOW,
    Burnt,
    Money,
    Pause,
    PlaceRequest,
    Refused,
    Rule,
    RuleKind,
    Rules,
    SubjectKind,
    Terms,
    Usage,
    Window,
    limits_of,
    month_of,
    recheck,
)
from bot.jobs.ledger import ChargeKind
from bot.jobs.model import Job
from bot.jobs.usage import BURNT_WAIT, BURNT_WITHIN, DOUBLE_PRESS, MAX_BURNT
from bot.store.tables import (
    charges,
    day_sums,
    held_sums,
    is_burnt,
    is_counted,
    is_live,
    jobs,
    kept_values,
    minute_sums,
    places,
)
from bot.store.tables import rules as rules_table

log = logging.getLogger(__name__)

_MINUTE = timedelta(minutes=1)


def _gifts() -> ScalarSelect[Any]:
    return (
        select(func.coalesce(func.sum(charges.c.songs), 0))
        .where(
            charges.c.member_id == bindparam("member"),
            charges.c.job_id.is_(None),
            charges.c.kind == ChargeKind.GIVEN,
            charges.c.at > bindparam("since"),
            or_(charges.c.guild_id.is_(None), charges.c.guild_id == bindparam("guild")),
        )
        .scalar_subquery()
    )


def _rules_statement() -> Any:
    subject = and_(
        rules_table.c.guild_id.in_(bindparam("guilds", expanding=True)),
        or_(
            and_(rules_table.c.subject_kind == SubjectKind.MEMBER, rules_table.c.subject_id == bindparam("member")),
            and_(rules_table.c.subject_kind == SubjectKind.GUILD, rules_table.c.subject_id == bindparam("guild")),
            and_(
                rules_table.c.subject_kind == SubjectKind.ROLE,
                rules_table.c.subject_id.in_(bindparam("roles", expanding=True)),
            ),
            rules_table.c.subject_kind.in_(bindparam("whole_kinds", expanding=True)),
        ),
    )
    paused = select(kept_values.c.value).where(kept_values.c.name == PAUSED).scalar_subquery()
    one = select(literal(1).label("one")).subquery()
    columns = select(_gifts().label("gifts"), paused.label("paused"), rules_table)
    return columns.select_from(one.outerjoin(rules_table, subject)).order_by(rules_table.c.id)


def _window(whose: Any, limit: str) -> Any:
    """How many of the newest places count, no more than the limit of them looked at, and when the oldest was taken."""
    newest = (
        select(places.c.at)
        .where(whose, is_counted, places.c.at > bindparam("since"))
        .order_by(places.c.at.desc())
        .limit(bindparam(limit, type_=Integer))
        .subquery()
    )
    return select(func.count().label("number"), func.min(newest.c.at).label("oldest")).select_from(newest).subquery()


def _burnt() -> Any:
    newest = (
        select(places.c.burnt_at)
        .where(places.c.member_id == bindparam("member"), is_burnt, places.c.burnt_at > bindparam("burnt_since"))
        .order_by(places.c.burnt_at.desc())
        .limit(MAX_BURNT)
        .subquery()
    )
    ends = (func.min(newest.c.burnt_at).label("oldest"), func.max(newest.c.burnt_at).label("newest"))
    return select(func.count().label("number"), *ends).select_from(newest).subquery()


def _places_statement() -> Any:
    burnt = _burnt()
    mine = _window(places.c.member_id == bindparam("member"), "member_limit")
    guilds = _window(places.c.guild_id == bindparam("guild"), "guild_limit")
    live = select(func.count()).where(jobs.c.member_id == bindparam("member"), is_live).scalar_subquery()
    twin = (
        select(func.max(jobs.c.id))
        .where(
            jobs.c.again_of == bindparam("repeats"),
            jobs.c.again_of.is_not(None),
            jobs.c.member_id == bindparam("member"),
            jobs.c.created_at > bindparam("double_press"),
        )
        .scalar_subquery()
    )
    return select(
        mine.c.number.label("member_count"),
        mine.c.oldest.label("member_oldest"),
        guilds.c.number.label("guild_count"),
        guilds.c.oldest.label("guild_oldest"),
        live.label("live"),
        twin.label("twin"),
        burnt.c.number.label("burnt_count"),
        burnt.c.oldest.label("burnt_oldest"),
        burnt.c.newest.label("burnt_newest"),
    ).select_from(mine.join(guilds, true()).join(burnt, true()))


def _money_statement() -> Any:
    """In one statement, so that what moves from held to spent meanwhile is seen once."""
    counted = func.coalesce(func.sum(day_sums.c.spent_micros + day_sums.c.unknown_micros), 0)
    return select(
        select(func.coalesce(func.sum(held_sums.c.micros), 0)).scalar_subquery().label("held"),
        select(counted).where(day_sums.c.day >= bindparam("yesterday")).scalar_subquery().label("days"),
        select(counted).where(day_sums.c.day >= bindparam("month")).scalar_subquery().label("month"),
    )


def _minutes_statement() -> Any:
    """What the last day comes to, and the first minute with whose end enough of it is over."""
    in_day = minute_sums.c.at > bindparam("since")
    gone = (
        select(minute_sums.c.at, func.sum(minute_sums.c.micros).over(order_by=minute_sums.c.at).label("gone"))
        .where(in_day)
        .subquery()
    )
    day = select(func.coalesce(func.sum(minute_sums.c.micros), 0)).where(in_day).scalar_subquery()
    enough = select(func.min(gone.c.at)).where(gone.c.gone >= day + bindparam("asked", type_=BigInteger))
    return select(day.label("day"), enough.scalar_subquery().label("at"))


_RULES = _rules_statement()
_PLACES = _places_statement()
_MONEY = _money_statement()
_MINUTES = _minutes_statement()


async def rules_for(connection: AsyncConnection, order: PlaceRequest, now: datetime, terms: Terms) -> Rules:
    """The rules about this member, their roles and their server, whether the bot is paused, and gifts. One read."""
    values = {
        "member": order.member_id,
        "since": now - WINDOW,
        "guild": order.guild_id,
        "guilds": [EVERYWHERE] if order.guild_id is None else [EVERYWHERE, order.guild_id],
        "roles": sorted(order.subject_roles),
        # lists that hold for whoever orders there; a song that is taken already is not judged by them
        "whole_kinds": [
            *([SubjectKind.CHANNEL] if order.channel_ids else []),
            *([SubjectKind.WORD] if order.texts else []),
        ],
    }
    rows = (await connection.execute(_RULES, values)).mappings().all()
    found = [rule for row in rows if row["id"] is not None and (rule := rule_of(row)) is not None]
    return Rules(terms=terms, rows=found, pause=_pause_of(rows[0]["paused"]), gifts=rows[0]["gifts"])


async def pause_of(connection: AsyncConnection, job: Job, now: datetime) -> Refused | None:
    """See StartingStore.pause_of."""
    asked = PlaceRequest.of_job(job)
    refused = recheck(asked, await rules_for(connection, asked, now, Terms()), is_held=True, now=now)
    return refused if refused is not None and refused.reason is Reason.PAUSED else None


async def usage_of(connection: AsyncConnection, order: PlaceRequest, rules: Rules, now: datetime) -> Usage:
    """What is used, looked at no further than the limits ask. Up to three reads."""
    limits = limits_of(order, rules, now)
    values = {
        "member": order.member_id,
        "guild": order.guild_id,
        "since": now - WINDOW,
        "member_limit": limits.member_per_day or 0,
        "guild_limit": limits.guild_per_day or 0,
        "repeats": order.repeats,
        "double_press": now - DOUBLE_PRESS,
        "burnt_since": now - BURNT_WITHIN - BURNT_WAIT,
    }
    row = (await connection.execute(_PLACES, values)).mappings().one()
    is_paid = rules.terms.has_budget and order.price_micros > 0
    return Usage(
        member=Window(count=row["member_count"], oldest_at=row["member_oldest"]),
        guild=Window(count=row["guild_count"], oldest_at=row["guild_oldest"]),
        live=row["live"],
        twin=row["twin"],
        burnt=Burnt(count=row["burnt_count"], oldest_at=row["burnt_oldest"], newest_at=row["burnt_newest"]),
        money=await _money_for(connection, order.price_micros, rules.terms, now) if is_paid else Money(),
    )


async def money_of(connection: AsyncConnection, now: datetime) -> Money:
    """All money that counts now. Two reads."""
    return await _money_for(connection, 0, Terms(budget_per_day_micros=-1), now)


async def _money_for(connection: AsyncConnection, price: int, terms: Terms, now: datetime) -> Money:
    """The minutes of the last day are added up only where both its calendar days together might be too much."""
    month = month_of(now)
    values = {"yesterday": f"{now.astimezone(UTC) - WINDOW - _MINUTE:%Y-%m-%d}", "month": f"{month:%Y-%m-%d}"}
    row = (await connection.execute(_MONEY, values)).mappings().one()
    held, days, this_month = int(row["held"]), int(row["days"]), int(row["month"])
    budget = terms.budget_per_day_micros
    if budget is None or held + days + price <= budget:
        return Money(held=held, day=days, month=this_month)
    asked = held + price - budget
    values = {"since": now - WINDOW - _MINUTE, "asked": asked}
    row = (await connection.execute(_MINUTES, values)).mappings().one()
    at = row["at"]
    return Money(
        held=held,
        day=int(row["day"]),
        month=this_month,
        day_frees_at=None if at is None else at + WINDOW + _MINUTE,
    )


def rule_of(row: Any) -> Rule | None:
    """A row of table `rule`; None for a limit that is no number, which holds nothing up."""
    value = row["value"]
    kind = RuleKind(row["kind"])
    is_limit = kind in {RuleKind.LIMIT_DAY, RuleKind.LIMIT_AT_ONCE}
    number = int(value) if is_limit and value is not None and value.strip().isdecimal() else None
    if is_limit and number is None and value:
        log.warning("rule %s is ignored: its limit %r is no whole number", row["id"], value)
        return None
    return Rule(
        guild_id=row["guild_id"],
        subject_kind=SubjectKind(row["subject_kind"]),
        subject_id=row["subject_id"],
        kind=kind,
        value=number,
        until=row["until"],
        note=row["note"],
        word=value or "" if row["subject_kind"] == SubjectKind.WORD else "",
    )


def _pause_of(kept: str | None) -> Pause | None:
    try:
        return Pause.parsed(kept)
    except (ValueError, AttributeError, TypeError):
        log.warning("what is kept under %r cannot be read; the bot counts as paused", PAUSED)
        return Pause()
