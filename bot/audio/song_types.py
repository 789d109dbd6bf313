"""What a file that may hold a song is called, taken from what the decoder reads. What it really is, is heard later."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from types import MappingProxyType

from bot.audio.sniffing import Kind

#: For each kind that the decoder reads, the endings that programs, phones and cameras give it.
ENDINGS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.MP3: (".mp3",),
        Kind.MP2: (".mp2", ".mpga"),
        Kind.WAV: (".wav", ".wave", ".bwf", ".rf64"),
        Kind.W64: (".w64",),
        Kind.AAC: (".aac", ".adts"),
        Kind.MP4: (".m4a", ".mp4", ".mov", ".m4v", ".m4b", ".m4r", ".3gp", ".3g2", ".qt", ".alac"),
        Kind.OGG: (".ogg", ".opus", ".oga", ".ogv", ".ogx", ".spx"),
        Kind.FLAC: (".flac",),
        Kind.AIFF: (".aif", ".aiff", ".aifc"),
        Kind.WEBM: (".webm", ".mkv", ".mka", ".weba"),
        Kind.CAF: (".caf",),
        Kind.AVI: (".avi",),
        Kind.WMA: (".wma", ".wmv", ".asf"),
        Kind.AU: (".au", ".snd"),
        Kind.AMR: (".amr", ".awb"),
        Kind.WAVPACK: (".wv",),
    }
)
_ALL_ENDINGS = frozenset(ending for endings in ENDINGS.values() for ending in endings)
#: What Discord's own groups hold (reference, "File Type Filtering"); the rest is named ending by ending.
_IN_GROUPS = frozenset({".mp3", ".m4a", ".wav", ".ogg", ".opus", ".flac", ".mp4", ".mov", ".webm"})

#: `file_types` of an attachment option or an upload: what Discord lets a member choose.
FILE_TYPES: Sequence[str] = ("audio", "video", *sorted(_ALL_ENDINGS - _IN_GROUPS))

#: Types of sound and films that are called otherwise.
_SOUND_TYPES = frozenset({"application/ogg", "application/mp4", "application/x-matroska", "application/vnd.ms-asf"})
#: What says nothing: Discord sends no type, or that of any bytes.
_TELLS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
#: A dot may stand in a song's name too, as in "02. Harbour" or "Mr. Night".
_ENDING = re.compile(r"\.(?=[0-9]*[a-z])[a-z0-9_-]{1,10}")


def may_hold_a_song(name: str, content_type: str | None) -> bool:
    """Whether a file is worth being heard, by its type or its ending; each may be missing, either is enough."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    ending = PurePath(f"_{name.strip()}").suffix.lower()  # a file may be called by its ending alone
    if kind.startswith(("audio/", "video/")) or kind in _SOUND_TYPES or ending in _ALL_ENDINGS:
        return True
    return kind in _TELLS_NOTHING and not _ENDING.fullmatch(ending)
