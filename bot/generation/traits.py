"""What each model is like: one row for each name that GENERATION_MODEL knows. How it is asked is its contract's.

A model's name alone is never passed through to a service: models share calls but not their meaning.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.errors import SettingsError
from bot.generation.acestep import traits as acestep_traits
from bot.generation.aiml import traits as aiml_traits
from bot.generation.fal import traits as fal_traits
from bot.generation.trait_kinds import ModelTraits, ReferenceRules, StyleNeed, StyleRules, WaitingTime
from bot.model_names import listed_names, named_twice

__all__ = [
    "TRAITS",
    "ModelTraits",
    "ReferenceRules",
    "StyleNeed",
    "StyleRules",
    "WaitingTime",
    "objection_to_models",
    "traits_named",
]

#: In the order in which they are offered; each contract's folder brings its own.
TRAITS: Mapping[str, ModelTraits] = MappingProxyType(
    {row.model: row for row in (*aiml_traits.ROWS, *acestep_traits.ROWS, *fal_traits.ROWS)}
)


def traits_named(model: str) -> ModelTraits:
    """The traits of one model. Raises SettingsError that names the known ones."""
    traits = TRAITS.get(model.strip().lower())
    if traits is None:
        raise SettingsError([_objection_to([model])])
    return traits


def objection_to_models(value: str) -> str:
    """Which names of GENERATION_MODEL no model here has, and which ones there are; empty when all are known.

    Names that stand there twice are told with it: one setting has one sentence.
    """
    names = listed_names(value)
    unknown = [name for name in dict.fromkeys(names) if name not in TRAITS]
    if not unknown:
        return ""
    twice = named_twice(names)
    return _objection_to(unknown) + (f"; it {twice}" if twice else "")


def _objection_to(unknown: list[str]) -> str:
    quoted = [repr(name[:40]) for name in unknown]
    named = f"no model {quoted[0]} is" if len(quoted) == 1 else f"no models {', '.join(quoted)} are"
    return f"GENERATION_MODEL: {named} known here; known: {', '.join(TRAITS)}"
