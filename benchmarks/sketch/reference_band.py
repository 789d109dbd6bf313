"""The band that plays the report's reference songs, on organs, strings, bells and drums that sketch does not use."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.spectrum import band, convolved
from sandbox.sketch.theory import hertz

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats

RATE = 44_100
#: A loop has the same notes again and again, and what puts them together leaves each as it is.
_remembered = lru_cache(maxsize=256)
_VOWELS = ((700, 1150, 2500), (330, 2200, 2900), (480, 850, 2500), (560, 1750, 2500), (320, 700, 2300))


def additive(midi: float, seconds: float, levels: list[float], falls: float, bend: float = 0.0) -> Floats:
    """Harmonics with the given levels; the n-th dies away `falls * sqrt(n)` times per second."""
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    pitch = hertz(midi) * (1.0 + bend)
    out = np.zeros(count)
    for number, level in enumerate(levels, start=1):
        if level and pitch * number < 14_000:
            out += (
                level
                * np.sin(2 * np.pi * pitch * number * time + 1.7 * number)
                * np.exp(-falls * math.sqrt(number) * time)
            )
    return out * _gate(count)


def _gate(count: int, attack: float = 0.006, release: float = 0.04) -> Floats:
    shape = np.ones(count)
    up, down = min(count, int(attack * RATE)), min(count, int(release * RATE))
    shape[:up] *= np.linspace(0, 1, up)
    shape[count - down :] *= np.linspace(1, 0, down)
    return shape


@_remembered
def organ(midi: float, seconds: float) -> Floats:
    return additive(midi, seconds, [0.5, 0.4, 0.25, 0.2, 0, 0.1, 0, 0.12], 0.0)


@_remembered
def strings(midi: float, seconds: float) -> Floats:
    """Steel strings: many harmonics that die away, a shade of detuning between two courses."""
    levels = [0.7 / n**1.1 for n in range(1, 14)]
    return 0.5 * (additive(midi, seconds, levels, 1.6, 0.0006) + additive(midi, seconds, levels, 1.9, -0.0006))


@_remembered
def bells(midi: float, seconds: float) -> Floats:
    """A two-operator electric piano."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 2 * np.pi * hertz(midi) * time
    tine = 1.4 * np.exp(-4 * time) * np.sin(pitch) + 0.25 * np.exp(-9 * time) * np.sin(14 * pitch)
    return 0.6 * np.sin(pitch + tine) * np.exp(-0.9 * time) * _gate(len(time))


@_remembered
def pulse(midi: float, seconds: float) -> Floats:
    """Odd harmonics only: a hollow, sustained square."""
    return additive(midi, seconds, [0.45 / n if n % 2 else 0.0 for n in range(1, 20)], 0.25)


@_remembered
def sung(midi: float, seconds: float, vowel: int) -> Floats:
    """A wordless voice with vibrato: harmonics under three formants."""
    time = np.arange(int(seconds * RATE)) / RATE
    depth = 0.006 * np.clip((time - 0.2) / 0.3, 0, 1)
    phase = 2 * np.pi * hertz(midi) * np.cumsum(1 + depth * np.sin(2 * np.pi * 5.2 * time)) / RATE
    formants = _VOWELS[vowel % len(_VOWELS)]
    out = np.zeros(len(time))
    for number in range(1, 25):
        frequency = hertz(midi) * number
        if frequency > 6000:
            break
        level = sum(1 / (1 + ((frequency - centre) / 130) ** 2) for centre in formants)
        out += level / number**0.4 * np.sin(number * phase)
    return 0.5 * out * _gate(len(time), 0.03, 0.06)


@_remembered
def reed(midi: float, seconds: float) -> Floats:
    return additive(midi, seconds, [0.5, 0.15, 0.4, 0.1, 0.25, 0.06, 0.12], 0.3)


@_remembered
def plucked_bass(midi: float, seconds: float) -> Floats:
    return additive(midi, seconds, [0.8, 0.5, 0.3, 0.18, 0.1, 0.05], 1.5)


@_remembered
def round_bass(midi: float, seconds: float) -> Floats:
    return additive(midi, seconds, [0.9, 0.25, 0.08], 0.5)


CHORDS = {"organ": organ, "strings": strings, "bells": bells, "pulse": pulse}
BASSES = {"plucked": plucked_bass, "round": round_bass, "pulse": pulse}


def drum_kit(rng: np.random.Generator, kind: str) -> dict[str, Floats]:
    """Kick, snare, hat, ride, stick and crash of a kit: `room` (dry, woody) or `machine` (long, electric)."""
    machine = kind == "machine"

    def time(seconds: float) -> Floats:
        return np.arange(int(seconds * RATE)) / RATE

    def noise(seconds: float, low: float, high: float) -> Floats:
        raw = band(rng.standard_normal(int(seconds * RATE)), RATE, low, high)
        return raw / np.abs(raw).max()

    t = time(0.35)
    floor, sweep, fall = (42, 180, 0.14) if machine else (58, 60, 0.08)
    kick = np.sin(2 * np.pi * np.cumsum(floor + sweep * np.exp(-t / 0.03)) / RATE) * np.exp(-t / fall)
    kick += 0.15 * noise(0.35, 1500, 6000) * np.exp(-t / 0.004)
    t = time(0.3)
    tone = np.sin(2 * np.pi * (220 if machine else 175) * t) * np.exp(-t / 0.05)
    snare = 0.45 * tone + 0.7 * noise(0.3, 1200 if machine else 500, 11_000) * np.exp(-t / (0.1 if machine else 0.07))
    t = time(0.12)
    hat = noise(0.12, 8000, 16_000) * np.exp(-t / (0.03 if machine else 0.02))
    t = time(0.9)
    partials = sum(np.sin(2 * np.pi * f * t + f) for f in (3170, 4210, 5330, 6480, 7790))
    ride = (0.12 * partials + 0.5 * noise(0.9, 5000, 15_000)) * (0.3 * np.exp(-t / 0.3) + 0.7 * np.exp(-t / 0.03))
    t = time(0.08)
    stick = (np.sin(2 * np.pi * 1750 * t) + 0.5 * noise(0.08, 1000, 5000)) * np.exp(-t / 0.012)
    crash = noise(1.8, 3000, 15_000) * np.exp(-time(1.8) / 0.5)
    return {"kick": kick, "snare": snare, "hat": hat, "ride": 0.8 * ride, "stick": 0.6 * stick, "crash": 0.6 * crash}


def room(dry: Floats, rng: np.random.Generator, seconds: float, wet: float) -> Floats:
    """(n,) into (n, 2): the dry sound and a decaying, slightly different tail on either side."""
    count = int(seconds * RATE)
    tails = []
    for _ in range(2):
        tail = band(rng.standard_normal(count) * np.exp(-5 * np.arange(count) / count), RATE, 200, 7000)
        tails.append(convolved(dry, tail / math.sqrt(float((tail**2).sum()))))
    return dry[:, None] + wet * np.stack(tails, axis=1)
