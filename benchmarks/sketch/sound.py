"""What a whole file sounds like, in figures: how loud its passages are, and where its energy lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.loudness import SILENCE_LUFS, block_powers, span_lufs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.rendering import WrittenSection
    from sandbox.sketch.spectrum import Floats

#: Hz, from and to.
BANDS = ((0.0, 60.0), (60.0, 250.0), (250.0, 2000.0), (2000.0, 6000.0), (6000.0, 16_000.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Energy of each of BANDS against the whole, in dB."""

    decibels: tuple[float, ...]

    @property
    def depth(self) -> float:
        """Below 60 Hz."""
        return self.decibels[0]

    @property
    def air(self) -> float:
        """From 6 to 16 kHz."""
        return self.decibels[-1]

    def __str__(self) -> str:
        return " ".join(f"{each:5.1f}" for each in self.decibels)


def balance(samples: Floats, rate: int) -> Balance:
    """Of (n, channels) samples."""
    power = sum(np.abs(np.fft.rfft(channel)) ** 2 for channel in samples.T)
    hertz = np.fft.rfftfreq(len(samples), 1.0 / rate)
    whole = float(np.sum(power)) + 1e-12
    shares = [float(np.sum(power[(hertz >= low) & (hertz < high)])) / whole for low, high in BANDS]
    return Balance(decibels=tuple(10.0 * float(np.log10(share + 1e-9)) for share in shares))


def section_lufs(samples: Floats, rate: int, sections: Sequence[WrittenSection]) -> dict[str, float]:
    """Loudness of all passages of a kind, in LUFS; kinds in the order in which they first come."""
    powers = block_powers(samples, rate)
    found: dict[str, list[float]] = {}
    for section in sections:
        lufs = span_lufs(powers, section.start, section.end)
        if lufs > SILENCE_LUFS:
            found.setdefault(section.kind, []).append(lufs)
    return {kind: float(np.mean(values)) for kind, values in found.items()}
