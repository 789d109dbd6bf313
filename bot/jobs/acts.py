"""Acts and reports of operators, as values. A scope is a server's id, or EVERYWHERE for the whole bot."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.errors import ComposeError
from bot.jobs.admission import EVERYWHERE, RuleKind, SubjectKind
from bot.jobs.ledger import NOBODY
from bot.jobs.model import Job, JobEvent

#: The kept value that holds the bot's notice; a server's own stands under `notice:<its id>`.
NOTICE = "notice"

#: Where lines without a job (gifts) have a provider and a model.
NO_PROVIDER = ""


class What(StrEnum):
    """What was done, as it stands in the audit table."""

    PAUSE = "pause"
    RESUME = "resume"
    BLOCK = "block"
    UNBLOCK = "unblock"
    LIMIT = "limit"
    GIVE = "give"
    CHANNEL_ADD = "channel_add"
    CHANNEL_REMOVE = "channel_remove"
    WORD_ADD = "word_add"
    WORD_REMOVE = "word_remove"
    NOTICE = "notice"
    DELIVER_AGAIN = "deliver_again"
    LOOK_AGAIN = "look_again"
    GIVE_BACK = "give_back"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One line of the audit table: who did it, where it holds, what it is about."""

    by: int  #: their id; 0: somebody at the shell
    guild_id: int | None  #: the scope; None: in no server
    what: str  #: What, or what moderators and reporters do, such as `report`; at most 32 characters
    about: str = ""  #: such as `member 12`, `song 17`
    note: str = ""  #: in their own words; never lyrics


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRule:
    """A rule as it is laid down or was found; `value` as in table `rule`."""

    guild_id: int
    subject_kind: SubjectKind
    subject_id: int
    kind: RuleKind
    value: str | None = None  #: a number of songs, or the word
    until: datetime | None = None
    note: str = ""
    by: int = 0  #: whose rule it is
    at: datetime | None = None  #: when it was laid down; None before that


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What everybody is told for a while, such as an outage."""

    text: str
    until: datetime | None = None  #: None: until it is cleared

    @classmethod
    def parsed(cls, kept: str | None) -> "Notice | None":
        """What is kept; None when there is none, or it cannot be read."""
        try:
            values = json.loads(kept) if kept else None
            if not values:
                return None
            until = values.get("until")
            return cls(text=str(values["text"]), until=None if until is None else datetime.fromisoformat(until))
        except (ValueError, AttributeError, TypeError, KeyError):
            return None

    def written(self) -> str:
        """What is kept."""
        until = None if self.until is None else self.until.astimezone(UTC).isoformat()
        return json.dumps({"text": self.text, "until": until})

    def holds(self, now: datetime) -> bool:
        """Whether it is still told."""
        return self.until is None or self.until > now


def notice_name(guild_id: int) -> str:
    """Under which name a scope's notice is kept."""
    return NOTICE if guild_id == EVERYWHERE else f"{NOTICE}:{guild_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """One line of the ledger, as far as a person asks."""

    at: datetime
    attempt: int
    kind: str
    price_micros: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SongReport:
    """All that is known of one song, for whoever answers a complaint. Never its lyrics."""

    job: Job
    events: tuple[JobEvent, ...]  #: oldest first
    lines: tuple[ChargeLine, ...]  #: oldest first

    @property
    def spent_micros(self) -> int:
        """What was certainly paid for it."""
        return sum(line.price_micros for line in self._last_lines if line.kind == "spent")

    @property
    def unknown_micros(self) -> int:
        """What may have been paid for it: attempts of which nobody knows."""
        return sum(line.price_micros for line in self._last_lines if line.kind == "unknown")

    @property
    def _last_lines(self) -> Collection[ChargeLine]:
        """How each attempt stands."""
        return {line.attempt: line for line in self.lines if line.kind != "given"}.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Songs and money of one member on one day, or of many together."""

    songs: int = 0  #: accepted by the music service
    micros: int = 0
    unknown: int = 0  #: may have been accepted
    unknown_micros: int = 0
    freed: int = 0  #: never accepted, nothing paid
    given: int = 0  #: places given back or as a gift

    def __add__(self, other: "Spending") -> "Spending":
        """Both together."""
        return Spending(
            songs=self.songs + other.songs,
            micros=self.micros + other.micros,
            unknown=self.unknown + other.unknown,
            unknown_micros=self.unknown_micros + other.unknown_micros,
            freed=self.freed + other.freed,
            given=self.given + other.given,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentReport:
    """What was spent over some days, by UTC day (`2026-01-31`) and member."""

    days: tuple[str, ...]  #: every day, also those without a song; oldest first
    by_day_and_member: Mapping[tuple[str, int], Spending]

    @property
    def total(self) -> Spending:
        """All of it."""
        return sum(self.by_day_and_member.values(), Spending())

    @property
    def by_day(self) -> dict[str, Spending]:
        """In the order of `days`."""
        found = dict.fromkeys(self.days, Spending())
        for (day, _), spending in self.by_day_and_member.items():
            found[day] = found.get(day, Spending()) + spending
        return found

    def top_members(self, count: int = 10) -> list[tuple[int, Spending]]:
        """Who had the most songs, and how many; lines that no longer say whose they are count for nobody."""
        found: dict[int, Spending] = {}
        for (_, member_id), spending in self.by_day_and_member.items():
            if member_id == NOBODY:
                continue
            found[member_id] = found.get(member_id, Spending()) + spending
        made = [(member_id, one) for member_id, one in found.items() if one.songs or one.unknown]
        return sorted(made, key=lambda each: (-each[1].songs, -each[1].unknown, each[0]))[:count]


class ActRefusedError(ComposeError):
    """What an operator asked for cannot be done as it is; `key` names the sentence of `bot.texts`."""

    def __init__(self, key: str, **values: object) -> None:
        """`values` fill the sentence."""
        super().__init__(key)
        self.key = key
        self.values = values
