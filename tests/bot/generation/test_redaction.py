import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generation.redaction import MAX_CHARACTERS, sanitised
from tests.bot.generation.stand_ins import unhurried

SIGNED = "https://cdn.discordapp.com/ephemeral-attachments/1/2/s.mp3?ex=66&is=65&hm=0123456789abcdef0123&"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Downstream service error", "Downstream service error"),
        (f"Could not fetch {SIGNED} now", "Could not fetch … now"),
        (f'input="{SIGNED}"', "…"),
        (f"({SIGNED})", "…"),
        ("see cdn.discordapp.com/a/b.mp3?hm=1", "see …"),
        ("path a/b?ex=1&is=2", "path …"),
        ("//cdn.example/x", "…"),
        ("Authorization: Bearer sk-abcdefghijklmnop", "Authorization: …"),
        ("api key: abcdefghijklmnop refused", "api … refused"),
        ("hash 0123456789abcdef0123456789abcdef.", "hash …"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("Expected 'minimax-music', received 'x'", "Expected 'minimax-music', received 'x'"),
        ('bad prompt "walking down the road tonight, my love"', "bad prompt …"),
        ("it's the model's fault, says the provider's own log", "it's the model's fault, says the provider's own log"),
        ("Body validation error /v2/generate/audio", "Body validation error /v2/generate/audio"),
        ("", ""),
    ],
)
def test_what_is_left_is_fit_for_a_log(text: str, clean: str) -> None:
    assert sanitised(text) == clean


def test_what_is_longer_than_the_limit_by_one_is_cut_and_what_is_just_as_long_is_not() -> None:
    whole = ("word " * 60).strip() + "!"
    assert len(whole) == MAX_CHARACTERS
    assert sanitised(whole) == whole
    assert sanitised(whole + "!") == whole[:-1] + "…"


def test_given_words_that_overlap_are_removed_as_one_stretch() -> None:
    assert sanitised("of one two three four", secrets=["ONE TWO", "two three"]) == "of … four"
    assert sanitised("İ STRASSE Straße straße", secrets=["Straße"]) == "İ STRASSE … …"


def test_given_secrets_are_removed_in_any_case_longest_first() -> None:
    secrets = ["My love", "my love is gone", "la"]

    assert sanitised("Prompt MY LOVE IS GONE and my LOVE, la la", secrets=secrets) == "Prompt … and …, la la"


@unhurried
@given(st.text(max_size=2000) | st.text(alphabet="htps:/.?=&abc \"'x", max_size=800))
def test_nothing_that_looks_like_an_address_survives(text: str) -> None:
    clean = sanitised(text)

    assert len(clean) <= MAX_CHARACTERS
    assert "//" not in clean
    assert "\n" not in clean
    assert clean.isprintable() or not any(ord(character) < 32 for character in clean)


@unhurried
@given(st.text(max_size=50).filter(lambda text: "=" not in text), st.text(max_size=50))
def test_a_signed_url_between_any_words_is_gone(before: str, after: str) -> None:
    assert "hm=0" not in sanitised(f"{before} {SIGNED} {after}")


KEYS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789-_", min_size=4, max_size=60)


@unhurried
@given(KEYS, st.text(max_size=40))
def test_the_key_is_gone_wherever_it_stands(key: str, text: str) -> None:
    assert key.lower() not in sanitised(f"{text}{key} {text}", secrets=[key]).lower()


@pytest.mark.parametrize("text", ["a" * 100_000, "a." * 50_000, "key " * 25_000, '"' * 100_000, "a:" * 50_000])
def test_hostile_text_ends(text: str) -> None:
    assert len(sanitised(text)) <= MAX_CHARACTERS
