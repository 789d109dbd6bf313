"""The German texts, one module for each subject."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.texts.de import (
    answer,
    card,
    command,
    control,
    delivery,
    form,
    operators,
    permission,
    quota,
    reason,
    sound,
    state,
    track,
    tracks,
)

#: Key -> template, all subjects together.
CATALOG: Mapping[str, str] = MappingProxyType(
    {
        **answer.TEXTS,
        **card.TEXTS,
        **command.TEXTS,
        **control.TEXTS,
        **delivery.TEXTS,
        **form.TEXTS,
        **operators.TEXTS,
        **permission.TEXTS,
        **quota.TEXTS,
        **reason.TEXTS,
        **sound.TEXTS,
        **state.TEXTS,
        **track.TEXTS,
        **tracks.TEXTS,
    }
)
