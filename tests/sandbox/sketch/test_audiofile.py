import struct
from pathlib import Path

import numpy as np

from sandbox.generation.reference import seconds_of
from sandbox.sketch.audiofile import read_mono, read_stereo

RATE = 8000


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def test_a_song_whose_tags_are_in_no_unicode_is_read_as_the_bot_reads_it(tmp_path: Path):
    song = tmp_path / "koeln.wav"
    form = chunk(b"fmt ", struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)[4:])
    tags = chunk(b"LIST", b"INFO" + chunk(b"INAM", "Köln".encode("latin-1")))
    sound = chunk(b"data", (8000 * np.sin(np.arange(RATE) / 5)).astype("<i2").tobytes())
    song.write_bytes(chunk(b"RIFF", b"WAVE" + form + tags + sound))
    assert len(read_mono(song, RATE, 60)) == RATE
    assert len(read_stereo(song)) == RATE
    assert seconds_of(song) == 1
