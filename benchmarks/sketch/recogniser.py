"""How many words an offline recogniser understands of the dry voice, sung and plainly spoken: pocketsphinx, English."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sandbox.sketch.voice import open_voice
from sandbox.sketch.voice.spoken import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.sketch.rendering import Report
    from sandbox.sketch.spectrum import Floats

_LISTENS_AT = 16_000
_BEFORE, _AFTER = 0.5, 0.4  # seconds around a line, for its consonants


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """Word errors: words that are wrong, missing or too many."""

    words: int
    spoken_errors: int
    sung_errors: int


def available() -> bool:
    """Whether pocketsphinx is installed (requirements/judge.lock)."""
    return importlib.util.find_spec("pocketsphinx") is not None


def understand(report: Report) -> Understood:
    """Every line of a song, as it is sung and as the same voice says it."""
    import pocketsphinx  # only in the report's own environment

    decoder = pocketsphinx.Decoder(samprate=_LISTENS_AT, loglevel="FATAL")
    voice = open_voice()
    words = spoken_errors = sung_errors = 0
    for line, (start, end) in zip(report.lines, report.line_spans, strict=True):
        written = words_of(line)
        sung = report.lead[int(max(0.0, start - _BEFORE) * RATE) : int((end + _AFTER) * RATE)]
        words += len(written)
        spoken_errors += word_errors(written, _heard(decoder, voice.say(line).samples))
        sung_errors += word_errors(written, _heard(decoder, sung))
    return Understood(words=words, spoken_errors=spoken_errors, sung_errors=sung_errors)


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def word_errors(written: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest words to change, leave out or add (Levenshtein, 1965)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(written, start=1):
        before, row = row, [number]
        for place, other in enumerate(heard):
            row.append(min(before[place + 1] + 1, row[place] + 1, before[place] + (word != other)))
    return row[-1]


def _heard(decoder: Any, samples: Floats) -> list[str]:
    decoder.start_utt()
    decoder.process_raw(_at_16_khz(samples), full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    return words_of(best.hypstr) if best is not None else []


def _at_16_khz(samples: Floats) -> bytes:
    """16-bit samples, with a breath of silence around them."""
    padded = np.pad(samples, 4000)
    count = len(padded) * _LISTENS_AT // RATE
    slower = np.fft.irfft(np.fft.rfft(padded)[: count // 2 + 1], count)
    return (0.5 * 32767 * slower / (np.abs(slower).max() + 1e-9)).astype("<i2").tobytes()
