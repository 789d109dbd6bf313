"""What makes the track behind the stand-in; here the plainest one, a few notes that differ with song and words."""

import array
import asyncio
import hashlib
import math
from pathlib import Path
from typing import Protocol

import av

_RATE = 22_050
_NOTES = 8
_NOTE_SECONDS = 0.4
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12)


class ComposerError(Exception):
    """No track came of it; the generation ends with status `error`."""


class Composer(Protocol):
    """Makes an MP3 from a reference and words."""

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        """Write the MP3 file `into`; never blocks the loop. `lyrics` without `##`. Raises ComposerError."""
        ...


class PlainComposer:
    """Eight sine notes, 3.2 seconds, picked by a hash of reference and words: real MP3, made in 40 milliseconds."""

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        """Write the MP3 file `into`."""
        await asyncio.to_thread(_compose, reference, lyrics, into)


def _compose(reference: Path, lyrics: str, into: Path) -> None:
    digest = hashlib.sha256(reference.read_bytes() + b"\0" + lyrics.encode()).digest()
    part = into.with_suffix(".part")
    write_mp3(part, notes_of(digest), comment=digest.hex())
    part.replace(into)


def notes_of(digest: bytes) -> list[float]:
    """Frequencies in hertz, one for each note."""
    root = 196.0 * 2 ** (digest[0] % 12 / 12)
    return [root * 2 ** (_SCALE[value % len(_SCALE)] / 12) for value in digest[1 : 1 + _NOTES]]


def write_mp3(path: Path, notes: list[float], *, comment: str, note_seconds: float = _NOTE_SECONDS) -> None:
    """A mono MP3 of plain notes."""
    samples = array.array("h")
    per_note = int(_RATE * note_seconds)
    for hertz in notes:
        step = 2 * math.pi * hertz / _RATE
        samples.extend(
            int(9000 * math.sin(step * i) * min(1.0, i / 200, (per_note - i) / 200)) for i in range(per_note)
        )
    with av.open(str(path), "w", format="mp3") as container:
        container.metadata["comment"] = comment
        stream = container.add_stream("libmp3lame", rate=_RATE, layout="mono", format="s16p")
        stream.bit_rate = 64_000
        at = 0
        while at < len(samples):
            block = samples[at : at + 1152]
            frame = av.AudioFrame(format="s16p", layout="mono", samples=len(block))
            frame.planes[0].update(block.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate = _RATE
            frame.pts = at
            container.mux(stream.encode(frame))
            at += len(block)
        container.mux(stream.encode(None))
