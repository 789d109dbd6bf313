"""Processes whose DATA_DIR is not the same: a file that is not here is fetched again, and no song fails for it."""

from typing import Any

import pytest

from sandbox.bot_process import BotProcess
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.several import Several, open_several, own_postgresql

__all__ = ["open_several", "own_postgresql"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OpenSeveral = Any


async def maker_dies(several: Several, point: str) -> BotProcess:
    """A worker with a folder of its own takes a song, and dies there with what it has of it."""
    folder = several.scenario.folder / "elsewhere"
    worker = await several.worker(DATA_DIR=str(folder), CRASH_AT=point)
    for number in range(20):
        await several.order(f"Song {number:03}")
        await several.scenario.discord.until(
            lambda number=number: not worker.is_running or several.scenario.tracks(f"Song {number:03}"),
            PATIENCE_SECONDS,
        )
        if not worker.is_running:
            return worker
    raise AssertionError("the worker takes no songs")


@pytest.mark.parametrize("point", ["before_delivering", "after_delivering"])
async def test_a_track_that_lies_with_a_dead_process_is_fetched_again(open_several: OpenSeveral, point: str) -> None:
    async with open_several() as several:
        await maker_dies(several, point)
        titles = [f"Song {number:03}" for number in range(len(await several.states()))]
        for title in titles:
            await several.scenario.track(title)
        await several.rest()
        assert await several.states() == ["delivered"] * len(titles)
        assert all(len(several.scenario.tracks(title)) == 1 for title in titles)
        assert not several.stage.generation.ledger.repeated_posts
        kept = several.scenario.folder / "shared" / "tracks"
        assert len(list(kept.glob("*.wav"))) + len([p for p in kept.glob("*.mp3") if "package" not in p.name]) == len(
            titles
        )


async def test_a_track_that_its_service_does_not_keep_either_is_sent_as_its_link(open_several: OpenSeveral) -> None:
    async with open_several() as several:
        await maker_dies(several, "before_delivering")
        several.stage.generation.fault("track", status=403)
        await several.rest()
        assert set(await several.states()) == {"delivered"}
        ((message_id,),) = await several.query("SELECT track_message_id FROM job ORDER BY id DESC LIMIT 1")
        (message,) = [message for message in several.stage.discord.messages if message.id == message_id]
        assert not message.attachments
        assert "/tracks/" in str(message.components) or "http://" in str(message.components)
