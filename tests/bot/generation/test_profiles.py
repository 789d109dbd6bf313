import pytest

from bot.errors import SettingsError
from bot.generation.profiles import RequestProfile, profile_named
from tests.bot.generation.stand_ins import PROMPT, request_for


def test_minimax_music_sends_the_three_documented_fields() -> None:
    profile = profile_named("minimax-music")

    assert profile.body(request_for("https://h/a.mp3")) == {
        "model": "minimax-music",
        "prompt": PROMPT,
        "reference_audio_url": "https://h/a.mp3",
    }
    assert (profile.max_characters, profile.warn_above_characters) == (600, 400)
    assert profile.needs_hash_marks
    assert profile.reference_over_seconds == 15


def test_a_name_is_read_without_regard_to_case_and_blanks() -> None:
    assert profile_named(" Minimax-Music ") is profile_named("minimax-music")


@pytest.mark.parametrize("name", ["", "minimax/music-cover", "suno"])
def test_an_unknown_model_is_a_settings_error_that_names_the_known_ones(name: str) -> None:
    with pytest.raises(SettingsError, match="known: minimax-music"):
        profile_named(name)


def test_a_model_that_sings_another_field_is_an_entry_and_no_rewrite() -> None:
    cover = RequestProfile(
        model="minimax/music-cover",
        lyrics_field="lyrics",
        fixed_fields={"prompt": "in the style of the reference"},
        min_characters=10,
        max_characters=1000,
        warn_above_characters=1000,
        needs_hash_marks=False,
        reference_over_seconds=6,
    )

    assert cover.body(request_for("https://h/a.mp3", prompt="[Verse]\nwords")) == {
        "model": "minimax/music-cover",
        "prompt": "in the style of the reference",
        "lyrics": "[Verse]\nwords",
        "reference_audio_url": "https://h/a.mp3",
    }
