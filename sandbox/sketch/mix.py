"""From a song to sound: every part is played on its own track, put in its place, given one room, and mastered."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import sandbox.sketch.instruments as instruments
from sandbox.sketch.balance import balanced
from sandbox.sketch.instruments import RATE, put
from sandbox.sketch.loudness import mastered
from sandbox.sketch.melody import third_above
from sandbox.sketch.sing import Tone, sing
from sandbox.sketch.spectrum import band, convolved, fast_length, shaped, smoothed
from sandbox.sketch.voice import spoken

if TYPE_CHECKING:
    from sandbox.sketch.arrange import Note
    from sandbox.sketch.song import Song
    from sandbox.sketch.spectrum import Floats
    from sandbox.sketch.tunes import SungLine

_AHEAD = 0.6  # seconds of a sung line before its first note, for its consonants
_AFTER = 0.5

#: Root-mean-square of each track against the drums', in dB.
_LEVELS = {"drums": -2.0, "bass": -4.5, "pad": -10.0, "figure": -8.5, "choir": -12.0, "hook": -8.0, "voice": 1.0}
_PAN = {"hat": 0.3, "open hat": 0.3, "crash": -0.3, "tom high": -0.25, "tom low": 0.3, "stick": 0.1, "shaker": -0.45}
#: How much of each track goes to the room.
_SENDS = {"drums": 0.06, "bass": 0.0, "pad": 0.22, "figure": 0.25, "choir": 0.4, "hook": 0.35, "voice": 0.2}
#: The chorus's other voices: third above or the same below, late by so many seconds, level, place.
_BACKING = (("above", 0.012, 0.36, 0.5), ("below", 0.019, 0.3, -0.35))


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A song as sound."""

    mix: Floats  #: (n, 2) at 44.1 kHz, mastered
    lead: Floats  #: the lead voice alone, dry, mono at `voice.spoken.RATE`: what pitch is measured on


def perform(song: Song) -> Performance:
    """Plays and sings the whole song; the same every time."""
    count = int(song.seconds * RATE)
    bright = float(np.clip((song.heard.brightness_hz - 900) / 1600, 0.0, 1.0))
    tracks: dict[str, Floats] = {name: np.zeros((count, 2), dtype=np.float32) for name in _LEVELS}
    _play_drums(song, tracks["drums"], bright)
    _play_strings(song, tracks, bright)
    lead = _sing(song, tracks["voice"])
    duck = _duck(song, count)
    tracks["bass"] = band(tracks["bass"], RATE, 48, 2500) * duck
    tracks["pad"] = band(tracks["pad"], RATE, 160, 2600 + 2200 * bright) * duck
    tracks["figure"] = band(tracks["figure"], RATE, 180, 8000 + 5000 * bright)
    tracks["voice"] = _voice_chain(tracks["voice"], song.beat_seconds)
    return Performance(mix=_mixed(tracks, song), lead=lead)


def _play_drums(song: Song, track: Floats, bright: float) -> None:
    kit = instruments.drum_kit(round(bright, 1), song.heard.key.tonic)
    for hit in song.score.drums:
        put(track, song.at(hit.beat), kit[hit.drum], hit.level, _PAN.get(hit.drum, 0.0))


def _play_strings(song: Song, tracks: dict[str, Floats], bright: float) -> None:
    tone = round(bright, 1)
    figure = instruments.pluck if song.heard.brightness_hz > 1150 + song.style.plucked else instruments.piano
    lead = instruments.bells if song.style.bells else instruments.flute

    @functools.cache
    def bass(midi: int, seconds: float) -> Floats:
        return instruments.bass(midi, seconds, tone)

    @functools.cache
    def pad(midi: int, seconds: float) -> Floats:
        return instruments.pad(midi, seconds, tone, song.seed % 1000)

    @functools.cache
    def choir(midi: int, seconds: float) -> Floats:
        return instruments.choir(midi, seconds, song.seed % 1000)

    def seconds(note: Note) -> float:
        return round(note.beats * song.beat_seconds, 3)

    for note in song.score.bass:
        put(tracks["bass"], song.at(note.beat), bass(note.midi, seconds(note)), note.level)
    for note in song.score.pad:
        put(tracks["pad"], song.at(note.beat), pad(note.midi, seconds(note) + 0.1), note.level)
    for note in song.score.choir:
        put(tracks["choir"], song.at(note.beat), choir(note.midi, seconds(note) + 0.1), note.level)
    for number, note in enumerate(song.score.figure):
        put(tracks["figure"], song.at(note.beat), figure(note.midi, tone), note.level, (-0.45, 0.45)[number % 2])
    for note in song.score.hook:
        put(tracks["hook"], song.at(note.beat), lead(note.midi, 0.95 * seconds(note)), note.level, -0.15)


def _sing(song: Song, track: Floats) -> Floats:
    """All lines onto the voice's track, with more voices in the chorus; returns the lead alone."""
    count = int(song.seconds * spoken.RATE)
    lead = np.zeros((count, 2), dtype=np.float32)
    others = np.zeros((count, 2), dtype=np.float32)
    for number, line in enumerate(song.lines):
        start = song.at(line.notes[0].beat) - _AHEAD
        sung = _levelled(_sung(song, line, number, 0))
        put(lead, start, sung, 1.0, rate=spoken.RATE)
        if line.chorus:
            for voice, (which, late, level, place) in enumerate(_BACKING, start=1):
                upper = _levelled(_sung(song, line, number, voice, lower=12 * (which == "below")))
                put(others, start + late, upper, level, place, rate=spoken.RATE)
            # The lead again, late and a shade off: as if sung twice.
            put(others, start + 0.024, _wavering(sung), 0.4, -0.5, rate=spoken.RATE)
    track += _at_full_rate(lead + others, len(track))
    return lead[:, 0]


def _sung(song: Song, line: SungLine, number: int, voice: int, *, lower: int = 0) -> Floats:
    """The line by the lead (0), or two steps of the scale above it, `lower` semitones down from there."""
    start = song.at(line.notes[0].beat) - _AHEAD
    tones = [
        Tone(
            start=song.at(note.beat) - start,
            end=song.at(note.beat + note.beats) - start,
            midi=third_above(note.midi, song.heard.key) - lower if voice else note.midi,
        )
        for note in line.notes
    ]
    seconds = tones[-1].end + _AFTER
    return sing(line.spoken, line.syllables, tones, seconds, seed=song.seed % 100_000 + 3 * number + voice)


def _levelled(sung: Floats) -> Floats:
    loud = np.abs(sung) > 1e-4
    return sung * np.float32(0.1 / (np.sqrt((sung[loud] ** 2).mean()) + 1e-9)) if loud.any() else sung


def _wavering(sung: Floats) -> Floats:
    """Read back at a slowly changing place: a few cents up and down."""
    place = np.arange(len(sung))
    return np.interp(place + 22.0 * np.sin(2 * np.pi * 0.7 * place / spoken.RATE), place, sung).astype(np.float32)


def _at_full_rate(samples: Floats, count: int) -> Floats:
    """(n, 2) at 22.05 kHz to `count` samples at 44.1 kHz, by the spectrum."""
    length = 2 * fast_length(len(samples) // 2 + 2048)
    sides = []
    for channel in samples.T:
        spectrum = np.fft.rfft(channel, length)
        wide = np.zeros(length + 1, dtype=spectrum.dtype)
        wide[: len(spectrum)] = spectrum
        sides.append(np.fft.irfft(wide, 2 * length)[:count] * 2)
    return np.stack(sides, axis=1).astype(np.float32)


def _voice_chain(voice: Floats, beat: float) -> Floats:
    """Rumble off, presence up, a gentle compressor, an echo on the half-beat from the other side."""
    voice = shaped(voice, lambda f: _voice_curve(f * RATE))
    loud = smoothed(np.abs(voice).max(axis=1)[::64], 30)
    gain = 1.0 / (1.0 + 0.7 * np.maximum(0.0, loud / (0.09 + 1e-9) - 1.0))
    voice *= np.interp(np.arange(len(voice)), np.arange(len(gain)) * 64, gain).astype(np.float32)[:, None]
    late = int((0.5 if beat > 0.4 else 1.0) * beat * RATE)
    echo = band(voice, RATE, 400, 3500)
    voice[late:] += 0.14 * echo[:-late, ::-1]
    return voice


def _voice_curve(hertz: Floats) -> Floats:
    low_cut = 1.0 / np.sqrt(1.0 + (130.0 / hertz) ** 4)
    presence = 1.0 + 0.55 * np.exp(-0.5 * (np.log2(hertz / 3300.0) / 0.55) ** 2)
    mud = 1.0 - 0.2 * np.exp(-0.5 * (np.log2(hertz / 320.0) / 0.5) ** 2)
    air = 1.0 + 0.7 / (1.0 + (6500.0 / hertz) ** 4)
    return low_cut * presence * mud * air / np.sqrt(1.0 + (hertz / 10_500.0) ** 8)


def _duck(song: Song, count: int) -> Floats:
    """Bass and pad step back for a moment at every kick; (n, 1)."""
    gain = np.ones(count, dtype=np.float32)
    dip = (1.0 - 0.35 * np.exp(-np.arange(int(0.22 * RATE)) / RATE / 0.07)).astype(np.float32)
    for hit in song.score.drums:
        if hit.drum == "kick":
            start = round(song.at(hit.beat) * RATE)
            part = gain[start : start + len(dip)]
            np.minimum(part, dip[: len(part)], out=part)
    return gain[:, None]


def _mixed(tracks: dict[str, Floats], song: Song) -> Floats:
    mix = np.zeros_like(tracks["drums"])
    send = np.zeros_like(mix)
    for name, track in tracks.items():
        power = float((track**2).sum() / max(1, np.count_nonzero(np.abs(track[:, 0]) > 1e-5)) / 2)
        if power > 1e-12:
            level = np.float32(10 ** (_LEVELS[name] / 20) / np.sqrt(power))
            mix += track * level
            send += track * (level * np.float32(_SENDS[name]))
    mix += _room(band(send, RATE, 200, 9000))
    mix = balanced(shaped(mix, lambda f: _master_curve(f * RATE)), song, RATE)
    tail = int(1.4 * RATE)
    mix[-tail:] *= (np.cos(np.linspace(0, np.pi / 2, tail)) ** 2).astype(np.float32)[:, None]
    return mastered(mix, RATE)


def _master_curve(hertz: Floats) -> Floats:
    """Off below 40 Hz, where there is nothing to hear, and a shelf of air above 6 kHz."""
    low_cut = 1.0 / np.sqrt(1.0 + (44.0 / hertz) ** 6)
    air = 1.0 + 0.6 / (1.0 + (6000.0 / hertz) ** 4)
    return low_cut * air / np.sqrt(1.0 + (hertz / 17_000.0) ** 8)


@functools.cache
def _tails() -> tuple[Floats, Floats]:
    """Impulse responses of one room for left and right: early echoes, then a tail whose highs die first."""
    rng = np.random.default_rng(5)
    count = int(1.6 * RATE)
    time = np.arange(count) / RATE
    sides = []
    for _ in range(2):
        noise = rng.standard_normal(count)
        tail = band(noise, RATE, 150, 1800) * np.exp(-time / 0.32) + band(noise, RATE, 1800, 7000) * np.exp(
            -time / 0.17
        )
        tail[: int(0.018 * RATE)] = 0.0
        for _ in range(6):
            tail[int(rng.uniform(0.007, 0.035) * RATE)] += rng.choice((-1.0, 1.0)) * rng.uniform(2.0, 5.0)
        sides.append((tail / np.sqrt((tail**2).sum())).astype(np.float32))
    return sides[0], sides[1]


def _room(send: Floats) -> Floats:
    left, right = _tails()
    mid = send.mean(axis=1)
    side = 0.5 * (send[:, 0] - send[:, 1])
    return np.stack([convolved(mid + side, left), convolved(mid - side, right)], axis=1) * 1.6
