"""How well sketch hears and sings, measured on songs whose truth is known: `python -m sandbox.sketch.report`."""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.sketch import judge
from sandbox.sketch.audiofile import read_stereo
from sandbox.sketch.listening import Heard, listen
from sandbox.sketch.loudness import integrated_lufs, true_peak_dbtp
from sandbox.sketch.reference_songs import CATALOGUE, HELD_OUT, ReferenceSong, write
from sandbox.sketch.rendering import Report, render
from sandbox.sketch.sing import Tone, pitch_track

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEMPO_TOLERANCE = 0.01
_CENTS_TOLERANCE = 50.0
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The judge's ear on a reference and on the song made of it."""

    reference: judge.Verdict
    result: judge.Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All that is known of one song of the catalogue."""

    listened: Listened
    played: Played
    judged: Judged | None


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table while it grows; the last line holds the totals."""
    parser = argparse.ArgumentParser(prog="sketch-report")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--keep", type=Path, default=None, help="a folder for the references and the songs made of them"
    )
    arguments = parser.parse_args(argv)
    if not judge.available():
        print("librosa is not installed (requirements/judge.lock): the judge's columns stay empty")
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        context = get_context("spawn")  # espeak-ng must start afresh in every process
        with ProcessPoolExecutor(arguments.processes, mp_context=context) as pool:
            _held_out(pool, folder)
            _totals(_catalogue(pool, folder))
    return 0


def _held_out(pool: ProcessPoolExecutor, folder: Path) -> None:
    print(f"\nHeld out: {len(HELD_OUT)} songs that no weight was fitted to")
    listened = []
    for one in pool.map(_listen, HELD_OUT, [folder] * len(HELD_OUT)):
        listened.append(one)
        print(_listening_row(one), flush=True)
    print(f"held_out={len(listened)} {_listening_totals(listened)}")


def _catalogue(pool: ProcessPoolExecutor, folder: Path) -> list[Row]:
    print(f"\nCatalogue: {len(CATALOGUE)} songs, each heard and played from")
    rows = []
    for listened, played in pool.map(_play, CATALOGUE, [folder] * len(CATALOGUE)):
        # Here and not in the pool: see judge.judge.
        judged = None
        if judge.available():
            judged = Judged(reference=judge.judge(played.reference), result=judge.judge(played.result))
        rows.append(Row(listened=listened, played=played, judged=judged))
        print(_listening_row(listened))
        print(_playing_row(rows[-1]), flush=True)
    return rows


def _listen(song: ReferenceSong, folder: Path) -> Listened:
    path = folder / f"{song.name.replace('/', '-')}.mp3"
    write(song, path)
    return Listened(song=song, heard=listen(path))


def _play(song: ReferenceSong, folder: Path) -> tuple[Listened, Played]:
    listened = _listen(song, folder)
    path = folder / f"{song.name.replace('/', '-')}.mp3"
    out = path.with_name(f"{path.stem} sketch.mp3")
    before = time.process_time()
    report = render(path, _LYRICS, out)
    work = time.process_time() - before
    samples = read_stereo(out)
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
    return (
        f"{one.song.name:34} {_mark(one.tempo_right)}{heard.bpm:7.2f} {_mark(one.meter_right)}{heard.meter}/4 "
        f"{_mark(one.swing_right)}{feel:8} {_mark(one.key_right)}{heard.key.name:9} {_mark(one.loop_right)}{loop}"
    )


def _playing_row(row: Row) -> str:
    played = row.played
    text = (
        f"{'':34} {played.seconds:5.1f} s  {played.lufs:6.2f} LUFS {played.true_peak_dbtp:5.2f} dBTP  "
        f"{played.notes_in_tune}/{played.notes} in tune  work {played.work_seconds / played.seconds:.3f}"
    )
    if row.judged is None:
        return text
    before, after = row.judged.reference, row.judged.result
    tempo, key = _mark(after.same_tempo(before.bpm)), _mark(after.key == before.key)
    return f"{text}  judge {before.bpm:.1f}→{tempo}{after.bpm:.1f}, {before.key.name}→{key}{after.key.name}"


def _listening_totals(listened: Sequence[Listened]) -> str:
    return (
        f"tempo_right={sum(one.tempo_right for one in listened)} key_right={sum(one.key_right for one in listened)} "
        f"loop_right={sum(one.loop_right for one in listened)}"
    )


def _totals(rows: Sequence[Row]) -> None:
    listened, played = [row.listened for row in rows], [row.played for row in rows]
    loudness = [one.lufs for one in played]
    print(
        f"\nmeter_right={sum(one.meter_right for one in listened)}"
        f" swing_right={sum(one.swing_right for one in listened)}"
        f" loudness={min(loudness):.1f}…{max(loudness):.1f} LUFS"
        f" highest_true_peak={max(one.true_peak_dbtp for one in played):.2f} dBTP"
    )
    _judge_totals(rows)
    notes = sum(one.notes for one in played)
    print(
        f"references={len(listened)} {_listening_totals(listened)} "
        f"notes_in_tune={sum(one.notes_in_tune for one in played) / notes:.3f} "
        f"work_per_second={sum(one.work_seconds for one in played) / sum(one.seconds for one in played):.3f}"
    )


def _judge_totals(rows: Sequence[Row]) -> None:
    heard = [(row.listened.song, row.judged.reference, row.judged.result) for row in rows if row.judged]
    if not heard:
        print("judge: not installed")
        return
    print(
        "judge (librosa): result like reference:"
        f" tempo {sum(after.same_tempo(before.bpm) for _, before, after in heard)}/{len(heard)},"
        f" key {sum(after.key == before.key for _, before, after in heard)}/{len(heard)};"
        " result like the truth:"
        f" tempo {sum(after.same_tempo(song.bpm) for song, _, after in heard)}/{len(heard)},"
        f" key {sum(after.key == song.true_key for song, _, after in heard)}/{len(heard)}"
    )


if __name__ == "__main__":
    sys.exit(main())
