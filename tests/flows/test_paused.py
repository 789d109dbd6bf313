"""Processes that stand still for half a minute, each in the middle of something: what goes on without them stays."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.bot_process import BotProcess
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.several import Several, go_on, open_several, own_postgresql

__all__ = ["open_several", "own_postgresql"]

OpenSeveral = Any

#: Longer than anybody waits for a process that says nothing.
PAUSE_SECONDS = 30.0
#: Before and after the POST, a look, the track made ready, and its message.
POINTS = (
    "after_submitting",
    "post_answered",
    "poll_answered",
    "track_fetched",
    "before_delivering",
    "after_delivering",
    "message_sent",
)
_PRELUDE = """
import os, signal
import bot.crash

def reach(point, reach=bot.crash.reach, seen=[]):
    if point == "{point}" and not seen:
        seen.append(point)
        os.kill(os.getpid(), signal.SIGSTOP)
    reach(point)

bot.crash.reach = reach
"""
#: In the middle of a transaction, behind these words of a statement: a song's row, and what all take in turns.
WITHIN = ("UPDATE job SET", "pg_advisory_xact_lock")
_PRELUDE_WITHIN = """
import os, signal
from sqlalchemy.ext.asyncio import AsyncConnection

armed = []
signal.signal(signal.SIGUSR1, lambda *_: armed.append(1))

async def execute(self, statement, *args, execute=AsyncConnection.execute, **kwargs):
    answer = await execute(self, statement, *args, **kwargs)
    if armed and "{words}" in str(statement):
        armed.clear()
        os.kill(os.getpid(), signal.SIGSTOP)
    return answer

AsyncConnection.execute = execute
"""
#: What a process says that finds its song taken over.
_LET_GO = ("another process works on this job", "job moved by somebody else", "a late answer of an overtaken attempt")
#: Not the version, which counts marks as well (whose card it is, that an order was answered): a process that goes on
#: may set one.
_ROWS = (
    "SELECT id, state, attempt, generation_id, track_message_id, told, "
    "(SELECT count(*) FROM job_event e WHERE e.job_id = job.id) FROM job ORDER BY id"
)


def stands_still(process: BotProcess) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def all_stand_still(several: Several, paused: Sequence[BotProcess]) -> int:
    """Order until every one of them does; how many songs that took."""
    number = 0
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while not all(map(stands_still, paused)):
            await several.order(f"Song {number:03}")
            number += 1
            await asyncio.sleep(0.5)
    return number


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_half_a_minute_of_standing_still_moves_nothing_that_was_taken_over(open_several: OpenSeveral) -> None:
    async with open_several(GENERATION_CONCURRENCY="40") as several:
        paused = [await several.worker(prelude=_PRELUDE.format(point=point)) for point in POINTS]
        try:
            songs = await all_stand_still(several, paused)
            await asyncio.sleep(PAUSE_SECONDS)
            await several.rest()
            # what was sent, or was about to be, is a doubt until its process goes on
            assert set(await several.states()) <= {"delivered", "unknown"}
            async with asyncio.timeout(PATIENCE_SECONDS):
                # a member may be told a while after their song came to rest
                while any(row[1] != row[5] for row in await several.query(_ROWS)):  # noqa: ASYNC110 - rows are waited for
                    await asyncio.sleep(0.2)
            before = await several.query(_ROWS)
            logs = [process.log for process in paused]
        finally:
            for process in paused:
                go_on(process)
        for process, log in zip(paused, logs, strict=True):
            await until_one_is_said(process, log)
        await several.rest()
        after = await several.query(_ROWS)
        changed = [(was, now) for was, now in zip(before, after, strict=True) if was != now]
        # the answer to a POST, however late, ends the doubt: it is the same attempt
        wrong = [f"{was} → {now}" for was, now in changed if was[1] != "unknown" or was[2] != now[2]]
        assert not wrong, "\n".join(wrong)
        assert not several.stage.generation.ledger.repeated_posts
        assert all(len(several.scenario.tracks(f"Song {number:03}")) <= 1 for number in range(songs))
        await several.scenario.order(title="Afterwards")
        await several.scenario.track("Afterwards")
        for process in (several.stage.bot, *paused):
            assert process.is_running
            assert "Traceback" not in process.log, process.log


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_who_stands_still_within_a_transaction_keeps_it_from_others_for_a_bounded_time(
    open_several: OpenSeveral,
) -> None:
    async with open_several(GENERATION_CONCURRENCY="40") as several:
        paused = [await several.worker(prelude=_PRELUDE_WITHIN.format(words=words)) for words in WITHIN]
        try:
            for process in paused:
                process.send_signal(signal.SIGUSR1)
            songs = await all_stand_still(several, paused)
            await several.rest()
            assert set(await several.states()) <= {"delivered", "unknown"}
            await several.scenario.order(title="Afterwards")
            await several.scenario.track("Afterwards")
        finally:
            for process in paused:
                go_on(process)
        await several.rest()
        assert not several.stage.generation.ledger.repeated_posts
        assert all(len(several.scenario.tracks(f"Song {number:03}")) <= 1 for number in range(songs))
        for process in (several.stage.bot, *paused):
            assert process.is_running
            assert "Traceback" not in process.log, process.log


async def until_one_is_said(process: BotProcess, before: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not any(words in process.log.removeprefix(before) for words in (*_LET_GO, "job moved")):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
