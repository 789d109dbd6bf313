import pytest

from bot.generation.aiml.profiles import PROFILES, RequestProfile
from bot.generation.traits import TRAITS, StyleNeed
from tests.bot.generation.stand_ins import PROMPT, request_for


def test_minimax_music_sends_the_three_documented_fields() -> None:
    assert PROFILES["minimax-music"].body(request_for("https://h/a.mp3", style="never read")) == {
        "model": "minimax-music",
        "prompt": PROMPT,
        "reference_audio_url": "https://h/a.mp3",
    }


def test_music_cover_sends_style_and_words_in_fields_of_their_own() -> None:
    request = request_for("https://h/a.mp3", prompt="[Verse 1]\nwords to sing", style="warm folk, close vocals")
    assert PROFILES["minimax/music-cover"].body(request) == {
        "model": "minimax/music-cover",
        "prompt": "warm folk, close vocals",
        "lyrics": "[Verse 1]\nwords to sing",
        "reference_audio_url": "https://h/a.mp3",
    }


def test_a_model_that_sings_another_field_is_an_entry_and_no_rewrite() -> None:
    cover = RequestProfile(
        model="minimax/music-cover", lyrics_field="lyrics", style_field="prompt", fixed_fields={"bitrate": "256000"}
    )

    assert cover.body(request_for("https://h/a.mp3", prompt="[Verse]\nwords", style="warm folk")) == {
        "model": "minimax/music-cover",
        "prompt": "warm folk",
        "lyrics": "[Verse]\nwords",
        "bitrate": "256000",
        "reference_audio_url": "https://h/a.mp3",
    }


def test_every_model_of_this_contract_has_a_profile_and_no_other() -> None:
    assert {name for name, traits in TRAITS.items() if traits.provider == "aiml"} == set(PROFILES)


@pytest.mark.parametrize("name", PROFILES)
def test_a_style_is_sent_exactly_where_the_model_takes_one(name: str) -> None:
    assert (PROFILES[name].style_field is not None) == (TRAITS[name].style.need is not StyleNeed.NONE)
