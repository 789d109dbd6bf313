"""A disk of our own that fails costs time and a warning, never a paid track, and the member's file is not blamed."""

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.jobs.model import JobState
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS, Scenario
from tests.small_disk import small_disk


async def health(scenario: Scenario) -> dict[str, Any]:
    port = scenario.stage.bot.log.split("health at http://127.0.0.1:")[1].split("/")[0]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as answer:
        return await answer.json()


async def until_disk(scenario: Scenario, *, works: bool) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while ((seen := await health(scenario))["disk"] == "ok") is not works:  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.2)
    return seen


@pytest.mark.waits
async def test_a_folder_that_is_gone_while_a_track_is_fetched_costs_time_alone(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"generating_seconds": 0.2}, HEALTH_PORT="0") as scenario:
        tracks = scenario.folder / "data" / "tracks"
        tracks.rename(scenario.folder / "elsewhere")
        await scenario.order()
        seen = await until_disk(scenario, works=False)
        assert seen["status"] == "red"
        assert "the file could not be written: No such file or directory" in seen["disk"]
        assert "WARNING" in scenario.stage.bot.log

        (scenario.folder / "elsewhere").rename(tracks)
        await scenario.track()
        assert (await until_disk(scenario, works=True))["status"] == "ok"
        (job,) = await scenario.rows()
        assert job.state is JobState.DELIVERED
        assert len(scenario.api.ledger.submissions) == 1
        assert "Traceback" not in scenario.stage.bot.log


@pytest.mark.heavy
async def test_a_folder_that_takes_no_reference_is_waited_for_before_anything_is_paid(
    open_scenario: OpenScenario,
) -> None:
    async with open_scenario(HEALTH_PORT="0") as scenario:
        references = scenario.folder / "data" / "references"
        references.rename(scenario.folder / "elsewhere")
        await scenario.order()
        assert (await until_disk(scenario, works=False))["status"] == "red"
        assert not scenario.api.ledger.submissions

        (scenario.folder / "elsewhere").rename(references)
        await scenario.track()
        assert (await until_disk(scenario, works=True))["status"] == "ok"


@pytest.mark.waits
@pytest.mark.parametrize(("folder", "submissions"), [("references", 0), ("tracks", 1)])
async def test_a_full_disk_is_said_on_the_card_and_the_song_goes_on_by_itself_when_there_is_room(
    open_scenario: OpenScenario, folder: str, submissions: int
) -> None:
    async with open_scenario(api={"generating_seconds": 0.2}, HEALTH_PORT="0") as scenario:
        with small_disk(scenario.folder / "data" / folder, 4096):
            await scenario.order()
            seen = await until_disk(scenario, works=False)
            assert "No space left on device" in seen["disk"]
            await scenario.discord.until(
                lambda: next((one for one in scenario.discord.messages if "waits for room" in one.content), None),
                PATIENCE_SECONDS,
            )
            assert len(scenario.api.ledger.submissions) == submissions
            assert "The disk is full: free some space on it" in scenario.stage.bot.log
        await scenario.track()
        assert (await until_disk(scenario, works=True))["status"] == "ok"
        (job,) = await scenario.rows()
        assert job.state is JobState.DELIVERED
        assert len(scenario.api.ledger.submissions) == 1
        assert "Traceback" not in scenario.stage.bot.log


@pytest.mark.heavy
async def test_without_room_for_the_decoder_the_track_comes_as_it_is(open_scenario: OpenScenario) -> None:
    async with open_scenario(api={"generating_seconds": 0.2}, HEALTH_PORT="0") as scenario:
        with small_disk(scenario.folder / "data" / "work", 4096):
            await scenario.order()
            await scenario.track()
        (job,) = await scenario.rows()
        assert job.state is JobState.DELIVERED
        assert "no room to package the track" in scenario.stage.bot.log
        assert "Traceback" not in scenario.stage.bot.log
