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
class WrittenSection:
    """One passage with its place in the file."""

    kind: str  #: intro, verse, chorus, bridge, break or end
    start: float  #: seconds
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came out of one render."""

    heard: Heard
    seconds: float
    notes: tuple[WrittenNote, ...]
    sections: tuple[WrittenSection, ...]
    lines: tuple[str, ...]  #: what is sung, line by line
    line_spans: tuple[tuple[float, float], ...]  #: seconds, from each line's first note to the end of its last
    lines_left_out: int
    voice: str  #: "espeak-ng" or "formants"
    lead: Floats  #: the lead voice alone, mono at 22.05 kHz


def render(reference: Path, lyrics: str, out: Path, voice: Voice | None = None, take: int = 1) -> Report:
    """Listens, composes, plays, and writes an MP3 of at most a minute; `out` is complete when this returns.

    `take`: from 1 on; the same take is the same file. Raises UnreadableReferenceError when the reference holds no
    sound. Lyrics never fail.
    """
    song = compose(listen(reference), lyrics, voice, take)
    performance = perform(song)
    write_mp3(out, performance.mix, "Offline sketch" if take == 1 else f"Offline sketch, take {take}")
    return Report(
        heard=song.heard,
        seconds=song.seconds,
        notes=written_notes(song),
        sections=tuple(
            WrittenSection(kind=passage.kind, start=start, end=end)
            for passage, (start, end) in ((passage, song.span(passage)) for passage in song.passages)
        ),
        lines=tuple(line.text for line in song.lines),
        line_spans=tuple(
            (song.at(line.notes[0].beat), song.at(line.notes[-1].beat + line.notes[-1].beats)) for line in song.lines
        ),
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
