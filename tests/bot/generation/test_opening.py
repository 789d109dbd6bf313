"""What the settings name is opened: the contract's client with everything that it can do, driven as its traits say."""

from datetime import timedelta

import pytest
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import SettingsError
from bot.generation.opening import Surroundings, all_traits_opened, open_model, traits_in_use
from bot.generation.traits import TRAITS, ModelTraits
from bot.generation.transport import Sessions
from bot.jobs.ports import ProbeResult
from bot.settings import Settings
from sandbox.generation import FakeGeneration


def around(sessions: Sessions, **given: object) -> Surroundings:
    settings = Settings(
        _env_file=None,
        discord_token=SecretStr("t"),
        **{"generation_api_key": SecretStr("k"), "fal_api_key": SecretStr("f"), **given},
    )
    return Surroundings(settings=settings, sessions=sessions, clock=SystemClock(), budget=AsyncLimiter(100, 1))


@pytest.mark.parametrize("traits", TRAITS.values(), ids=str)
async def test_every_model_can_do_what_its_traits_say(traits: ModelTraits, sessions: Sessions) -> None:
    model = open_model(traits, around(sessions))
    assert model.name == traits.model
    assert (model.look_up is not None, model.canceller is not None) == (traits.looks_up, traits.cancels)
    assert (model.repeat, model.reference_form) == (traits.repeat, traits.reference.form)
    assert model.usual_seconds == traits.waiting.median_seconds


async def test_what_the_operator_set_reaches_the_model(sessions: Sessions) -> None:
    given = {"poll_interval_seconds": 3, "polls_per_second": 2, "generation_timeout_seconds": 70}
    model = open_model(TRAITS["minimax-music"], around(sessions, **given, generation_concurrency=4))
    assert (model.pace.poll_interval_seconds, model.pace.polls_per_second) == (3, 2)
    assert (model.generation_timeout, model.concurrency) == (timedelta(seconds=70), 4)


async def test_an_opened_model_speaks_to_the_address_with_the_key(sessions: Sessions, api: FakeGeneration) -> None:
    here = around(sessions, generation_api_url=api.url, generation_api_key=SecretStr(api.key))
    report = await open_model(traits_in_use(here.settings), here).generator.probe()
    assert report.result is ProbeResult.KEY_ACCEPTED


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ({}, {"aiml"}),
        ({"fal_api_key": SecretStr("f")}, {"aiml", "fal"}),
        ({"fal_api_key": SecretStr("")}, {"aiml"}),
        ({"acestep_api_url": "http://127.0.0.1:8001"}, {"aiml", "acestep"}),
        ({"acestep_api_key": SecretStr("a")}, {"aiml"}),
    ],
    ids=["offered alone", "fal's key", "fal's key, empty", "one's own server's address", "its key without an address"],
)
def test_songs_of_earlier_find_each_service_that_is_configured_still(
    given: dict[str, object], opened: set[str]
) -> None:
    needed = {"discord_token": SecretStr("t"), "generation_api_key": SecretStr("k")}
    settings = Settings(_env_file=None, **needed, **given)
    assert {traits.provider for traits in all_traits_opened(settings)} == opened


async def test_a_key_that_no_request_can_carry_is_a_settings_error(sessions: Sessions) -> None:
    with pytest.raises(SettingsError, match="GENERATION_API_KEY"):
        open_model(TRAITS["minimax-music"], around(sessions, generation_api_key=SecretStr("k\u201cey")))
