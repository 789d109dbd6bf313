"""A stop ends in time, whatever does not; each in a process of its own, because the last resort ends the process."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What hangs here hangs for ten minutes; a machine under load is given this for less than a few.
LOAD_SECONDS = 60
#: So long what hangs is waited for.
HANGS_SECONDS = 0.5
#: So long what ends is waited for: nobody waits, and no machine is so busy that it would be late.
ENDS_SECONDS = 30.0

#: In braces: the same two times as the bot's, of other lengths.
HEAD = """
import asyncio, logging, sys, threading, time
from contextlib import suppress
from bot import stopping
from bot.clock import SystemClock
from bot.stopping import Stop

stopping.CLOSING_SECONDS, stopping._WAY_OUT_SECONDS = {closing}, {way_out}
logging.basicConfig(level="INFO", format="%(levelname)s %(message)s", stream=sys.stdout)

async def stubborn():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(600)

async def stopped(stop, *works):
    print("ready", flush=True)
    await stop._asked.wait()
    stop.grace_is_over()
    for name, work in works:
        await stop.within(name, work)
    print("worked through", flush=True)
    await stop.leave(0)

async def main():
    stop = Stop(grace_seconds=0, clock=SystemClock())
    stop.listen()
"""
TAIL = "\nasyncio.run(main())\nprint('the interpreter ends by itself')\n"


async def told_to_stop(
    body: str,
    *,
    by: signal.Signals = signal.SIGTERM,
    before: str = "",
    within: float = ENDS_SECONDS,
    way_out: float = ENDS_SECONDS,
) -> tuple[int, str, str]:
    """Run `main` with this body, send a signal when it is ready; its exit code, output and complaints.

    `before`: what the process does first of all. `within`: how long it waits for what does not end. `way_out`: so long
    after that a loop that stands still is ended.
    """
    head = HEAD.format(closing=within + way_out, way_out=way_out)
    script = before + head + "".join(f"    {line}\n" for line in body.splitlines()) + TAIL
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    try:
        assert child.stdout is not None
        async with asyncio.timeout(LOAD_SECONDS):
            assert await child.stdout.readline() == b"ready\n"
        child.send_signal(by)
        async with asyncio.timeout(LOAD_SECONDS):
            printed, complained = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return child.returncode or 0, printed.decode(), complained.decode()


async def test_a_stop_without_trouble_leaves_by_the_usual_door():
    code, printed, complained = await told_to_stop("await stopped(stop, ('tidying', asyncio.sleep(0)))")
    assert (code, complained) == (0, "")
    assert printed == "worked through\nthe interpreter ends by itself\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
async def test_a_closed_terminal_stops_it_like_any_other_way():
    terminal = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # whatever these tests were started with
    code, printed, complained = await told_to_stop("await stopped(stop)", by=signal.SIGHUP, before=terminal)
    assert (code, complained) == (0, "")
    assert printed == "worked through\nthe interpreter ends by itself\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
async def test_whoever_was_started_with_nohup_outlives_the_terminal():
    body = """
os.kill(os.getpid(), signal.SIGHUP)
await asyncio.sleep(0.1)
assert not stop.is_asked
await stopped(stop)
"""
    nohup = "import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    code, printed, complained = await told_to_stop(body, before=nohup)
    assert (code, complained) == (0, "")
    assert "worked through" in printed


async def test_work_that_does_not_end_is_cancelled_and_the_next_gets_its_turn():
    code, printed, _ = await told_to_stop(
        "await stopped(stop, ('a', asyncio.sleep(600)), ('b', asyncio.sleep(600)), ('c', asyncio.sleep(0)))",
        within=6,  # of which not half is waited for
    )
    assert code == 0
    assert printed == "worked through\nthe interpreter ends by itself\n"


async def test_work_that_ignores_its_cancellation_is_named_and_left_behind():
    code, printed, _ = await told_to_stop(
        "await stopped(stop, ('the gateway', stubborn()), ('b', asyncio.sleep(0)))", within=HANGS_SECONDS
    )
    assert code == 0
    assert "WARNING stopping: the gateway does not end, and is left behind" in printed
    assert "WARNING stopped, and left behind: the gateway" in printed
    assert "by itself" not in printed


async def test_a_task_that_nobody_named_is_left_behind_too():
    body = "task = asyncio.create_task(stubborn(), name='job 17')\nawait stopped(stop)"
    code, printed, _ = await told_to_stop(body, within=HANGS_SECONDS)
    assert code == 0
    assert "left behind: job 17" in printed


async def test_a_thread_that_hangs_does_not_keep_the_process():
    body = """
task = asyncio.create_task(asyncio.to_thread(time.sleep, 600))
await asyncio.sleep(0.1)
await stopped(stop)
"""
    code, printed, _ = await told_to_stop(body, within=HANGS_SECONDS)
    assert code == 0
    assert "left behind: threads" in printed


async def test_work_that_fails_is_named_and_the_next_gets_its_turn():
    body = """
async def fail():
    raise OSError("https://example.com/?key=secret")
await stopped(stop, ("the database", fail()), ("b", asyncio.sleep(0)))
"""
    code, printed, complained = await told_to_stop(body)
    assert (code, complained) == (0, "")
    assert "stopping: the database ended with OSError" in printed
    assert "secret" not in printed


async def test_an_opening_that_hangs_is_cut_off():
    body = """
async def open():
    print("ready", flush=True)
    await asyncio.sleep(600)
assert await stop.unless_asked("opening", open()) is None
await stop.leave(0)
"""
    code, printed, _ = await told_to_stop(body)
    assert (code, printed) == (0, "the interpreter ends by itself\n")


async def test_what_was_opened_before_a_stop_is_handed_on():
    body = """
async def open():
    return "the house"
assert await stop.unless_asked("opening", open()) == "the house"
await stopped(stop)
"""
    code, _, _ = await told_to_stop(body)
    assert code == 0


@pytest.mark.heavy
@pytest.mark.parametrize("stands_still", ["while True: pass", "time.sleep(600)"])
async def test_a_loop_that_stands_still_is_ended_and_says_where_it_stood(stands_still: str):
    body = f"print('ready', flush=True)\n{stands_still}"
    code, _, complained = await told_to_stop(body, within=HANGS_SECONDS, way_out=1)
    assert code == 1
    assert "Timeout" in complained
    assert "in main" in complained


async def test_more_signals_make_it_neither_longer_nor_shorter():
    body = """
import os, signal
async def again():
    for _ in range(20):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.02)
await stopped(stop, ("a", again()), ("b", stubborn()))
"""
    code, printed, _ = await told_to_stop(body, within=HANGS_SECONDS)
    assert code == 0
    assert "stopping: b does not end" in printed
