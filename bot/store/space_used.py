"""What songs hold of the disk, summed from their rows in the transaction that adds one more; is there room at all."""

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.jobs.model import Order
from bot.jobs.space import SpaceLimits, SpaceUsage, check_space
from bot.store.engines import Database
from bot.store.inserting import inserting
from bot.store.tables import jobs, kept_values

#: The kept value that is tried, so large.
_TRIED, _TRIED_BYTES = "disk_tried", 256 * 1024

#: Both are read from an index that holds all they ask.
_BYTES = select(
    func.coalesce(
        func.sum(func.coalesce(jobs.c.reference_copy_bytes, 0) + func.coalesce(jobs.c.track_size_bytes, 0)), 0
    )
)
_BYTES_OF_MEMBER = _BYTES.where(jobs.c.member_id == bindparam("member"))


async def check(connection: AsyncConnection, order: Order, limits: SpaceLimits) -> None:
    """In the transaction that has inserted the order's row. Raises OrderError, which undoes that.

    The caller holds what keeps others from adding until it ends (`bot.store.charges.lock`): orders at the same time
    cannot overshoot.
    """
    size = order.reference.size_bytes
    member = data = size
    if limits.member_max_bytes is not None:
        member = (await connection.execute(_BYTES_OF_MEMBER, {"member": order.member_id})).scalar_one()
    if limits.data_max_bytes is not None:
        data = (await connection.execute(_BYTES)).scalar_one()
    check_space(size, SpaceUsage(member_bytes=int(member) - size, data_bytes=int(data) - size), limits)


async def takes_bytes(database: Database) -> bool:
    """Try a write that needs room, and undo it. A few bytes often fit where a song's row does not."""
    statement = inserting(database.dialect, kept_values)
    statement = statement.values(name=_TRIED, value="." * _TRIED_BYTES).on_conflict_do_nothing()
    try:
        for tried in (statement, delete(kept_values).where(kept_values.c.name == _TRIED)):
            async with database.writing() as connection:  # each for itself: what is undone at once is never written
                await connection.execute(tried)
    except StoreError:
        return False
    return True
