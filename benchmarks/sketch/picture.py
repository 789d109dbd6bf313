"""Spectrograms of two tracks, one above the other: `python -m benchmarks.sketch.picture BEFORE AFTER OUT.png`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from sandbox.sketch.audiofile import read_stereo
from sandbox.sketch.spectrum import magnitudes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.spectrum import Floats

_WIDTH, _HEIGHT, _LEFT, _TOP = 600, 150, 44, 16
_LOWEST_HZ, _HIGHEST_HZ, _RATE = 30.0, 18_000.0, 44_100
_RANGE_DB = 75.0
_MARKS = ((60, "60"), (250, "250"), (1000, "1 k"), (6000, "6 k"), (16_000, "16 k"))
#: From silence to full: dark blue, violet, orange, pale yellow.
_COLOURS = np.array([(8, 8, 30), (70, 25, 110), (190, 60, 80), (245, 150, 60), (255, 245, 200)], dtype=float)


def spectrogram(samples: Floats) -> Floats:
    """(height, width) in dB against the loudest, time to the right, frequency upwards on a logarithmic scale."""
    size = 4096
    picture = magnitudes(samples.mean(axis=1), size, max(1, len(samples) // _WIDTH))[:_WIDTH]
    hertz = np.geomspace(_HIGHEST_HZ, _LOWEST_HZ, _HEIGHT)
    places = hertz * size / _RATE
    rows = np.stack([np.interp(places, np.arange(picture.shape[1]), frame) for frame in picture], axis=1)
    # Each octave holds twice as many lines as the one below: what is drawn is the strength of an octave.
    rows = rows * np.sqrt(hertz / 1000.0)[:, None]
    return 20.0 * np.log10(rows / rows.max() + 1e-9)


def _drawn(samples: Floats, title: str) -> Image.Image:
    level = np.clip(1.0 + spectrogram(samples) / _RANGE_DB, 0.0, 1.0) * (len(_COLOURS) - 1)
    shades = [np.interp(level, range(len(_COLOURS)), _COLOURS[:, part]) for part in range(3)]
    whole = Image.new("RGB", (_LEFT + _WIDTH, _TOP + _HEIGHT + 6), "white")
    whole.paste(Image.fromarray(np.stack(shades, axis=2).astype(np.uint8)), (_LEFT, _TOP))
    pen = ImageDraw.Draw(whole)
    pen.text((_LEFT, 2), title, fill="black")
    for hertz, name in _MARKS:
        part = np.log(_HIGHEST_HZ / hertz) / np.log(_HIGHEST_HZ / _LOWEST_HZ)
        pen.text((4, _TOP + part * _HEIGHT - 6), name, fill="black")
        pen.line((_LEFT - 5, _TOP + part * _HEIGHT, _LEFT, _TOP + part * _HEIGHT), fill="black")
    return whole


def main(arguments: Sequence[str]) -> int:
    """Write the PNG."""
    before, after, out = map(Path, arguments)
    rows = [_drawn(read_stereo(path), title) for path, title in ((before, "before"), (after, "now"))]
    picture = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
    for number, row in enumerate(rows):
        picture.paste(row, (0, number * row.height))
    picture.quantize(20, dither=Image.Dither.NONE).save(out, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
