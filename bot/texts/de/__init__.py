"""The German texts, one module for each subject."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.texts.de import sound

#: Key -> template, all subjects together.
CATALOG: Mapping[str, str] = MappingProxyType({**sound.TEXTS})
