"""Tables that processes of an earlier version work with are not changed under them."""

import pytest
from sqlalchemy import make_url, text

from bot.clock import SystemClock
from bot.database_address import parse
from bot.errors import StartError
from bot.store.db import open_store, refuse_old_company
from bot.store.engines import connect
from bot.store.migrate import newest, revisions
from bot.store.seats import HeldSeat, Seat
from tests.bot.store.orders import SetClock
from tests.bot.store.postgresql import PostgresqlServer

EARLIER = revisions()[-2]


async def test_a_newer_version_waits_for_the_end_of_the_processes_of_an_earlier_one(
    postgresql: PostgresqlServer,
) -> None:
    url = await postgresql.migrated_database()
    database = connect(make_url(url))
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": EARLIER})
    worker = HeldSeat(parse(url), Seat(gateway=False), SystemClock())
    await worker.take()
    with pytest.raises(
        StartError, match=rf"earlier version \(revision {EARLIER}, this one's is {newest()}\). Stop all"
    ):
        async with open_store(url, clock=SetClock()):
            pass
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == EARLIER
    await worker.leave()
    await refuse_old_company(parse(url))
    await database.close()
