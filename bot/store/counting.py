"""What a verdict is made of, read from the tables: four statements at most, each by an index, none over the ledger."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs.admission import (
    DOUBLE_PRESS,
    EVERYWHERE,
    PAUSED,
    WINDOW,
    Limits,
    Money,
    Pause,
    PlaceRequest,
    Rule,
    RuleKind,
    Rules,
    SubjectKind,
    Terms,
    Usage,
    Window,
    limits_of,
    month_of,
)
from bot.jobs.ledger import ChargeKind
from bot.store.tables import charges, day_sums, held_sums, is_counted, is_live, jobs, kept_values, minute_sums, places
from bot.store.tables import rules as rules_table

log = logging.getLogger(__name__)

_MINUTE = timedelta(minutes=1)


async def rules_for(connection: AsyncConnection, order: PlaceRequest, now: datetime, terms: Terms) -> Rules:
    """The rules about this member, their roles and their server, whether the bot is paused, and gifts. One read."""
    gifts = (
        select(func.coalesce(func.sum(charges.c.songs), 0))
        .where(
            charges.c.member_id == order.member_id,
            charges.c.job_id.is_(None),
            charges.c.kind == ChargeKind.GIVEN,
            charges.c.at > now - WINDOW,
        )
        .scalar_subquery()
    )
    paused = select(kept_values.c.value).where(kept_values.c.name == PAUSED).scalar_subquery()
    one = select(literal(1).label("one")).subquery()
    joined = one.outerjoin(rules_table, _is_about(order))
    statement = select(gifts.label("gifts"), paused.label("paused"), rules_table).select_from(joined)
    rows = (await connection.execute(statement.order_by(rules_table.c.id))).mappings().all()
    found = [rule for row in rows if row["id"] is not None and (rule := rule_of(row)) is not None]
    return Rules(terms=terms, rows=found, pause=_pause_of(rows[0]["paused"]), gifts=rows[0]["gifts"])


async def usage_of(connection: AsyncConnection, order: PlaceRequest, rules: Rules, now: datetime) -> Usage:
    """What is used, looked at no further than the limits ask. Up to three reads."""
    limits = limits_of(order, rules, now)
    row = (await connection.execute(_places_statement(order, limits, now))).mappings().one()
    money = Money()
    if rules.terms.has_budget and order.price_micros:
        money = await money_of(connection, now)
        budget = rules.terms.budget_per_day_micros
        over = 0 if budget is None else money.held + money.day + order.price_micros - budget
        if over > 0:
            frees_at = await _day_frees_at(connection, over, now)
            money = Money(held=money.held, day=money.day, month=money.month, day_frees_at=frees_at)
    return Usage(
        member=Window(count=row["member_count"], oldest_at=row["member_oldest"]),
        guild=Window(count=row["guild_count"], oldest_at=row["guild_oldest"]),
        live=row["live"],
        twin=row["twin"],
        money=money,
    )


async def money_of(connection: AsyncConnection, now: datetime) -> Money:
    """All money that counts now. One read, so that what moves from held to spent meanwhile is seen once."""
    held = select(func.coalesce(func.sum(held_sums.c.micros), 0)).scalar_subquery()
    day = (
        select(func.coalesce(func.sum(minute_sums.c.micros), 0))
        .where(minute_sums.c.at > now - WINDOW - _MINUTE)
        .scalar_subquery()
    )
    month = (
        select(func.coalesce(func.sum(day_sums.c.spent_micros + day_sums.c.unknown_micros), 0))
        .where(day_sums.c.day >= f"{month_of(now):%Y-%m-%d}")
        .scalar_subquery()
    )
    row = (await connection.execute(select(held, day, month))).one()
    return Money(held=int(row[0]), day=int(row[1]), month=int(row[2]))


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
    )


def _is_about(order: PlaceRequest) -> Any:
    guild_ids = [EVERYWHERE] if order.guild_id is None else [EVERYWHERE, order.guild_id]
    about = [_subjects(SubjectKind.MEMBER, [order.member_id])]
    if order.guild_id is not None:
        about += [
            _subjects(SubjectKind.ROLE, sorted(order.subject_roles)),
            _subjects(SubjectKind.GUILD, [order.guild_id]),
        ]
    return and_(rules_table.c.guild_id.in_(guild_ids), or_(*about))


def _subjects(kind: SubjectKind, ids: Iterable[int]) -> Any:
    return and_(rules_table.c.subject_kind == kind, rules_table.c.subject_id.in_(list(ids)))


def _pause_of(kept: str | None) -> Pause | None:
    try:
        return Pause.parsed(kept)
    except (ValueError, AttributeError, TypeError):
        log.warning("what is kept under %r cannot be read; the bot counts as paused", PAUSED)
        return Pause()


def _places_statement(order: PlaceRequest, limits: Limits, now: datetime) -> Select[*tuple[Any, ...]]:
    since = now - WINDOW
    mine = _window(places.c.member_id == order.member_id, limits.member_per_day, since)
    guilds = _window(places.c.guild_id == order.guild_id, limits.guild_per_day, since)
    live = select(func.count()).where(jobs.c.member_id == order.member_id, is_live).scalar_subquery()
    return select(
        mine.c.number.label("member_count"),
        mine.c.oldest.label("member_oldest"),
        guilds.c.number.label("guild_count"),
        guilds.c.oldest.label("guild_oldest"),
        live.label("live"),
        _twin(order, now).label("twin"),
    ).select_from(mine.join(guilds, true()))


def _window(whose: Any, limit: int | None, since: datetime) -> Any:
    """How many of the newest places count, no more than `limit` of them looked at, and when the oldest was taken."""
    newest = (
        select(places.c.at)
        .where(whose, is_counted, places.c.at > since)
        .order_by(places.c.at.desc())
        .limit(limit or 0)
        .subquery()
    )
    return select(func.count().label("number"), func.min(newest.c.at).label("oldest")).select_from(newest).subquery()


def _twin(order: PlaceRequest, now: datetime) -> ScalarSelect[Any]:
    return (
        select(func.max(jobs.c.id))
        .where(
            jobs.c.again_of == order.repeats,
            jobs.c.again_of.is_not(None),
            jobs.c.member_id == order.member_id,
            jobs.c.created_at > now - DOUBLE_PRESS,
        )
        .scalar_subquery()
    )


async def _day_frees_at(connection: AsyncConnection, over: int, now: datetime) -> datetime | None:
    """When so much of the last day is over: a minute counts until its last second is."""
    gone = (
        select(minute_sums.c.at, func.sum(minute_sums.c.micros).over(order_by=minute_sums.c.at).label("gone"))
        .where(minute_sums.c.at > now - WINDOW - _MINUTE)
        .subquery()
    )
    statement = select(func.min(gone.c.at)).where(gone.c.gone >= over)
    at = (await connection.execute(statement)).scalar_one()
    return None if at is None else at + WINDOW + _MINUTE
