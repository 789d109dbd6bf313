"""The whole way in one call: a reference and lyrics in, an MP3 and a report of it out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.sketch.audiofile import write_mp3
from sandbox.sketch.listening import Heard, listen
from sandbox.sketch.mix import perform
from sandbox.sketch.song import Song, compose

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats
    from sandbox.sketch.voice import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenNote:
    """One sung note as written, with its place in the file."""

    start: float  #: seconds
    end: float
    midi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came out of one render."""

    heard: Heard
    seconds: float
    notes: tuple[WrittenNote, ...]
    lines: tuple[str, ...]  #: what is sung, line by line
    lines_left_out: int
    voice: str  #: "espeak-ng" or "formants"
    lead: Floats  #: the lead voice alone, mono at 22.05 kHz


def render(reference: Path, lyrics: str, out: Path, voice: Voice | None = None) -> Report:
    """Listens, composes, plays, and writes an MP3 of at most a minute; `out` is complete when this returns.

    Raises UnreadableReferenceError when the reference holds no sound. Lyrics never fail.
    """
    song = compose(listen(reference), lyrics, voice)
    performance = perform(song)
    write_mp3(out, performance.mix, "Offline sketch")
    return Report(
        heard=song.heard,
        seconds=song.seconds,
        notes=written_notes(song),
        lines=tuple(line.text for line in song.lines),
        lines_left_out=song.lines_left_out,
        voice=song.voice_name,
        lead=performance.lead,
    )


def written_notes(song: Song) -> tuple[WrittenNote, ...]:
    return tuple(
        WrittenNote(start=song.at(note.beat), end=song.at(note.beat + note.beats), midi=note.midi)
        for line in song.lines
        for note in line.notes
    )
