"""Sound in, sound out: is it a usable reference, make it one, package the track. FFmpeg runs in children only."""

from bot.audio.file_names import as_it_came, file_name
from bot.audio.model import (
    OURS,
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
from bot.audio.pool import AudioPool, ClosedError
from bot.audio.song_types import FILE_TYPES, may_hold_a_song
from bot.audio.wording import sentence

__all__ = [
    "FILE_TYPES",
    "OURS",
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
