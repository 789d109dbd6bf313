"""Songs whose tempo, key, chords and metre are known, because they are written here: what the report listens to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.sketch import reference_band as band
from sandbox.sketch.audiofile import write_mp3
from sandbox.sketch.theory import Chord, Key

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.sketch.spectrum import Floats

RATE = band.RATE

#: What the drums play in one bar, in beats from the bar line. On off-beats written as .5 a swung song plays .667.
GROOVES: dict[str, dict[str, list[float]]] = {
    "rock": {"kick": [0, 2, 2.5], "snare": [1, 3], "hat": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]},
    "pop": {"kick": [0, 1.5, 2.5], "snare": [1, 3], "hat": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]},
    "house": {"kick": [0, 1, 2, 3], "snare": [1, 3], "hat": [0.5, 1.5, 2.5, 3.5]},
    "ballad": {"kick": [0, 2, 2.75], "snare": [1, 3], "hat": [i / 4 for i in range(16)]},
    "slow": {"kick": [0, 0.75, 2], "snare": [1, 3], "hat": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]},
    "punk": {"kick": [0, 0.5, 2, 2.5], "snare": [1, 3], "hat": [0, 1, 2, 3]},
    "train": {"kick": [0, 2], "snare": [0.5, 1, 1.5, 2.5, 3, 3.5], "hat": [1, 3]},
    "stick": {"kick": [0, 1.5, 2], "stick": [1, 3], "hat": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]},
    "shuffle": {"kick": [0, 2], "snare": [1, 3], "hat": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]},
    "jazz": {"kick": [0, 2], "stick": [1, 3], "ride": [0, 1, 1.5, 2, 3, 3.5], "hat": [1, 3]},
    "swingpop": {"kick": [0, 1.5, 2], "snare": [1, 3], "hat": [0, 1, 1.5, 2, 3, 3.5]},
    "waltz": {"kick": [0], "snare": [1, 2], "hat": [0, 1, 2]},
    "waltz eighths": {"kick": [0, 1.5], "snare": [2], "hat": [0, 0.5, 1, 1.5, 2, 2.5]},
    "waltz brush": {"kick": [0], "stick": [1, 2], "hat": [0, 0.5, 1, 1.5, 2, 2.5]},
    "jazz waltz": {"kick": [0], "stick": [2], "ride": [0, 1, 1.5, 2], "hat": [1]},
    "rock waltz": {"kick": [0, 1.5], "snare": [2], "hat": [0, 1, 2]},
    "country waltz": {"kick": [0], "stick": [1, 2], "hat": [1, 2]},
    "half-time": {"kick": [0, 2.5], "snare": [2], "hat": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]},
    "half-time sparse": {"kick": [0], "snare": [2], "hat": [0, 1, 2, 3]},
    "half-time sixteenths": {"kick": [0, 1.5, 3.5], "snare": [2], "hat": [i / 4 for i in range(16)]},
    "six": {"kick": [0], "snare": [1], "hat": [0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3]},
    "six pushed": {"kick": [0, 2 / 3], "snare": [1], "hat": [0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3]},
    "six thin": {"kick": [0], "stick": [1], "hat": [0, 2 / 3, 1, 5 / 3]},
}
BASS_LINES: dict[str, list[tuple[float, int]]] = {  # (beat, semitones above the root)
    "roots": [(0, 0), (2, 0)],
    "eighths": [(i / 2, 0) for i in range(8)],
    "fifths": [(0, 0), (2, 7)],
    "pushed": [(0, 0), (1.5, 0), (2.5, 7), (3, 0)],
    "walking": [(0, 0), (1, 4), (2, 7), (3, 9)],
    "whole": [(0, 0)],
}
CHORD_STROKES: dict[str, list[float]] = {
    "held": [0],
    "halves": [0, 2],
    "beats": [0, 1, 2, 3],
    "off-beats": [0.5, 1.5, 2.5, 3.5],
    "broken": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5],
    "pushed": [0, 1.5, 3],
    "thirds": [0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSong:
    """One song of the catalogue; `key` and `loop` in musicians' symbols (`F#m`), one chord of the loop per bar."""

    key: str
    bpm: float
    loop: str
    groove: str = "rock"
    meter: int = 4  #: beats in a bar; 2 is 6/8, a beat of three parts
    swing: bool = False
    bass: str = "roots"
    strokes: str = "held"
    chords: str = "organ"  #: one of reference_band.CHORDS
    low: str = "plucked"  #: one of reference_band.BASSES
    lead: str = "sung"  #: sung, reed or none
    kit: str = "room"
    sevenths: bool = False
    cents: float = 0.0  #: how far the whole song is out of concert pitch
    intro_bars: int = 0  #: bars of chords alone before the drums come in
    ends: bool = True  #: a last bar on the tonic; without it the song just stops, as a clip does
    seed: int = 1
    about_seconds: float = 30.0

    @property
    def name(self) -> str:
        feel = "swing" if self.swing else "straight"
        meter = "6/8" if self.meter == 2 else f"{self.meter}/4 {feel}"
        return f"{self.bpm:g} {self.key} {meter} {self.groove}"

    @property
    def true_key(self) -> Key:
        chord = Chord.parse(self.key)
        return Key(tonic=chord.root, minor=chord.minor)

    @property
    def true_loop(self) -> tuple[Chord, ...]:
        return tuple(Chord.parse(symbol) for symbol in self.loop.split())

    @property
    def bars(self) -> int:
        """About so many seconds, in whole loops."""
        length = len(self.true_loop)
        return max(2, round(self.about_seconds * self.bpm / 60 / self.meter / length)) * length


class _Player:
    """Plays one song bar by bar onto three mono tracks, with human timing."""

    def __init__(self, song: ReferenceSong) -> None:
        self.song = song
        self.rng = np.random.default_rng([song.seed, int(song.bpm * 10), song.true_key.tonic])
        self.beat = 60.0 / song.bpm
        seconds = (song.bars + song.ends) * song.meter * self.beat + 2.0
        self.tracks = {name: np.zeros(int(seconds * RATE), dtype=np.float32) for name in ("drums", "low", "high")}
        self.kit = band.drum_kit(self.rng, song.kit)
        self.position = 0  # of the lead, as an index into the scale

    def put(self, track: str, beats: float, sound: Floats, level: float) -> None:
        whole, part = divmod(beats, 1.0)
        if self.song.swing and abs(part - 0.5) < 1e-6:
            part = 2 / 3
        at = (whole + part) * self.beat + self.rng.normal(0, 0.003)
        start = max(0, int(at * RATE))
        end = min(len(self.tracks[track]), start + len(sound))
        if end > start:
            self.tracks[track][start:end] += sound[: end - start] * level * self.rng.uniform(0.85, 1.1)

    def play(self) -> Floats:
        song = self.song
        for bar in range(song.bars):
            chord = song.true_loop[bar % len(song.true_loop)]
            if bar >= song.intro_bars:
                self.drums(bar)
                self.bass(bar, chord)
                self.lead(bar, chord)
            self.chords(bar, chord)
        if song.ends:
            self.ending()
        high = band.room(self.tracks["high"], self.rng, 1.1, 0.25)
        drums = band.room(self.tracks["drums"], self.rng, 0.5, 0.12)
        mix = 0.5 * high + 0.7 * drums + 0.75 * self.tracks["low"][:, None]
        return 0.8 * mix / np.abs(mix).max()

    def drums(self, bar: int) -> None:
        first = bar * self.song.meter
        levels = {"kick": 0.9, "snare": 0.6, "hat": 0.22, "ride": 0.3, "stick": 0.4}
        fill = bar % 8 == 7
        for name, beats in GROOVES[self.song.groove].items():
            for beat in beats:
                if not (fill and beat >= self.song.meter - 1):
                    self.put("drums", first + beat, self.kit[name], levels[name])
        if fill:
            parts = 3 if self.song.meter == 2 else 4
            for step in range(parts):
                self.put("drums", first + self.song.meter - 1 + step / parts, self.kit["snare"], 0.35 + 0.08 * step)
        if bar % 8 == self.song.intro_bars % 8:
            self.put("drums", first, self.kit["crash"], 0.4)

    def bass(self, bar: int, chord: Chord) -> None:
        line = [(beat, step) for beat, step in BASS_LINES[self.song.bass] if beat < self.song.meter]
        ends = [beat for beat, _ in line[1:]] + [float(self.song.meter)]
        for (beat, step), end in zip(line, ends, strict=True):
            third = step == 4 and chord.minor
            midi = 33 + (chord.root - 9) % 12 + step - third + self.song.cents / 100
            sound = band.BASSES[self.song.low](midi, 0.92 * (end - beat) * self.beat)
            self.put("low", bar * self.song.meter + beat, sound, 0.5)

    def voicing(self, chord: Chord) -> list[float]:
        classes = list(chord.tones)
        if self.song.sevenths:
            minor_seventh = chord.minor or (chord.root - self.song.true_key.tonic) % 12 == 7
            classes.append((chord.root + (10 if minor_seventh else 11)) % 12)
        return sorted(52 + (pitch - 4) % 12 + self.song.cents / 100 for pitch in classes)

    def chords(self, bar: int, chord: Chord) -> None:
        sound = band.CHORDS[self.song.chords]
        notes = self.voicing(chord)
        strokes = [beat for beat in CHORD_STROKES[self.song.strokes] if beat < self.song.meter]
        ends = [*strokes[1:], float(self.song.meter)]
        for number, (beat, end) in enumerate(zip(strokes, ends, strict=True)):
            broken = self.song.strokes in {"broken", "thirds"}
            seconds = (1.6 if broken else 0.95) * (end - beat) * self.beat
            for midi in [notes[number % len(notes)] + 12] if broken else notes:
                self.put("high", bar * self.song.meter + beat, sound(midi, seconds), 0.4 if broken else 0.2)

    def lead(self, bar: int, chord: Chord) -> None:
        """A wandering tune: chord notes on the beats that count, steps between, a rest now and then."""
        if self.song.lead == "none" or (bar % 4 == 3 and self.rng.random() < 0.6):
            return
        scale = self.song.true_key.scale
        ladder = [midi for midi in range(60, 80) if midi % 12 in scale]
        beat = 0.0
        lengths = (1 / 3, 2 / 3, 1.0, 1.0) if self.song.meter == 2 else (0.5, 1.0, 1.0, 1.5)
        while beat < self.song.meter - 0.01:
            length = float(self.rng.choice(lengths))
            length = min(length, self.song.meter - beat)
            self.position = int(np.clip(self.position + self.rng.integers(-2, 3), 0, len(ladder) - 1))
            if beat % min(2, self.song.meter) == 0:
                fitting = [i for i, midi in enumerate(ladder) if midi % 12 in chord.tones]
                self.position = min(fitting, key=lambda i: abs(i - self.position))
            midi = ladder[self.position] + self.song.cents / 100
            if self.rng.random() < 0.85:
                self.put("high", bar * self.song.meter + beat, self.lead_sound(midi, length * self.beat), 0.3)
            beat += length

    def lead_sound(self, midi: float, seconds: float) -> Floats:
        if self.song.lead == "reed":
            return band.reed(midi, 0.95 * seconds)
        return band.sung(midi, 0.95 * seconds, int(self.rng.integers(5)))

    def ending(self) -> None:
        first = self.song.bars * self.song.meter
        chord = self.song.true_key.tonic_chord
        for midi in self.voicing(chord):
            self.put("high", first, band.CHORDS[self.song.chords](midi, 2.0), 0.25)
        bass = 33 + (chord.root - 9) % 12 + self.song.cents / 100
        self.put("low", first, band.BASSES[self.song.low](bass, 2.0), 0.5)
        self.put("drums", first, self.kit["kick"], 0.9)
        self.put("drums", first, self.kit["crash"], 0.4)


def play(song: ReferenceSong) -> Floats:
    """(n, 2) samples at 44.1 kHz; the same every time."""
    return _Player(song).play()


def write(song: ReferenceSong, path: Path) -> float:
    """Writes the song as an MP3 and returns its length in seconds."""
    samples = play(song)
    write_mp3(path, samples, song.name)
    return math.floor(len(samples) / RATE * 100) / 100


S = ReferenceSong
CATALOGUE: tuple[ReferenceSong, ...] = (
    S(key="C", bpm=120, loop="C G Am F", strokes="halves"),
    S(key="Am", bpm=104, loop="Am F C G", groove="pop", bass="pushed", chords="strings", strokes="beats"),
    S(key="G", bpm=60, loop="G D Em C", groove="slow", chords="bells", strokes="halves", low="round"),
    S(key="Dm", bpm=66, loop="Dm Bb F C", groove="ballad", chords="strings", strokes="broken", cents=15),
    S(key="E", bpm=72, loop="E A B A", groove="ballad", chords="bells", bass="fifths"),
    S(key="F#m", bpm=78, loop="F#m D A E", groove="slow", bass="eighths", lead="reed", kit="machine"),
    S(key="Bb", bpm=84, loop="Bb Gm Eb F", groove="shuffle", swing=True, strokes="beats", chords="organ"),
    S(key="Cm", bpm=90, loop="Cm Ab Eb Bb", groove="pop", chords="pulse", low="pulse", kit="machine"),
    S(key="A", bpm=96, loop="A E F#m D", groove="train", chords="strings", strokes="beats", bass="fifths"),
    S(key="Em", bpm=100, loop="Em C G D", groove="stick", chords="strings", strokes="broken", intro_bars=4),
    S(key="Eb", bpm=108, loop="Eb Bb Cm Ab", groove="house", kit="machine", strokes="off-beats", bass="eighths"),
    S(key="Gm", bpm=112, loop="Gm Cm D Gm", groove="rock", lead="reed", strokes="halves"),
    S(key="D", bpm=116, loop="D Bm G A", groove="swingpop", swing=True, chords="bells", strokes="pushed"),
    S(key="Bm", bpm=124, loop="Bm G D A", groove="house", kit="machine", low="pulse", chords="pulse", lead="reed"),
    S(key="F", bpm=128, loop="F C Dm Bb", groove="pop", strokes="pushed", cents=-20, ends=False),
    S(key="C#m", bpm=132, loop="C#m A E B", groove="house", kit="machine", strokes="broken", chords="bells"),
    S(key="Ab", bpm=138, loop="Ab Fm Db Eb", groove="jazz", swing=True, bass="walking", sevenths=True, chords="bells"),
    S(key="Fm", bpm=144, loop="Fm Db Ab Eb", groove="rock", bass="eighths", chords="pulse", low="pulse"),
    S(key="B", bpm=160, loop="B F# G#m E", groove="punk", bass="eighths", chords="strings", strokes="beats"),
    S(key="D#m", bpm=180, loop="D#m B F# C#", groove="rock", bass="eighths", strokes="halves"),
    S(
        key="G",
        bpm=88,
        loop="G C D C",
        groove="waltz eighths",
        meter=3,
        bass="whole",
        chords="strings",
        strokes="beats",
    ),
    S(key="Am", bpm=110, loop="Am Dm E Am", groove="waltz", meter=3, bass="whole", chords="organ", lead="reed"),
    S(key="F", bpm=150, loop="F Dm Bb C", groove="waltz brush", meter=3, bass="whole", strokes="broken"),
    S(key="Em", bpm=174, loop="Em Am D G", groove="jazz waltz", meter=3, swing=True, bass="whole", chords="bells"),
    S(key="G", bpm=58, loop="G Em C D", groove="six", meter=2, bass="whole", strokes="thirds", chords="strings"),
    S(key="Am", bpm=66, loop="Am F C G", groove="six pushed", meter=2, bass="whole", chords="organ", lead="reed"),
    S(key="D", bpm=96, loop="D A G A", groove="six thin", meter=2, bass="whole", strokes="beats", chords="strings"),
    S(key="Em", bpm=146, loop="Em G D C", groove="half-time", bass="whole", chords="pulse", kit="machine"),
    S(key="C", bpm=132, loop="C Am F G", groove="half-time sparse", strokes="halves", chords="organ"),
    S(key="Fm", bpm=140, loop="Fm Db Ab Eb", groove="half-time sixteenths", kit="machine", low="round", lead="reed"),
    S(key="A", bpm=124, loop="A D E D", groove="half-time", swing=True, strokes="beats", chords="bells"),
    S(key="Bb", bpm=100, loop="Bb Gm Eb F", groove="rock waltz", meter=3, bass="whole", strokes="broken"),
)

#: Songs that no weight was fitted to (the catalogue was among those that some were); their figures stand beside it.
HELD_OUT: tuple[ReferenceSong, ...] = (
    S(key="D", bpm=63, loop="D A Bm G", groove="ballad", strokes="halves", chords="organ", seed=71),
    S(key="Bm", bpm=69, loop="Bm Em F# Bm", groove="slow", chords="bells", lead="reed", seed=72),
    S(key="Ab", bpm=75, loop="Ab Db Eb Db", groove="shuffle", swing=True, strokes="beats", seed=73),
    S(key="C", bpm=82, loop="C Am F G", groove="pop", chords="strings", strokes="broken", ends=False, seed=74),
    S(key="Em", bpm=86, loop="Em D C D", groove="rock", bass="eighths", chords="pulse", low="pulse", seed=75),
    S(key="Bb", bpm=94, loop="Bb F Gm Eb", groove="stick", bass="pushed", intro_bars=4, seed=76),
    S(key="C#m", bpm=98, loop="C#m B A B", groove="slow", kit="machine", low="round", lead="reed", seed=77),
    S(key="F#", bpm=102, loop="F# C# D#m B", groove="train", strokes="beats", chords="strings", cents=25, seed=78),
    S(key="Dm", bpm=106, loop="Dm Gm A Dm", groove="jazz", swing=True, bass="walking", chords="bells", seed=79),
    S(key="E", bpm=111, loop="E B C#m A", groove="swingpop", swing=True, chords="organ", ends=False, seed=80),
    S(key="G", bpm=118, loop="G Em C D", groove="house", kit="machine", strokes="off-beats", seed=81),
    S(key="Gm", bpm=122, loop="Gm Eb Bb F", groove="house", low="pulse", chords="pulse", kit="machine", seed=82),
    S(key="A", bpm=126, loop="A D E D", groove="pop", bass="fifths", chords="bells", strokes="pushed", seed=83),
    S(key="Cm", bpm=134, loop="Cm Bb Ab Bb", groove="rock", bass="eighths", lead="none", seed=84),
    S(key="Eb", bpm=140, loop="Eb Cm Ab Bb", groove="shuffle", swing=True, bass="walking", seed=85),
    S(key="F#m", bpm=148, loop="F#m E D E", groove="punk", bass="eighths", chords="strings", seed=86),
    S(key="F", bpm=156, loop="F Bb C Bb", groove="train", bass="fifths", strokes="beats", lead="reed", seed=87),
    S(key="G#m", bpm=164, loop="G#m E B F#", groove="rock", chords="pulse", bass="eighths", seed=88),
    S(key="Am", bpm=172, loop="Am G F G", groove="punk", chords="organ", strokes="beats", kit="machine", seed=89),
    S(key="D", bpm=80, loop="D G A G", groove="waltz", meter=3, bass="whole", chords="strings", seed=90),
    S(key="C", bpm=96, loop="C Am F G", groove="waltz brush", meter=3, bass="whole", strokes="beats", seed=91),
    S(key="Bm", bpm=126, loop="Bm G A Bm", groove="waltz eighths", meter=3, bass="whole", seed=92),
    S(key="Eb", bpm=144, loop="Eb Ab Bb Eb", groove="jazz waltz", meter=3, swing=True, chords="bells", seed=93),
    S(key="Fm", bpm=168, loop="Fm Db Eb Fm", groove="waltz", meter=3, bass="whole", strokes="held", seed=94),
    S(key="C", bpm=62, loop="C G Am F", groove="six", meter=2, bass="whole", strokes="held", chords="bells", seed=95),
    S(key="Em", bpm=73, loop="Em C G D", groove="six pushed", meter=2, bass="whole", strokes="thirds", seed=96),
    S(key="F", bpm=88, loop="F Bb C F", groove="six thin", meter=2, bass="whole", strokes="beats", seed=97),
    S(key="Gm", bpm=138, loop="Gm Eb Bb F", groove="half-time", kit="machine", chords="pulse", seed=98),
    S(key="D", bpm=152, loop="D Bm G A", groove="half-time", bass="fifths", strokes="halves", seed=99),
    S(key="Cm", bpm=130, loop="Cm Ab Eb Bb", groove="half-time sixteenths", bass="whole", kit="machine", seed=100),
    S(key="G", bpm=118, loop="G C D C", groove="half-time", swing=True, strokes="beats", chords="organ", seed=101),
    S(key="Am", bpm=104, loop="Am Dm E Am", groove="country waltz", meter=3, bass="whole", lead="reed", seed=102),
)
