"""Opens the model of one's own ACE-Step server with what the settings say of it."""

from bot.generation.acestep.asking import ReferenceUse
from bot.generation.acestep.client import AceStepClient
from bot.generation.contracts import Contract, Surroundings
from bot.generation.trait_kinds import ModelTraits
from bot.generation.transport import HttpLimits, Timeouts


def open_contract(_traits: ModelTraits, around: Surroundings) -> Contract:
    """Raises SettingsError for an unusable address or key."""
    settings = around.settings
    client = AceStepClient(
        sessions=around.sessions,
        base_url=settings.acestep_api_url,
        api_key=settings.acestep_api_key,
        reference_use=ReferenceUse(settings.acestep_reference),
        clock=around.clock,
        budget=around.budget,
        limits=HttpLimits(
            timeouts=Timeouts(submit_seconds=settings.submit_timeout_seconds),
            track_bytes=settings.track_max_bytes,
        ),
    )
    return Contract(generator=client)
