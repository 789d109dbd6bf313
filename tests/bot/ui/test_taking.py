"""An order that the database keeps waiting: Discord hears of it, and whatever becomes of it is told."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import StoreBusyError
from bot.jobs.admitting import Admitted
from bot.ui import taking
from sandbox.discord import Interaction, Message
from tests.client_kit import LYRICS, SONG, ClientKit, client_kit, fake, labels_of

__all__ = ["client_kit", "fake"]


class SlowStore:
    """Admits when it is let."""

    def __init__(self, client_kit: ClientKit, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may, self.error = asyncio.Event(), None
        self.asked, self.admitted = asyncio.Event(), asyncio.Event()
        self._admit = client_kit.store.admit
        monkeypatch.setattr(client_kit.store, "admit", self)
        monkeypatch.setattr(taking, "QUICK_SECONDS", 0.0)

    error: StoreBusyError | None

    async def __call__(self, *arguments: Any, **more: Any) -> Admitted:
        self.asked.set()
        await self.may.wait()
        if self.error is not None:
            raise self.error
        admitted = await self._admit(*arguments, **more)
        self.admitted.set()
        return admitted


@pytest.fixture
def slow(client_kit: ClientKit, monkeypatch: pytest.MonkeyPatch) -> SlowStore:
    return SlowStore(client_kit, monkeypatch)


async def kept_waiting(client_kit: ClientKit) -> Interaction:
    asked = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    await client_kit.fake.until(lambda: asked.answered)
    return asked


async def given_back(client_kit: ClientKit, asked: Interaction) -> Message:
    answer = await client_kit.fake.until(lambda: next((one for one in asked.messages if one.ephemeral), None))
    assert LYRICS in answer.embeds[0]["description"]
    assert labels_of(answer)
    assert asked.original is not None
    assert "could not write" in asked.original.content
    assert LYRICS not in str(asked.original.embeds)
    return answer


async def test_its_card_comes_when_it_is_written(client_kit: ClientKit, slow: SlowStore) -> None:
    asked = await kept_waiting(client_kit)
    assert not slow.admitted.is_set()
    slow.may.set()
    await client_kit.fake.until(lambda: asked.original and "Cancel" in labels_of(asked.original))
    assert asked.original is not None
    job = await client_kit.card_known(client_kit.woken[0])
    assert (job.card_message_id, job.answered_at is None) == (asked.original.id, False)


async def test_what_was_typed_comes_back_when_it_is_not(client_kit: ClientKit, slow: SlowStore) -> None:
    asked = await kept_waiting(client_kit)
    slow.error = StoreBusyError("locked")
    slow.may.set()
    await given_back(client_kit, asked)


async def test_a_stop_gives_it_back_and_what_is_written_after_that_is_not_made(
    client_kit: ClientKit, slow: SlowStore
) -> None:
    asked = await kept_waiting(client_kit)
    await client_kit.client.services.in_flight.end()
    await given_back(client_kit, asked)
    slow.may.set()
    await slow.admitted.wait()
    await client_kit.fake.until(lambda: client_kit.woken)
    job = await client_kit.jobs.get(client_kit.woken[0])
    assert job.answered_at is None
    assert not client_kit.jobs.answering.is_under_way(job.id)
    assert not await client_kit.cards.is_answered(job)


async def test_one_that_was_heard_a_moment_before_a_stop_is_answered(client_kit: ClientKit) -> None:
    asked = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    while not client_kit.client.services.in_flight._tasks:  # noqa: ASYNC110 - no event tells that it was heard
        await asyncio.sleep(0)
    await client_kit.client.services.in_flight.end()
    assert asked.answered


@pytest.mark.parametrize(
    ("age_seconds", "patience_seconds"), [(-1.0, 1.5), (0.0, 1.5), (1.0, 1.0), (2.5, 0.25), (3.0, 0.0), (3.1, None)]
)
def test_one_that_came_late_has_half_of_what_is_left_to_answer_it(
    age_seconds: float, patience_seconds: float | None
) -> None:
    assert taking.patience_seconds(timedelta(seconds=age_seconds)) == patience_seconds
    assert taking.patience_seconds(None) == taking.QUICK_SECONDS
