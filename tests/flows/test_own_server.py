"""Whole ways of songs that one's own ACE-Step server makes: killed and started again, and with answers lost."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.jobs.model import JobState
from sandbox.bot_process import ROOT
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration, Settings
from sandbox.stage import BOT_NAME, NO_LEARNING, NO_LIMITS, OPEN_DOORS, Stage, settings_for, wait_until_ready
from tests.flows.conftest import QUICK
from tests.flows.scenario import PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

pytestmark = pytest.mark.slow

LYRICS = "[Verse]\nThe tide came in\n[Chorus]\nand took my name"
OpenOwn = Callable[..., AbstractAsyncContextManager[Scenario]]


@pytest.fixture
def open_own(tmp_path: Path, song: bytes) -> OpenOwn:
    """`settings`: of the server; `bot_settings`: more of the bot's."""

    @asynccontextmanager
    async def opened(settings: dict[str, Any] | None = None, **bot_settings: str) -> AsyncIterator[Scenario]:
        quick = Settings.model_validate({"key": "", "generating_seconds": 0.3, **(settings or {})})
        async with FakeDiscord(app_name=BOT_NAME) as discord, FakeGeneration(quick, speaks="acestep") as server:
            key = {"ACESTEP_API_KEY": quick.key} if quick.key else {}
            here = {"GENERATION_MODEL": "acestep", "ACESTEP_API_URL": server.url, **key, **bot_settings}
            # no account is needed, and nothing may go to where one would be
            nowhere = {"GENERATION_API_URL": "http://127.0.0.1:9", "GENERATION_API_KEY": ""}
            usual = {**settings_for(discord, server), **NO_LIMITS, **OPEN_DOORS, **NO_LEARNING, **QUICK}
            async with WarmBotProcess(tmp_path, {**usual, **nowhere, **here}) as bot:
                await wait_until_ready(discord, bot)
                yield Scenario(Stage(discord=discord, generation=server, bot=bot), tmp_path, song)

    return opened


@pytest.mark.parametrize("key", ["", "a-key-of-ones-own"])
async def test_a_song_is_made_at_home(open_own: OpenOwn, key: str) -> None:
    async with open_own({"key": key}) as it:
        await it.order(LYRICS)
        await it.track()
        (job,) = await it.rows()
        (posted,) = it.api.ledger.submissions
    assert (job.state, job.provider, job.model, job.price_micros) == (JobState.DELIVERED, "acestep", "acestep", 0)
    assert (posted.body["task_type"], posted.body["prompt"]) == ("text2music", job.style)
    assert "[Verse]" in posted.body["lyrics"]
    assert posted.body["reference_audio"]["bytes"] > 1000
    assert it.api.ledger.charges == 0


async def test_a_cover_is_made_and_called_one(open_own: OpenOwn) -> None:
    async with open_own({"generating_seconds": 3600}, ACESTEP_REFERENCE="cover") as it:
        await it.order(LYRICS)
        await it.card_says("This model makes a cover")
        await it.card_says("being made")
        (posted,) = it.api.ledger.submissions
    assert (posted.body["task_type"], "src_audio" in posted.body) == ("cover", True)


async def test_an_order_whose_answer_was_lost_is_simply_sent_again(open_own: OpenOwn) -> None:
    async with open_own() as it:
        it.api.fault("submit", manner="drop", after_effect=True, rule={"times": 1})
        await it.order(LYRICS)
        await it.track()
        (job,) = await it.rows()
    assert (job.state, job.attempt, job.may_be_charged) == (JobState.DELIVERED, 2, False)
    assert (len(it.api.ledger.submissions), len(it.api.ledger.generations)) == (2, 2)
    assert "your decision" not in it.seen()


async def test_a_field_that_the_server_cannot_read_ends_the_song_with_its_words_kept(open_own: OpenOwn) -> None:
    async with open_own() as it:
        it.api.fault("submit", status=500)
        await it.order(LYRICS)
        card = await it.card_says("no track this time")
        assert it.button(card, "edit")
        (job,) = await it.rows()
    assert (job.state, len(it.api.ledger.submissions)) == (JobState.FAILED, 1)
    assert job.lyrics == LYRICS


@asynccontextmanager
async def own_process(folder: Path, *, port: int, generating_seconds: float) -> AsyncIterator[dict[str, Any]]:
    """The server as a process of its own, killed at the end as by a power cut."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox.generation", "--speaks", "acestep", "--key", "", "--composer", "plain"),
        *("--port", str(port), "--folder", str(folder), "--queued-seconds", "0"),
        *("--generating-seconds", str(generating_seconds)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        printed: dict[str, Any] = json.loads(await process.stdout.readline())
        yield printed
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def test_a_server_that_is_killed_with_songs_in_its_queue_costs_time_and_no_song(
    tmp_path: Path, song: bytes
) -> None:
    titles = ("First", "Second", "Third")
    index = tmp_path / "acestep" / "index.json"
    async with FakeDiscord(app_name=BOT_NAME) as discord, FakeGeneration() as unused, AsyncExitStack() as stack:
        async with own_process(tmp_path / "acestep", port=0, generating_seconds=3600) as server:
            here = {"GENERATION_MODEL": "acestep", "ACESTEP_API_URL": server["url"], "GENERATION_CONCURRENCY": "3"}
            usual = {**settings_for(discord, unused), **NO_LIMITS, **OPEN_DOORS, **NO_LEARNING, **QUICK}
            bot = await stack.enter_async_context(WarmBotProcess(tmp_path, {**usual, **here}))
            await wait_until_ready(discord, bot)
            it = Scenario(Stage(discord=discord, generation=unused, bot=bot), tmp_path, song)
            for title in titles:
                await it.order(LYRICS, title=title)
            for title in titles:
                await it.card_says("being made", title)
            # one runs, two wait in the server's queue
            await discord.until(index.is_file, PATIENCE_SECONDS)
        port = int(server["url"].rpartition(":")[2])
        async with own_process(tmp_path / "acestep", port=port, generating_seconds=0.2):
            for title in titles:
                await it.track(title)
            jobs = await it.rows()
    assert [job.state for job in jobs] == [JobState.DELIVERED] * 3
    assert [job.attempt for job in jobs] == [2, 2, 2]
    assert [len(it.tracks(title)) for title in titles] == [1, 1, 1]
