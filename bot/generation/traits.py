"""What each model is like: one row for each name that GENERATION_MODEL knows. How it is asked is its contract's.

A model's name alone is never passed through to a service: models share calls but not their meaning.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.errors import SettingsError
from bot.generation.aiml import traits as aiml_traits
from bot.generation.trait_kinds import ModelTraits, ReferenceRules, StyleNeed, StyleRules, WaitingTime

__all__ = ["TRAITS", "ModelTraits", "ReferenceRules", "StyleNeed", "StyleRules", "WaitingTime", "traits_named"]

#: In the order in which they are offered; each contract's folder brings its own.
TRAITS: Mapping[str, ModelTraits] = MappingProxyType({row.model: row for row in (*aiml_traits.ROWS,)})


def traits_named(model: str) -> ModelTraits:
    """The traits for GENERATION_MODEL. Raises SettingsError that names the known ones."""
    traits = TRAITS.get(model.strip().lower())
    if traits is None:
        raise SettingsError([f"GENERATION_MODEL: no model {model!r} is known here; known: {', '.join(TRAITS)}"])
    return traits
