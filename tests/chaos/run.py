"""One storm from beginning to end: orders, faults, kills, calm, judgement."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from sandbox.bot_process import BotProcess
from sandbox.generation import Settings
from sandbox.stage import Stage, open_stage, wait_until_ready
from tests.bot.audio.sound_files import mp3
from tests.chaos.books import Books, FileBooks, ServerBooks, server_books
from tests.chaos.invariants import Score, judge
from tests.chaos.ledger import judge_ledger
from tests.chaos.members import Members
from tests.chaos.storm import Storm, Toll
from tests.warm_bots import WarmBotProcess

_BOT = {
    "POLL_INTERVAL_SECONDS": "0.5",
    "POLLS_PER_SECOND": "100",
    "GENERATION_TIMEOUT_SECONDS": "120",
    "SUBMIT_TIMEOUT_SECONDS": "5",
    "AUDIO_PROCESSES": "2",
    "STOP_GRACE_SECONDS": "5",
}

#: Tight enough that every one of them is met in a storm of a few dozen songs. The budget is of 16 songs.
LIMITS = {
    "LIMIT_MEMBER_PER_DAY": "6",
    "LIMIT_MEMBER_AT_ONCE": "3",
    "LIMIT_GUILD_PER_DAY": "15",
    "PRICE_PER_SONG": "0.25",
    "BUDGET_PER_DAY": "4.00",
    "BUDGET_PER_MONTH": "5.00",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the last line says."""

    score: Score
    toll: Toll
    provider_faults: int
    bot_log: str

    def line(self) -> str:
        """The line that tools read."""
        score, toll = self.score, self.toll
        return (
            f"jobs={score.jobs} kills={toll.kills} faults={self.provider_faults + toll.discord_faults} "
            f"delivered={score.delivered} unknown={score.unknown} failed={score.failed} lost={score.lost} "
            f"paid_twice={score.paid_twice} posted_twice={score.posted_twice} refused={score.refused}"
            + (f" pauses={toll.pauses}" if toll.pauses else "")
            + (f" outages={toll.outages}" if toll.outages else "")
        )


async def run(
    *,
    seed: int,
    jobs: int,
    max_seconds: float,
    say: Callable[[str], None],
    limits: bool = False,
    processes: int = 1,
) -> Outcome:
    """Blow over `jobs` orders; returns the judgement. `max_seconds` bounds the calm after the storm too.

    `limits`: members', the server's and the budgets are on, and held against the ledger. `processes`: with more than
    one they share a PostgreSQL: one on the gateway, the others beside it.
    """
    generation = Settings(allow_loopback=True, queued_seconds=0.5, generating_seconds=2.0 if processes == 1 else 6.0)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="compose-chaos-")))
        bot = {**_BOT, **(LIMITS if limits else {})}
        books: Books = FileBooks(folder)
        if processes > 1:
            books = await stack.enter_async_context(server_books())
            bot |= {"DATABASE_URL": books.url, "DATA_DIR": str(folder / "shared")}
        stage = await stack.enter_async_context(
            open_stage(folder, generation=generation, bot_settings=bot, make_bot=WarmBotProcess)
        )
        workers = [
            WarmBotProcess(folder / f"worker-{number}", stage.bot.settings, arguments=["worker"])
            for number in range(1, processes)
        ]
        for worker in workers:
            await stack.enter_async_context(worker)
        return await _storm(stage, workers, books, folder, seed, jobs, max_seconds, say)


async def _storm(
    stage: Stage,
    workers: Sequence[BotProcess],
    books: Books,
    folder: Path,
    seed: int,
    jobs: int,
    max_seconds: float,
    say: Callable[[str], None],
) -> Outcome:
    started = time.monotonic()
    song = folder / "reference.mp3"
    song.write_bytes(mp3(17))
    storm = Storm(
        discord=stage.discord,
        generation=stage.generation,
        bot=stage.bot,
        seed=seed,
        workers=workers,
        database=books.server if isinstance(books, ServerBooks) else None,
    )
    members = Members(discord=stage.discord, song=song, max_songs=jobs, seed=seed)
    storm.begin_provider_faults()
    async with asyncio.TaskGroup() as group:
        work = [group.create_task(coroutine) for coroutine in (storm.blow(), storm.disturb(), _report(members, say))]
        deciding = group.create_task(members.decide())
        await members.order()
        await asyncio.sleep(3)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        provider_faults = sum(stage.generation.ledger.struck.values())
        say(f"all {jobs} songs are ordered; the storm is over, waiting for every job to come to rest")
        await storm.calm()
        await _rest(books, deadline=started + max_seconds, say=say)
        deciding.cancel()
    await _stop(stage, workers, books, deadline=started + max_seconds, say=say)
    found = await books.rows()
    score = judge(found, members.ordered, stage.discord, stage.generation)
    outside, charged = stage.discord.member("Owner").id, stage.generation.ledger.charges
    judge_ledger(score, await books.tables(), found, stage.bot.settings, outside=outside, charged=charged)
    log = "".join(process.log for process in (stage.bot, *workers))
    return Outcome(score=score, toll=storm.toll, provider_faults=provider_faults, bot_log=log)


async def _stop(
    stage: Stage, workers: Sequence[BotProcess], books: Books, *, deadline: float, say: Callable[[str], None]
) -> None:
    """Stop every process, at rest: a press of the last moment is heard as they stop, and carried out by the next."""
    while True:
        for process in (*workers, stage.bot):
            await process.stop()
        if not any(await books.unrested()) or time.monotonic() > deadline:
            return
        say("somebody pressed a button at the last moment: all of them are started once more")
        for process in (stage.bot, *workers):
            await process.start()
        await wait_until_ready(stage.discord, stage.bot)
        await _rest(books, deadline=deadline, say=say)


async def _report(members: Members, say: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(5)
        tracks = sum(bool(message.attachments) and message.author.bot for message in members.discord.messages)
        say(f"ordered {len(members.ordered)} of {members.max_songs}, tracks in the channel: {tracks}")


async def _rest(books: Books, *, deadline: float, say: Callable[[str], None]) -> None:
    """Wait until nothing moves: every row rests and was told, looked at through a second, reading connection."""
    said = 0.0
    while time.monotonic() < deadline:
        live, untold = await books.unrested()
        if not live and not untold:
            return
        if time.monotonic() - said > 5:
            said = time.monotonic()
            say(f"at work: {live}, to be told: {untold}")
        await asyncio.sleep(0.5)
