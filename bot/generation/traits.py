"""What each model is like: one row for each name that GENERATION_MODEL knows. How it is asked is its contract's.

A model's name alone is never passed through to a service: models share calls but not their meaning.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.errors import SettingsError
from bot.jobs.lyrics import Dialect, PromptRules
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
        return f"reference longer than {self.reference.over_seconds:g} s{longest}, {form}"


_REPEATS: Mapping[Repeat, str] = MappingProxyType(
    {
        Repeat.NEVER: "never repeated by itself, it may be charged twice",
        Repeat.SAME_TICKET: "repeated under the same ticket, charged once",
        Repeat.FREE: "repeated, nothing is ever charged",
    }
)

TRAITS: Mapping[str, ModelTraits] = MappingProxyType(
    {
        "minimax-music": ModelTraits(
            model="minimax-music",
            provider="aiml",
            words=PromptRules(
                # "double hash marks at the beginning and end add accompaniment" (the model's page)
                dialect=Dialect.HASH_MARKS,
                min_characters=1,
                # docs.aimlapi.com: "Maximum 600 characters"; whether that counts marks and newlines is not said, so
                # they are counted.
                max_characters=600,
                # The song ends at 60 seconds; longer words end in "Downstream service error". Other vendors of the
                # same model (Replicate, Segmind) allow 350 to 400 characters.
                warn_characters=400,
            ),
            reference=ReferenceRules(
                over_seconds=15,
                # No limit is stated for this model; its predecessor music-01 took uploads of "no more than 10
                # minutes", and what hides behind an unstated limit is a paid generation that fails. Ten minutes hold
                # any song.
                max_seconds=600,
            ),
            repeat=Repeat.NEVER,
            looks_up=True,
            cancels=False,
            # Documented: "about 20 s", later "50-60 seconds or a bit more"; Segmind measured a mean of 44 s.
            waiting=WaitingTime(median_seconds=45, sigma=0.5),
            # The documents recommend 600; a generation of 20 minutes was seen, but its client no longer waits.
            deadline_seconds=900,
            concurrency=20,
            poll_interval_seconds=10,
            price_micros=37_000,
            price="about $0.037 a song, charged when a request is accepted",
            licence="none is stated by the service; ask it before a track is sold",
        ),
    }
)


def traits_named(model: str) -> ModelTraits:
    """The traits for GENERATION_MODEL. Raises SettingsError that names the known ones."""
    traits = TRAITS.get(model.strip().lower())
    if traits is None:
        raise SettingsError([f"GENERATION_MODEL: no model {model!r} is known here; known: {', '.join(TRAITS)}"])
    return traits
