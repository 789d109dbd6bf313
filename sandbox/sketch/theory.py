"""The few words of music theory that listening and composing share: pitch classes, triads, keys, MIDI numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_MINOR = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chord:
    """A major or minor triad on a pitch class (C = 0 … B = 11)."""

    root: int
    minor: bool

    @property
    def name(self) -> str:
        return NAMES[self.root] + ("m" if self.minor else "")

    @property
    def tones(self) -> tuple[int, int, int]:
        """Pitch classes of root, third and fifth."""
        return self.root, (self.root + (3 if self.minor else 4)) % 12, (self.root + 7) % 12

    @classmethod
    def parse(cls, symbol: str) -> Chord:
        """`Am`, `F#`, `Bbm` as musicians write them."""
        match = re.fullmatch(r"([A-G])([#b]?)(m?)", symbol)
        if match is None:
            raise ValueError(f"not a triad: {symbol!r}")
        letter, accidental, minor = match.groups()
        shift = {"#": 1, "b": -1, "": 0}[accidental]
        return cls(root=(_LETTERS[letter] + shift) % 12, minor=bool(minor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A major or natural minor key on a pitch class."""

    tonic: int
    minor: bool

    @property
    def name(self) -> str:
        return f"{NAMES[self.tonic]} {self.mode}"

    @property
    def mode(self) -> str:
        return "minor" if self.minor else "major"

    @property
    def scale(self) -> tuple[int, ...]:
        """Its seven pitch classes, from the tonic upwards."""
        return tuple((self.tonic + step) % 12 for step in (_MINOR if self.minor else _MAJOR))

    @property
    def tonic_chord(self) -> Chord:
        return Chord(root=self.tonic, minor=self.minor)

    @property
    def own_chords(self) -> tuple[Chord, ...]:
        """The six triads that live in the key (the diminished one is left out)."""
        major_tonic = (self.tonic + 3) % 12 if self.minor else self.tonic
        degrees = ((0, False), (2, True), (4, True), (5, False), (7, False), (9, True))
        return tuple(Chord(root=(major_tonic + step) % 12, minor=minor) for step, minor in degrees)


def hertz(midi: float) -> float:
    """Frequency of a MIDI note number, A4 = 69 = 440 Hz."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))
