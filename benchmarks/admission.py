"""What being let in costs: 50 orders a second over a full ledger, beside the same rows written without any verdict.

`python -m benchmarks.admission [--lines N] [--seconds S] [--per-second R]`. Both kinds of order are paced the same way
and take turns in blocks of ten, in the same database, so that what the disk does to one it does to the other.
"""

import argparse
import asyncio
import itertools
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from bot.clock import SystemClock
from bot.jobs.admission import Terms
from bot.jobs.model import Order, Origin, Place, Reference
from bot.store.db import open_store
from bot.store.jobs import SqlJobStore
from bot.store.rows import columns_of_order
from bot.store.tables import charges, day_sums, job_events, jobs, minute_sums, places

_PRICE = 37_000
_MEMBERS = 5_000
_GUILDS = 20
_MODEL = "minimax-music"
_BLOCK = 10
_AT_A_TIME = 20_000
#: Everything that can be counted is, and nothing is refused.
_TERMS = Terms(
    member_per_day=1_000,
    member_at_once=1_000,
    guild_per_day=1_000,
    budget_per_day_micros=10**15,
    budget_per_month_micros=10**15,
)


def _order(number: int) -> Order:
    member_id = random.randrange(_MEMBERS)
    place = Place(
        origin=Origin.GUILD,
        channel_id=6,
        guild_id=member_id % _GUILDS,
        interaction_id=10_000_000 + number,
        interaction_token=secrets.token_hex(40),
        upload_limit_bytes=10 * 2**20,
        locale="en-GB",
    )
    lyrics = "Some words that are sung here\n" * 12
    reference = Reference(
        url="https://cdn.discordapp.com/attachments/1/2/a.mp3?ex=1", name="a.mp3", size_bytes=4_000_000
    )
    return Order(
        member_id=member_id,
        member_name="Ada",
        place=place,
        title="A song",
        lyrics=lyrics,
        prompt=f"##{lyrics}##",
        reference=reference,
        provider="aiml",
        model=_MODEL,
        price_micros=_PRICE,
        role_ids=frozenset(range(100, 110)),
    )


async def _fill(store: SqlJobStore, lines: int, now: datetime) -> None:
    """A ledger as a year of a busy bot leaves it: two lines a song; one in a hundred falls into the last day."""
    songs = lines // 2
    rng = random.Random(5)
    days: dict[str, list[int]] = {}
    minutes: dict[datetime, int] = {}
    for start in range(0, songs, _AT_A_TIME):
        batch: list[dict[str, Any]] = []
        taken: list[dict[str, Any]] = []
        for number in range(start, min(start + _AT_A_TIME, songs)):
            hours = rng.uniform(0, 24) if number % 100 == 0 else rng.uniform(24, 24 * 365)
            at = now - timedelta(hours=hours)
            whose = {"member_id": rng.randrange(_MEMBERS), "guild_id": rng.randrange(_GUILDS)}
            line = whose | {
                "at": at, "channel_id": 6, "job_id": -number - 1, "attempt": 1, "provider": "aiml", "model": _MODEL,
                "songs": 1, "price_micros": _PRICE, "note": "",
            }  # fmt: skip
            batch += [line | {"kind": "held"}, line | {"kind": "spent"}]
            sums = days.setdefault(f"{at:%Y-%m-%d}", [0, 0])
            sums[0] += 1
            sums[1] += _PRICE
            minute = at.replace(second=0, microsecond=0)
            minutes[minute] = minutes.get(minute, 0) + _PRICE
            if hours < 48:
                taken.append(whose | {"job_id": -number - 1, "at": at})
        async with store.database.writing() as connection:
            await connection.execute(insert(charges), batch)
            if taken:
                await connection.execute(insert(places), taken)
    async with store.database.writing() as connection:
        await connection.execute(
            insert(day_sums),
            [
                {"day": day, "model": _MODEL, "spent_songs": sums[0], "spent_micros": sums[1],
                 "unknown_songs": 0, "unknown_micros": 0}
                for day, sums in days.items()
            ],
        )  # fmt: skip
        rows = [{"at": at, "micros": micros} for at, micros in minutes.items()]
        for start in range(0, len(rows), _AT_A_TIME):
            await connection.execute(insert(minute_sums), rows[start : start + _AT_A_TIME])


async def _without(store: SqlJobStore, order: Order) -> None:
    """What taking an order was before there was a ledger: its row and a line of history."""
    now = datetime.now(UTC)
    values = columns_of_order(order, key=secrets.token_hex(8), now=now)
    async with store.database.writing() as connection:
        job_id = (await connection.execute(insert(jobs).values(values).returning(jobs.c.id))).scalar_one()
        line = {"job_id": job_id, "at": now, "before": None, "after": "checking", "detail": ""}
        await connection.execute(insert(job_events).values(line))


async def _with(store: SqlJobStore, order: Order) -> None:
    await store.admit(order, datetime.now(UTC), _TERMS)


async def _timed(take: Callable[[SqlJobStore, Order], Awaitable[None]], store: SqlJobStore, order: Order) -> float:
    started = time.perf_counter()
    await take(store, order)
    return (time.perf_counter() - started) * 1000


async def _paced(store: SqlJobStore, seconds: float, per_second: float) -> dict[str, list[float]]:
    """Milliseconds of each order, from asking to durable."""
    numbers = itertools.count()
    took: dict[str, list[asyncio.Task[float]]] = {"without": [], "with": []}
    began = time.perf_counter()
    for turn in range(int(seconds * per_second / _BLOCK) * 2):
        name, take = (("without", _without), ("with", _with))[turn % 2]
        for _ in range(_BLOCK):
            number = next(numbers)
            took[name].append(asyncio.create_task(_timed(take, store, _order(number))))
            await asyncio.sleep(max(0.0, began + (number + 1) / per_second - time.perf_counter()))
    return {name: list(await asyncio.gather(*tasks)) for name, tasks in took.items()}


async def run(*, lines: int, seconds: float, per_second: float) -> None:
    """Fill, warm up, measure, print."""
    with tempfile.TemporaryDirectory(prefix="compose-admission-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'compose.db'}"
        async with open_store(url, clock=SystemClock()) as store:
            await _fill(store, lines, datetime.now(UTC))
            async with store.database.reading() as connection:
                found = (await connection.execute(text("SELECT count(*) FROM charge"))).scalar_one()
            print(f"{found} lines in the ledger, {per_second:g} orders a second")
            took = await _paced(store, seconds, per_second)
    print(f"{'':24}{'orders':>8}{'mean':>10}{'median':>10}{'95 %':>10}  ms, from asking to durable")
    for name, label in (("without", "row alone (as before)"), ("with", "verdict, row and hold")):
        values = took[name]
        ninety_five = statistics.quantiles(values, n=20)[-1]
        print(
            f"{label:24}{len(values):>8}{statistics.mean(values):>10.2f}{statistics.median(values):>10.2f}"
            f"{ninety_five:>10.2f}"
        )
    added = statistics.mean(took["with"]) - statistics.mean(took["without"])
    median = statistics.median(took["with"]) - statistics.median(took["without"])
    print(f"added: {added:.2f} ms on average, {median:.2f} ms in the median")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.admission")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--per-second", type=float, default=50)
    options = parser.parse_args()
    asyncio.run(run(lines=options.lines, seconds=options.seconds, per_second=options.per_second))


if __name__ == "__main__":
    main()
