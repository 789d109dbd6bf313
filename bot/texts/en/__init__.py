"""The English texts, one module for each subject."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.texts.en import sound

#: Key -> template, all subjects together.
CATALOG: Mapping[str, str] = MappingProxyType({**sound.TEXTS})
