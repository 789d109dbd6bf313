"""What can be said of a model, whatever its service: the kinds of traits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.jobs.lyrics import PromptRules
from bot.jobs.music_models import ReferenceForm, Repeat

#: Of the standard normal distribution: nine of ten values lie below.
_Z_90 = 1.2816


class StyleNeed(StrEnum):
    """Whether a model takes words about how it should sound."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleRules:
    """What one model takes as style."""

    need: StyleNeed = StyleNeed.NONE
    default: str | None = None  #: what is sent while nobody chose one; needed where a style is
    min_characters: int = 0
    max_characters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRules:
    """What one model takes as reference song."""

    form: ReferenceForm = ReferenceForm.URL
    over_seconds: float  #: it must be longer than this
    max_seconds: float | None = None  #: a longer one is cut to its best excerpt; None: as long as it likes


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTime:
    """How long generations take, before this bot has seen one: a log-normal distribution."""

    median_seconds: float
    sigma: float  #: of the logarithm; 0.35 on calm days, 0.5 in general

    @property
    def nine_of_ten_seconds(self) -> float:
        """So long or less in nine of ten cases."""
        return self.median_seconds * math.exp(_Z_90 * self.sigma)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTraits:
    """One model: what it takes, how it is driven, what it costs."""

    model: str  #: as GENERATION_MODEL and a job's row name it
    provider: str  #: whose contract is spoken: a folder of bot/generation
    words: PromptRules
    style: StyleRules = field(default_factory=StyleRules)
    reference: ReferenceRules
    is_cover: bool = False  #: it keeps the tune of the reference and sings other words to it
    repeat: Repeat
    looks_up: bool  #: whether a lost POST can be found again, see `bot.jobs.ports.LookUp`
    cancels: bool  #: whether a generation can be stopped, see `bot.jobs.ports.Canceller`
    waiting: WaitingTime
    deadline_seconds: float  #: GENERATION_TIMEOUT_SECONDS, while that is unset
    concurrency: int  #: GENERATION_CONCURRENCY, while that is unset
    poll_interval_seconds: float  #: POLL_INTERVAL_SECONDS, while that is unset
    price_micros: int  #: of one song by the published price, in millionths of a US dollar
    price: str  #: the same in words, for operators
    licence: str  #: what is known of the rights in a track, in words, for operators

    def described(self) -> list[str]:
        """Lines for operators: what it takes, how long it takes, what it costs."""
        few, many, risky = self.words.min_characters, self.words.max_characters, self.words.warn_characters
        dialect = self.words.dialect.replace("_", " ")
        can_answer = "; the service may be able to say what became of it" if self.looks_up else ""
        return [
            f"{self.model}, by the contract of {self.provider}",
            f"lyrics of {few} to {many} characters in all ({dialect}); over {risky} are risky",
            self._style_in_words(),
            self._reference_in_words(),
            f"usually {self.waiting.median_seconds:g} s, nine of ten within {self.waiting.nine_of_ten_seconds:.0f} s",
            f"a request whose answer is lost: {_REPEATS[self.repeat]}{can_answer}",
            f"a generation that was begun {'can' if self.cancels else 'cannot'} be stopped",
            f"price: {self.price}",
            f"rights: {self.licence}",
        ]

    def _style_in_words(self) -> str:
        if self.style.need is StyleNeed.NONE:
            return "no words about the style"
        limits = f"{self.style.min_characters} to {self.style.max_characters} characters"
        return f"style {self.style.need}, {limits}; by default {self.style.default or 'none'}"

    def _reference_in_words(self) -> str:
        longest = "" if self.reference.max_seconds is None else f", cut to {self.reference.max_seconds:g} s"
        form = "fetched by its URL" if self.reference.form is ReferenceForm.URL else "sent along"
        use = "a cover is made of it" if self.is_cover else "a new tune is made after it"
        return f"reference longer than {self.reference.over_seconds:g} s{longest}, {form}; {use}"


_REPEATS: Mapping[Repeat, str] = MappingProxyType(
    {
        Repeat.NEVER: "never repeated by itself, it may be charged twice",
        Repeat.SAME_TICKET: "repeated under the same ticket, charged once",
        Repeat.FREE: "repeated, nothing is ever charged",
    }
)
