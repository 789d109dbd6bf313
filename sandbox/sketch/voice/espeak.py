"""espeak-ng by ctypes, from the wheel `espeakng-loader` (GPL-3.0-or-later, hence the optional extra `voice`)."""

from __future__ import annotations

import ctypes
import re
import sys
from typing import Any

import numpy as np

from sandbox.sketch.voice.language import guess_language
from sandbox.sketch.voice.spoken import RATE, Phone, Spoken

# The few names of espeak-ng's speak_lib.h that are needed here.
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DO_NOT_EXIT = 0x0001, 0x0002, 0x8000
_RATE_PARAMETER, _PITCH_PARAMETER, _RANGE_PARAMETER = 1, 3, 4
_UTF8 = 1
_LIST_ENDS, _PHONEME = 0, 7
_WORDS_PER_MINUTE = 150
_VARIANT = "+f2"
_SEED = 1
# espeak-ng reads no kanji: it would announce a "Chinese letter" for each. A la is the smaller evil.
_KANJI = re.compile("[\u3400-\u9fff]")
_MARKS = re.compile("[ˈˌː_\\s\u0303\u0329\u032f\u0361ʲʰˤ.\"';^~`-]|\\([a-z-]+\\)")


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakVoice:
    """Speaks on one tone. At most one per process; `open_voice` sees to it."""

    name = "espeak-ng"

    def __init__(self) -> None:
        """Raises ImportError without the extra `voice`, OSError when the library or its data cannot be loaded."""
        import espeakng_loader  # only with the extra

        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._c_library: Any = ctypes.CDLL("ucrtbase") if sys.platform == "win32" else self._library
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DO_NOT_EXIT
        data = str(espeakng_loader.get_data_path()).encode()
        self._rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, options)
        if self._rate != RATE:
            raise OSError("espeak-ng's voice data could not be loaded")
        self._samples: list[np.ndarray[Any, Any]] = []
        self._events: list[tuple[int, str]] = []
        self._callback = _Callback(self._collect)  # kept: ctypes holds no reference of its own
        self._library.espeak_SetSynthCallback(self._callback)
        self._language = ""
        self._set_language("en-us")

    def choose_language(self, text: str) -> None:
        self._set_language(guess_language(text))

    def _set_language(self, language: str) -> None:
        self._language = language
        if self._library.espeak_SetVoiceByName((language + _VARIANT).encode()) != 0:
            self._library.espeak_SetVoiceByName(("en-us" + _VARIANT).encode())
        self._library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_PER_MINUTE, 0)
        self._library.espeak_SetParameter(_PITCH_PARAMETER, 50, 0)
        self._library.espeak_SetParameter(_RANGE_PARAMETER, 0, 0)

    def _collect(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._samples.append(np.ctypeslib.as_array(wave, (count,)).astype(np.float32) / 32768.0)
        number = 0
        while events[number].type != _LIST_ENDS:
            event = events[number]
            if event.type == _PHONEME:
                self._events.append((event.sample, event.id.string.decode("utf-8", "ignore")))
            number += 1
        return 0

    def _begin_anew(self) -> None:
        """Breath is noise, from espeak-ng's own random numbers and from the C library's, which it seeds with the time.

        Set here, every process says the same lines in the same way. What a process said before still counts, by the
        place in the wave: one song, one process.
        """
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        self._c_library.srand(_SEED)

    def say(self, line: str) -> Spoken:
        self._samples.clear()
        self._events.clear()
        self._begin_anew()
        if self._language == "ja":
            line = _KANJI.sub("ら", line)
        text = line.replace("\0", " ").encode("utf-8", "ignore") + b"\0"
        self._library.espeak_Synth(text, len(text), 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._samples) if self._samples else np.zeros(1, dtype=np.float32)
        return Spoken(samples=samples, phones=_phones(self._events, len(samples)))


def _phones(events: list[tuple[int, str]], length: int) -> tuple[Phone, ...]:
    ends = [start for start, _ in events[1:]] + [length]
    return tuple(
        Phone(start=start / RATE, end=end / RATE, symbol=_MARKS.sub("", symbol), stressed="ˈ" in symbol)
        for (start, symbol), end in zip(events, ends, strict=True)
        if end > start
    )
