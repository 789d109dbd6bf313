"""Listening: everything that is taken from a reference song, as one small value. No sound of it goes any further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.sketch.audiofile import read_mono
from sandbox.sketch.listening.harmony import find_harmony
from sandbox.sketch.listening.onsets import find_onsets
from sandbox.sketch.listening.pulse import find_pulse
from sandbox.sketch.listening.rhythm import Groove, Section, find_groove, find_sections
from sandbox.sketch.listening.tones import find_tones

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.sketch.spectrum import Floats
    from sandbox.sketch.theory import Chord, Key

__all__ = ["Groove", "Heard", "Section", "hear", "listen"]

RATE = 22_050
MAX_SECONDS = 90.0  # more of a song changes no answer and only costs time


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard in a reference."""

    bpm: float
    meter: int  #: beats in a bar: 3 or 4, or the two of 6/8
    first_bar_seconds: float
    key: Key
    loop: tuple[Chord, ...]  #: one chord a bar
    groove: Groove
    brightness_hz: float  #: centroid of its mean spectrum
    tuning_cents: float
    sections: tuple[Section, ...]
    seconds: float  #: how much of the recording was listened to

    @property
    def in_thirds(self) -> bool:
        """Whether a beat has three parts: in swing, where the middle one is mostly silent, and in 6/8."""
        return self.groove.swing or self.meter == 2

    def as_json(self) -> dict[str, object]:
        """The names that other programs rely on, and a few more for people."""
        return {
            "bpm": round(self.bpm, 2),
            "key": self.key.name.split()[0],
            "mode": self.key.mode,
            "chords": [chord.name for chord in self.loop],
            "meter": "6/8" if self.meter == 2 else f"{self.meter}/4",
            "swing": self.groove.swing,
            "drums": self.groove.drums,
            "brightness_hz": round(self.brightness_hz),
            "tuning_cents": round(self.tuning_cents),
        }


def listen(path: Path) -> Heard:
    """Listens to the first 90 seconds of a sound file; raises UnreadableReferenceError when there is no sound in it."""
    return hear(read_mono(path, RATE, MAX_SECONDS))


def hear(samples: Floats) -> Heard:
    """Listens to mono samples at 22.05 kHz; any samples at all give an answer."""
    peak = float(abs(samples).max(initial=0.0))
    samples = samples / peak if peak > 1e-6 else samples * 0.0
    onsets, tones = find_onsets(samples, RATE), find_tones(samples, RATE)
    pulse = find_pulse(onsets, tones)
    harmony = find_harmony(tones, pulse, onsets.seconds)
    return Heard(
        bpm=pulse.bpm,
        meter=pulse.meter,
        first_bar_seconds=pulse.first_bar_seconds,
        key=harmony.key,
        loop=harmony.loop,
        groove=find_groove(onsets, pulse),
        brightness_hz=onsets.brightness_hz,
        tuning_cents=tones.tuning_cents,
        sections=find_sections(samples, RATE, pulse),
        seconds=len(samples) / RATE,
    )
