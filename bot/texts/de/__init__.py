"""The German texts, one module for each subject."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.texts.de import (
    alert,
    answer,
    card,
    command,
    control,
    delivery,
    form,
    log,
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
        **alert.TEXTS,
        **answer.TEXTS,
        **card.TEXTS,
        **command.TEXTS,
        **control.TEXTS,
        **delivery.TEXTS,
        **form.TEXTS,
        **log.TEXTS,
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
