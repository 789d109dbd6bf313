"""What people paste, and what is sung of it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import OrderError, Reason
from bot.jobs.lyrics import Dialect, PromptRules, made_title, shorten, to_prompt, to_sung, to_tagged

RULES = PromptRules()

PASTED = [
    pytest.param("one\r\ntwo\rthree", "one\ntwo\nthree", id="windows and old mac newlines"),
    pytest.param("one\n\n\n\n two  \nthree\n\n", "one\n\ntwo\nthree", id="any number of blank lines is one pause"),
    pytest.param("a b\n\nc d\n\ne f\n\ng h", "a b\nc d\ne f\ng h", id="double spacing throughout is no row of pauses"),
    pytest.param("a b\n\nc d\n\n\n\ne f\n\ng h", "a b\nc d\n\ne f\ng h", id="a pause within double spacing stays"),
    pytest.param("hello there / my old friend / I came", "hello there\nmy old friend\nI came", id="spaced slashes"),
    pytest.param("hello there/my old friend/I came", "hello there\nmy old friend\nI came", id="tight slashes"),
    pytest.param("one two / three // four", "one two\nthree\n\nfour", id="two slashes are a pause"),
    pytest.param("he and/or she", "he and/or she", id="a slash inside words is a word"),
    pytest.param("either / or\nnever", "either / or\nnever", id="slashes stay where there are real lines"),
    pytest.param("one\\ntwo", "one\ntwo", id="newlines written as in code"),
    pytest.param("it’s “so” good", 'it\'s "so" good', id="curly quotes"),
    pytest.param("[Verse 1]\none\n[Chorus]\ntwo", "one\n\ntwo", id="tags in brackets"),
    pytest.param("[Verse 1] one / two [Chorus] three", "one\ntwo\n\nthree", id="tags in a single line"),
    pytest.param("(Chorus)\none\n(ooh, ooh)\ntwo", "one\n(ooh, ooh)\ntwo", id="backing voices are sung"),
    pytest.param("Verse 1:\none\nChorus: two", "one\n\ntwo", id="labels with a colon"),
    pytest.param("Pre-Chorus\none\nRefrain 2\ntwo", "one\n\ntwo", id="labels alone on a line"),
    pytest.param("The bridge is burning", "The bridge is burning", id="a section's name inside a line is sung"),
    pytest.param("Strophe 1:\neins\nПрипев:\nдва", "eins\n\nдва", id="labels in other languages"),
    pytest.param("la la la (x2)\nhey x3", "la la la\nhey", id="how often is not sung"),
    pytest.param("##one\n##two##", "one\ntwo", id="the member's own marks"),
    pytest.param("#one#", "one", id="a lone hash at the ends would lengthen the marks"),
    pytest.param("we are #1 here", "we are #1 here", id="a hash inside stays"),
    pytest.param("# Verse\none\n**two** _three_ ~~four~~", "one\ntwo _three_ four", id="markdown"),
    pytest.param("```\none\ntwo\n```", "one\ntwo", id="a code block"),
    pytest.param("one 🎸🔥 two ❤️\n👩‍👩‍👧", "one two", id="emoji cannot be sung"),
    pytest.param("hi <@123> <:wave:456> you", "hi you", id="mentions and custom emoji"),
    pytest.param("ze\u200bro wi\u00addth\x00 \u202eback\u202c", "zero width back", id="invisible characters"),
    pytest.param("می\u200cخواهم", "می\u200cخواهم", id="a joiner between Persian letters is spelling"),
    pytest.param("cafe\u0301", "café", id="composed"),
    pytest.param("夜空に\n星が光る。", "夜空に\n星が光る。", id="Japanese"),
    pytest.param("שלום עולם\nمرحبا بالعالم", "שלום עולם\nمرحبا بالعالم", id="right to left"),
    pytest.param("one\n---\ntwo\n***\n♪♪♪\nthree", "one\n\ntwo\n\nthree", id="ruled lines are pauses"),
    pytest.param("Chorus\nI\nwant you", "I\nwant you", id="a short line below a section's name is sung"),
    pytest.param("**Verse** ~~1~~\none", "one", id="marks between the parts of a section's name"),
    pytest.param("Intro: Verse 1: Chorus: one", "one", id="label behind label"),
    pytest.param("( Verse  1 : )\none", "one", id="odd spaces in a section's name"),
    pytest.param(" \t\u3000one\u00a0two\t three ", "one two three", id="odd spaces"),
]


@pytest.mark.parametrize(("typed", "sung"), PASTED)
def test_what_is_pasted_is_sung_as_meant(typed: str, sung: str) -> None:
    assert to_sung(typed) == sung


def test_the_prompt_has_the_marks_at_both_ends_and_real_newlines() -> None:
    prompt = to_prompt("Side by side\r\n\r\nWe fly", RULES)
    assert prompt.text == "##Side by side\n\nWe fly##"
    assert prompt.sung == "Side by side\n\nWe fly"
    assert len(prompt.text) == 24


@pytest.mark.parametrize(
    "nothing",
    [
        "",
        " \n ",
        "####",
        "[Verse]\n(Chorus)",
        "🔥🔥",
        "...",
        "\u200b",
        "\u3164",
        "\u3164\n\uffa0 \u2800",
        "\u115f\u1160",
    ],
)
def test_nothing_to_sing_is_refused(nothing: str) -> None:
    with pytest.raises(OrderError) as refused:
        to_prompt(nothing, RULES)
    assert refused.value.reason is Reason.LYRICS_EMPTY


def test_the_limit_counts_the_marks_and_the_newlines() -> None:
    assert len(to_prompt("a" * 596, RULES).text) == 600
    assert len(to_prompt("夜" * 596, RULES).text) == 600
    with pytest.raises(OrderError) as refused:
        to_prompt("ab\n" + "a" * 594, RULES)
    assert refused.value.reason is Reason.LYRICS_TOO_LONG
    assert refused.value.values == {"count": 601, "limit": 600}


def test_what_does_not_count_is_taken_off_before_counting() -> None:
    assert len(to_prompt("[Verse]\n" + "a" * 596 + "\n\n\n🔥", RULES).text) == 600


def test_long_lyrics_are_marked_before_they_are_too_long() -> None:
    assert not RULES.is_long(to_prompt("a" * 396, RULES).text)
    assert RULES.is_long(to_prompt("a" * 397, RULES).text)


TAGGED = [
    pytest.param("[Verse 1]\none\n[Chorus]\ntwo", "[Verse 1]\none\n\n[Chorus]\ntwo", id="tags in brackets"),
    pytest.param("[verse #2] one / two [CHORUS x2] three", "[Verse 2]\none\ntwo\n\n[Chorus]\nthree", id="one line"),
    pytest.param("Strophe 1:\neins\nПрипев:\nдва", "[Verse 1]\neins\n\n[Chorus]\nдва", id="other languages"),
    pytest.param("【サビ】\n夜空\n(Pre-chorus)\n星", "[Chorus]\n夜空\n\n[Pre-Chorus]\n星", id="other brackets"),
    pytest.param("Prechorus\none\nBridge b: two", "[Pre-Chorus]\none\n\n[Bridge B]\ntwo", id="labels"),
    pytest.param("[Chorus: Ada & Bo]\none", "[Chorus]\none", id="who sings is a note"),
    pytest.param("[Verse: 1]\none\n[Verse: ii]\ntwo", "[Verse 1]\none\n\n[Verse II]\ntwo", id="numbers"),
    pytest.param("Intro: Verse 1: Chorus: one", "[Chorus]\none", id="label behind label"),
    pytest.param("[softly]\none\n[spoken]\ntwo", "one\n\n[Spoken]\ntwo", id="a note that names no part is left out"),
    pytest.param("[Verse]\n\na b\n\nc d\n\ne f\n\ng h", "[Verse]\na b\nc d\ne f\ng h", id="double spacing"),
    pytest.param("##[Verse]\none##", "[Verse]\none", id="no hash marks"),
    pytest.param("The bridge is burning", "The bridge is burning", id="a section's name inside a line is sung"),
    pytest.param("one\n\ntwo", "one\n\ntwo", id="none typed, none made"),
    pytest.param("[Solo]\n[Outro]\none", "[Solo]\n\n[Outro]\none", id="a part without words"),
]


@pytest.mark.parametrize(("typed", "tagged"), TAGGED)
def test_sections_are_kept_and_named_alike_for_a_model_that_reads_tags(typed: str, tagged: str) -> None:
    assert to_tagged(typed) == tagged
    rules = PromptRules(dialect=Dialect.SECTION_TAGS)
    prompt = to_prompt(typed, rules)
    assert (prompt.text, prompt.sung) == (tagged, to_sung(typed))


def test_tags_alone_are_nothing_to_sing() -> None:
    with pytest.raises(OrderError) as refused:
        to_prompt("[Verse]\n[Chorus]", PromptRules(dialect=Dialect.SECTION_TAGS))
    assert refused.value.reason is Reason.LYRICS_EMPTY


@pytest.mark.parametrize("dialect", Dialect)
def test_fewer_characters_than_the_model_takes_are_refused_with_the_number(dialect: Dialect) -> None:
    rules = PromptRules(dialect=dialect, min_characters=10)
    exactly = {Dialect.HASH_MARKS: "a" * 6, Dialect.SECTION_TAGS: "[Hook]\naaa"}[dialect]
    assert len(to_prompt(exactly, rules).text) == 10
    with pytest.raises(OrderError) as refused:
        to_prompt(exactly[:-1], rules)
    assert refused.value.reason is Reason.LYRICS_TOO_SHORT
    assert refused.value.values == {"count": 9, "limit": 10}


# Text made of what people really paste: words, tags, marks, invisible characters, and anything else.
PIECES = st.sampled_from(
    [
        *("one", "two words", "\n", "\n\n", "\r\n", " / ", "/", "//", "[Verse]", "(Chorus)", "Bridge:", "Chorus", "x2"),
        *(
            "#",
            "##",
            "🔥",
            "❤️",
            "\u200d",
            "\u200c",
            "é",
            "e\u0301",
            "夜",
            "می",
            "*",
            "_",
            "|",
            "`",
            ">",
            " ",
            "\t",
            "\\n",
        ),
        *("“", "<@1>", "(", "[", "]", ":", "Verse", "1"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=60))


@given(TEXTS)
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    assert to_sung(to_sung(typed)) == to_sung(typed)


@given(TEXTS)
def test_tagging_twice_is_tagging_once_and_sings_the_same_words(typed: str) -> None:
    tagged = to_tagged(typed)
    assert to_tagged(tagged) == tagged
    assert to_sung(tagged).split() == to_sung(typed).split()
    assert "\n\n\n" not in tagged


@given(TEXTS)
def test_what_is_sung_is_lines_with_single_pauses_and_nothing_invisible(typed: str) -> None:
    sung = to_sung(typed)
    assert sung == unicodedata.normalize("NFC", sung)
    assert "\n\n\n" not in sung
    assert "##" not in sung
    assert not sung.startswith("#")
    assert not sung.endswith("#")
    assert all(line == " ".join(line.split()) for line in sung.split("\n"))
    assert all(
        unicodedata.category(character) not in {"Cc", "Cs", "Cn", "Co", "So"} for character in sung if character != "\n"
    )


@given(TEXTS)
def test_letters_are_neither_invented_nor_reordered(typed: str) -> None:
    source = iter(character for character in unicodedata.normalize("NFC", typed) if character.isalpha())
    kept = [character for character in to_sung(typed) if character.isalpha()]
    assert all(any(character == other for other in source) for character in kept)


@given(TEXTS, st.integers(min_value=5, max_value=60))
def test_a_prompt_keeps_the_limit_or_is_refused(typed: str, max_characters: int) -> None:
    rules = PromptRules(max_characters=max_characters, warn_characters=max_characters)
    try:
        prompt = to_prompt(typed, rules)
    except OrderError:
        assert not to_sung(typed) or len(to_sung(typed)) + 4 > max_characters
    else:
        assert 4 < len(prompt.text) <= max_characters
        assert prompt.text == f"##{prompt.sung}##"


@pytest.mark.parametrize(
    ("lyrics", "file_name", "title"),
    [
        ("[Verse]\nSide by side,\nwe fly", "x.mp3", "Side by side"),
        ("la " * 40, "x.mp3", "la la la la la la la la la la la la la…"),
        ("🔥", "my_best_song.mp3", "my best song"),
        ("", "noname", "noname"),
    ],
)
def test_a_song_without_a_title_gets_its_first_line_or_its_file_name(lyrics: str, file_name: str, title: str) -> None:
    assert made_title(lyrics, file_name) == title


@given(st.text(max_size=200), st.integers(min_value=8, max_value=80))
def test_shortening_keeps_the_limit_and_one_line(text: str, max_characters: int) -> None:
    short = shorten(text, max_characters)
    assert len(short) <= max_characters
    assert "\n" not in short
