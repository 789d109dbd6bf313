"""Opens a model of fal's with what the settings say of its service."""

from pydantic import SecretStr

from bot.generation.contracts import Contract, Surroundings
from bot.generation.fal.client import FalClient
from bot.generation.fal.profiles import PROFILES
from bot.generation.trait_kinds import ModelTraits
from bot.generation.transport import HttpLimits, Timeouts


def open_contract(traits: ModelTraits, around: Surroundings) -> Contract:
    """The model's client, able to do all that its traits say. Raises SettingsError for an unusable address or key."""
    settings = around.settings
    client = FalClient(
        sessions=around.sessions,
        base_url=settings.fal_api_url,
        api_key=settings.fal_api_key or SecretStr(""),
        profile=PROFILES[traits.model],
        clock=around.clock,
        budget=around.budget,
        limits=HttpLimits(
            timeouts=Timeouts(submit_seconds=settings.submit_timeout_seconds),
            track_bytes=settings.track_max_bytes,
            track_hosts=settings.track_host_names,
        ),
    )
    return Contract(generator=client, look_up=client, canceller=client)
