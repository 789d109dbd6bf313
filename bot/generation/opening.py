"""The models that the settings name, opened: each with its contract's client, its traits, and what overrides them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from bot.errors import SettingsError
from bot.generation.acestep.opening import open_contract as open_acestep
from bot.generation.aiml.opening import open_contract as open_aiml
from bot.generation.contracts import Contract, Surroundings
from bot.generation.fal.opening import open_contract as open_fal
from bot.generation.traits import TRAITS, ModelTraits, objection_to_models
from bot.jobs.music_models import MusicModel
from bot.jobs.schedule import Pace
from bot.settings import Settings


def open_model(traits: ModelTraits, around: Surroundings) -> MusicModel:
    """The model, ready to be asked.

    Raises SettingsError for an unusable address or key, or a deadline below a pause.
    """
    contract = _OPENERS[traits.provider](traits, around)
    pace, deadline_seconds, concurrency = drive_of(traits, around.settings)
    return MusicModel(
        name=traits.model,
        provider=traits.provider,
        settings=traits.settings,
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
    """The traits of the model that new songs are ordered from while nobody says otherwise. Raises SettingsError."""
    return all_traits_in_use(settings)[0]


def all_traits_in_use(settings: Settings) -> tuple[ModelTraits, ...]:
    """The traits of each model that new songs may be ordered from, the usual one first. Raises SettingsError."""
    if objection := objection_to_models(settings.generation_model):
        raise SettingsError([objection])
    rows = tuple(as_set(TRAITS[name], settings) for name in settings.models)
    for traits in rows:
        drive_of(traits, settings)
    return rows


def as_set(traits: ModelTraits, settings: Settings) -> ModelTraits:
    """The traits with what a setting changes in them."""
    if traits.provider == "acestep":
        return replace(traits, is_cover=settings.acestep_reference == "cover")
    return traits


#: One for each folder of this package that is a contract.
_OPENERS: Mapping[str, Callable[[ModelTraits, Surroundings], Contract]] = MappingProxyType(
    {
        "aiml": open_aiml,
        "acestep": open_acestep,
        "fal": open_fal,
    }
)
