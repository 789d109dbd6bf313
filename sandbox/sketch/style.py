"""What differs from one take of a song to the next beside its tune: how the band plays what it plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: In which order the broken chord's three notes come, in even and in odd bars.
FIGURES = (
    ((0, 1, 2, 1, 0, 2, 1, 2), (0, 2, 1, 2, 0, 1, 2, 1)),
    ((0, 2, 1, 2, 0, 2, 1, 2), (0, 2, 1, 2, 1, 2, 0, 2)),
    ((2, 1, 0, 1, 2, 1, 0, 1), (2, 0, 1, 0, 2, 0, 1, 0)),
    ((0, 1, 2, 0, 1, 2, 0, 1), (2, 1, 0, 2, 1, 0, 2, 1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One way to play the song."""

    figure: int = 0  #: which of FIGURES
    driving_bass: bool = False  #: the chorus's bass on every half-beat
    bass_fifths: bool = False  #: a fifth for every second root of the verse
    crash_every: int = 4  #: bars of the chorus
    claps: bool = True  #: beside the snare of the chorus
    bells: bool = False  #: who plays the hook when nobody sings: bells instead of a flute
    plucked: float = 0.0  #: moves the border between plucked and struck strings, in Hz of brightness


def invent_style(rng: np.random.Generator) -> Style:
    """Drawn by chance."""
    return Style(
        figure=int(rng.integers(len(FIGURES))),
        driving_bass=bool(rng.integers(2)),
        bass_fifths=bool(rng.integers(2)),
        crash_every=int(rng.choice((2, 4))),
        claps=bool(rng.integers(3)),
        bells=bool(rng.integers(2)),
        plucked=float(rng.uniform(-150, 150)),
    )
