"""The models that the settings name, opened: each with its contract's client, its traits, and what overrides them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from aiolimiter import AsyncLimiter

from bot.clock import Clock
from bot.errors import SettingsError
from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.traits import ModelTraits, traits_named
from bot.generation.transport import HttpLimits, Sessions, Timeouts
from bot.jobs.music_models import MusicModel
from bot.jobs.ports import Canceller, Generator, LookUp
from bot.jobs.schedule import Pace
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One service, able to do what it says it can."""

    generator: Generator
    look_up: LookUp | None = None
    canceller: Canceller | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every contract is opened with. `budget`: of all looks together; POSTs have their own slots."""

    settings: Settings
    sessions: Sessions
    clock: Clock
    budget: AsyncLimiter


def open_model(traits: ModelTraits, around: Surroundings) -> MusicModel:
    """The model, ready to be asked.

    Raises SettingsError for an unusable address or key, or a deadline below a pause.
    """
    contract = _OPENERS[traits.provider](traits, around)
    pace, deadline_seconds, concurrency = drive_of(traits, around.settings)
    return MusicModel(
        name=traits.model,
        provider=traits.provider,
        generator=contract.generator,
        look_up=contract.look_up,
        canceller=contract.canceller,
        repeat=traits.repeat,
        reference_form=traits.reference.form,
        pace=pace,
        generation_timeout=timedelta(seconds=deadline_seconds),
        concurrency=concurrency,
        usual_seconds=traits.waiting.median_seconds,
        usual_sigma=traits.waiting.sigma,
    )


def drive_of(traits: ModelTraits, settings: Settings) -> tuple[Pace, float, int]:
    """Pace, deadline in seconds, jobs at once: what the operator set, else what suits the model.

    Raises SettingsError when the deadline would be over before the first look.
    """
    interval = settings.given("poll_interval_seconds", traits.poll_interval_seconds)
    deadline = settings.given("generation_timeout_seconds", traits.deadline_seconds)
    if deadline < interval:
        raise SettingsError(["GENERATION_TIMEOUT_SECONDS must not be smaller than POLL_INTERVAL_SECONDS"])
    pace = Pace(poll_interval_seconds=interval, polls_per_second=settings.polls_per_second)
    return pace, deadline, settings.given("generation_concurrency", traits.concurrency)


def traits_in_use(settings: Settings) -> ModelTraits:
    """The traits of the model that new songs are ordered from. Raises SettingsError."""
    traits = traits_named(settings.generation_model)
    drive_of(traits, settings)
    return traits


def _open_aiml(traits: ModelTraits, around: Surroundings) -> Contract:
    settings = around.settings
    client = GenerationClient(
        sessions=around.sessions,
        base_url=settings.generation_api_url,
        api_key=settings.generation_api_key,
        profile=PROFILES[traits.model],
        clock=around.clock,
        budget=around.budget,
        limits=HttpLimits(
            timeouts=Timeouts(submit_seconds=settings.submit_timeout_seconds),
            track_bytes=settings.track_max_bytes,
            track_hosts=settings.track_host_names,
        ),
    )
    return Contract(generator=client, look_up=client)


#: One for each folder of this package that is a contract.
_OPENERS: Mapping[str, Callable[[ModelTraits, Surroundings], Contract]] = MappingProxyType({"aiml": _open_aiml})
