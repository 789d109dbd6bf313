"""Voices: text in, a spoken line on one steady pitch out, with every phoneme's place in it. `sing` makes the tune."""

from __future__ import annotations

from sandbox.sketch.voice.spoken import Phone, Spoken, Syllable, Voice, syllables

__all__ = ["Phone", "Spoken", "Syllable", "Voice", "open_voice", "syllables"]

_opened: dict[str, Voice] = {}


def open_voice(*, espeak: bool = True) -> Voice:
    """espeak-ng when the extra `voice` is installed, else the built-in formants; one of each per process.

    espeak-ng initialised a second time in the same process hangs, hence the memory.
    """
    from sandbox.sketch.voice.espeak import EspeakVoice
    from sandbox.sketch.voice.formant import FormantVoice

    wanted = "espeak" if espeak else "formant"
    if wanted not in _opened:
        if espeak:
            try:
                _opened[wanted] = EspeakVoice()
            except (ImportError, OSError):
                _opened[wanted] = open_voice(espeak=False)
        else:
            _opened[wanted] = FormantVoice()
    return _opened[wanted]
