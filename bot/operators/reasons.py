"""`why`: whether somebody may order, which rule stops or lets them, and what is left. Pure but for the one look."""

from dataclasses import dataclass

from bot.jobs.admission import EVERYWHERE, Limits, PlaceRequest, Refused, Rule, RuleKind, Rules, SubjectKind, Usage
from bot.operators.answers import Answer, channels_text, end_of
from bot.texts import text
from bot.ui.formatting import clip, foreign, mention

#: What is used of a limit: the sentence with it, and the one without.
_USED = {
    RuleKind.LIMIT_DAY: ("operators.why.day", "operators.why.day_none"),
    RuleKind.LIMIT_AT_ONCE: ("operators.why.at_once", "operators.why.at_once_none"),
}
_RULES = {
    RuleKind.LIMIT_DAY: "operators.why.rule.limit_day",
    RuleKind.LIMIT_AT_ONCE: "operators.why.rule.limit_at_once",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What a verdict was made of."""

    asked: PlaceRequest
    rules: Rules
    limits: Limits
    usage: Usage
    refused: Refused | None


def why_answer(found: Why, *, name: str, sentence: str, locale: str) -> Answer:
    """`name`: theirs. `sentence`: what they would read; empty when they may order."""
    member = mention(found.asked.member_id)
    verdict = (
        text("operators.why.yes", locale, member=member)
        if found.refused is None
        else text("operators.why.no", locale, member=member, sentence=sentence.replace("\n", "\n> "))
    )
    body = "\n".join([verdict, "", *_usage(found, locale)])
    rules = [line for rule in found.rules.rows if (line := _rule(rule, found, locale))]
    if channels := [rule.subject_id for rule in found.rules.rows if rule.subject_kind is SubjectKind.CHANNEL]:
        rules.append(text("operators.why.rule.channels", locale, channels=channels_text(channels[:20], locale)))
    shown = "\n".join(rules) or text("operators.why.no_rules", locale)
    return Answer(
        heading=clip(text("operators.why.heading", locale, name=foreign(name) or "—"), 256),
        body=body,
        lines=((text("operators.why.rules", locale), clip(shown, 1024)),),
    )


def _usage(found: Why, locale: str) -> list[str]:
    if found.asked.member_id in found.rules.terms.operators:
        return [text("operators.why.operator", locale)]
    limits, usage = found.limits, found.usage
    lines = [
        _used(RuleKind.LIMIT_DAY, usage.member.count, limits.member_per_day, locale),
        _used(RuleKind.LIMIT_AT_ONCE, usage.live, limits.member_at_once, locale),
    ]
    if limits.guild_per_day is not None:
        lines.append(text("operators.why.guild", locale, used=usage.guild.count, limit=limits.guild_per_day))
    if found.rules.gifts:
        lines.append(text("operators.why.gifts", locale, count=found.rules.gifts))
    return lines


def _used(kind: RuleKind, used: int, limit: int | None, locale: str) -> str:
    key, without = _USED[kind]
    return text(without, locale) if limit is None else text(key, locale, used=used, limit=limit)


def _rule(rule: Rule, found: Why, locale: str) -> str:
    subject = _subject(rule, found, locale)
    if rule.kind is RuleKind.BLOCK and rule.subject_kind is SubjectKind.MEMBER:
        line = text("operators.why.rule.block", locale, subject=subject, end=end_of(rule.until, locale))
    elif rule.kind is RuleKind.BLOCK and rule.subject_kind is SubjectKind.GUILD:
        line = text("operators.why.rule.pause", locale, end=end_of(rule.until, locale))
    elif rule.kind in _RULES:
        value = "∞" if rule.value is None else rule.value
        line = text(_RULES[rule.kind], locale, subject=subject, value=value)
    else:
        return ""
    if rule.guild_id != EVERYWHERE:
        return line
    return " ".join([line, "(" + text("operators.why.everywhere", locale) + ")"])


def _subject(rule: Rule, found: Why, locale: str) -> str:
    match rule.subject_kind:
        case SubjectKind.ROLE:
            return "@everyone" if rule.subject_id == found.asked.guild_id else f"<@&{rule.subject_id}>"
        case SubjectKind.MEMBER:
            return mention(rule.subject_id)
        case _:
            return text("operators.limit.this_server", locale)
