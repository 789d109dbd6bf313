"""Orders and times for the store's tests."""

import asyncio
from datetime import UTC, datetime, timedelta

from bot.jobs.model import Job, JobState, Order, Origin, Place, Reference
from bot.jobs.ports import JobStore

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LYRICS = "Über den Dächern\nsing ich – 🎶\n"
TOKEN = "aW50ZXJhY3Rpb24"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def an_order(
    interaction_id: int = 1_300_000_000_000_000_001,
    *,
    member_id: int = 77,
    guild_id: int | None = 5,
    channel_id: int = 6,
    lyrics: str = LYRICS,
    title: str = "Dächer",
    again_of: int | None = None,
    model: str = "minimax-music",
    style: str | None = None,
    price_micros: int = 37_000,
) -> Order:
    return Order(
        member_id=member_id,
        member_name="Ada",
        place=Place(
            origin=Origin.DIRECT if guild_id is None else Origin.GUILD,
            channel_id=channel_id,
            guild_id=guild_id,
            interaction_id=interaction_id,
            interaction_token=TOKEN,
            upload_limit_bytes=10 * 2**20,
            locale="de",
        ),
        title=title,
        lyrics=lyrics,
        prompt=f"##\n{lyrics}\n##",
        reference=Reference(url="https://cdn.example/a.mp3?ex=1", name="a.mp3", size_bytes=4_000_000, expires_at=at(9)),
        provider="aiml",
        model=model,
        style=style,
        price_micros=price_micros,
        again_of=again_of,
    )


async def moved(store: JobStore, job: Job, *path: JobState) -> Job:
    """The job after these moves, a second apart; `generating` goes the way it really goes."""
    for number, state in enumerate(path, start=1):
        now = job.moved_at + timedelta(seconds=number)
        if state is JobState.SUBMITTING:
            after = await store.move(job, state, now, attempt=job.attempt + 1, submit_started_at=now)
        elif state is JobState.QUEUED and job.state is JobState.GENERATING:
            after = await store.move(job, state, now, generation_id=None, submit_started_at=None)
        elif state is JobState.GENERATING and job.generation_id is None:
            after = await store.resolve_submission(
                job.id, job.attempt, f"gen-{job.id}", now, now + timedelta(minutes=5)
            )
        else:
            after = await store.move(job, state, now)
        assert after is not None
        job = after
    return job


TO_GENERATING = (JobState.QUEUED, JobState.SUBMITTING, JobState.GENERATING)
TO_DELIVERED = (*TO_GENERATING, JobState.READY, JobState.DELIVERING, JobState.DELIVERED)


class SetClock:
    """A clock that stands."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
