"""A line in which finished tracks stand first, and which loses no turn to anybody who leaves it."""

import asyncio

import pytest

from bot.audio.turns import Turns, Urgency


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Line:
    """Who had a turn, in order; each holds it until it is let go."""

    def __init__(self, at_once: int, *, max_each: int | None = None) -> None:
        self.turns = Turns(at_once, max_each=max_each)
        self.places: dict[str, list[int | None]] = {}
        self.had: list[str] = []
        self.holding: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def _hold(self, name: str, urgency: Urgency) -> None:
        """Whose it is stands before the dash, if there is one."""
        member_id = ord(name[0]) if "-" in name else 0
        placed = self.places.setdefault(name, []).append
        async with self.turns.turn(urgency, member_id=member_id, placed=placed):
            self.had.append(name)
            self.holding[name] = asyncio.Event()
            try:
                await self.holding[name].wait()
            finally:
                del self.holding[name]

    async def joined(self, *names: str) -> None:
        """Names that begin with "track" are tracks."""
        for name in names:
            urgency = Urgency.TRACK if name.startswith("track") else Urgency.REFERENCE
            self.tasks[name] = asyncio.create_task(self._hold(name, urgency))
            await settle()

    async def let_go(self) -> None:
        for event in self.holding.values():
            event.set()
        await settle()

    async def finished(self) -> None:
        while self.holding:
            await self.let_go()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_tracks_go_before_references_and_equals_in_the_order_in_which_they_came() -> None:
    line = Line(1)
    await line.joined("first", "song 1", "song 2", "track 1", "song 3", "track 2")
    await line.finished()
    assert line.had == ["first", "track 1", "track 2", "song 1", "song 2", "song 3"]


async def test_never_more_than_so_many_have_a_turn_and_never_fewer_while_somebody_waits() -> None:
    line = Line(2)
    await line.joined("a", "b", "c", "track d", "e")
    counts = [len(line.holding)]
    while line.holding:
        await line.let_go()
        counts.append(len(line.holding))
    assert counts == [2, 2, 1, 0]


@pytest.mark.parametrize("moment", ["while it waits", "when it has just been called", "while it holds the turn"])
async def test_who_is_cancelled_takes_no_turn_away(moment: str) -> None:
    line = Line(1)
    await line.joined("first", "leaves", "last")
    if moment == "while it waits":
        line.tasks["leaves"].cancel()
        await settle()
    line.holding["first"].set()
    if moment == "when it has just been called":
        await asyncio.sleep(0)  # first hands its turn on
        line.tasks["leaves"].cancel()
    await settle()
    if moment == "while it holds the turn":
        line.tasks["leaves"].cancel()
        await settle()
    assert line.had[-1] == "last"
    await line.finished()
    await line.joined("later")
    assert line.had[-1] == "later"
    await line.finished()


async def test_who_comes_with_one_file_waits_for_one_of_another_members_and_not_for_all() -> None:
    line = Line(1)
    await line.joined("a-1", "a-2", "a-3", "a-4", "b-1", "c-1", "b-2")
    await line.finished()
    assert line.had == ["a-1", "b-1", "a-2", "c-1", "a-3", "b-2", "a-4"]


async def test_a_track_goes_first_whoever_has_how_many_in_hand() -> None:
    line = Line(1)
    await line.joined("a-1", "b-1")
    line.tasks["track"] = asyncio.create_task(line._hold("track", Urgency.TRACK))
    await settle()
    await line.finished()
    assert line.had == ["a-1", "track", "b-1"]


async def test_no_member_takes_every_turn_where_they_may_not() -> None:
    line = Line(3, max_each=2)
    await line.joined("a-1", "a-2", "a-3", "a-4")
    assert line.had == ["a-1", "a-2"]
    await line.joined("b-1")
    assert line.had == ["a-1", "a-2", "b-1"]
    await line.finished()
    assert sorted(line.had) == ["a-1", "a-2", "a-3", "a-4", "b-1"]
    assert line.turns.in_hand == 0


async def test_who_waits_hears_how_many_go_first_each_time_it_changes_and_then_that_it_is_their_turn() -> None:
    line = Line(1)
    await line.joined("a-1", "a-2", "a-3", "b-1")
    assert line.places["a-1"] == []
    assert [line.places[name][-1] for name in ("b-1", "a-2", "a-3")] == [1, 2, 3]
    await line.let_go()
    assert line.places["b-1"][-1] is None
    assert [line.places[name][-1] for name in ("a-2", "a-3")] == [1, 2]
    line.tasks["a-2"].cancel()
    await settle()
    assert line.places["a-3"][-1] == 1
    await line.finished()
