"""The band's sounds, made from sines, noise and wavetables: drums, bass, pad, strings, bells, voices."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.spectrum import band
from sandbox.sketch.theory import hertz

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats

RATE = 44_100
_TABLE = 4096


def envelope(count: int, attack: float, decay: float, sustain: float, release: float) -> Floats:
    """Attack to 1, decay to `sustain`, release to 0 at the very end; times in seconds, cut to fit."""
    time = np.arange(count) / RATE
    shape = np.where(time < attack, time / attack, sustain + (1 - sustain) * np.exp(-(time - attack) / decay))
    tail = min(count, max(1, int(release * RATE)))
    shape[count - tail :] *= np.linspace(1, 0, tail)
    return shape


@functools.cache
def _table(rolloff: float, harmonics: int) -> Floats:
    """One period of a saw-like wave whose n-th harmonic has strength n ** -rolloff."""
    phase = 2 * np.pi * np.arange(_TABLE) / _TABLE
    wave = sum(np.sin(n * phase) / n**rolloff for n in range(1, harmonics + 1))
    return (wave / np.abs(wave).max()).astype(np.float32)


def _wave(table: Floats, frequency: float, count: int, start: float = 0.0) -> Floats:
    place = (start + frequency / RATE * np.arange(count)) % 1.0
    return table[(place * _TABLE).astype(np.int32)]


def bass(midi: int, seconds: float, bright: float) -> Floats:
    """A round bass: a deep sine, and a saw that darkens while it sounds."""
    count = int(seconds * RATE)
    frequency = hertz(midi)
    harmonics = max(3, min(24, int((700 + 900 * bright) / frequency)))
    time = np.arange(count) / RATE
    dark, light = _table(1.4, 4), _table(1.0, harmonics)
    fall = np.exp(-time / 0.18)
    tone = _wave(dark, frequency, count) * (1 - 0.6 * fall) + 0.8 * _wave(light, frequency, count) * fall
    return (tone + 0.5 * np.sin(2 * np.pi * frequency * time)) * envelope(count, 0.005, 0.35, 0.65, 0.04) * 0.6


def pad(midi: int, seconds: float, bright: float, seed: int) -> Floats:
    """Three detuned soft saws spread from left to right; (n, 2)."""
    count = int(seconds * RATE)
    table = _table(1.35, max(4, min(28, int((1300 + 1900 * bright) / hertz(midi)))))
    phases = np.random.default_rng([seed, midi]).random(3)
    left, middle, right = (
        _wave(table, hertz(midi + cents / 100), count, start)
        for cents, start in zip((-6.0, 0.0, 6.0), phases, strict=True)
    )
    shape = envelope(count, 0.09, 0.8, 0.8, 0.14)
    return np.stack([(left + 0.6 * middle) * shape, (right + 0.6 * middle) * shape], axis=1) * 0.3


@functools.lru_cache(maxsize=64)
def pluck(midi: int, bright: float) -> Floats:
    """A plucked string that rings for a second: noise in a loop that loses its highs (Karplus and Strong, 1983)."""
    frequency, count = hertz(midi), int(1.1 * RATE)
    period = max(2, int(RATE / frequency - 0.5))
    burst = np.random.default_rng(midi).uniform(-1, 1, period)
    for _ in range(int(5 - 3 * bright)):
        burst = 0.5 * (burst + np.roll(burst, 1))
    periods = [burst]
    for _ in range(count // period + 1):
        before = periods[-1]
        periods.append(0.4985 * (before + np.concatenate([before[-1:], before[:-1]])))
    ring = np.concatenate(periods)
    exact = np.interp(np.arange(count) * (frequency * (period + 0.5) / RATE), np.arange(len(ring)), ring)
    exact *= np.exp(-np.arange(count) / RATE / 0.55) / (np.abs(exact[: RATE // 10]).max() + 1e-9)
    exact[-2000:] *= np.linspace(1, 0, 2000)
    return (0.6 * exact).astype(np.float32)


@functools.lru_cache(maxsize=64)
def piano(midi: int, bright: float) -> Floats:
    """A mellow electric piano: a few harmonics, the upper ones soon gone, a little tine at the stroke."""
    count = int(1.4 * RATE)
    time = np.arange(count) / RATE
    frequency = hertz(midi)
    levels = (1.0, 0.35, 0.12 + 0.1 * bright, 0.05, 0.03)
    tone = sum(
        level * np.sin(2 * np.pi * frequency * n * time) * np.exp(-time * (1.4 + 1.6 * n))
        for n, level in enumerate(levels, start=1)
    )
    tone += 0.05 * np.sin(2 * np.pi * frequency * 7.1 * time) * np.exp(-time / 0.05)
    tone *= np.minimum(1.0, time / 0.004)
    tone[-2000:] *= np.linspace(1, 0, 2000)
    return (0.5 * tone).astype(np.float32)


def choir(midi: int, seconds: float, seed: int) -> Floats:
    """Wordless voices, left and right: harmonics under the formants of an open "ah"; (n, 2)."""
    count = int(seconds * RATE)
    table = _ah(midi)
    phases = np.random.default_rng([seed, midi]).random(4)
    sides = [
        _wave(table, hertz(midi + one / 100), count, phases[i])
        + _wave(table, hertz(midi + two / 100), count, phases[j])
        for i, j, one, two in ((0, 1, -9.0, 4.0), (2, 3, 8.0, -5.0))
    ]
    return np.stack(sides, axis=1) * (envelope(count, 0.14, 1.0, 0.85, 0.16) * 0.3)[:, None]


@functools.cache
def _ah(midi: int) -> Floats:
    phase = 2 * np.pi * np.arange(_TABLE) / _TABLE
    wave = np.zeros(_TABLE)
    for number in range(1, int(9000 / hertz(midi)) + 1):
        frequency = number * hertz(midi)
        near = ((700, 130, 1.0), (1150, 150, 0.7), (2700, 300, 0.35), (3400, 400, 0.3), (6500, 2500, 0.05))
        level = sum(gain / (1.0 + ((frequency - centre) / width) ** 2) for centre, width, gain in near)
        wave += level * np.sin(number * phase + 1.3 * number * number)
    return (wave / np.abs(wave).max()).astype(np.float32)


def bells(midi: int, seconds: float) -> Floats:
    """A small glockenspiel for the tune when nobody sings."""
    time = np.arange(int((seconds + 0.3) * RATE)) / RATE
    turn = 2 * np.pi * hertz(midi) * time
    tone = np.sin(turn) * np.exp(-time / 0.5) + 0.3 * np.sin(2 * turn) * np.exp(-time / 0.3)
    tone += 0.12 * np.sin(5.4 * turn) * np.exp(-time / 0.08)
    return 0.5 * tone * envelope(len(time), 0.003, 1.0, 1.0, 0.1)


def flute(midi: int, seconds: float) -> Floats:
    """A soft lead for the tune when nobody sings."""
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    vibrato = 0.004 * np.clip((time - 0.15) / 0.3, 0, 1) * np.sin(2 * np.pi * 5 * time)
    phase = 2 * np.pi * hertz(midi) * np.cumsum(1 + vibrato) / RATE
    tone = np.sin(phase) + 0.3 * np.sin(2 * phase) + 0.12 * np.sin(3 * phase)
    return 0.5 * tone * envelope(count, 0.03, 0.5, 0.75, 0.09)


@functools.lru_cache(maxsize=4)
def drum_kit(bright: float, tonic: int) -> dict[str, Floats]:
    """Every drum as one mono sound, strongest instant near 1; skins are tuned to the key's tonic and fifth."""
    rng = np.random.default_rng(17)

    def time(seconds: float) -> Floats:
        return np.arange(int(seconds * RATE)) / RATE

    def noise(seconds: float, low: float, high: float) -> Floats:
        hiss = band(rng.standard_normal(int(seconds * RATE)), RATE, low, high)
        return hiss / np.abs(hiss).max()

    def tuned(lowest: int, step: int = 0) -> float:
        return hertz(lowest + (tonic + step - lowest) % 12)

    def drop(seconds: float, floor: float, sweep: float, fall: float) -> Floats:
        t = time(seconds)
        return np.sin(2 * np.pi * np.cumsum(floor + sweep * np.exp(-t / 0.02)) / RATE) * np.exp(-t / fall)

    top = 13_000 + 3000 * bright
    kick = drop(0.32, tuned(33), 130, 0.1) + 0.2 * noise(0.32, 1500, 5000) * np.exp(-time(0.32) / 0.003)
    t = time(0.28)
    skin = tuned(50)
    body = 0.5 * np.sin(2 * np.pi * skin * t) * np.exp(-t / 0.04)
    body += 0.25 * np.sin(3 * np.pi * skin * t) * np.exp(-t / 0.025)
    snare = body + 0.65 * noise(0.28, 1000, 12_000) * np.exp(-t / 0.075)
    t = time(0.09)
    stick = (0.6 * np.sin(2 * np.pi * tuned(88) * t) + 0.4 * noise(0.09, 900, 4500)) * np.exp(-t / 0.014)
    hat = 0.8 * noise(0.08, 6500, top) * np.exp(-time(0.08) / 0.018)
    open_hat = 0.7 * noise(0.3, 6000, top) * np.exp(-time(0.3) / 0.085)
    crash = noise(1.8, 3500, top) * np.exp(-time(1.8) / 0.5)
    t = time(0.2)
    hands = sum(np.where(t > late, np.exp(-(t - late) / 0.009), 0.0) for late in (0.0, 0.011, 0.023))
    clap = noise(0.2, 900, 9000) * (hands + 0.5 * np.exp(-t / 0.06))
    shaker = noise(0.11, 7000, 16_000) * np.sin(np.pi * np.minimum(1.0, time(0.11) / 0.11)) ** 2
    t = time(1.2)
    swell = noise(1.2, 2500, top) * (t / t[-1]) ** 3
    sounds = {"kick": kick, "snare": snare, "stick": stick, "hat": hat, "open hat": open_hat, "crash": crash}
    sounds |= {"clap": clap, "shaker": shaker, "swell": swell}
    sounds |= {"tom high": drop(0.3, tuned(46, 7), 60, 0.1), "tom low": drop(0.36, tuned(40), 50, 0.12)}
    return {name: _faded(sound) for name, sound in sounds.items()}


def _faded(sound: Floats) -> Floats:
    tail = len(sound) // 5
    sound = sound / np.abs(sound).max()
    sound[-tail:] *= np.linspace(1, 0, tail)
    return sound.astype(np.float32)


def put(track: Floats, seconds: float, sound: Floats, level: float, place: float = 0.0, *, rate: int = RATE) -> None:
    """Adds a sound (n,) or (n, 2) to a stereo track; `place` from -1 (left) to 1 (right) for mono ones."""
    start = round(seconds * rate)
    if start < 0:
        sound, start = sound[-start:], 0
    end = min(len(track), start + len(sound))
    if end <= start:
        return
    part = sound[: end - start]
    if part.ndim == 2:
        track[start:end] += part * np.float32(level)
        return
    angle = (place + 1) * math.pi / 4
    track[start:end, 0] += part * np.float32(level * math.cos(angle) * math.sqrt(2))
    track[start:end, 1] += part * np.float32(level * math.sin(angle) * math.sqrt(2))
