"""Reference songs that are played and encoded once: what listens to them finds them in `.cache` afterwards."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

import av
import numpy as np

from benchmarks.sketch.reference_songs import ReferenceSong, write

ROOT = Path(__file__).parents[2]
#: All that has a say in how a song sounds.
SOURCES = (
    *("benchmarks/sketch/reference_band.py", "benchmarks/sketch/reference_songs.py"),
    *("sandbox/sketch/audiofile.py", "sandbox/sketch/spectrum.py", "sandbox/sketch/theory.py"),
)
KEPT = ROOT / ".cache" / "reference-songs"


def kept_song(song: ReferenceSong, kept: Path = KEPT) -> Path:
    """The song as an MP3, for reading alone; written by whoever wants it first, and anew once its sources change."""
    path = kept / edition() / f"{hashlib.sha256(repr(song).encode()).hexdigest()[:20]}.mp3"
    if not path.exists():
        _make_room(path.parent)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            new = Path(folder, path.name)
            write(song, new)
            new.replace(path)  # several processes may write it at the same time, and the same
    return path


@cache
def edition() -> str:
    """Another one as soon as anything that plays or encodes them is another."""
    sources = b"".join((ROOT / source).read_bytes() for source in SOURCES)
    libraries = f"{np.__version__} {av.__version__} {av.ffmpeg_version_info}"
    return hashlib.sha256(sources + libraries.encode()).hexdigest()[:20]


def _make_room(folder: Path) -> None:
    """Songs of other editions go when the first of this one comes."""
    if not folder.exists():
        for other in folder.parent.glob("*/"):
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
