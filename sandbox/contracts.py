"""Which contract a model is spoken to by, and the settings that point a bot at the servers that speak them here."""

from collections.abc import Mapping

from sandbox.generation import FakeGeneration

_CONTRACTS = {
    "minimax-music": "aiml",
    "minimax/music-cover": "aiml",
    "acestep": "acestep",
    "fal:minimax-music": "fal",
    "fal:ace-step": "fal",
}
#: What the names of a service's settings begin with.
_SETTINGS = {"aiml": "GENERATION", "acestep": "ACESTEP", "fal": "FAL"}

USUAL = "minimax-music"
MODELS = tuple(_CONTRACTS)


def contracts_of(models: str) -> tuple[str, ...]:
    """The contracts of these models (commas between them; empty: the usual one), each once and in their order.

    Raises ValueError, with the models that there are, for another.
    """
    names = [name for part in (models or USUAL).split(",") if (name := part.strip().lower())]
    if unknown := [name for name in names if name not in _CONTRACTS]:
        raise ValueError(f"no server here makes {', '.join(unknown)}; there are: {', '.join(MODELS)}")
    return tuple(dict.fromkeys(_CONTRACTS[name] for name in names))


def settings_at(services: Mapping[str, FakeGeneration], models: str) -> dict[str, str]:
    """GENERATION_MODEL, and the address and key of each service, by its contract."""
    settings = {"GENERATION_MODEL": models} if models else {}
    for contract, server in services.items():
        name = _SETTINGS[contract]
        settings |= {f"{name}_API_URL": server.url, f"{name}_API_KEY": server.key}
    if models and "aiml" not in services:
        settings |= {"GENERATION_API_URL": "", "GENERATION_API_KEY": ""}  # empty: not set
    return settings
