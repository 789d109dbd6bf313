"""The models that the settings name, opened: each with its contract's client, its traits, and what overrides them."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from bot.errors import SettingsError
from bot.generation.contracts import Contract, Surroundings
from bot.generation.traits import TRAITS, ModelTraits, objection_to_models
from bot.jobs.music_models import MusicModel, MusicModels
from bot.jobs.schedule import Pace
from bot.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The settings of one service, by their names."""

    url: str
    key: str
    needs_key: bool = True

    def address(self, settings: Settings) -> str:
        """Where it is asked."""
        return str(getattr(settings, self.url.lower()))

    def is_configured(self, settings: Settings) -> bool:
        """Whether it can be asked although none of its models is offered: its key, or its address, was given."""
        if not self.needs_key:
            return self.url.lower() in settings.model_fields_set
        key = getattr(settings, self.key.lower())
        return key is not None and bool(key.get_secret_value())


def _open_aiml(traits: ModelTraits, around: Surroundings) -> Contract:
    from bot.generation.aiml.opening import open_contract  # as the other two: loaded by whoever asks that service

    return open_contract(traits, around)


def _open_acestep(traits: ModelTraits, around: Surroundings) -> Contract:
    from bot.generation.acestep.opening import open_contract

    return open_contract(traits, around)


def _open_fal(traits: ModelTraits, around: Surroundings) -> Contract:
    from bot.generation.fal.opening import open_contract

    return open_contract(traits, around)


#: One for each folder of this package that is a contract.
_OPENERS: Mapping[str, Callable[[ModelTraits, Surroundings], Contract]] = MappingProxyType({
    "aiml": _open_aiml,
    "acestep": _open_acestep,
    "fal": _open_fal,
})  # fmt: skip
SERVICE_SETTINGS: Mapping[str, ServiceSettings] = MappingProxyType({
    "aiml": ServiceSettings(url="GENERATION_API_URL", key="GENERATION_API_KEY"),
    "acestep": ServiceSettings(url="ACESTEP_API_URL", key="ACESTEP_API_KEY", needs_key=False),
    "fal": ServiceSettings(url="FAL_API_URL", key="FAL_API_KEY"),
})  # fmt: skip


def open_models(settings: Settings, around: Surroundings) -> MusicModels:
    """All models that can be asked: those that are offered, and those whose songs of earlier may still be under way.

    Raises SettingsError for what keeps one that is offered from being asked.
    """
    offered = all_traits_in_use(settings)
    models = [open_model(traits, around) for traits in offered]
    for traits in _no_longer_offered(settings):
        try:
            models.append(open_model(traits, around))
        except SettingsError as error:
            log.warning("songs of %s that are under way have to wait: %s", traits.model, error)
    return MusicModels(models)


def open_model(traits: ModelTraits, around: Surroundings) -> MusicModel:
    """The model, ready to be asked.

    Raises SettingsError for an unusable address or key, or a deadline below a pause.
    """
    contract = _OPENERS[traits.provider](traits, around)
    pace, deadline_seconds, concurrency = drive_of(traits, around.settings)
    return MusicModel(
        name=traits.model,
        provider=traits.provider,
        address=SERVICE_SETTINGS[traits.provider].address(around.settings),
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


def all_traits_opened(settings: Settings) -> tuple[ModelTraits, ...]:
    """Those, and behind them the models whose songs of earlier go on. Raises SettingsError."""
    return (*all_traits_in_use(settings), *_no_longer_offered(settings))


def _no_longer_offered(settings: Settings) -> list[ModelTraits]:
    """Models that are not named, of services that can be asked all the same: what was begun there is brought home."""
    rest = [as_set(traits, settings) for name, traits in TRAITS.items() if name not in settings.models]
    return [traits for traits in rest if SERVICE_SETTINGS[traits.provider].is_configured(settings)]
