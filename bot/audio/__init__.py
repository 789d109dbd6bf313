"""Sound in, sound out: is it a usable reference, make it one, package the track. FFmpeg runs in children only."""

from importlib import import_module
from typing import TYPE_CHECKING

from bot.audio.model import (
    OURS,
    STOPPED,
    ChildLimits,
    Conversion,
    Finding,
    Inspection,
    Needs,
    PackagedTrack,
    PackagingStep,
    Problem,
    Purpose,
    Tags,
    Usability,
)

if TYPE_CHECKING:
    from bot.audio.file_names import as_it_came, file_name
    from bot.audio.pool import AudioPool, ClosedError
    from bot.audio.song_types import FILE_TYPES, may_hold_a_song
    from bot.audio.wording import sentence

__all__ = [
    "FILE_TYPES",
    "OURS",
    "STOPPED",
    "AudioPool",
    "ChildLimits",
    "ClosedError",
    "Conversion",
    "Finding",
    "Inspection",
    "Needs",
    "PackagedTrack",
    "PackagingStep",
    "Problem",
    "Purpose",
    "Tags",
    "Usability",
    "as_it_came",
    "file_name",
    "may_hold_a_song",
    "sentence",
]

#: What only the parent needs, and where it is: every child imports this package too, and asyncio costs it 20 ms.
_PARENTS = {
    "FILE_TYPES": "song_types",
    "AudioPool": "pool",
    "ClosedError": "pool",
    "as_it_came": "file_names",
    "file_name": "file_names",
    "may_hold_a_song": "song_types",
    "sentence": "wording",
}


def __getattr__(name: str) -> object:
    """Imports it when it is first asked for (PEP 562)."""
    if name not in _PARENTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PARENTS[name]}"), name)
