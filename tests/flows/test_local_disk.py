"""A disk of our own that fails costs time and a warning, never a paid track, and the member's file is not blamed."""

import asyncio
from typing import Any

import aiohttp

from bot.jobs.model import JobState
from tests.flows.conftest import OpenPlay
from tests.flows.play import PATIENCE_SECONDS, Play


async def health(play: Play) -> dict[str, Any]:
    port = play.stage.bot.log.split("health at http://127.0.0.1:")[1].split("/")[0]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as answer:
        return await answer.json()


async def until_disk(play: Play, *, works: bool) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while ((seen := await health(play))["disk"] == "ok") is not works:  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.2)
    return seen


async def test_a_folder_that_is_gone_while_a_track_is_fetched_costs_time_alone(open_play: OpenPlay) -> None:
    async with open_play(api={"generating_seconds": 0.2}, HEALTH_PORT="0") as play:
        tracks = play.folder / "data" / "tracks"
        tracks.rename(play.folder / "elsewhere")
        await play.order()
        seen = await until_disk(play, works=False)
        assert seen["status"] == "red"
        assert "the file could not be written: No such file or directory" in seen["disk"]
        assert "WARNING" in play.stage.bot.log

        (play.folder / "elsewhere").rename(tracks)
        await play.track()
        assert (await until_disk(play, works=True))["status"] == "ok"
        (job,) = await play.rows()
        assert job.state is JobState.DELIVERED
        assert len(play.api.ledger.submissions) == 1
        assert "Traceback" not in play.stage.bot.log


async def test_a_folder_that_takes_no_reference_is_waited_for_before_anything_is_paid(open_play: OpenPlay) -> None:
    async with open_play(HEALTH_PORT="0") as play:
        references = play.folder / "data" / "references"
        references.rename(play.folder / "elsewhere")
        await play.order()
        assert (await until_disk(play, works=False))["status"] == "red"
        assert not play.api.ledger.submissions

        (play.folder / "elsewhere").rename(references)
        await play.track()
        assert (await until_disk(play, works=True))["status"] == "ok"
