"""What is odd about limits, budgets and rules, in sentences that name the line and say what holds. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bot.amounts import money_in_words
from bot.jobs.admission import EVERYWHERE, RuleKind, SubjectKind, Terms

_LIMITS = frozenset({RuleKind.LIMIT_DAY, RuleKind.LIMIT_AT_ONCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A row of table `rule` as it is, whatever stands in it."""

    id: int
    guild_id: int
    subject_kind: str
    subject_id: int
    kind: str
    value: str | None

    @property
    def number(self) -> int | None:
        """Its limit; None where it has none, or one that is no number."""
        text = (self.value or "").strip()
        return int(text) if text.isascii() and text.isdecimal() else None

    @property
    def is_limit(self) -> bool:
        """Whether it limits anybody."""
        return self.kind in _LIMITS

    @property
    def is_readable(self) -> bool:
        """Whether it says something: a rule that does not is passed over."""
        return not self.is_limit or not self.value or self.number is not None


def remarks_on_terms(terms: Terms, *, price_micros: int, currency: str) -> list[str]:
    """Settings that make each other useless, or keep everybody out."""
    counts = {
        "LIMIT_MEMBER_PER_DAY": terms.member_per_day,
        "LIMIT_MEMBER_AT_ONCE": terms.member_at_once,
        "LIMIT_GUILD_PER_DAY": terms.guild_per_day,
    }
    money = {"BUDGET_PER_DAY": terms.budget_per_day_micros, "BUDGET_PER_MONTH": terms.budget_per_month_micros}
    shown = {name: "" if micros is None else money_in_words(micros, currency) for name, micros in money.items()}
    found = [f"{name}=0: nobody but operators may order." for name, limit in counts.items() if limit == 0]
    found += [
        f"one song costs {money_in_words(price_micros, currency)}, over {name} ({shown[name]}): none can be ordered."
        for name, micros in money.items()
        if micros is not None and micros < price_micros
    ]
    for smaller, larger in (
        ("LIMIT_MEMBER_PER_DAY", "LIMIT_MEMBER_AT_ONCE"),
        ("LIMIT_GUILD_PER_DAY", "LIMIT_MEMBER_PER_DAY"),
    ):
        if counts[smaller] and (counts[larger] or 0) > (counts[smaller] or 0):
            found.append(f"{larger}={counts[larger]} is more than {smaller}={counts[smaller]}: {smaller} holds.")
    day, month = money.values()
    if day is not None and month is not None and day > month:
        found.append(
            f"BUDGET_PER_DAY ({shown['BUDGET_PER_DAY']}) is more than BUDGET_PER_MONTH ({shown['BUDGET_PER_MONTH']}): "
            "BUDGET_PER_MONTH holds."
        )
    return found


def remarks_on_rules(rules: Sequence[RuleRow], roles: Mapping[int, frozenset[int] | None]) -> list[str]:
    """Rules that hold nothing, and rules of which another says something else.

    `roles`: by server, as far as Discord was asked; None: the bot is no member of such a server.
    """
    found = [
        f"rule {rule.id}: its limit {(rule.value or '')[:40]!r} is no whole number, so it does not hold. Wanted is a "
        "number, 0 for nobody, or nothing for no limit."
        for rule in rules
        if not rule.is_readable
    ]
    for rule in rules:
        found += _about_nobody(rule, roles)
    for one, other in combinations([rule for rule in rules if rule.is_limit and rule.is_readable], 2):
        found += _disagreement(one, other)
    return found


def _about_nobody(rule: RuleRow, roles: Mapping[int, frozenset[int] | None]) -> Iterator[str]:
    if rule.guild_id == EVERYWHERE or rule.guild_id not in roles:
        return
    known = roles[rule.guild_id]
    if known is None:
        yield (
            f"rule {rule.id} is about server {rule.guild_id}, and this bot is no member of such a server: it binds "
            "nobody."
        )
    elif rule.subject_kind == SubjectKind.ROLE and rule.subject_id not in known:
        yield (
            f"rule {rule.id} is about role {rule.subject_id}, and server {rule.guild_id} has no such role any more: it "
            "binds nobody."
        )


def _disagreement(one: RuleRow, other: RuleRow) -> Iterator[str]:
    about = (one.guild_id, one.subject_kind, one.subject_id, one.kind)
    if about != (other.guild_id, other.subject_kind, other.subject_id, other.kind) or one.number == other.number:
        return
    if one.subject_kind == SubjectKind.GUILD:
        holds = f"the later one, rule {max(one.id, other.id)}, holds"
    elif 0 in {one.number, other.number}:
        holds = "0 holds"
    elif None in {one.number, other.number}:
        holds = "no limit holds"
    else:
        holds = f"the higher one, {max(one.number or 0, other.number or 0)}, holds"
    values = " and ".join("no limit" if rule.number is None else str(rule.number) for rule in (one, other))
    yield f"rules {one.id} and {other.id} say different things ({values}) about the same {one.subject_kind}: {holds}."
