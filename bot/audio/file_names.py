"""A file name made from a title that a member typed, safe on every platform it may be saved on."""

import unicodedata
from pathlib import Path

from bot.audio.model import PackagedTrack
from bot.letters import normalised

FALLBACK = "track"
#: Bytes of UTF-8 with the suffix; file systems take 255, people read less, and "(1)" must still fit behind it.
MAX_BYTES = 120
MAX_SUFFIX = 8
#: Kept as they are, besides letters, marks and digits of every script.
KEPT = frozenset("-_.,'()&!+")
#: Devices on Windows, whatever suffix follows (Microsoft, "Naming Files, Paths, and Namespaces").
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789"}
)


def file_name(title: str, suffix: str) -> str:
    """A name such as `Night_Drive.mp3` for the title "Night / Drive?".

    Letters of every script stay; separators, controls, emoji and what Windows forbids become single underscores. Never
    empty, hidden, reserved or longer than `MAX_BYTES`. `suffix` comes with its dot and is ours, not the member's.
    """
    words = "".join(_plain(character) for character in normalised("NFKC", title)).split()
    stem = _cut("_".join(words).strip("._-' "), MAX_BYTES - len(suffix.encode()))
    if not any(character.isalnum() for character in stem):
        stem = FALLBACK
    if stem.partition(".")[0].lower() in RESERVED:
        stem = f"{FALLBACK}_{stem}"
    return stem + suffix


def as_it_came(track: Path, title: str, limit_bytes: int, suffix: str | None = None) -> PackagedTrack:
    """The track untouched: what is left when nothing else works. Without `suffix` it keeps its own. Raises OSError."""
    size = track.stat().st_size
    name = file_name(title, suffix or track.suffix.lower()[:MAX_SUFFIX] or ".mp3")
    return PackagedTrack(path=track, fits=size <= limit_bytes, size_bytes=size, name=name)


def _plain(character: str) -> str:
    if character in KEPT or unicodedata.category(character)[0] in "LMN":
        return character
    return " "


def _cut(stem: str, max_bytes: int) -> str:
    return stem.encode("utf-8", "ignore")[:max_bytes].decode("utf-8", "ignore").rstrip("._-' ")
