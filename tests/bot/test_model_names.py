"""GENERATION_MODEL is a list; which keys are needed follows from it, and agrees with the table of models."""

import pytest

from bot.generation.traits import TRAITS, ModelTraits
from bot.model_names import FAL_API_KEY, GENERATION_API_KEY, keys_needed, keys_needed_by, model_names

KEY_OF = {"aiml": {GENERATION_API_KEY}, "acestep": set[str](), "fal": {FAL_API_KEY}}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("minimax-music", ("minimax-music",)),
        (" Minimax-Music ", ("minimax-music",)),
        ("acestep,minimax-music", ("acestep", "minimax-music")),
        ("acestep , minimax/music-cover ,, fal:ace-step,", ("acestep", "minimax/music-cover", "fal:ace-step")),
    ],
)
def test_names_keep_their_order(value: str, names: tuple[str, ...]):
    assert model_names(value) == names


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (",", "names no model"),
        ("acestep, acestep", "names acestep more than once"),
        ("a, b, A, B, c", "names a and b more than once"),
    ],
)
def test_what_is_no_list_of_different_names_is_told(value: str, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        model_names(value)


@pytest.mark.parametrize("traits", TRAITS.values(), ids=str)
def test_each_model_needs_the_key_of_its_service(traits: ModelTraits):
    assert keys_needed((traits.model,)) == KEY_OF[traits.provider]


@pytest.mark.parametrize("value", [None, "", " ", ",", "a,a", 7, "unheard-of"])
def test_while_nobody_can_say_which_models_are_meant_the_key_of_today_is_needed(value: object):
    assert keys_needed_by(value) == {GENERATION_API_KEY}


def test_several_models_need_each_their_key():
    assert keys_needed_by("acestep") == set()
    assert keys_needed_by("fal:ace-step") == {FAL_API_KEY}
    assert keys_needed_by("fal:ace-step, acestep, minimax-music") == {FAL_API_KEY, GENERATION_API_KEY}
