"""Several processes on one database: whose song it is when one is killed, stopped or paused, or the queue is lost."""

import asyncio
import itertools
from collections import Counter
from typing import Any

import pytest

from sandbox.bot_process import BotProcess
from tests.bot.store.postgresql import PostgresqlServer
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.several import go_on, open_several, own_postgresql, pause, until_it_says

__all__ = ["open_several", "own_postgresql"]

OpenSeveral = Any


@pytest.mark.waits
async def test_songs_are_made_by_a_worker_while_the_one_on_the_gateway_makes_none(open_several: OpenSeveral) -> None:
    async with open_several(workers=2) as several:
        for number in range(6):
            await several.scenario.order(title=f"Song {number}")
        for number in range(6):
            await several.scenario.track(f"Song {number}")
        await several.rest()
        assert set(await several.states()) == {"delivered"}
        assert Counter(len(several.scenario.tracks(f"Song {number}")) for number in range(6)) == {1: 6}
        assert not several.stage.generation.ledger.repeated_posts
        for process in (several.stage.bot, *several.workers):
            assert "Traceback" not in process.log, process.log


@pytest.mark.waits
async def test_a_second_bot_is_refused_by_the_name_of_the_first_or_stands_by_and_takes_its_place(
    open_several: OpenSeveral,
) -> None:
    async with open_several() as several:
        second = await several.worker("run", ready=False)
        assert await second.wait() == 1
        assert f", pid {several.stage.bot.pid}, since 20" in second.log
        assert "Stop that one first, or start this one with --standby" in second.log
        third = await several.worker("run", "--standby", ready=False)
        await until_it_says(third, "standing by: another bot runs on this database (host ")
        await several.stage.bot.kill()
        await until_it_says(third, "jobs are driven")
        await several.scenario.order()
        await several.scenario.track()


@pytest.mark.slow
async def test_songs_of_a_killed_process_go_on_in_another(open_several: OpenSeveral) -> None:
    async with open_several(workers=2, api={"generating_seconds": 3600}) as several:
        for number in range(8):
            await several.scenario.order(title=f"Song {number}")
        await several.until(several.all_are_made)
        made = await several.of_worker_at(0, "generating")
        await several.workers[0].kill()
        loop = asyncio.get_running_loop()
        since = loop.time()

        async def taken_over() -> bool:
            return several.workers[0].pid not in await several.holders()

        await several.until(taken_over)
        print(f"taken over after {loop.time() - since:.1f} s: {made}")
        several.finish_all()
        for number in range(8):
            await several.scenario.track(f"Song {number}")
        await several.rest()
        assert set(await several.states()) == {"delivered"}
        assert not several.stage.generation.ledger.repeated_posts
        assert all(len(several.scenario.tracks(f"Song {number}")) == 1 for number in range(8))


@pytest.mark.slow
async def test_a_process_that_was_stopped_moves_nothing_that_was_taken_over(open_several: OpenSeveral) -> None:
    async with open_several(workers=1, api={"generating_seconds": 3600}) as several:
        worker = several.workers[0]
        for number in range(8):
            await several.scenario.order(title=f"Song {number}")
        await several.until(several.all_are_made)
        pause(worker)

        async def taken_over() -> bool:
            return worker.pid not in await several.holders()

        await several.until(taken_over)
        before = worker.log
        go_on(worker)
        await until_it_says(worker, "another process works on this job")
        several.finish_all()
        for number in range(8):
            await several.scenario.track(f"Song {number}")
        await several.rest()
        assert '"job moved"' not in worker.log.removeprefix(before)
        assert "job moved state" not in worker.log.removeprefix(before)
        assert set(await several.states()) == {"delivered"}
        assert not several.stage.generation.ledger.repeated_posts
        assert all(len(several.scenario.tracks(f"Song {number}")) == 1 for number in range(8))


@pytest.mark.slow
async def test_an_emptied_queue_is_filled_again_and_a_stop_hands_songs_on_at_once(open_several: OpenSeveral) -> None:
    async with open_several(workers=1, api={"generating_seconds": 3600}) as several:
        for number in range(6):
            await several.scenario.order(title=f"Song {number}")
        await several.until(several.all_are_made)
        await several.execute("TRUNCATE compose_pgqueuer")

        async def filled() -> bool:
            return (await several.query("SELECT count(*) FROM compose_pgqueuer"))[0][0] == 6

        await several.until(filled)
        worker = several.workers[0]
        await worker.stop()
        loop = asyncio.get_running_loop()
        since = loop.time()

        async def handed_on() -> bool:
            return worker.pid not in await several.holders()

        await several.until(handed_on)
        print(f"handed on after {loop.time() - since:.1f} s")
        several.finish_all()
        for number in range(6):
            await several.scenario.track(f"Song {number}")
        await several.rest()
        assert "Traceback" not in worker.log, worker.log
        assert set(await several.states()) == {"delivered"}
        assert not several.stage.generation.ledger.repeated_posts


@pytest.mark.slow
async def test_a_rolling_restart_delays_nobody_for_long(open_several: OpenSeveral) -> None:
    """Ten seconds are twenty looks at a song of a process that is left alone: machines differ, the count does not."""
    more = {"POLL_INTERVAL_SECONDS": "0.5"}
    async with open_several(workers=3, api={"generating_seconds": 3600}, **more) as several:
        for number in range(12):
            await several.order(f"Song {number:03}")
        await several.until(several.all_are_made)
        generations = several.stage.generation.ledger.generations

        async def all_are_ready() -> bool:
            return "generating" not in await several.states()

        left_alone = (await several.of_worker_at(2, "generating"))[0]
        ((name,),) = await several.query("SELECT generation_id FROM job WHERE id = :job", job=left_alone)
        looks = generations[name].polled_at
        began = len(looks)
        for process in several.workers[:2]:
            before = process.log.count("jobs are driven")
            assert await process.stop() == 0
            await process.start()

            async def is_back(process: BotProcess = process, before: int = before) -> bool:
                return process.log.count("jobs are driven") > before

            await several.until(is_back)
        stopped = len(looks)
        await several.stage.bot.stop()
        await several.scenario.restart()
        assert len(looks) - stopped <= 20, "so long nobody heard members"
        several.finish_all()
        await several.until(all_are_ready)
        since = looks[began]
        for generation in generations.values():
            seen = [at for at in generation.polled_at if at >= since]
            for earlier, later in itertools.pairwise(seen):
                assert sum(earlier < at < later for at in looks) <= 20
        for number in range(12):
            await several.scenario.track(f"Song {number:03}")
        await several.rest()
        assert await several.states() == ["delivered"] * 12
        assert not several.stage.generation.ledger.repeated_posts


@pytest.mark.slow
async def test_two_shards_share_the_servers_and_direct_messages_come_to_the_first(open_several: OpenSeveral) -> None:
    async with open_several(SHARD_COUNT="2", SHARD_IDS="0") as several:
        discord = several.stage.discord
        twin = await several.worker("run", ready=False, SHARD_IDS="0")
        assert await twin.wait() == 1
        assert "shards 0" in twin.log
        # a loaded machine sees greetings closer together than they were said
        discord.world.rules.identify_seconds = 4.0
        second = await several.worker("run", SHARD_IDS="1")
        sessions = {session.shard: session for session in discord.gateway.connected}
        assert sorted(sessions) == [(0, 2), (1, 2)]
        assert discord.gateway.greeted_too_soon == 0
        of_guild = (discord.guild.id >> 22) % 2
        await several.scenario.order(title="On a server")
        await several.scenario.track("On a server")
        song = ("song.mp3", several.scenario.song)
        direct = {"channel": discord.open_dm(), "files": {"reference": song}}
        await discord.slash("compose", {"lyrics": "By hand and by heart\nonly for you", "title": "Direct"}, **direct)
        await several.scenario.track("Direct")
        await several.rest()
        heard = {index: session.events for (index, _), session in sessions.items()}
        asked = {
            index: [event["d"].get("guild_id") for event in events if event["t"] == "INTERACTION_CREATE"]
            for index, events in heard.items()
        }
        assert None in asked[0]
        assert asked[of_guild].count(str(discord.guild.id)) == 1
        assert not any(asked[1 - of_guild][1 - of_guild :])
        assert "was removed from server" not in second.log + several.stage.bot.log
        assert await several.states() == ["delivered", "delivered"]


@pytest.mark.slow
async def test_what_a_worker_sees_reaches_the_operator_once_also_after_the_one_that_tells_was_away(
    open_several: OpenSeveral,
) -> None:
    async with open_several(SHARD_COUNT="2", SHARD_IDS="0") as several:
        discord = several.stage.discord

        def told(words: str) -> list[str]:
            return [
                one.content
                for one in discord.messages
                if one.author.bot and "⚠️" in one.content and words in one.content
            ]

        high = await several.worker("run", SHARD_IDS="1")
        worker = await several.worker()
        several.scenario.api.change(songs_left=0)
        for number in range(4):
            await several.scenario.order(title=f"Song {number}")
        await discord.until(lambda: told("out of credits") and told("Waiting songs are held"), PATIENCE_SECONDS)
        await several.stage.bot.kill()
        poor = await several.worker(DATA_MIN_FREE_BYTES="900TB")
        await until_it_says(poor, "an alert was left to the process that tells the operator: disk")
        await several.scenario.restart()
        await discord.until(lambda: told("`DATA_DIR` fails"), PATIENCE_SECONDS)
        await until_it_says(several.stage.bot, "the operator was told: disk")

        async def nothing_left() -> bool:
            return not await several.query("SELECT 1 FROM kept_value WHERE name LIKE 'tell.%'")

        await several.until(nothing_left)
        for words in ("out of credits", "Waiting songs are held", "`DATA_DIR` fails"):
            assert len(told(words)) == 1, told(words)
        assert "(Seen by another process: worker, host " in told("`DATA_DIR` fails")[0]
        assert f", pid {poor.pid}, since " in told("`DATA_DIR` fails")[0]
        for process in (several.stage.bot, high, worker, poor):
            assert "Traceback" not in process.log


@pytest.mark.slow
async def test_workers_started_first_wait_for_the_bot_and_one_of_other_settings_is_told_of(
    open_several: OpenSeveral, own_postgresql: PostgresqlServer
) -> None:
    async with open_several() as several:
        await several.stage.bot.stop()
        new = await own_postgresql.empty_database()
        worker = await several.worker(DATABASE_URL=new)
        other = await several.worker(DATABASE_URL=new, GENERATION_CONCURRENCY="7")
        await until_it_says(other, "goes by other settings: GENERATION_CONCURRENCY (here 7, there 20). Each keeps to")
        await several.scenario.restart(DATABASE_URL=new)
        await until_it_says(several.stage.bot, "jobs are driven")
        await several.scenario.order()
        await several.scenario.track()
        # who is there is looked at beside the songs
        await until_it_says(several.stage.bot, "GENERATION_CONCURRENCY (here 20, there 7)")
        assert "the worker on host " in several.stage.bot.log
        for process in (several.stage.bot, worker, other):
            assert "Traceback" not in process.log, process.log
