"""Turns lyrics as people type or paste them into the prompt that the music API sings. Pure; the typed text is kept."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from bot.errors import OrderError, Reason
from bot.foreign_text import BLANKS, cleaned, is_seen
from bot.letters import normalised

#: Around the whole prompt: "double hash marks at the beginning and end add accompaniment" (minimax-music, API page).
ACCOMPANIMENT_MARK = "##"

#: A title that nobody chose is cut here, so that it reads as a name and not as a verse.
LONGEST_MADE_TITLE = 40

# What people write above a part of a song; in the languages that our members were seen to paste. Compared casefolded.
_SECTIONS = (
    "verse|chorus|pre-?chorus|post-?chorus|bridge|intro|outro|hook|refrain|interlude|instrumental|break|breakdown|"
    "drop|solo|guitar solo|piano solo|ending|end|build-?up|ad-?libs?|spoken|part|stanza|coda|tag|"
    "strophe|vers|refrain|kehrvers|brücke|zwischenspiel|vorspiel|nachspiel|"
    "couplet|pont|verso|estrofa|estribillo|coro|puente|ponte|refrão|strofa|ritornello|"
    "куплет|припев|бридж|主歌|副歌|桥段|サビ|間奏|후렴|벌스"
)
# A section's name stands on one line, whose blanks are already single: with " ?" nothing is left to try in many ways.
_NUMBER = r"(?: ?[#:.\-]? ?(?:\d{1,2}|[ivx]{1,4}|[a-d]))?"
_REPEAT = r"(?: ?[\(\[]? ?(?:x ?\d{1,2}|\d{1,2} ?x) ?[\)\]]?)?"
_SECTION = rf"(?:{_SECTIONS}){_NUMBER}{_REPEAT}"

_NAMED = re.compile(rf"(?P<name>{_SECTIONS})(?P<number>{_NUMBER}){_REPEAT}", re.IGNORECASE)

#: The name that models were taught, for each of the others; what is not listed is written as it is, capitalised.
_TAGS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("strophe", "vers", "stanza", "couplet", "verso", "estrofa", "strofa"), "Verse"),
        **dict.fromkeys(("куплет", "主歌", "벌스"), "Verse"),
        **dict.fromkeys(("refrain", "kehrvers", "estribillo", "coro", "refrão", "ritornello"), "Chorus"),
        **dict.fromkeys(("припев", "副歌", "サビ", "후렴"), "Chorus"),
        **dict.fromkeys(("prechorus", "pre-chorus"), "Pre-Chorus"),
        **dict.fromkeys(("postchorus", "post-chorus"), "Post-Chorus"),
        **dict.fromkeys(("brücke", "pont", "puente", "ponte", "бридж", "桥段"), "Bridge"),
        **dict.fromkeys(("zwischenspiel", "間奏"), "Interlude"),
        **dict.fromkeys(("buildup", "build-up"), "Build-Up"),
        **dict.fromkeys(("adlib", "adlibs", "ad-lib", "ad-libs"), "Ad-Libs"),
        **dict.fromkeys(("ending", "end", "coda", "tag"), "Outro"),
        "vorspiel": "Intro",
    }
)

_BRACKETED = re.compile(r"\[[^\[\]\n]{0,80}\]|【[^【】\n]{0,80}】")
_PARENTHESISED = re.compile(rf"\( ?{_SECTION} ?:? ?\)", re.IGNORECASE)
_LABEL = re.compile(rf"^ ?(?:{_SECTION} ?[:：] ?)++", re.IGNORECASE | re.MULTILINE)
_BARE = re.compile(rf"^ ?{_SECTION} ?$", re.IGNORECASE | re.MULTILINE)
_HOW_OFTEN = re.compile(r"[\(\[]?(?:x\d{1,2}|\d{1,2}x)[\)\]]?", re.IGNORECASE)

#: The longest of our own tags is shorter.
_MAX_TAG = 40
#: Enough for anything a person pastes; keeps text made to be slow from holding up everybody.
_MAX_PASSES = 20

_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# What Discord writes into a message's source: custom emoji, mentions, timestamps, and the marks of its markdown.
_DISCORD_TOKEN = re.compile(r"<(?:a?:\w{1,64}:\d{1,20}|@[!&]?\d{1,20}|#\d{1,20}|t:\d{1,13}(?::\w)?)>")
_MARKDOWN = re.compile(r"```(?:\w+\n)?|^ ?#{1,6} |^ ?>+ ?|\*+|`+|__+|~~+|\|\|+", re.MULTILINE)
_SPACES = re.compile(" {2,}")
_HASHES = re.compile(r"#{2,}")
_QUOTES = str.maketrans({**dict.fromkeys("‘’‚‛´ʼ＇", "'"), **dict.fromkeys("“”„‟＂", '"')})
_JOINERS = "\u200c\u200d"  # they join or part letters in Persian, Hindi and their kin; anywhere else they are noise
_JOINER = re.compile(f"[{_JOINERS}]")


class Dialect(StrEnum):
    """How a model is told which words belong together."""

    HASH_MARKS = "hash_marks"  #: `##` around the whole; a section's name would be sung, so there is none
    SECTION_TAGS = "section_tags"  #: `[Verse]` and the like on lines of their own, in English; not sung


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRules:
    """What one model takes as lyrics. Characters are those of the whole prompt: marks, tags and newlines counted."""

    dialect: Dialect = Dialect.HASH_MARKS
    min_characters: int = 1
    max_characters: int = 600  #: minimax-music's documented maximum
    warn_characters: int = 400  #: above this the song may outgrow the model's minute and fail

    @property
    def max_typed_characters(self) -> int:
        """How many remain for the words themselves."""
        marks = 2 * len(ACCOMPANIMENT_MARK) if self.dialect is Dialect.HASH_MARKS else 0
        return self.max_characters - marks

    def is_long(self, prompt: str) -> bool:
        """Whether a prompt, marks and newlines counted, may outgrow the model's minute."""
        return len(prompt) > self.warn_characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Lyrics ready to be sent."""

    text: str  #: in the model's dialect, real newlines
    sung: str  #: without marks and tags


def to_prompt(lyrics: str, rules: PromptRules) -> Prompt:
    """The prompt for these lyrics.

    Raises OrderError: LYRICS_EMPTY, or LYRICS_TOO_SHORT and LYRICS_TOO_LONG with `count` and `limit`.
    """
    sung = to_sung(lyrics)
    if not sung:
        raise OrderError(Reason.LYRICS_EMPTY)
    if rules.dialect is Dialect.SECTION_TAGS:
        text = to_tagged(lyrics)
    else:
        text = f"{ACCOMPANIMENT_MARK}{sung}{ACCOMPANIMENT_MARK}"
    if len(text) < rules.min_characters:
        raise OrderError(Reason.LYRICS_TOO_SHORT, count=len(text), limit=rules.min_characters)
    if len(text) > rules.max_characters:
        raise OrderError(Reason.LYRICS_TOO_LONG, count=len(text), limit=rules.max_characters)
    return Prompt(text=text, sung=sung)


def to_sung(lyrics: str) -> str:
    """Only what is to be sung: lines, and one blank line for a pause. Empty when nothing is left."""
    return _cleaned(lyrics, _no_tag)


def to_tagged(lyrics: str) -> str:
    """What is to be sung, each part of it below its name in brackets: `[Verse 1]`, in English, after a blank line.

    Every way of naming a part that people have comes out the same; notes in brackets that name none are left out.
    """
    return _cleaned(lyrics, _tag)


def _cleaned(lyrics: str, tag_of: "_TagOf") -> str:
    # taking something away can lay bare what is to be taken away next, such as a label behind a label
    for _ in range(_MAX_PASSES):
        before, lyrics = lyrics, _once_over(lyrics, tag_of)
        if lyrics == before:
            break
    return lyrics


def made_title(lyrics: str, file_name: str) -> str:
    """A title for a song that got none: its first sung line, else the name of the file; at most 40 characters."""
    first_line = cleaned(to_sung(lyrics).partition("\n")[0].strip(" ,.;:-–—\"'"))
    stem = file_name.rpartition(".")[0] or file_name
    return shorten(first_line or cleaned(stem.replace("_", " ")), LONGEST_MADE_TITLE)


def shorten(text: str, max_characters: int) -> str:
    """`text` on one line, cut at a word's end where there is one, with an ellipsis when cut."""
    text = " ".join(text.split())
    if len(text) <= max_characters:
        return text
    cut = text[: max_characters - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > max_characters // 2 else cut).rstrip(" ,.;:-–—") + "…"


#: The line that stands for a section's name as somebody typed it; empty for none.
_TagOf = Callable[[str], str]


def _no_tag(_name: str) -> str:
    return ""


def _tag(name: str) -> str:
    """`[Verse 2]` for "verse 2", "(Verse #2)" or "Strophe 2:"; empty when it names no part of a song."""
    name = name.strip(" ()[]【】:：")
    # "Intro: Verse 1" is a label behind a label, "Chorus: Ada" says who sings
    parts = (name, *reversed(re.split("[:：]", name)))
    found = next((found for part in parts if (found := _NAMED.fullmatch(part.strip()))), None)
    if found is None:
        return ""
    known = found["name"].lower()
    number = found["number"].strip(" #:.-").upper()
    return f"[{_TAGS.get(known, known.title())}{' ' if number else ''}{number}]"


def _once_over(lyrics: str, tag_of: _TagOf) -> str:
    plain = _plain_characters(lyrics)
    if "\n" not in plain.strip():
        plain = _lines_of_a_single_line(plain)
    plain = _with_sections(plain, tag_of)
    lines = [" ".join(_words(line)) for line in plain.split("\n")]
    lines = [line if _has_something_to_sing(line) else "" for line in lines]
    # a lone # at either end would lengthen the marks around the whole
    return normalised("NFC", _with_pauses(lines)).strip("# \n")


def _plain_characters(lyrics: str) -> str:
    text = _NEWLINES.sub("\n", lyrics)
    if "\n" not in text:
        text = text.replace("\\n", "\n")  # pasted from code or from a log
    text = normalised("NFC", _DISCORD_TOKEN.sub(" ", text)).translate(_QUOTES)
    text = _JOINER.sub(_joiner_kept, text)
    text = _SPACES.sub(" ", "".join(map(_kept, text)))
    # what is between two blanks may have been nothing but marks
    return _SPACES.sub(" ", _MARKDOWN.sub("", text))


@lru_cache(maxsize=4096)
def _kept(character: str) -> str:
    """The character, a space in its stead (emoji, odd spaces), or nothing (invisible ones)."""
    if character in BLANKS:  # Unicode calls some of them letters
        return " "
    if character == "\n" or character.isalnum() or character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category in {"Zs", "So", "Co", "Cn"} or character == "\t" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return " "
    if category in {"Cc", "Cf", "Cs", "Me"} or "\ufe00" <= character <= "\ufe0f":
        return ""
    return character


def _joiner_kept(found: re.Match[str]) -> str:
    """The joiner, where it stands between two letters that take one."""
    neighbours = found.string[max(0, found.start() - 1) : found.start()] + found.string[found.end() : found.end() + 1]
    joins = len(neighbours) == 2 and all(
        ord(character) > 0x2FF and unicodedata.category(character)[0] in "LM" for character in neighbours
    )
    return found.group() if joins else ""


def _lines_of_a_single_line(text: str) -> str:
    """Slashes as line ends, two of them as a pause, when somebody pasted a song into one line."""
    parts = re.split(r" ?//+ ?", text)
    spaced = [re.split(r" / ?|/ ", part) for part in parts]
    if len(parts) == 1 and len(spaced[0]) == 1:
        tight = text.split("/")
        # "and/or he/she" are words; "hello my love/I hear you" are lines
        if len(tight) > 2 and all(len(piece.split()) > 1 for piece in tight):
            spaced = [tight]
        elif len(tight) > 1:
            return text
    return "\n\n".join("\n".join(part) for part in spaced)


def _with_sections(text: str, tag_of: _TagOf) -> str:
    """[Verse], (Chorus), "Bridge:" and "x2" are notes for people; a model that sings everything would sing them."""

    def line_for(found: re.Match[str]) -> str:
        tag = tag_of(found.group())
        return f"\n\n{tag}\n" if tag else "\n\n"

    text = _BRACKETED.sub(line_for, text)
    text = _PARENTHESISED.sub(line_for, text)
    text = _LABEL.sub(line_for, text)
    return _BARE.sub(lambda found: f"\n{tag_of(found.group())}", text)


def _words(line: str) -> list[str]:
    words = _HASHES.sub(" ", line).split()
    while words and _HOW_OFTEN.fullmatch(words[-1]):
        words.pop()
    return words


def _has_something_to_sing(line: str) -> bool:
    return any(character.isalnum() and is_seen(character) for character in line)


def _is_tag(line: str) -> bool:
    return line.startswith("[") and len(line) <= _MAX_TAG and _tag(line) == line


def _with_pauses(lines: list[str]) -> str:
    """Join, with one blank line for any number; a text that is double-spaced throughout is taken as single-spaced.

    A section's name has a blank line above it and none below.
    """
    sung: list[str] = []
    gaps: list[int] = []  # blank lines before each sung line but the first
    blanks = 0
    for line in lines:
        if not line:
            blanks += 1
            continue
        if sung:
            gaps.append(blanks)
        sung.append(line)
        blanks = 0
    pairs = zip(gaps, pairwise(sung), strict=True)
    plain = [gap for gap, neighbours in pairs if not any(map(_is_tag, neighbours))]
    spacing = min(plain) if len(plain) >= 3 else 0
    return "".join(
        line if at == 0 else _break(sung[at - 1], line, gaps[at - 1] > spacing) + line for at, line in enumerate(sung)
    )


def _break(above: str, line: str, is_pause: bool) -> str:
    if _is_tag(line):
        return "\n\n"
    return "\n\n" if is_pause and not _is_tag(above) else "\n"
