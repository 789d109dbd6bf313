"""The demo's reference: 24 seconds of an original song, played and sung by this script; nobody else's rights are in it.

104 BPM, A minor, the loop Am F C G; drums, bass, strummed chords, a lead, and a formant voice that sings syllables.
`python -m sandbox.sample song.mp3` writes it; the same bytes every time on one platform.
"""

import sys
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float64]

RATE = 44_100
BEATS_PER_MINUTE = 104
BEAT = 60 / BEATS_PER_MINUTE
CHORDS = {"Am": (57, 60, 64), "F": (53, 57, 60), "C": (55, 60, 64), "G": (55, 59, 62)}
#: The loop twice, and its first half to leave by.
BARS = ("Am", "F", "C", "G", "Am", "F", "C", "G", "Am", "F")
ROOTS = {"Am": 33, "F": 29, "C": 36, "G": 31}
#: (first beat, beats, MIDI note, vowel, consonant); sung twice.
MELODY = (
    *((0.0, 1.0, 69, "a", "l"), (1.0, 0.5, 72, "o", "n"), (1.5, 1.5, 71, "i", "m"), (3.0, 1.0, 69, "e", "s")),
    *((4.0, 1.0, 67, "a", "l"), (5.0, 1.0, 65, "u", "n"), (6.0, 1.5, 69, "o", "m"), (7.5, 0.5, 67, "e", "t")),
    *((8.0, 1.0, 67, "i", "s"), (9.0, 0.5, 69, "a", "l"), (9.5, 1.5, 72, "e", "n"), (11.0, 1.0, 71, "o", "m")),
    *((12.0, 1.5, 71, "a", "n"), (13.5, 0.5, 67, "i", "t"), (14.0, 2.0, 69, "u", "m")),
)
#: Centre (Hz) and width of the first three formants; Peterson & Barney (1952), rounded.
FORMANTS = {
    "a": ((730, 90), (1090, 110), (2440, 160)),
    "e": ((530, 70), (1840, 110), (2480, 160)),
    "i": ((300, 60), (2290, 120), (3010, 180)),
    "o": ((570, 80), (840, 90), (2410, 160)),
    "u": ((320, 60), (870, 90), (2240, 160)),
}
SEED = 104


def hertz(note: float) -> float:
    """Of a MIDI note number."""
    return 440.0 * 2 ** ((note - 69) / 12)


def clock(seconds: float) -> Wave:
    """The times of so many seconds of samples."""
    return np.arange(int(seconds * RATE)) / RATE


def shaped(wave: Wave, attack: float, release: float) -> Wave:
    """Ramps at both ends, so that nothing clicks."""
    ramp = np.minimum(1.0, np.arange(len(wave)) / (attack * RATE))
    return wave * ramp * np.minimum(1.0, np.arange(len(wave), 0, -1) / (release * RATE))


def kick() -> Wave:
    """A sine that falls from 150 to 50 Hz."""
    t = clock(0.28)
    return np.sin(2 * np.pi * (50 * t - 100 / 28 * np.exp(-28 * t))) * np.exp(-11 * t)


def snare(dice: np.random.Generator) -> Wave:
    """Noise and a short tone."""
    t = clock(0.2)
    return (0.7 * dice.standard_normal(len(t)) * np.exp(-22 * t)) + 0.5 * np.sin(2 * np.pi * 190 * t) * np.exp(-25 * t)


def hat(dice: np.random.Generator) -> Wave:
    """Bright noise: the difference of neighbours is a high-pass."""
    t = clock(0.06)
    return np.diff(dice.standard_normal(len(t) + 1)) * np.exp(-70 * t)


def plucked(note: float, seconds: float, harmonics: int, fall: float) -> Wave:
    """A string: harmonics that die the faster the higher they are."""
    t, f = clock(seconds), hertz(note)
    tones = (np.sin(2 * np.pi * f * k * t) * np.exp(-fall * (1 + 0.4 * k) * t) / k for k in range(1, harmonics + 1))
    return shaped(np.sum(list(tones), axis=0), 0.004, 0.03)


def sung(note: float, seconds: float, vowel: str, consonant: str, dice: np.random.Generator) -> Wave:
    """One syllable: breath or hum for the consonant, then harmonics under the vowel's formants, with vibrato."""
    t = clock(seconds)
    vibrato = 0.012 * np.minimum(1, t / 0.4) * np.sin(2 * np.pi * 5.4 * t)
    glide = -0.03 * np.exp(-t / 0.03)
    phase = 2 * np.pi * np.cumsum(hertz(note) * (1 + vibrato + glide)) / RATE
    voice = np.zeros(len(t))
    for k in range(1, int(4500 / hertz(note)) + 1):
        f = hertz(note) * k
        gain = sum(
            level / (1 + ((f - c) / w) ** 2) for (c, w), level in zip(FORMANTS[vowel], (1, 0.7, 0.3), strict=True)
        )
        voice += (gain + 0.02) * np.sin(k * phase)
    opening = np.minimum(1.0, t / 0.07)
    if consonant in "st":
        breath = np.diff(dice.standard_normal(len(t) + 1)) * np.exp(-t / (0.035 if consonant == "s" else 0.012))
        return shaped(voice * opening + 0.5 * breath, 0.005, 0.06)
    hum = np.sin(phase) * np.exp(-t / 0.05)
    return shaped(voice * opening + 0.5 * hum, 0.02, 0.06)


def add(track: Wave, at_beat: float, sound: Wave, left: float, right: float) -> None:
    """Mixes `sound` into the stereo `track`; what would stand past the end is cut."""
    start = int(at_beat * BEAT * RATE)
    sound = sound[: track.shape[1] - start]
    track[0, start : start + len(sound)] += left * sound
    track[1, start : start + len(sound)] += right * sound


def band(track: Wave, dice: np.random.Generator) -> None:
    """Drums, bass and chords, bar by bar, and the last chord."""
    for bar, name in enumerate(BARS):
        first = bar * 4
        for beat in range(4):
            add(track, first + beat, snare(dice) if beat % 2 else kick(), 0.55, 0.55)
            add(track, first + beat, plucked(ROOTS[name] + 12 * (beat == 3), BEAT * 0.95, 8, 2.5), 0.42, 0.42)
            for half in (0.0, 0.5):
                add(track, first + beat + half, hat(dice), 0.08, 0.12)
        for stroke in (0.0, 1.5, 2.5):
            for string, note in enumerate(CHORDS[name]):
                add(
                    track, first + stroke + 0.03 * string, plucked(note, BEAT * 1.6, 10, 2.2), 0.13, 0.2 - 0.04 * string
                )
    end = len(BARS) * 4
    add(track, end, kick(), 0.55, 0.55)
    for note in (33, *CHORDS["Am"], 69):
        add(track, end, plucked(note, 1.2, 8, 1.8), 0.2, 0.2)


def singing(track: Wave, dice: np.random.Generator) -> None:
    """The melody twice, the second time with a third above; a lead goes along and has the last two bars to itself."""
    for turn in range(2):
        for beat, beats, note, vowel, consonant in MELODY:
            at, seconds = 16 * turn + beat, beats * BEAT * 0.96
            add(track, at, sung(note, seconds, vowel, consonant, dice), 0.3, 0.3)
            if turn:
                third = note + (4 if note % 12 in {0, 5, 7} else 3)
                add(track, at, sung(third, seconds, vowel, consonant, dice), 0.15, 0.06)
            add(track, at + beats / 2, plucked(note + 12, BEAT * 0.8, 5, 4), 0.03, 0.08)
    for beat, beats, note, _, _ in MELODY[:8]:
        add(track, 32 + beat, plucked(note + 12, beats * BEAT * 1.5, 6, 3), 0.16, 0.22)


def render() -> NDArray[np.int16]:
    """The song as 16-bit stereo, shape (2, samples)."""
    dice = np.random.default_rng(SEED)
    track = np.zeros((2, int((len(BARS) * 4 * BEAT + 1.3) * RATE)))
    band(track, dice)
    singing(track, dice)
    track = np.tanh(1.4 * track / np.abs(track).max() * 1.2)
    return np.round(track / np.abs(track).max() * 0.89 * 32767).astype(np.int16)


def write_sample(path: Path) -> None:
    """Writes the song to `path`, as WAV if it ends in `.wav`, else as an MP3 of 192 kbit/s."""
    pcm = render()
    is_wav = path.suffix.lower() == ".wav"
    with av.open(str(path), "w", format="wav" if is_wav else "mp3") as container:
        stream = container.add_stream("pcm_s16le" if is_wav else "libmp3lame", rate=RATE, layout="stereo")
        if not is_wav:
            stream.bit_rate = 192_000
        for start in range(0, pcm.shape[1], 1152):
            block = np.ascontiguousarray(pcm[:, start : start + 1152])
            layout = block.T.reshape(1, -1) if is_wav else block
            frame = av.AudioFrame.from_ndarray(layout, format="s16" if is_wav else "s16p", layout="stereo")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    write_sample(Path(sys.argv[1]))
