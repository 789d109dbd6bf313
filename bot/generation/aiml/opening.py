"""Opens a model of AIML or Apilaplas with what the settings say of that service."""

from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.contracts import Contract, Surroundings
from bot.generation.trait_kinds import ModelTraits
from bot.generation.transport import HttpLimits, Timeouts


def open_contract(traits: ModelTraits, around: Surroundings) -> Contract:
    """Raises SettingsError for an unusable address or key."""
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
