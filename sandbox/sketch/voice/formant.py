"""The voice without espeak-ng: letters to sounds by a few rules, vowels by three formants. Clear vowels, hazy words."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from sandbox.sketch.spectrum import Floats, band
from sandbox.sketch.voice.spoken import RATE, VOWELS, Phone, Spoken

_PITCH_HZ = 180.0
#: First three formants in Hz.
_FORMANTS = {
    "a": (800, 1250, 2600),
    "e": (530, 1850, 2500),
    "i": (340, 2250, 2900),
    "o": (500, 900, 2450),
    "u": (350, 800, 2350),
    "m": (260, 1000, 2100),
    "n": (270, 1500, 2400),
    "l": (360, 1150, 2700),
    "r": (420, 1250, 1700),
    "w": (320, 700, 2300),
    "j": (300, 2200, 2900),
    "v": (280, 1200, 2300),
    "z": (280, 1600, 2500),
    "b": (250, 900, 2200),
    "d": (250, 1700, 2600),
    "g": (250, 1600, 2200),
}
#: Noise band in Hz.
_NOISE = {
    "s": (5000, 9500),
    "ʃ": (2200, 7000),
    "f": (3500, 9000),
    "h": (900, 4000),
    "t": (3000, 9000),
    "k": (1500, 4000),
    "p": (700, 3000),
    "z": (4500, 9000),
    "v": (3000, 8000),
    "x": (1500, 5000),
}
_SPELLINGS = (
    *(("igh", "ai"), ("tch", "tʃ"), ("sch", "ʃ"), ("sh", "ʃ"), ("ch", "tʃ"), ("ph", "f"), ("th", "z"), ("zh", "z")),
    *(("ck", "k"), ("ng", "n"), ("qu", "kw"), ("ts", "ts"), ("ee", "i"), ("ea", "i"), ("oo", "u"), ("ou", "au")),
    *(("ow", "ou"), ("ay", "ei"), ("ai", "ei"), ("oa", "ou"), ("ch", "tʃ"), ("c", "k"), ("q", "k"), ("x", "ks")),
)
_STOPS = frozenset("ptkbdg")
_SYLLABLE_WORDS = frozenset({"LETTER", "SYLLABLE", "SIGN", "SMALL", "CAPITAL", "VOWEL", "MODIFIER", "WITH"})


class FormantVoice:
    """Speaks on one tone with nothing but numpy."""

    name = "formants"

    def choose_language(self, text: str) -> None:
        """One pronunciation for all."""

    def say(self, line: str) -> Spoken:
        rng = np.random.default_rng(len(line))
        blocks: list[Floats] = []
        phones: list[Phone] = []
        now = 0
        for word in _words(line):
            for number, symbol in enumerate(_sounds(word)):
                sound = _sound(symbol, rng)
                end = now + len(sound)
                phones.append(Phone(start=now / RATE, end=end / RATE, symbol=symbol, stressed=number < 2))
                blocks.append(sound)
                now = end
            pause = int(0.02 * RATE)
            phones.append(Phone(start=now / RATE, end=(now + pause) / RATE, symbol=""))
            blocks.append(np.zeros(pause))
            now += pause
        samples = np.concatenate(blocks) if blocks else np.zeros(1)
        return Spoken(samples=samples.astype(np.float32), phones=tuple(phones))


def _words(line: str) -> list[str]:
    """Words in Latin letters: accents dropped, other scripts by the names of their letters."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", line).lower())
    words: list[str] = []
    for word in re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))):
        latin = "".join(sign if sign.isascii() else _spelled(sign) for sign in unicodedata.normalize("NFC", word))
        latin = re.sub(r"\d", "a", latin)
        if latin:
            words.append(latin if re.search("[aeiouy]", latin) else latin + "a")
    return words


def _spelled(sign: str) -> str:
    """KA for the kana か, ZHE for ж: what the sign is called, shortened to how it sounds."""
    name = unicodedata.name(sign, "")
    if name.startswith("CJK"):
        return "mnslkt"[ord(sign) % 6] + "aeiou"[ord(sign) % 5]
    words = [word for word in re.split(r"[ -]", name)[1:] if word not in _SYLLABLE_WORDS]
    if not words:
        return ""
    last = words[0].lower()
    if name.startswith(("HIRAGANA", "KATAKANA", "HANGUL")):
        return last
    if last[0] in "aeiou":
        return last[0]
    return re.match(r"[^aeiou]*", last)[0][:2]  # type: ignore[index]


def _sounds(word: str) -> list[str]:
    """Symbols of a word; a group of vowels is one sound that glides."""
    if len(word) > 3 and word.endswith("e") and word[-2] not in "aeiou":
        word = word[:-1]
    for spelling, sound in _SPELLINGS:
        word = word.replace(spelling, sound)
    word = re.sub(r"y(?=[aeiou])", "j", word).replace("y", "i")
    return re.findall(r"[aeiou]{1,2}|[^aeiou]", word)


def _sound(symbol: str, rng: np.random.Generator) -> Floats:
    vowel = symbol[0] in VOWELS
    count = int((0.22 if vowel else 0.08) * RATE)
    time = np.arange(count) / RATE
    out = np.zeros(count)
    if symbol[0] in _FORMANTS:
        out += _voiced(symbol, time) * (0.12 if vowel else 0.06)
    if symbol[0] in _NOISE:
        low, high = _NOISE[symbol[0]]
        hiss = band(rng.standard_normal(count), RATE, low, high, order=3) * np.hanning(count)
        out += hiss / (np.abs(hiss).max() + 1e-9) * (0.12 if symbol in "zv" else 0.25)
    if symbol[0] in _STOPS:
        out[: int(0.035 * RATE)] *= 0.08  # the closure before the burst
    edge = 60
    out[:edge] *= np.linspace(0, 1, edge)
    out[-edge:] *= np.linspace(1, 0, edge)
    return out


def _voiced(symbol: str, time: Floats) -> Floats:
    """Harmonics of the speaking pitch under formants that move from the first letter's to the last letter's."""
    begin = np.array(_FORMANTS[symbol[0]], dtype=float)
    end = np.array(_FORMANTS.get(symbol[-1], _FORMANTS[symbol[0]]), dtype=float)
    moved = np.clip((time / time[-1] - 0.45) / 0.3, 0.0, 1.0)[:, None]
    centres = begin * (1 - moved) + end * moved
    out = np.zeros(len(time))
    for number in range(1, int(5000 / _PITCH_HZ)):
        frequency = number * _PITCH_HZ
        level = sum(
            gain / (1.0 + ((frequency - centres[:, place]) / width) ** 2)
            for place, (gain, width) in enumerate(((1.0, 80.0), (0.6, 110.0), (0.35, 160.0)))
        )
        out += level / number**0.5 * np.sin(2 * np.pi * frequency * time)
    return out
