"""From what was heard and what is to be sung to a whole song on paper: its passages, its sung lines, its score."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.arrange import Kind, Passage, Score, arrange
from sandbox.sketch.lyrics import Stanza, read_lyrics
from sandbox.sketch.melody import Meter, room_for
from sandbox.sketch.style import Style, invent_style
from sandbox.sketch.tunes import Block, Line, Singer, SungLine, played_hook
from sandbox.sketch.voice import open_voice, syllables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.listening import Heard
    from sandbox.sketch.voice import Voice

MAX_SECONDS = 60.0  # the real API returns at most a minute
_LEAD_IN = 0.05  # the first drum must not fall on the file's first sample
_RING_OUT = 3.0  # the last chord
_MIN_SECONDS = 18.0
_RATES = (3.4, 4.2, 5.2, 6.5, 8.0)  # syllables per second: from easy to as fast as espeak-ng stays clear
_CALM_RATES = _RATES[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A song on paper."""

    heard: Heard
    passages: tuple[Passage, ...]
    lines: tuple[SungLine, ...]
    lines_left_out: int  #: lines that a minute has no room for
    score: Score
    style: Style
    seconds: float
    seed: int
    voice_name: str

    @property
    def beat_seconds(self) -> float:
        return 60.0 / self.heard.bpm

    def at(self, beat: float) -> float:
        """Seconds from the start of the file."""
        return _LEAD_IN + beat * self.beat_seconds

    def span(self, passage: Passage) -> tuple[float, float]:
        """Where a passage is in the file, in seconds; the end lasts as long as the file."""
        beats = self.heard.meter
        end = self.at((passage.first_bar + passage.bars) * beats)
        return self.at(passage.first_bar * beats), self.seconds if passage.kind is Kind.END else end


def compose(heard: Heard, lyrics: str, voice: Voice | None = None, take: int = 1) -> Song:
    """Writes the song; the same for the same arguments. Lyrics that cannot be sung at all become a la-la.

    Another `take` (from 1 on) has other tunes and is accompanied in another way.
    """
    voice = voice or open_voice()
    seed = _seed(heard, lyrics, take)
    rng = np.random.default_rng(seed)
    style = invent_style(rng)
    meter = Meter(beats=heard.meter, swing=heard.in_thirds)
    intro, blocks, left_out = _fitted(_spoken_stanzas(lyrics, voice), meter, heard, voice)
    passages = _passages(intro, blocks)
    lines = Singer(heard, meter, rng).sing(blocks, passages[1:-1])
    score = arrange(heard, passages, played_hook(lines, blocks, passages, meter), style)
    bars = passages[-1].first_bar
    seconds = _LEAD_IN + bars * meter.beats * 60.0 / heard.bpm + _RING_OUT
    return Song(
        heard=heard,
        passages=passages,
        lines=lines,
        lines_left_out=left_out,
        score=score,
        style=style,
        seconds=min(seconds, MAX_SECONDS),
        seed=seed,
        voice_name=voice.name,
    )


def _seed(heard: Heard, lyrics: str, take: int) -> int:
    text = f"{lyrics}|{heard.as_json()}" + (f"|{take}" if take > 1 else "")
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:6], "big")


_Stanzas = list[tuple[Kind, list[Line]]]


def _spoken_stanzas(lyrics: str, voice: Voice) -> _Stanzas:
    """Stanzas of the lines that have syllables, and breaks; a la-la when nothing has syllables."""
    for stanzas in (read_lyrics(lyrics), (Stanza(chorus=False, lines=("La la la la", "La la la la la")),)):
        voice.choose_language("\n".join(line for stanza in stanzas for line in stanza.lines))
        found: _Stanzas = []
        for stanza in stanzas:
            lines = [_spoken_line(text, voice) for text in stanza.lines]
            lines = [line for line in lines if line.syllables]
            if lines or not stanza.lines:
                found.append((_kind(stanza), lines))
        if any(lines for _, lines in found):
            return found
    return []


def _kind(stanza: Stanza) -> Kind:
    if stanza.bridge:
        return Kind.BRIDGE if stanza.lines else Kind.BREAK
    return Kind.CHORUS if stanza.chorus else Kind.VERSE


def _spoken_line(text: str, voice: Voice) -> Line:
    spoken = voice.say(text)
    return Line(text=text, spoken=spoken, syllables=syllables(spoken.phones))


def _fitted(stanzas: _Stanzas, meter: Meter, heard: Heard, voice: Voice) -> tuple[int, list[Block], int]:
    """Intro bars and blocks that end within a minute: sung as calmly as fits, and nothing left out unless it must."""
    if len(stanzas) == 1 and sum(len(line.syllables) for line in stanzas[0][1]) < 24:
        stanzas = [*stanzas, (Kind.CHORUS, stanzas[0][1])]  # a few words: sung once quietly, once out loud
    found = _fitting(stanzas, meter, heard, rates=_CALM_RATES)
    if found:
        return *found, 0
    stanzas = [(kind, lines) for kind, lines in stanzas if lines]  # words are worth more than a break
    for joined in range(3):
        if joined:  # at a slow tempo short lines waste most of their bars: two of them share one
            stanzas = [(kind, _in_pairs(lines, voice)) for kind, lines in stanzas]
        found = _fitting(stanzas, meter, heard)
        if found:
            return *found, 0
    left_out = 0
    while not found:
        kind, lines = stanzas[-1]
        left_out += 1
        stanzas = [*stanzas[:-1], (kind, lines[:-1])] if len(lines) > 1 else stanzas[:-1]
        found = _fitting(stanzas, meter, heard)
    return *found, left_out


def _in_pairs(lines: list[Line], voice: Voice) -> list[Line]:
    return [_spoken_line(", ".join(line.text for line in lines[i : i + 2]), voice) for i in range(0, len(lines), 2)]


def _fitting(
    stanzas: _Stanzas, meter: Meter, heard: Heard, *, rates: Sequence[float] = _RATES
) -> tuple[int, list[Block]] | None:
    """The calmest way to sing it all within a minute, or None."""
    bar_seconds = meter.beats * 60.0 / heard.bpm
    budget = int((MAX_SECONDS - _LEAD_IN - _RING_OUT) / bar_seconds)
    intro = 4 if bar_seconds < 1.6 else 2
    for rate in rates:
        for intro_bars, rounded in ((intro, True), (intro, False), (1, False)):
            blocks = [_block(kind, lines, rate, rounded, meter, bar_seconds) for kind, lines in stanzas]
            total = intro_bars + sum(sum(block.bars) + block.padding for block in blocks)
            if total <= budget:
                return _long_enough(intro_bars, total, bar_seconds), blocks
    return None


def _long_enough(intro: int, total: int, bar_seconds: float) -> int:
    """More intro for very short songs."""
    missing = _MIN_SECONDS - _RING_OUT - total * bar_seconds
    return intro + (2 * math.ceil(missing / bar_seconds / 2) if missing > 0 else 0)


def _block(kind: Kind, lines: list[Line], rate: float, rounded: bool, meter: Meter, bar_seconds: float) -> Block:
    bars = tuple(_bars_for(len(line.syllables), rate, meter, bar_seconds) for line in lines)
    size = 4 if bar_seconds < 3.0 else 2
    padding = -sum(bars) % size if rounded else 0
    if kind is Kind.BREAK:
        padding = size if rounded else size // 2
    return Block(kind=kind, lines=tuple(lines), bars=bars, padding=padding)


def _bars_for(count: int, rate: float, meter: Meter, bar_seconds: float) -> int:
    """1, 2, 4 or more bars, so that the syllables pass at about `rate` a second and one breath is left."""
    bars = 1
    while bars < 16:
        breath = min(0.6, 0.25 * bars * bar_seconds)
        if count <= rate * (bars * bar_seconds - breath) and count <= room_for(meter, bars):
            return bars
        bars *= 2
    return bars


def _passages(intro: int, blocks: Sequence[Block]) -> tuple[Passage, ...]:
    found = [Passage(kind=Kind.INTRO, first_bar=0, bars=intro)]
    for block in blocks:
        first = found[-1].first_bar + found[-1].bars
        found.append(Passage(kind=block.kind, first_bar=first, bars=sum(block.bars) + block.padding))
    last = found[-1]
    return (*found, Passage(kind=Kind.END, first_bar=last.first_bar + last.bars, bars=1))
