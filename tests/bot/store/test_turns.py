"""Who writes next, where one writes at a time."""

import asyncio

import pytest

from bot.errors import StoreBusyError
from bot.store.turns import WriteTurns


class Writers:
    """Come in order; who has had a turn is written down."""

    def __init__(self) -> None:
        self.turns = WriteTurns(30)
        self.gone: list[str] = []
        self.gate = asyncio.Event()

    async def write(self, name: str) -> None:
        async with self.turns.turn(hurries=name.startswith("order")):
            await self.gate.wait()
            self.gone.append(name)


async def all_of(writers: Writers, *names: str) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(writers.write(name)) for name in names]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_orders_go_before_others_and_each_kind_in_its_order() -> None:
    writers = Writers()
    tasks = await all_of(writers, "step 1", "step 2", "step 3", "order 1", "order 2")
    writers.gate.set()
    await asyncio.gather(*tasks)
    assert writers.gone == ["step 1", "order 1", "order 2", "step 2", "step 3"]


async def test_a_storm_of_orders_keeps_nobody_waiting_for_ever() -> None:
    writers = Writers()
    tasks = await all_of(writers, "step 1", "step 2", *(f"order {number}" for number in range(20)))
    writers.gate.set()
    await asyncio.gather(*tasks)
    assert writers.gone.index("step 2") == 9


@pytest.mark.parametrize("who", [1, 2])
async def test_whoever_is_cancelled_passes_the_turn_on(who: int) -> None:
    writers = Writers()
    tasks = await all_of(writers, "order 0", "order 1", "order 2")
    tasks[who].cancel()
    writers.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert writers.gone == [f"order {number}" for number in range(3) if number != who]
    async with writers.turns.turn(hurries=False):
        assert writers.turns._is_taken
    assert not writers.turns._is_taken


async def test_a_turn_that_comes_too_late_is_a_busy_database_and_goes_to_the_next() -> None:
    writers = Writers()
    first = await all_of(writers, "order 0")
    writers.turns.patience_seconds = 0
    with pytest.raises(StoreBusyError):
        await writers.write("order 1")
    writers.turns.patience_seconds = 30
    later = await all_of(writers, "order 2")
    writers.gate.set()
    await asyncio.gather(*first, *later)
    assert writers.gone == ["order 0", "order 2"]


async def test_a_failing_block_gives_its_turn_back() -> None:
    turns = WriteTurns(30)
    with pytest.raises(RuntimeError):
        async with turns.turn(hurries=True):
            raise RuntimeError
    assert not turns._is_taken
