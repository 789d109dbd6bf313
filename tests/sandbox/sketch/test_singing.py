"""Lyrics into syllables, syllables into notes, notes into a voice that is in tune."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sketch.lyrics import MAX_CHARACTERS, read_lyrics
from sandbox.sketch.melody import Meter, line_rhythm, third_above
from sandbox.sketch.sing import Tone, pitch_track, sing
from sandbox.sketch.theory import Key
from sandbox.sketch.voice import open_voice, syllables
from sandbox.sketch.voice.language import guess_language

FOUR = Meter(beats=4, swing=False)


def test_tags_name_verse_and_chorus_and_are_not_sung() -> None:
    stanzas = read_lyrics("##\n[Verse 1]\nFirst line\nSecond line\n\n(Chorus)\nSing it\n[Bridge]\nSlowly\n##")
    assert [(stanza.chorus, stanza.lines) for stanza in stanzas] == [
        (False, ("First line", "Second line")),
        (True, ("Sing it",)),
        (False, ("Slowly",)),
    ]
    assert [stanza.bridge for stanza in stanzas] == [False, False, True]


@pytest.mark.parametrize(
    "tag", ["[Bridge]", "(Break)", "Bridge:", "[Zwischenspiel]", "[Guitar Solo]", "【間奏】", "[ Middle 8 ]"]
)
def test_a_bridge_with_nothing_below_it_is_a_break_and_one_with_words_is_sung(tag: str) -> None:
    silent = read_lyrics(f"[Verse]\nFirst\n{tag}\n\n[Chorus]\nSing it")
    assert [(stanza.bridge, stanza.lines) for stanza in silent] == [
        (False, ("First",)),
        (True, ()),
        (False, ("Sing it",)),
    ]
    sung = read_lyrics(f"[Verse]\nFirst\n{tag}\n\nSlowly\n[Chorus]\nSing it")
    assert [(stanza.bridge, stanza.lines) for stanza in sung][1] == (True, ("Slowly",))
    assert len(sung) == 3


@pytest.mark.parametrize("words", ["[Verse]\nFirst\n[Heartbreak]\n[Chorus]\nLast", "[Intro]\n[Verse]\nFirst\n\nLast"])
def test_other_tags_with_nothing_below_them_are_no_breaks(words: str) -> None:
    assert [stanza.bridge for stanza in read_lyrics(words)] == [False, False]


def test_breaks_alone_are_nothing_to_sing() -> None:
    assert read_lyrics("[Break]\n\n[Solo]") == ()


def test_without_tags_every_second_stanza_is_the_chorus() -> None:
    assert [stanza.chorus for stanza in read_lyrics("one\ntwo\n\nthree\n\nfour")] == [False, True, False]


def test_markup_control_characters_and_marks_at_the_ends_are_left_out() -> None:
    assert read_lyrics("##<b>hello</b>\0 wor\x07ld##")[0].lines == ("hello wor ld",)


def test_a_long_line_is_cut_between_words() -> None:
    lines = read_lyrics("and so the river carried every paper boat, far away from all the towns we knew")[0].lines
    assert lines == ("and so the river carried every paper boat,", "far away from all the towns we knew")


@given(st.text(max_size=700))
@settings(max_examples=200, deadline=None)
def test_reading_lyrics_never_fails_and_never_grows(text: str) -> None:
    lines = [line for stanza in read_lyrics(text) for line in stanza.lines]
    assert sum(map(len, lines)) <= MAX_CHARACTERS
    assert all(line.strip() for line in lines)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the night is on my side", "en-us"),
        ("под небом голубым", "ru"),
        ("夜空に星が光る", "ja"),
        ("je ne sais pas pourquoi tu es dans ma vie", "fr"),
        ("ich weiß nicht wie du mich und die Nacht", "de"),
        ("la la la", "en-us"),
    ],
)
def test_the_language_is_guessed_by_script_and_small_words(text: str, language: str) -> None:
    assert guess_language(text) == language


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 4), st.sampled_from([3, 4]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_syllables_follow_each_other_inside_their_bars(
    stresses: list[bool], bars: int, beats: int, swing: bool
) -> None:
    places = line_rhythm(Meter(beats=beats, swing=swing), bars, stresses, 0.5)
    assert len(places) == len(stresses)
    assert all(later > earlier for earlier, later in pairwise(places))
    assert places[0] >= 0
    assert places[-1] < bars * beats


def test_stressed_syllables_fall_on_strong_beats() -> None:
    places = line_rhythm(FOUR, 2, [True, False, True, False, True, False, True], 0.5)
    strong = [FOUR.weight(place) for place in places[::2]]
    weak = [FOUR.weight(place) for place in places[1::2]]
    assert min(strong) >= max(weak) - 0.01


def test_the_second_voice_sings_a_third_above_within_the_key() -> None:
    assert [third_above(midi, Key(tonic=0, minor=False)) for midi in (60, 62, 64, 65)] == [64, 65, 67, 69]


@pytest.mark.parametrize("espeak", [True, False], ids=["espeak-ng", "formants"])
def test_a_line_is_sung_within_50_cents_of_its_notes(espeak: bool) -> None:
    spoken = open_voice(espeak=espeak).say("Neon rivers under morning light")
    line = syllables(spoken.phones)
    written = (60, 64, 67, 65, 62, 71, 69, 57, 64, 60)
    tones = [
        Tone(start=0.5 + 0.45 * number, end=0.93 + 0.45 * number, midi=written[number % len(written)])
        for number in range(len(line))
    ]
    sung = sing(spoken, line, tones, tones[-1].end + 0.3, seed=1)
    off = [100 * (pitch - tone.midi) for pitch, tone in zip(pitch_track(sung, tones), tones, strict=True)]
    assert not any(math.isnan(cents) for cents in off)
    assert max(abs(cents) for cents in off) < 50


def test_words_without_vowels_have_a_syllable_and_pauses_have_none() -> None:
    voice = open_voice(espeak=False)
    assert len(syllables(voice.say("mm brr").phones)) == 2
    assert syllables(voice.say("...").phones) == ()


def test_the_formant_voice_reads_other_scripts_by_the_names_of_their_letters() -> None:
    voice = open_voice(espeak=False)
    for line in ("夜空に星が光る", "Под небом голубым", "한국어 노래", "שלום עולם", "γειά σου"):
        assert len(syllables(voice.say(line).phones)) >= 2
        assert np.isfinite(voice.say(line).samples).all()
