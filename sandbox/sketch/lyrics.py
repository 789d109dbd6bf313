"""Reading lyrics as people write them: section tags, blank lines, `##` at the ends, any script, anything else too."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

MAX_CHARACTERS = 600  # the generation API's own limit
_LONGEST_LINE = 46
_LONGEST_WIDE_LINE = 14  # a Chinese or Japanese sign is about a syllable each
_CHORUS = re.compile(
    r"chorus|hook|refrain|drop|refrão|estribillo|coro|ritornello|припев|приспів|サビ|副歌|후렴", re.IGNORECASE
)
_BRIDGE = re.compile(
    r"\b(?:bridge|break|breakdown|middle ?(?:eight|8)|interlude|instrumental|solo|c-part|c-teil|brücke|zwischenspiel"
    r"|pont|ponte|puente|бридж|проигрыш|соло)\b|ブリッジ|ソロ|間奏|间奏|브릿지|간주",
    re.IGNORECASE,
)
# Of lines whose blanks are already single.
_BRACKETED = re.compile(r"[\[(【] ?([^\])】]{1,40}?) ?[\])】] ?:?")
_NAMED = re.compile(
    r"((?:pre-?)?chorus|verse|bridge|break|interlude|solo|intro|outro|hook|refrain|strophe|brücke) ?\d* ?:",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[^<>]{0,200}>")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """Lines that belong together, sung as verse, as chorus or as bridge; a bridge without lines is a break."""

    chorus: bool
    lines: tuple[str, ...]
    bridge: bool = False


def read_lyrics(text: str) -> tuple[Stanza, ...]:
    """Stanzas of the first 600 characters; empty when nothing in them can be sung. Never raises."""
    stanzas: list[Stanza] = []
    lines: list[str] = []
    chorus = bridge = tagged = is_break = False

    def close(*, part_ends: bool) -> None:
        nonlocal is_break
        if lines:
            stanzas.append(Stanza(chorus=chorus, bridge=bridge, lines=tuple(lines)))
            lines.clear()
            is_break = False
        if part_ends and is_break:
            stanzas.append(Stanza(chorus=False, bridge=True, lines=()))

    for raw in _cleaned(text).split("\n"):
        line = " ".join(raw.split())
        tag = _tag(line)
        if tag is not None:
            close(part_ends=True)
            tagged = True
            chorus = bool(_CHORUS.search(tag)) and not tag.lower().startswith("pre")
            is_break = bridge = not chorus and bool(_BRIDGE.search(tag))
        elif not line:
            close(part_ends=False)
        elif _singable(line):
            lines += _broken(line)
    close(part_ends=True)
    if not any(stanza.lines for stanza in stanzas):
        return ()
    return tuple(stanzas) if tagged else tuple(_roles_guessed(stanzas))


def _cleaned(text: str) -> str:
    kept = text.replace("\r\n", "\n").replace("\r", "\n")[:MAX_CHARACTERS].strip()
    kept = kept.removeprefix("##").removesuffix("##")
    kept = _MARKUP.sub(" ", kept).replace("##", " ")
    return "".join(sign if sign == "\n" or unicodedata.category(sign)[0] != "C" else " " for sign in kept)


def _tag(line: str) -> str | None:
    """The name of a section, when that is all there is on the line."""
    match = _BRACKETED.fullmatch(line) or _NAMED.fullmatch(line)
    return match[1] if match else None


def _singable(line: str) -> bool:
    return any(unicodedata.category(sign)[0] in "LN" for sign in line)


def _broken(line: str) -> list[str]:
    """A long line as several of like length, cut at punctuation or between words where there are any."""
    wide = bool(_WIDE.search(line))
    limit = _LONGEST_WIDE_LINE if wide else _LONGEST_LINE
    if len(line) <= limit:
        return [line]
    middle = len(line) // 2
    cuts = [match.end() for match in re.finditer(r"[,;:.!?。、！？]\s*", line) if match.end() < len(line)]
    cuts = [cut for cut in cuts if abs(cut - middle) < len(line) // 3]
    cuts = cuts or [match.start() for match in re.finditer(r"\s", line)] or ([middle] if wide else [])
    if not cuts:
        return [line[i : i + limit] for i in range(0, len(line), limit)]
    cut = min(cuts, key=lambda place: abs(place - middle))
    halves = [part.strip() for part in (line[:cut], line[cut:])]
    return [piece for part in halves if _singable(part) for piece in _broken(part)]


def _roles_guessed(stanzas: list[Stanza]) -> list[Stanza]:
    """Without tags every second stanza is the chorus, and a single long one rises half-way."""
    if len(stanzas) == 1 and len(stanzas[0].lines) >= 4:
        lines = stanzas[0].lines
        half = (len(lines) + 1) // 2
        return [Stanza(chorus=False, lines=lines[:half]), Stanza(chorus=True, lines=lines[half:])]
    return [replace(stanza, chorus=number % 2 == 1) for number, stanza in enumerate(stanzas)]
