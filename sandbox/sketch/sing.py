"""Singing: a spoken line, sung again on a melody.

The line was spoken on one pitch, so the strength of its harmonics is the shape of the mouth at every instant. That
shape is kept and laid under new harmonics on the melody's pitch; vowels are stretched to their notes, consonants keep
their own length, and what is noise in them is taken from the spoken sound itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.spectrum import Floats, band, fast_length, smoothed
from sandbox.sketch.theory import hertz
from sandbox.sketch.voice.spoken import BUZZING, RATE, VOICELESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.voice import Phone, Spoken, Syllable

_STEP = 105  # samples between two frames of the singer: 210 frames a second
_FRAMES_PER_SECOND = RATE / _STEP
_HIGHEST_HZ = 9500.0
_LONGEST_CONSONANT = 0.13


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """One note of a sung line, in seconds from the start of the piece of sound that is asked for."""

    start: float
    end: float
    midi: float


@dataclass(slots=True)
class _Script:
    """What is sung when, and which instant of the spoken line it is taken from."""

    song: list[float] = field(default_factory=lambda: [0.0])
    spoken: list[float] = field(default_factory=lambda: [0.0])
    sounds: list[tuple[float, float, str]] = field(default_factory=list)  #: start, end, symbol ("V": the sung vowel)

    def anchor(self, song: float, spoken: float) -> None:
        self.song.append(max(self.song[-1] + 1e-4, song))
        self.spoken.append(spoken)

    def consonants(self, phones: Sequence[Phone], start: float, end: float) -> None:
        """The phones one after the other in the given time, each in proportion."""
        wanted = sum(min(phone.seconds, _LONGEST_CONSONANT) for phone in phones)
        now = start
        for phone in phones:
            length = min(phone.seconds, _LONGEST_CONSONANT) * (end - start) / wanted
            self.anchor(now, phone.start)
            self.anchor(now + length, phone.end)
            self.sounds.append((now, now + length, phone.symbol))
            now += length

    def vowel(self, phone: Phone, start: float, end: float) -> None:
        """Stretched in its steady middle; a diphthong stays on its first vowel and turns late."""
        late = 0.12 if phone.glides else 0.04
        inner = 0.45 if phone.glides else 0.75
        length = phone.seconds
        self.anchor(start, phone.start)
        self.anchor(start + min(0.03, 0.3 * (end - start)), phone.start + 0.25 * length)
        self.anchor(max(start + 0.035, end - late), phone.start + inner * length)
        self.anchor(end, phone.end)
        self.sounds.append((start, end, "V"))


def sing(spoken: Spoken, line: Sequence[Syllable], tones: Sequence[Tone], seconds: float, seed: int) -> Floats:
    """The line on the tones, one per syllable: mono samples at `voice.RATE`, `seconds` long, unscaled."""
    rng = np.random.default_rng(seed)
    script = _script(line, tones)
    count = int(seconds * _FRAMES_PER_SECOND) + 1
    frames = np.arange(count) / _FRAMES_PER_SECOND
    source = np.interp(frames, script.song, script.spoken)
    voiced, noisy, buzzing = _activity(script, count)
    speaking_hz = _pitch_of(spoken.samples)
    mouth = _mouth(spoken.samples, speaking_hz)
    pitch = _pitch_curve(tones, count, rng)
    at = np.clip(source * _FRAMES_PER_SECOND, 0, len(mouth) - 1.001)
    whole = at.astype(int)
    part = (at - whole)[:, None]
    shape = mouth[whole] * (1 - part) + mouth[np.minimum(whole + 1, len(mouth) - 1)] * part
    sung = _harmonics(pitch, shape, voiced, speaking_hz)
    sung += 1.3 * _grains(band(spoken.samples, RATE, 300), source, noisy, len(sung))
    sung += 1.1 * _grains(band(spoken.samples, RATE, 2600), source, buzzing, len(sung))
    return sung.astype(np.float32)


def _script(line: Sequence[Syllable], tones: Sequence[Tone]) -> _Script:
    """Vowels begin on the note; the consonants before them take their time from the note before."""
    script = _Script()
    free = 0.0
    for syllable, tone in zip(line, tones, strict=True):
        length = tone.end - tone.start
        before = sum(min(phone.seconds, _LONGEST_CONSONANT) for phone in syllable.onset)
        begin = max(free, tone.start - min(before, 0.45 * length + 0.03))
        if syllable.onset:
            script.consonants(syllable.onset, begin, max(begin + 0.01, tone.start))
        after = min(0.4 * length, sum(min(phone.seconds, _LONGEST_CONSONANT) for phone in syllable.coda))
        turn = max(tone.start + 0.04, tone.end - after)
        script.vowel(syllable.nucleus, tone.start, turn)
        if syllable.coda:
            script.consonants(syllable.coda, turn, turn + max(after, 0.02))
        free = turn + (max(after, 0.02) if syllable.coda else 0.0) - 0.25 * length
    return script


def _activity(script: _Script, count: int) -> tuple[Floats, Floats, Floats]:
    """How much is sung, hissed, and hissed above the voice, frame by frame."""
    voiced, noisy, buzzing = np.zeros(count), np.zeros(count), np.zeros(count)
    for start, end, symbol in script.sounds:
        here = slice(int(max(0.0, start) * _FRAMES_PER_SECOND), int(end * _FRAMES_PER_SECOND) + 1)
        kind = symbol[0]
        voiced[here] = 0.0 if kind in VOICELESS else 0.75 if kind in BUZZING else 1.0
        noisy[here] = 1.0 if kind in VOICELESS else 0.0
        buzzing[here] = 1.0 if kind in BUZZING else 0.0
    return smoothed(voiced, 7), smoothed(noisy, 5), smoothed(buzzing, 5)


def _pitch_of(samples: Floats) -> float:
    """The one pitch of the spoken line, by autocorrelation."""
    if len(samples) < RATE // 10:
        return 180.0
    centred = samples - samples.mean()
    length = fast_length(2 * len(centred))
    again = np.fft.irfft(np.abs(np.fft.rfft(centred, length)) ** 2, length)
    first, last = RATE // 350, RATE // 65
    best = first + int(np.argmax(again[first:last]))
    a, b, c = again[best - 1 : best + 2]
    return float(RATE / (best + 0.5 * (a - c) / (a - 2 * b + c - 1e-12)))


def _mouth(samples: Floats, pitch_hz: float) -> Floats:
    """Log strength of every harmonic of the speaking pitch, frame by frame; shape (frames, harmonics)."""
    size, bins = int(3 * RATE / pitch_hz) | 1, 2048
    padded = np.pad(samples, (size // 2, size)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[: len(samples) + 1 : _STEP]
    spectrum = np.abs(np.fft.rfft(windows * np.hanning(size).astype(np.float32), bins, axis=1))
    harmonics = pitch_hz * np.arange(1, int(RATE * 0.48 / pitch_hz) + 1)
    reach = max(1, int(0.4 * pitch_hz * bins / RATE))
    centres = np.round(harmonics * bins / RATE).astype(int)
    levels = [spectrum[:, max(0, place - reach) : place + reach + 1].max(axis=1) for place in centres]
    return np.log(np.stack(levels, axis=1) * 4 / size + 1e-6)


def _pitch_curve(tones: Sequence[Tone], count: int, rng: np.random.Generator) -> Floats:
    """Hz per frame: the notes, joined by short glides, a scoop into each, vibrato on the long ones, a slow drift."""
    midi = np.full(count, float(tones[0].midi))
    colour = np.zeros(count)
    for tone in tones:
        start = int(max(0.0, tone.start - 0.02) * _FRAMES_PER_SECOND)
        midi[start:] = tone.midi
        begin, end = int(max(0.0, tone.start) * _FRAMES_PER_SECOND), min(count, int(tone.end * _FRAMES_PER_SECOND))
        time = np.arange(max(0, end - begin)) / _FRAMES_PER_SECOND
        vibrato = 0.22 * np.clip((time - 0.25) / 0.3, 0, 1) * np.sin(2 * np.pi * 5.4 * time)
        colour[begin : begin + len(time)] = vibrato - 0.25 * np.exp(-time / 0.05)
    drift = np.cumsum(rng.standard_normal(count)) * 0.01
    drift -= smoothed(drift, 201)
    curve = smoothed(midi, 13) + smoothed(colour, 5) + np.clip(drift, -0.12, 0.12)
    return 440.0 * 2.0 ** ((curve - 69.0) / 12.0)


def _harmonics(pitch: Floats, shape: Floats, voiced: Floats, speaking_hz: float) -> Floats:
    """All harmonics of the pitch curve, each as loud as the mouth lets it be at that frequency."""
    ramp = np.arange(_STEP) / _STEP

    def per_sample(values: Floats) -> Floats:
        return (values[:-1, None] + np.diff(values)[:, None] * ramp).ravel()

    phase = np.cumsum(per_sample(pitch)) * (2 * np.pi / RATE)
    turn = np.exp(1j * phase).astype(np.complex64)
    current = np.ones(len(turn), dtype=np.complex64)
    out = np.zeros(len(turn), dtype=np.float32)
    rows = np.arange(len(pitch))
    last = shape.shape[1] - 1.001
    for number in range(1, int(_HIGHEST_HZ / pitch.min()) + 1):
        current = current * turn
        frequency = number * pitch
        place = np.clip(frequency / speaking_hz - 1.0, 0.0, last)
        whole = place.astype(int)
        part = place - whole
        level = np.exp(shape[rows, whole] * (1 - part) + shape[rows, whole + 1] * part) * voiced
        level *= np.clip((_HIGHEST_HZ - frequency) / 1500.0, 0.0, 1.0)
        if level.max() > 1e-5:
            # A phase that grows with the square of the number spreads each pitch period: less of a buzz.
            shift = np.complex64(np.exp(0.35j * number * number))
            out += per_sample(level).astype(np.float32) * (current * shift).imag
    return out * math.sqrt(float(pitch.mean()) / speaking_hz)


def _grains(samples: Floats, source: Floats, amount: Floats, count: int) -> Floats:
    """The spoken sound itself at the given instants, in overlapping 20 ms grains of the given strength."""
    half = 2 * _STEP
    window = np.hanning(2 * half + 1)[:-1]
    padded = np.pad(samples, half)
    out = np.zeros(count + 2 * half)
    for frame in range(0, len(source), 2):
        if amount[frame] > 0.02:
            at, into = int(source[frame] * RATE), frame * _STEP
            if at + 2 * half <= len(padded) and into + 2 * half <= len(out):
                out[into : into + 2 * half] += padded[at : at + 2 * half] * window * amount[frame]
    return out[half : half + count]


def pitch_track(samples: Floats, tones: Sequence[Tone]) -> list[float]:
    """What is really sung: the median pitch (MIDI, fractional) over the steady part of each tone; NaN where none is.

    By normalised autocorrelation (after McLeod and Wyvill, 2005), independent of how `sing` made the sound.
    """
    found = []
    size = 1024
    for tone in tones:
        length = tone.end - tone.start
        first, last = tone.start + 0.2 * length, tone.end - max(0.15 * length, size / RATE)  # not into the next tone
        steady = np.arange(first, max(last, first + 0.005), 0.01)
        pitches = [_frame_pitch(samples[int(at * RATE) : int(at * RATE) + size], hertz(tone.midi)) for at in steady]
        heard = [pitch for pitch in pitches if pitch > 0]
        found.append(69.0 + 12.0 * math.log2(float(np.median(heard)) / 440.0) if heard else math.nan)
    return found


def _frame_pitch(frame: Floats, near_hz: float) -> float:
    """Pitch of one frame within a fifth of `near_hz`; 0 when it is not periodic."""
    if len(frame) < 1024 or float(np.abs(frame).max()) < 1e-4:
        return 0.0
    spectrum = np.abs(np.fft.rfft(frame, 2048)) ** 2
    product = np.fft.irfft(spectrum)[:512]
    power = np.cumsum(frame**2)
    lags = np.arange(512)
    energy = power[len(frame) - 1 - lags] + power[-1] - np.concatenate([[0.0], power[:511]])
    normal = 2 * product / (energy + 1e-12)
    first, last = max(2, int(RATE / near_hz / 1.5)), min(510, int(RATE / near_hz * 1.5) + 1)
    if last <= first:
        return 0.0
    best = first + int(np.argmax(normal[first:last]))
    if normal[best] < 0.6:
        return 0.0
    a, b, c = normal[best - 1 : best + 2]
    return float(RATE / (best + 0.5 * (a - c) / (a - 2 * b + c - 1e-12)))
