"""The one place that lets an order in: a pure verdict over what is asked, the rules, what is used, and the time.

It is asked in the transaction that writes the job's row and its hold, so that nothing comes between the counting and
the taking; the shorter `recheck` immediately before the POST.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot.errors import OrderError, Reason
from bot.jobs.blocklist import Blocklist
from bot.jobs.model import Job, Order
from bot.jobs.usage import WINDOW, Burnt, Money, Usage, Window

#: Where rules stand that hold everywhere.
EVERYWHERE = 0
#: The kept value that pauses the bot, see `Pause`.
PAUSED = "paused"


class SubjectKind(StrEnum):
    """Whom a rule is about."""

    MEMBER = "member"
    ROLE = "role"
    CHANNEL = "channel"
    GUILD = "guild"
    WORD = "word"


class RuleKind(StrEnum):
    """What a rule does."""

    BLOCK = "block"
    ALLOW = "allow"
    LIMIT_DAY = "limit_day"
    LIMIT_AT_ONCE = "limit_at_once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of table `rule`, as far as a verdict asks."""

    guild_id: int  #: EVERYWHERE, or the one server it holds in
    subject_kind: SubjectKind
    subject_id: int
    kind: RuleKind
    value: int | None = None  #: of a limit; None: no limit
    until: datetime | None = None  #: None: until it is taken back
    note: str = ""  #: in the operator's words; shown to members where a whole server is paused
    word: str = ""  #: of a rule about one


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """New orders and new POSTs wait."""

    reason: str = ""  #: in the operator's words, for members
    until: datetime | None = None  #: None: until it is ended

    @classmethod
    def parsed(cls, kept: str | None) -> "Pause | None":
        """What is kept under PAUSED; None when the bot is not paused: nothing is kept, or an empty text."""
        if not kept:
            return None
        values = json.loads(kept)
        until = values.get("until")
        return cls(reason=values.get("reason", ""), until=None if until is None else datetime.fromisoformat(until))

    def written(self) -> str:
        """What is kept under PAUSED."""
        until = None if self.until is None else self.until.astimezone(UTC).isoformat()
        return json.dumps({"reason": self.reason, "until": until})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator has set. None: no limit; 0: not allowed."""

    member_per_day: int | None = None
    member_at_once: int | None = None
    guild_per_day: int | None = None
    budget_per_day_micros: int | None = None
    budget_per_month_micros: int | None = None
    operators: frozenset[int] = frozenset()  #: outside members' and servers' limits, never outside budgets

    @property
    def has_budget(self) -> bool:
        """Whether money is counted for a verdict."""
        return self.budget_per_day_micros is not None or self.budget_per_month_micros is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRequest:
    """Who asks for one more song, where, and for how much."""

    member_id: int
    guild_id: int | None
    role_ids: frozenset[int] = frozenset()
    price_micros: int
    repeats: int | None = None  #: the job that a press of *Again* repeats
    is_heard: bool = False  #: its reference was heard already
    channel_ids: frozenset[int] = frozenset()  #: where it is ordered, see Order; empty: not asked
    texts: tuple[str, ...] = field(default=(), repr=False)  #: in which no listed word may stand; empty: not asked

    @classmethod
    def of_order(cls, order: Order) -> "PlaceRequest":
        """What an order asks for."""
        return cls(
            member_id=order.member_id,
            guild_id=order.place.guild_id,
            role_ids=order.role_ids,
            price_micros=order.price_micros,
            repeats=order.again_of if order.is_repeat else None,
            channel_ids=order.channel_ids,
            texts=(order.title, order.lyrics, order.prompt, order.style or ""),
        )

    @classmethod
    def of_job(cls, job: Job, role_ids: Iterable[int] = ()) -> "PlaceRequest":
        """What one more attempt at a job asks for."""
        return cls(
            member_id=job.member_id,
            guild_id=job.place.guild_id,
            role_ids=frozenset(role_ids),
            price_micros=job.price_micros,
            is_heard=True,
        )

    @property
    def subject_roles(self) -> frozenset[int]:
        """Their roles; everybody in a server has the role that bears the server's number."""
        return self.role_ids if self.guild_id is None else self.role_ids | {self.guild_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All that is laid down for one request."""

    terms: Terms = field(default_factory=Terms)
    rows: Sequence[Rule] = ()
    pause: Pause | None = None
    gifts: int = 0  #: songs given to this member within WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for one request; None: no limit."""

    member_per_day: int | None
    member_at_once: int | None
    guild_per_day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """It is let in."""

    left: int | None  #: songs left to this member today; None: no limit
    next_at: datetime | None  #: when the next place comes free


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It is not."""

    reason: Reason
    until: datetime | None = None  #: when asking again may help; None: nobody knows
    limit: int | None = None  #: the number that was reached
    note: str = ""  #: an operator's own words
    job_id: int | None = None  #: the song that is meant already
    channel_ids: tuple[int, ...] = ()  #: where songs may be ordered instead
    is_for_server: bool = False  #: its server alone is paused; songs of others go on

    def error(self) -> OrderError:
        """The same, to be told."""
        known: dict[str, Any] = {"until": self.until, "limit": self.limit, "note": self.note, "job_id": self.job_id}
        known |= {"channel_ids": self.channel_ids}
        given = {name: value for name, value in known.items() if value not in {None, "", ()}}
        return OrderError(self.reason, "", **given)


def limits_of(order: PlaceRequest, rules: Rules, now: datetime) -> Limits:
    """What holds for this request: settings, and over them the rules of its server."""
    terms = rules.terms
    if order.member_id in terms.operators:
        return Limits(member_per_day=None, member_at_once=None, guild_per_day=None)
    valid = [rule for rule in rules.rows if rule.guild_id == order.guild_id and _holds(rule, now)]
    own = [rule for rule in rules.rows if rule.guild_id in {EVERYWHERE, order.guild_id} and _holds(rule, now)]
    per_day = _by_role(order, valid, RuleKind.LIMIT_DAY, terms.member_per_day)
    at_once = _by_role(order, valid, RuleKind.LIMIT_AT_ONCE, terms.member_at_once)
    per_day = _of_member(order, own, RuleKind.LIMIT_DAY, per_day)
    return Limits(
        member_per_day=per_day + rules.gifts if per_day else per_day,
        member_at_once=_of_member(order, own, RuleKind.LIMIT_AT_ONCE, at_once),
        guild_per_day=_of_guild(order, rules.rows, terms.guild_per_day, now),
    )


def verdict(order: PlaceRequest, rules: Rules, usage: Usage, now: datetime) -> Taken | Refused:
    """Whether one more song may be ordered, and if not, why and until when."""
    limits = limits_of(order, rules, now)
    refused = (
        _stopped(order, rules, now)
        or _elsewhere(order, rules, now)
        or _has_a_listed_word(order, rules, now)
        or _meant_already(usage)
        or _not_allowed(limits)
        or _used_up(Reason.LIMIT_DAY, limits.member_per_day, usage.member)
        or _too_many_live(limits, usage)
        or _used_up(Reason.LIMIT_GUILD, limits.guild_per_day, usage.guild)
        or _burnt_too_often(order, rules.terms, usage.burnt, now)
        or _over_budget(order, rules.terms, usage.money, now)
    )
    if refused is not None:
        return refused
    left = None if limits.member_per_day is None else limits.member_per_day - usage.member.count - 1
    return Taken(left=left, next_at=usage.member.next_at or now + WINDOW)


def recheck(order: PlaceRequest, rules: Rules, *, is_held: bool, now: datetime) -> Refused | None:
    """What is looked at once more immediately before a POST; None: it may go out."""
    if refused := _stopped(order, rules, now):
        return refused
    return None if is_held else Refused(reason=Reason.PLACE_GONE)


def month_of(now: datetime) -> datetime:
    """When this calendar month began, UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month_of(now: datetime) -> datetime:
    """When the next calendar month begins, UTC."""
    return month_of(month_of(now) + timedelta(days=32))


def _holds(rule: Rule, now: datetime) -> bool:
    return rule.until is None or rule.until > now


def _by_role(order: PlaceRequest, rows: Iterable[Rule], kind: RuleKind, default: int | None) -> int | None:
    """The highest of the member's roles, also over the default; but 0 on any of them is 0."""
    roles = order.subject_roles
    values = [
        rule.value
        for rule in rows
        if rule.kind is kind and rule.subject_kind is SubjectKind.ROLE and rule.subject_id in roles
    ]
    if not values:
        return default
    known = [value for value in values if value is not None]
    if 0 in known:
        return 0
    return None if len(known) < len(values) else max(known)


def _of_member(order: PlaceRequest, rows: Iterable[Rule], kind: RuleKind, default: int | None) -> int | None:
    """What was laid down for this very member: by the bot's operators before the server's; else the default."""
    spoken = {
        rule.guild_id: rule.value
        for rule in rows
        if rule.kind is kind and rule.subject_kind is SubjectKind.MEMBER and rule.subject_id == order.member_id
    }
    return spoken.get(EVERYWHERE, spoken[max(spoken)]) if spoken else default


def _of_guild(order: PlaceRequest, rows: Iterable[Rule], default: int | None, now: datetime) -> int | None:
    """The last word about this server, wherever it was spoken; else the default."""
    if order.guild_id is None:
        return None
    spoken = [
        rule.value
        for rule in rows
        if rule.kind is RuleKind.LIMIT_DAY
        and rule.subject_kind is SubjectKind.GUILD
        and rule.subject_id == order.guild_id
        and _holds(rule, now)
    ]
    return spoken[-1] if spoken else default


def _stopped(order: PlaceRequest, rules: Rules, now: datetime) -> Refused | None:
    pause = rules.pause
    if pause is not None and (pause.until is None or pause.until > now):
        return Refused(reason=Reason.PAUSED, until=pause.until, note=pause.reason)
    blocks = [
        rule
        for rule in rules.rows
        if rule.kind is RuleKind.BLOCK and rule.guild_id in {EVERYWHERE, order.guild_id} and _holds(rule, now)
    ]
    guild = [rule for rule in blocks if _is_about(rule, SubjectKind.GUILD, order.guild_id)]
    mine = [rule for rule in blocks if _is_about(rule, SubjectKind.MEMBER, order.member_id)]
    if guild:
        return Refused(reason=Reason.PAUSED, until=_end_of(guild), note=guild[-1].note, is_for_server=True)
    return Refused(reason=Reason.BLOCKED, until=_end_of(mine)) if mine else None


def _is_about(rule: Rule, kind: SubjectKind, subject_id: int | None) -> bool:
    return rule.subject_kind is kind and rule.subject_id == subject_id


def _end_of(rules: Sequence[Rule]) -> datetime | None:
    ends = [rule.until for rule in rules if rule.until is not None]
    return max(ends) if len(ends) == len(rules) else None


def _elsewhere(order: PlaceRequest, rules: Rules, now: datetime) -> Refused | None:
    """A server that names channels for songs takes them nowhere else."""
    own = [rule for rule in rules.rows if rule.guild_id == order.guild_id and _holds(rule, now)]
    named = tuple(rule.subject_id for rule in own if rule.subject_kind is SubjectKind.CHANNEL)
    if not named or not order.channel_ids or order.channel_ids.intersection(named):
        return None
    return Refused(reason=Reason.WRONG_CHANNEL, channel_ids=named)


def _has_a_listed_word(order: PlaceRequest, rules: Rules, now: datetime) -> Refused | None:
    words = tuple(rule.word for rule in rules.rows if rule.subject_kind is SubjectKind.WORD and _holds(rule, now))
    is_found = bool(words and order.texts) and _listed(words).find(*order.texts) is not None
    return Refused(reason=Reason.WORDS_REFUSED) if is_found else None


@lru_cache(maxsize=64)
def _listed(words: tuple[str, ...]) -> Blocklist:
    return Blocklist(words)


def _meant_already(usage: Usage) -> Refused | None:
    return None if usage.twin is None else Refused(reason=Reason.ALREADY_TAKEN, job_id=usage.twin)


def _not_allowed(limits: Limits) -> Refused | None:
    is_closed = 0 in {limits.member_per_day, limits.member_at_once, limits.guild_per_day}
    return Refused(reason=Reason.NOT_ALLOWED) if is_closed else None


def _used_up(reason: Reason, limit: int | None, window: Window) -> Refused | None:
    if limit is None or window.count < limit:
        return None
    return Refused(reason=reason, until=window.next_at, limit=limit)


def _too_many_live(limits: Limits, usage: Usage) -> Refused | None:
    if limits.member_at_once is None or usage.live < limits.member_at_once:
        return None
    return Refused(reason=Reason.LIMIT_AT_ONCE, limit=limits.member_at_once)


def _burnt_too_often(order: PlaceRequest, terms: Terms, burnt: Burnt, now: datetime) -> Refused | None:
    until = burnt.waits_until
    if order.is_heard or order.member_id in terms.operators or until is None or until <= now:
        return None
    return Refused(reason=Reason.HEARING_WAITS, until=until)


def _over_budget(order: PlaceRequest, terms: Terms, money: Money, now: datetime) -> Refused | None:
    """A song without a price is never over a budget."""
    if order.price_micros == 0:
        return None
    ends: list[datetime | None] = []
    asked = money.held + order.price_micros
    if (budget := terms.budget_per_day_micros) is not None and money.day + asked > budget:
        ends.append(None if order.price_micros > budget else money.day_frees_at or now + WINDOW)
    if (budget := terms.budget_per_month_micros) is not None and money.month + asked > budget:
        ends.append(None if order.price_micros > budget else next_month_of(now))
    if not ends:
        return None
    known = [end for end in ends if end is not None]
    return Refused(reason=Reason.BUDGET, until=max(known) if len(known) == len(ends) else None)
