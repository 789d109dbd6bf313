"""How well sketch hears and sings, measured on songs whose truth is known: `python -m benchmarks.sketch.report`."""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.sketch import judge, recogniser
from benchmarks.sketch.kept_songs import kept_song
from benchmarks.sketch.recogniser import Understood
from benchmarks.sketch.reference_songs import CATALOGUE, HELD_OUT, ReferenceSong
from benchmarks.sketch.sound import BANDS, Balance, balance, section_lufs
from sandbox.sketch.audiofile import read_stereo
from sandbox.sketch.listening import Heard, listen
from sandbox.sketch.loudness import TARGET_LUFS, integrated_lufs, true_peak_dbtp
from sandbox.sketch.rendering import Report, render
from sandbox.sketch.sing import Tone, pitch_track

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEMPO_TOLERANCE = 0.01
_CENTS_TOLERANCE = 50.0
_LOUDNESS_TOLERANCE = 0.7  # LU: mastering stops at 0.25, the MP3 adds its own
_LYRICS = """[Verse]
Neon rivers run beneath the midnight sky
I am counting all the trains that pass me by
Paper lanterns floating over quiet streets
Every window hums along with tiny beats

[Chorus]
Oh, carry me home on the morning light
Carry me over the edge of night
We are the echoes, we are the sound
Spinning together, never come down
"""
_LONG_LYRICS = """[Verse]
Neon rivers run beneath the midnight sky
I am counting all the trains that pass me by

[Chorus]
Oh, carry me home on the morning light
We are the echoes, we are the sound

[Verse 2]
Copper kettles singing in the morning rain
Every open window knows us by our name

[Bridge]
Slowly, slowly, let the river turn

[Break]

[Chorus]
Oh, carry me home on the morning light
We are the echoes, we are the sound
"""
_LIFT_LU = (2.0, 3.0)  # of the chorus over the verse
_MAX_DEPTH_DB, _MIN_AIR_DB = -11.0, -20.0
#: Rounding on another processor, or the voice's breath, moves a lead by some 0.004: what is decided by less than a few
#: times that is decided otherwise elsewhere.
_MIN_LEAD = 0.02
_READ_EVERY = 6  # the recogniser takes longer than the song: so many songs are made for each that it hears


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """What was heard of one reference, against its truth."""

    song: ReferenceSong
    heard: Heard

    @property
    def tempo_right(self) -> bool:
        return abs(self.heard.bpm / self.song.bpm - 1.0) <= _TEMPO_TOLERANCE

    @property
    def meter_right(self) -> bool:
        return self.heard.meter == self.song.meter

    @property
    def key_right(self) -> bool:
        return self.heard.key == self.song.true_key

    @property
    def loop_right(self) -> bool:
        return self.heard.loop == self.song.true_loop

    @property
    def swing_right(self) -> bool:
        return self.heard.groove.swing == self.song.swing


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What became of one reference: figures of the rendered song."""

    seconds: float
    work_seconds: float  #: CPU time of the whole render, listening and MP3 included
    notes: int
    notes_in_tune: int
    lufs: float
    true_peak_dbtp: float
    reference: Path
    result: Path
    sections: dict[str, float] = field(default_factory=dict)  #: LUFS of each kind of passage
    reference_balance: Balance | None = None
    balance: Balance | None = None
    understood: Understood | None = None

    @property
    def lift(self) -> float | None:
        """The chorus over the verse, in LU."""
        if not {"verse", "chorus"} <= self.sections.keys():
            return None
        return self.sections["chorus"] - self.sections["verse"]

    @property
    def loudness_right(self) -> bool:
        return abs(self.lufs - TARGET_LUFS) <= _LOUDNESS_TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The judge's ear on a reference and on the song made of it; both ought to have the reference's tempo and key."""

    song: ReferenceSong
    reference: judge.Verdict
    result: judge.Verdict

    def tempo_right(self, verdict: judge.Verdict) -> bool:
        return any(verdict.same_tempo(bpm) for bpm in self.right_tempos)

    def key_right(self, verdict: judge.Verdict) -> bool:
        return verdict.key == self.song.true_key

    @property
    def right_tempos(self) -> list[float]:
        """librosa counts in twos: of 6/8, a beat of three parts, it takes the parts, or two of them, for the beat."""
        return [self.song.bpm * unit for unit in ((1.0, 1.5, 3.0) if self.song.meter == 2 else (1.0,))]

    @property
    def tempo_lead(self) -> float:
        """How surely the judge heard the result's tempo."""
        return self.result.tempo_lead(self.right_tempos)

    @property
    def key_lead(self) -> float:
        """How surely the judge heard the result's key."""
        return self.result.key_lead(self.song.true_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All that is known of one reference song."""

    listened: Listened
    played: Played
    judged: Judged | None


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table while it grows; the last line holds the totals. 0, or 1 when a song is below the bar."""
    parser = argparse.ArgumentParser(prog="sketch-report")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--keep", type=Path, default=None, help="a folder for the references and the songs made of them"
    )
    arguments = parser.parse_args(argv)
    if not judge.available():
        print("librosa is not installed (requirements/judge.lock): the judge's columns stay empty")
    if not recogniser.available():
        print("pocketsphinx is not installed (requirements/judge.lock): nobody reads the words")
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        # A process for each song: espeak-ng's breath is drawn from what it drew before, so that the songs would differ
        # from run to run, by which of two processes had which songs.
        context = get_context("spawn")
        with ProcessPoolExecutor(arguments.processes, mp_context=context, max_tasks_per_child=1) as pool:
            print(f"\nHeld out: {len(HELD_OUT)} songs that no weight was fitted to")
            held_out = _played_from(HELD_OUT, pool, folder)
            _totals(held_out)
            print(f"\nCatalogue: {len(CATALOGUE)} songs")
            catalogue = _played_from(CATALOGUE, pool, folder)
    faults = [fault for row in (*held_out, *catalogue) for fault in faults_of(row)]
    print("\n".join(["", *faults]))
    _totals(catalogue)
    return 1 if faults else 0


def _played_from(songs: Sequence[ReferenceSong], pool: ProcessPoolExecutor, folder: Path) -> list[Row]:
    rows = []
    for listened, played in pool.map(_play, songs, [folder] * len(songs)):
        # Here and not in the pool: see judge.judge.
        judged = None
        if judge.available():
            judged = Judged(
                song=listened.song, reference=judge.judge(played.reference), result=judge.judge(played.result)
            )
        rows.append(Row(listened=listened, played=played, judged=judged))
        print(_listening_row(listened))
        print(_playing_row(rows[-1]), flush=True)
    return rows


def _lyrics_for(song: ReferenceSong) -> str:
    return _LONG_LYRICS if song.bpm % 4 == 0 and song.bpm >= 100 else _LYRICS


def _play(song: ReferenceSong, folder: Path) -> tuple[Listened, Played]:
    path = folder / f"{song.name.replace('/', '-')}.mp3"
    path.write_bytes(kept_song(song).read_bytes())
    listened = Listened(song=song, heard=listen(path))
    out = path.with_name(f"{path.stem} sketch.mp3")
    before = time.process_time()
    report = render(path, _lyrics_for(song), out)
    work = time.process_time() - before
    samples = read_stereo(out)
    is_read = song in CATALOGUE[::_READ_EVERY] and recogniser.available()
    in_tune = notes_in_tune(report)
    played = Played(
        seconds=report.seconds,
        work_seconds=work,
        notes=len(in_tune),
        notes_in_tune=sum(in_tune),
        lufs=integrated_lufs(samples, 44_100),
        true_peak_dbtp=true_peak_dbtp(samples),
        reference=path,
        result=out,
        sections=section_lufs(samples, 44_100, report.sections),
        reference_balance=balance(read_stereo(path), 44_100),
        balance=balance(samples, 44_100),
        understood=recogniser.understand(report) if is_read else None,
    )
    return listened, played


def notes_in_tune(report: Report) -> list[bool]:
    """Whether each sung note's median pitch is within 50 cents of what is written; one without pitch is not."""
    tones = [Tone(start=note.start, end=note.end, midi=note.midi) for note in report.notes]
    sung = pitch_track(report.lead, tones)
    return [
        not math.isnan(pitch) and abs(pitch - tone.midi) * 100 <= _CENTS_TOLERANCE
        for pitch, tone in zip(sung, tones, strict=True)
    ]


def _mark(right: bool) -> str:
    return "+" if right else "-"


def _listening_row(one: Listened) -> str:
    heard = one.heard
    loop = " ".join(chord.name for chord in heard.loop)
    feel = "swing" if heard.groove.swing else "straight"
    meter = heard.as_json()["meter"]
    return (
        f"{one.song.name:34} {_mark(one.tempo_right)}{heard.bpm:7.2f} {_mark(one.meter_right)}{meter} "
        f"{_mark(one.swing_right)}{feel:8} {_mark(one.key_right)}{heard.key.name:9} {_mark(one.loop_right)}{loop}"
    )


def _playing_row(row: Row) -> str:
    played = row.played
    text = (
        f"{'':34} {played.seconds:5.1f} s  {played.lufs:6.2f} LUFS {played.true_peak_dbtp:5.2f} dBTP  "
        f"{played.notes_in_tune}/{played.notes} in tune  work {played.work_seconds / played.seconds:.3f}"
    )
    text += _sound_row(played)
    if row.judged is None:
        return text
    before, after = (_verdict(row.judged, verdict) for verdict in (row.judged.reference, row.judged.result))
    return f"{text}  judge: {before} → {after}"


def _sound_row(played: Played) -> str:
    """Two lines more: the passages, and the bands of the reference and of the result."""
    passages = ", ".join(f"{kind} {lufs:.1f}" for kind, lufs in played.sections.items())
    lines = [f"{'':34} {passages} LUFS"] if passages else []
    if played.balance and played.reference_balance:
        lines.append(f"{'':34} bands: reference {played.reference_balance}, result {played.balance} dB")
    if played.understood:
        lines.append(
            f"{'':34} words understood wrong: {_rate(played.understood.spoken_errors, played.understood.words)} spoken,"
            f" {_rate(played.understood.sung_errors, played.understood.words)} sung"
        )
    return "".join("\n" + line for line in lines)


def _rate(errors: int, words: int) -> str:
    return f"{errors / max(1, words):.2f}"


def _verdict(judged: Judged, verdict: judge.Verdict) -> str:
    tempo, key = _mark(judged.tempo_right(verdict)), _mark(judged.key_right(verdict))
    return f"{tempo}{verdict.bpm:.1f} {key}{verdict.key.name}"


def faults_of(row: Row) -> list[str]:
    """What of one song is below the bar, a line each. Time is no fault: it is only printed."""
    one, played = row.listened, row.played
    right = {
        "the tempo was heard wrong": one.tempo_right,
        "the metre was heard wrong": one.meter_right,
        "the feel was heard wrong": one.swing_right,
        "the key was heard wrong": one.key_right,
        "the chords were heard wrong": one.loop_right,
        "a note is sung out of tune": played.notes_in_tune == played.notes,
        "the loudness is off": played.loudness_right,
        "it clips": played.true_peak_dbtp < 0.0,
        "the chorus does not lift": played.lift is None or _LIFT_LU[0] <= played.lift <= _LIFT_LU[1],
        "too much lies below 60 Hz": played.balance is None or played.balance.depth <= _MAX_DEPTH_DB,
        "there is no air": played.balance is None or played.balance.air >= _MIN_AIR_DB,
    }
    if row.judged is not None:
        right |= {
            "the judge hears another tempo": row.judged.tempo_right(row.judged.result),
            "the judge hears another key": row.judged.key_right(row.judged.result),
            "the judge all but tossed a coin for the tempo": not 0.0 < row.judged.tempo_lead < _MIN_LEAD,
            "the judge all but tossed a coin for the key": not 0.0 < row.judged.key_lead < _MIN_LEAD,
        }
    return [f"BELOW THE BAR: {one.song.name}: {fault}" for fault, fine in right.items() if not fine]


def _totals(rows: Sequence[Row]) -> None:
    listened, played = [row.listened for row in rows], [row.played for row in rows]
    loudness = [one.lufs for one in played]
    print(
        f"meter_right={sum(one.meter_right for one in listened)}"
        f" swing_right={sum(one.swing_right for one in listened)}"
        f" loudness={min(loudness):.1f}…{max(loudness):.1f} LUFS"
        f" highest_true_peak={max(one.true_peak_dbtp for one in played):.2f} dBTP"
    )
    _sound_totals(played)
    _judge_totals([row.judged for row in rows if row.judged])
    notes = sum(one.notes for one in played)
    print(
        f"references={len(listened)} tempo_right={sum(one.tempo_right for one in listened)}"
        f" key_right={sum(one.key_right for one in listened)} loop_right={sum(one.loop_right for one in listened)}"
        f" notes_in_tune={sum(one.notes_in_tune for one in played) / notes:.3f}"
        f" work_per_second={sum(one.work_seconds for one in played) / sum(one.seconds for one in played):.3f}"
    )


def _sound_totals(played: Sequence[Played]) -> None:
    lifts = [one.lift for one in played if one.lift is not None]
    if lifts:
        print(f"chorus over verse: {min(lifts):.1f}…{max(lifts):.1f} LU, on average {sum(lifts) / len(lifts):.1f}")
    print("bands in Hz:", ", ".join(f"{low:.0f}…{high:.0f}" for low, high in BANDS))
    for name, all_of_them in (
        ("reference", [one.reference_balance for one in played if one.reference_balance]),
        ("result", [one.balance for one in played if one.balance]),
    ):
        means = [sum(column) / len(column) for column in zip(*(one.decibels for one in all_of_them), strict=True)]
        print(f"average {name}: {Balance(decibels=tuple(means))} dB")
    read = [one.understood for one in played if one.understood]
    words = sum(one.words for one in read)
    if read:
        print(
            f"words understood wrong (pocketsphinx, {len(read)} songs):"
            f" {_rate(sum(one.spoken_errors for one in read), words)} as spoken,"
            f" {_rate(sum(one.sung_errors for one in read), words)} as sung"
        )


def _judge_totals(judged: Sequence[Judged]) -> None:
    """The judge's ear on the references says how far its word goes; on the songs, what they are worth."""
    if not judged:
        print("judge: not installed")
        return
    ears = {"reference": [(one, one.reference) for one in judged], "result": [(one, one.result) for one in judged]}
    for name, verdicts in ears.items():
        print(
            f"judge (librosa) on each {name}: tempo right in {sum(one.tempo_right(it) for one, it in verdicts)},"
            f" key right in {sum(one.key_right(it) for one, it in verdicts)} of {len(verdicts)}"
        )
    for what, leads in (
        ("tempo", [(one.tempo_lead, one.song.name) for one in judged]),
        ("key", [(one.key_lead, one.song.name) for one in judged]),
    ):
        lead, name = min(leads)
        print(f"closest call for the {what}: ahead by {lead:.3f} ({name})")


if __name__ == "__main__":
    sys.exit(main())
