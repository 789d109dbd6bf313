"""What makes the track behind the stand-in; here the plainest one, a few notes that differ with song and words."""

import array
import asyncio
import functools
import hashlib
import io
import math
from pathlib import Path
from typing import Protocol

import av

_RATE = 22_050
_NOTE_SECONDS = 0.4
_TUNES = 12
_STEPS = (0, 4, 7, 12, 7, 4, 2, 0)


class ComposerError(Exception):
    """No track came of it; the generation ends with status `error`."""


class Composer(Protocol):
    """Makes an MP3 from a reference and words."""

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        """Write the MP3 file `into`; never blocks the loop. `lyrics` come without `##`. Raises ComposerError."""
        ...


class PlainComposer:
    """One of twelve tunes of 3.2 seconds, picked by a hash of reference and words, which stands in its comment.

    Real MP3 files, no two requests with the same bytes, under a millisecond each once a tune was encoded.
    """

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        """Write the MP3 file `into`."""
        await asyncio.to_thread(_compose, reference, lyrics, into)


def _compose(reference: Path, lyrics: str, into: Path) -> None:
    digest = hashlib.sha256(reference.read_bytes() + b"\0" + lyrics.encode()).digest()
    part = into.with_suffix(".part")
    with (
        av.open(io.BytesIO(_tune(digest[0] % _TUNES)), "r") as tune,
        av.open(str(part), "w", format="mp3") as track,
    ):
        track.metadata["comment"] = digest.hex()
        source = tune.streams.audio[0]
        target = track.add_stream_from_template(source)
        for packet in tune.demux(source):
            if packet.dts is not None:  # the last one only says that there are no more
                packet.stream = target
                track.mux(packet)
    part.replace(into)


@functools.lru_cache(maxsize=_TUNES)
def _tune(number: int) -> bytes:
    root = 220.0 * 2 ** (number / 12)
    encoded = io.BytesIO()
    write_mp3(encoded, [root * 2 ** (step / 12) for step in _STEPS])
    return encoded.getvalue()


def write_mp3(into: Path | io.BytesIO, notes: list[float], *, note_seconds: float = _NOTE_SECONDS) -> None:
    """A mono MP3 of sine notes, given in hertz."""
    samples = array.array("h")
    per_note = int(_RATE * note_seconds)
    for hertz in notes:
        step = 2 * math.pi * hertz / _RATE
        samples.extend(
            int(9000 * math.sin(step * i) * min(1.0, i / 200, (per_note - i) / 200)) for i in range(per_note)
        )
    with av.open(str(into) if isinstance(into, Path) else into, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=_RATE, layout="mono", format="s16p")
        stream.bit_rate = 64_000
        for at in range(0, len(samples), 1152):
            block = samples[at : at + 1152]
            frame = av.AudioFrame(format="s16p", layout="mono", samples=len(block))
            frame.planes[0].update(block.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate = _RATE
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
