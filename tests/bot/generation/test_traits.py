"""The table of models: what it says of each one holds, and what it says is what the rest of the code goes by."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.generation import opening
from bot.generation.traits import (
    TRAITS,
    ModelTraits,
    StyleNeed,
    StyleRules,
    WaitingTime,
    objection_to_models,
    traits_named,
)
from bot.jobs.lyrics import Dialect, PromptRules
from bot.jobs.music_models import ReferenceForm, Repeat
from bot.settings import Settings
from bot.store.tables import jobs
from bot.ui.requirements import OrderedModel, OrderRequirements

ROOT = Path(__file__).parents[3]
MODELS = pytest.mark.parametrize("traits", TRAITS.values(), ids=str)


def test_a_name_is_read_without_regard_to_case_and_blanks() -> None:
    assert traits_named(" Minimax-Music ") is TRAITS["minimax-music"]


@pytest.mark.parametrize("name", ["", "minimax/music-01", "suno"])
def test_an_unknown_model_is_a_settings_error_that_names_the_known_ones(name: str) -> None:
    with pytest.raises(SettingsError, match="known: minimax-music"):
        traits_named(name)


def test_minimax_music_is_what_its_documents_say() -> None:
    traits = TRAITS["minimax-music"]
    assert traits.words == PromptRules(
        dialect=Dialect.HASH_MARKS, min_characters=1, max_characters=600, warn_characters=400
    )
    assert (traits.reference.form, traits.reference.over_seconds, traits.reference.max_seconds) == (
        ReferenceForm.URL,
        15,
        600,
    )
    assert (traits.style.need, traits.repeat, traits.looks_up, traits.cancels) == (
        StyleNeed.NONE,
        Repeat.NEVER,
        True,
        False,
    )
    assert (traits.price_micros, traits.waiting.median_seconds) == (37_000, 45)


def test_music_cover_stays_inside_the_limits_of_both_who_make_it() -> None:
    traits = TRAITS["minimax/music-cover"]
    assert (traits.words.dialect, traits.words.min_characters, traits.words.max_characters) == (
        Dialect.SECTION_TAGS,
        10,
        1000,
    )
    assert (traits.style.need, traits.style.min_characters, traits.style.max_characters) == (
        StyleNeed.REQUIRED,
        10,
        300,
    )
    assert (traits.reference.form, traits.reference.over_seconds, traits.reference.max_seconds) == (
        ReferenceForm.URL,
        6,
        360,
    )
    assert (traits.provider, traits.is_cover, traits.repeat, traits.looks_up) == ("aiml", True, Repeat.NEVER, True)


def test_acestep_is_what_its_own_server_takes_and_costs_nothing() -> None:
    traits = TRAITS["acestep"]
    assert (traits.words.dialect, traits.words.max_characters) == (Dialect.SECTION_TAGS, 4096)
    assert (traits.style.need, traits.style.max_characters) == (StyleNeed.OPTIONAL, 512)
    assert traits.reference.form is ReferenceForm.BYTES
    assert (traits.repeat, traits.price_micros, traits.looks_up, traits.cancels) == (Repeat.FREE, 0, False, False)


@pytest.mark.parametrize(("setting", "is_cover"), [("style", False), ("cover", True)])
def test_what_acestep_makes_of_a_reference_is_the_operators_choice(setting: str, is_cover: bool) -> None:
    settings = Settings(_env_file=None, discord_token="t", generation_model="acestep", acestep_reference=setting)
    (traits,) = opening.all_traits_in_use(settings)
    assert traits.is_cover is is_cover
    assert ("a cover is made of it" in "\n".join(traits.described())) is is_cover


@MODELS
def test_every_row_agrees_with_itself(traits: ModelTraits) -> None:
    assert TRAITS[traits.model] is traits
    assert len(traits.model) <= jobs.c.model.type.length
    assert len(traits.provider) <= jobs.c.provider.type.length
    assert 1 <= traits.words.min_characters <= traits.words.warn_characters <= traits.words.max_characters
    assert traits.reference.max_seconds is None or traits.reference.max_seconds > traits.reference.over_seconds
    assert (traits.style.default is None) or traits.style.need is not StyleNeed.NONE
    assert (traits.style.default is not None) or traits.style.need is not StyleNeed.REQUIRED
    shortest, longest = traits.style.min_characters, traits.style.max_characters
    assert traits.style.default is None or shortest <= len(traits.style.default) <= longest
    assert traits.poll_interval_seconds < traits.waiting.nine_of_ten_seconds < traits.deadline_seconds
    assert traits.concurrency >= 1
    # what is free may be repeated, and only that costs nothing
    assert (traits.price_micros == 0) == (traits.repeat is Repeat.FREE)


@MODELS
def test_every_service_has_its_address_and_its_key_among_the_settings(traits: ModelTraits) -> None:
    names = opening.SERVICE_SETTINGS[traits.provider]
    assert {names.url.lower(), names.key.lower()} <= set(Settings.model_fields)


@MODELS
def test_every_contract_is_a_folder_beside_the_table(traits: ModelTraits) -> None:
    assert (ROOT / "bot" / "generation" / traits.provider / "__init__.py").is_file()
    folders = {path.parent.name for path in (ROOT / "bot" / "generation").glob("*/__init__.py")}
    assert set(opening._OPENERS) == folders


@MODELS
def test_the_settings_that_are_unset_are_the_models(traits: ModelTraits) -> None:
    unset = Settings(_env_file=None, discord_token="t", generation_api_key="k")
    pace, deadline_seconds, concurrency = opening.drive_of(traits, unset)
    assert pace.poll_interval_seconds == traits.poll_interval_seconds
    assert (deadline_seconds, concurrency) == (traits.deadline_seconds, traits.concurrency)


def test_the_settings_promised_defaults_are_minimax_musics() -> None:
    unset = Settings(_env_file=None, discord_token="t", generation_api_key="k")
    traits = TRAITS[unset.generation_model]
    assert unset.generation_timeout_seconds == traits.deadline_seconds == 900
    assert unset.generation_concurrency == traits.concurrency == 20
    assert unset.poll_interval_seconds == traits.poll_interval_seconds == 10


@pytest.mark.parametrize("value", ["7", " 7 "])
def test_what_is_set_wins_over_the_model_even_where_it_is_the_default(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = replace(
        TRAITS["minimax-music"], poll_interval_seconds=30, deadline_seconds=3600, concurrency=1, model="slow"
    )
    monkeypatch.setenv("POLL_INTERVAL_SECONDS", value)
    monkeypatch.setenv("GENERATION_TIMEOUT_SECONDS", "900")
    monkeypatch.setenv("GENERATION_CONCURRENCY", "  ")
    settings = Settings(_env_file=None, discord_token="t", generation_api_key="k")
    pace, deadline_seconds, concurrency = opening.drive_of(slow, settings)
    assert (pace.poll_interval_seconds, deadline_seconds, concurrency) == (7, 900, 1)


def test_a_deadline_below_the_models_pause_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENERATION_TIMEOUT_SECONDS", "20")
    settings = Settings(_env_file=None, discord_token="t", generation_api_key="k")
    with pytest.raises(SettingsError, match="must not be smaller than POLL_INTERVAL_SECONDS"):
        opening.drive_of(replace(TRAITS["minimax-music"], poll_interval_seconds=30), settings)


def test_an_order_without_further_words_is_one_of_minimax_music() -> None:
    traits = TRAITS["minimax-music"]
    ordered = OrderRequirements()
    assert ordered.model == OrderedModel(
        provider=traits.provider, name=traits.model, style=traits.style.default, price_micros=traits.price_micros
    )
    assert ordered.prompt == traits.words
    assert ordered.reference_min_seconds == traits.reference.over_seconds


def test_nine_of_ten_is_the_quantile_of_the_log_normal() -> None:
    # providers.md's own figure: 1.6 to 1.9 times the median for a sigma of 0.35 to 0.5
    assert WaitingTime(median_seconds=100, sigma=0.5).nine_of_ten_seconds == pytest.approx(190, abs=1)
    assert WaitingTime(median_seconds=100, sigma=0).nine_of_ten_seconds == 100


def test_operators_read_every_trait_in_words() -> None:
    traits = replace(
        TRAITS["minimax-music"],
        words=PromptRules(dialect=Dialect.SECTION_TAGS, min_characters=11, max_characters=1222, warn_characters=1111),
        style=StyleRules(need=StyleNeed.OPTIONAL, default="warm folk", min_characters=12, max_characters=345),
        reference=replace(TRAITS["minimax-music"].reference, form=ReferenceForm.BYTES, over_seconds=6, max_seconds=360),
        repeat=Repeat.SAME_TICKET,
        cancels=True,
        waiting=WaitingTime(median_seconds=90, sigma=0.5),
        price="$0.15",
        licence="CC0",
    )
    said = "\n".join(traits.described())
    for needle in (
        *("aiml", "11 to 1222", "section tags", "1111", "optional", "12 to 345", "warm folk", "6 s", "360 s"),
        *("sent along", "under the same ticket", "can be stopped", "90 s", "171 s", "$0.15", "CC0"),
        "what became of it",
    ):
        assert needle in said, needle


@MODELS
def test_the_price_is_the_one_in_words_and_in_the_handbook(traits: ModelTraits) -> None:
    dollars = f"${traits.price_micros / 1_000_000:g}"
    assert dollars in traits.price
    handbook = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert re.search(rf"{re.escape(dollars)} for a song of\s+`{re.escape(traits.model)}`", handbook)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("acestep, minimax-music", []),
        ("acestep, acestep", []),  # the list's own sentence
        ("nope, acestep", ["no model 'nope' is known"]),
        ("nope, acestep, Nope, acestep", ["no model 'nope' is known", "it names nope and acestep more than once"]),
    ],
)
def test_all_that_is_wrong_with_a_list_of_models_is_one_sentence(value: str, told: list[str]):
    objection = objection_to_models(value)
    assert bool(objection) is bool(told)
    assert all(part in objection for part in told)
