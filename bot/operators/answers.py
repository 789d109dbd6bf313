"""What operators read: pure, from acts and reports to sentences. docs/operators.md shows each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.amounts import money_in_words
from bot.jobs.acts import KeptRule, SongReport, SpentReport
from bot.jobs.admission import RuleKind
from bot.jobs.model import RESTING, Job, JobState
from bot.texts import text
from bot.ui.cards import card_link, track_link
from bot.ui.formatting import ago, clip, foreign, mention, titled, why
from bot.ui.requirements import OrderRequirements

_MAX_LINES = 25
_MAX_EVENTS = 12
#: Of the description of an embed (4096, Discord).
_MAX_CHARACTERS = 3_900
_MAX_FIELD = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A heading, a text, and names with values; what is empty is left out."""

    heading: str = ""
    body: str = ""
    lines: tuple[tuple[str, str], ...] = ()


def at(moment: datetime) -> str:
    """A moment as Discord shows it to each reader in their own time."""
    return f"<t:{int(moment.timestamp())}:f>"


#: Sentences that have a second form for a known end.
_UNTIL = {
    "operators.pause.done": "operators.pause.done_until",
    "operators.block.done": "operators.block.done_until",
    "operators.notice.done": "operators.notice.done_until",
}
#: Limits: the sentence with a number, and the one without.
_LIMITS = {
    RuleKind.LIMIT_DAY: ("operators.limit.per_day", "operators.limit.per_day_none"),
    RuleKind.LIMIT_AT_ONCE: ("operators.limit.at_once", "operators.limit.at_once_none"),
}


def ended(key: str, until: datetime | None, locale: str, **values: object) -> Answer:
    """A sentence that has a second form for a known end."""
    if until is None:
        return Answer(body=text(key, locale, **values))
    return Answer(body=text(_UNTIL[key], locale, at=at(until), again=ago(until), **values))


def blocked_answer(rules: Sequence[KeptRule], locale: str) -> Answer:
    """Who may not order, and why."""
    lines: list[str] = []
    for rule in rules[:_MAX_LINES]:
        line = text(
            "operators.blocked.line",
            locale,
            member=mention(rule.subject_id),
            since="?" if rule.at is None else ago(rule.at),
            end=end_of(rule.until, locale),
            by=mention(rule.by) if rule.by else text("operators.shell", locale),
        )
        lines.append(f"{line}\n> {foreign(rule.note)}" if rule.note else line)
    body = _listed(lines, len(rules), locale) or text("operators.blocked.none", locale)
    return Answer(heading=text("operators.blocked.heading", locale), body=body)


def end_of(until: datetime | None, locale: str) -> str:
    """Until when something holds."""
    if until is None:
        return text("operators.blocked.forever", locale)
    return text("operators.blocked.until", locale, again=ago(until))


def limit_answer(subject: str, per_day: int | None, at_once: int | None, *, is_server: bool, locale: str) -> Answer:
    """What holds for a role, a member or a server from now on."""
    parts = [_limit(RuleKind.LIMIT_DAY, per_day, locale)]
    if not is_server:
        parts.append(_limit(RuleKind.LIMIT_AT_ONCE, at_once, locale))
    return Answer(body=text("operators.limit.done", locale, subject=subject, limits=", ".join(parts)))


def channels_text(channel_ids: Sequence[int], locale: str) -> str:
    """Where songs are ordered."""
    return ", ".join(f"<#{one}>" for one in channel_ids) or text("operators.channels.all", locale)


def channels_answer(channel_ids: Sequence[int], locale: str) -> Answer:
    """The list."""
    return Answer(heading=text("operators.channels.heading", locale), body=channels_text(channel_ids, locale))


def words_answer(words: Sequence[str], locale: str) -> Answer:
    """The list, hidden until it is clicked."""
    shown: list[str] = []
    for word in words:
        if sum(map(len, shown)) > _MAX_CHARACTERS - 300:
            break
        shown.append(f"||{foreign(word)}||")
    body = ", ".join(shown) or text("operators.words.none", locale)
    if len(shown) < len(words):
        body += ", " + text("operators.more", locale, count=len(words) - len(shown))
    return Answer(heading=text("operators.words.heading", locale), body=body)


def song_answer(report: SongReport, *, requirements: OrderRequirements, currency: str | None, locale: str) -> Answer:
    """All that is known of a song, but for its lyrics."""
    job = report.job
    lines = [
        (text("operators.song.member", locale), mention(job.member_id)),
        (text("operators.song.place", locale), _place(job)),
        (text("operators.song.state", locale), f"{text(f'state.{job.state}', locale)} · {ago(job.moved_at)}"),
        (text("operators.song.attempts", locale), str(job.attempt)),
        (
            text("operators.song.generation", locale),
            f"`{plain_code(job.generation_id)}`" if job.generation_id else text("operators.song.none", locale),
        ),
    ]
    if currency is not None:
        money = text(
            "operators.song.money_value",
            locale,
            spent=money_in_words(report.spent_micros, currency),
            unknown=money_in_words(report.unknown_micros, currency),
        )
        lines.append((text("operators.song.money", locale), money))
    if job.state in RESTING and (sentence := why(job, requirements, locale)):
        lines.append((text("operators.song.reason", locale), clip(sentence, _MAX_FIELD)))
    lines += [
        (
            text("operators.song.ledger", locale),
            clip(_ledger(report), _MAX_FIELD) or text("operators.song.none", locale),
        ),
        (text("operators.song.history", locale), clip(_history(report, locale), _MAX_FIELD)),
    ]
    heading = clip(text("operators.song.heading", locale, id=job.id, title=titled(job, locale)), 256)
    return Answer(heading=heading, lines=tuple(lines))


def plain_code(raw: str) -> str:
    """What stands between two backticks."""
    return clip(raw.replace("`", "'"), 200)


def spent_answer(report: SpentReport, *, currency: str | None, locale: str) -> Answer:
    """Sums, and who had the most."""
    total = report.total
    lines = [(text("operators.spent.songs", locale), str(total.songs))]
    if currency is not None:
        lines.append((text("operators.spent.money", locale), money_in_words(total.micros, currency)))
    unknown = str(total.unknown)
    if currency is not None and total.unknown:
        unknown += f" ({money_in_words(total.unknown_micros, currency)})"
    lines += [
        (text("operators.spent.unknown", locale), unknown),
        (text("operators.spent.freed", locale), str(total.freed)),
        (text("operators.spent.given", locale), str(total.given)),
    ]
    top = [
        f"{place}. {mention(member_id)}: {spending.songs}"
        + (f" ({money_in_words(spending.micros, currency)})" if currency is not None else "")
        for place, (member_id, spending) in enumerate(report.top_members(), start=1)
    ]
    lines.append((text("operators.spent.top", locale), "\n".join(top) or text("operators.spent.none", locale)))
    return Answer(heading=text("operators.spent.heading", locale, days=len(report.days)), lines=tuple(lines))


def offers(job: Job) -> tuple[str, ...]:
    """The buttons under a song, by the names of their actions."""
    found: list[str] = []
    if job.state in {JobState.DELIVERED, JobState.UNDELIVERABLE}:
        found.append("deliver")
    if job.state is JobState.UNKNOWN or (
        job.state in {JobState.FAILED, JobState.EXPIRED} and job.generation_id is not None
    ):
        found.append("look")
    if job.state in RESTING:
        found += ["give_back", "delete"]
    return tuple(found)


def _limit(kind: RuleKind, value: int | None, locale: str) -> str:
    key, without = _LIMITS[kind]
    return text(without, locale) if value is None else text(key, locale, value=value)


def _listed(lines: Sequence[str], count: int, locale: str) -> str:
    shown: list[str] = []
    for line in lines:
        if sum(map(len, shown)) + len(line) > _MAX_CHARACTERS - 100:
            break
        shown.append(line)
    if shown and len(shown) < count:
        shown.append(text("operators.more", locale, count=count - len(shown)))
    return "\n".join(shown)


def _place(job: Job) -> str:
    return track_link(job) or card_link(job) or f"<#{job.place.channel_id}>"


def _ledger(report: SongReport) -> str:
    return "\n".join(f"{at(line.at)} · {line.attempt} · {line.kind}" for line in report.lines[-_MAX_EVENTS:])


def _history(report: SongReport, locale: str) -> str:
    return "\n".join(
        f"{at(event.at)} · {text(f'state.{event.after}', locale)}" for event in report.events[-_MAX_EVENTS:]
    )
