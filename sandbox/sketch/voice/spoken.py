"""What a voice hands to the singer, and how its phonemes group into syllables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats

RATE = 22_050
VOWELS = frozenset("aeiouyæøœɑɒɐəɚɛɜɝɞɪɨɔʊʉʌɯɤɵʏᵻɶɘ")
VOICELESS = frozenset("ptkfsʃhθxçʔɕʂχħqcɸʈ")
#: Half voice, half noise.
BUZZING = frozenset("vzðʒbdgɡɟʑʐɣβɖ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One speech sound (IPA, without marks) and where it is in the spoken line, in seconds; "" is a pause."""

    start: float
    end: float
    symbol: str
    stressed: bool = False

    @property
    def is_vowel(self) -> bool:
        return bool(self.symbol) and self.symbol[0] in VOWELS

    @property
    def glides(self) -> bool:
        """A diphthong: it moves from one vowel to another."""
        return sum(sign in VOWELS for sign in self.symbol) > 1

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A line as spoken on one pitch: mono samples at `RATE` and its phones."""

    samples: Floats
    phones: tuple[Phone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Syllable:
    """Consonants before, the vowel that is sung, consonants after."""

    onset: tuple[Phone, ...]
    nucleus: Phone
    coda: tuple[Phone, ...]
    stressed: bool
    ends_word: bool


class Voice(Protocol):
    """Speaks lines of one song."""

    name: str

    def choose_language(self, text: str) -> None:
        """Sets the language of the lines to come by the whole of the lyrics."""
        ...

    def say(self, line: str) -> Spoken:
        """Any text; one without sounds gives no phones."""
        ...


def syllables(phones: tuple[Phone, ...]) -> tuple[Syllable, ...]:
    """Every vowel with its consonants: those between two vowels go to the later one, a cluster is shared out."""
    if not any(phone.is_vowel for phone in phones):
        return _without_vowels(phones)
    centres = [number for number, phone in enumerate(phones) if phone.is_vowel]
    found: list[Syllable] = []
    begin = 0
    for here, centre in enumerate(centres):
        following = centres[here + 1] if here + 1 < len(centres) else len(phones)
        cut, ends_word = _boundary(phones, centre, following)
        onset = tuple(phone for phone in phones[begin:centre] if phone.symbol)
        found.append(
            Syllable(
                onset=onset,
                nucleus=phones[centre],
                coda=tuple(phone for phone in phones[centre + 1 : cut] if phone.symbol),
                stressed=phones[centre].stressed or any(phone.stressed for phone in onset),
                ends_word=ends_word,
            )
        )
        begin = cut
    return tuple(found)


def _boundary(phones: tuple[Phone, ...], centre: int, following: int) -> tuple[int, bool]:
    """Index of the first phone of the next syllable, and whether a pause lies between."""
    between = range(centre + 1, following)
    pause = next((number for number in between if not phones[number].symbol), None)
    if pause is not None:
        return pause, True
    if following == len(phones):
        return following, True
    return centre + 1 + (len(between) // 2 if len(between) > 1 else 0), False


def _without_vowels(phones: tuple[Phone, ...]) -> tuple[Syllable, ...]:
    """Hmm, brr, psst: the longest sound carries the note."""
    sounds = [phone for phone in phones if phone.symbol]
    if not sounds:
        return ()
    longest = max(range(len(sounds)), key=lambda number: sounds[number].seconds)
    return (
        Syllable(
            onset=tuple(sounds[:longest]),
            nucleus=sounds[longest],
            coda=tuple(sounds[longest + 1 :]),
            stressed=True,
            ends_word=True,
        ),
    )
