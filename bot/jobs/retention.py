"""What is deleted, and when: a job that ended, after a set number of days; copies that nobody paid for, sooner."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.clock import Clock
from bot.disk import Disk
from bot.errors import DiskError, StoreBusyError
from bot.jobs.files import JobFiles
from bot.jobs.model import Job
from bot.jobs.ports import RetentionStore
from bot.jobs.servers import Servers
from bot.jobs.usage import MAX_WINDOW
from bot.logs import counted

log = logging.getLogger(__name__)

_EVERY_SECONDS = 3600.0
_AT_A_TIME = 100
#: A file is younger while its job is being written down, at the very most.
_STRAY_AFTER = timedelta(hours=1)


class Retention:
    """Looks once an hour."""

    def __init__(
        self,
        *,
        store: RetentionStore,
        files: JobFiles,
        clock: Clock,
        keep_for: timedelta,
        disk: Disk,
        servers: Servers | None = None,
    ) -> None:
        """`keep_for` counts from a job's last move. `servers`: whose rules are forgotten in time."""
        self._servers = servers
        self._store = store
        self._files = files
        self._clock = clock
        self._keep_for = keep_for
        self._disk = disk

    async def run(self) -> None:
        """Delete what is due, for ever."""
        while True:
            try:
                await self.delete_due()
                await self.give_copies_back()
            except StoreBusyError as error:
                log.warning("retention waits: %s", error)
            await self._clock.sleep(_EVERY_SECONDS)

    async def run_beside(self) -> None:
        """In a process beside the one that runs this: what lies in its own folder of jobs that are gone, for ever."""
        while True:
            await self._clock.sleep(_EVERY_SECONDS)
            try:
                await self._remove_strays()
            except StoreBusyError as error:
                log.warning("retention waits: %s", error)

    async def delete_due(self) -> int:
        """Delete every resting job that last moved before the limit; files first, then the row. Returns how many.

        A job whose files cannot be removed stays for the next time.
        """
        now = self._clock.now()
        await self._store.forget_places(now)
        # nobody leaves the ledger while a limit still counts their songs
        await self._store.forget_people_before(now - max(self._keep_for, MAX_WINDOW))
        if self._servers is not None:
            await self._servers.forget_due()
        await self._remove_strays()
        before = now - self._keep_for
        deleted: list[str] = []
        while due := await self._store.older_than(before, limit=_AT_A_TIME):
            gone = [job.key for job in due if await self._delete(job)]
            deleted += gone
            if len(gone) < len(due):
                break  # the same ones would come first again
        count = len(deleted)
        await self._store.scrub(deleted)
        await self._store.forget_copies_before(before)
        if count:
            days = self._keep_for / timedelta(days=1)
            log.info("deleted %s not moved for %g days", counted(count, "job"), days)
        return count

    async def _remove_strays(self) -> None:
        """Copies whose job is gone: it was deleted while one of its files was being written."""
        try:
            found = await self._files.job_ids_of_copies(self._clock.now() - _STRAY_AFTER)
            known = await self._store.known_ids(found)
            removed = await self._files.remove_of_jobs(found - known)
        except DiskError as error:
            self._disk.failed(error)
            return
        if removed:
            log.info("removed %s of jobs that are gone", counted(removed, "file"))

    async def give_copies_back(self) -> int:
        """Remove what orders that ended unpaid still hold: of older versions, or on a disk that failed. How many."""
        count = 0
        while held := await self._store.unpaid_with_copies(limit=_AT_A_TIME):
            for job in held:
                try:
                    await self._files.remove_reference(job)
                except DiskError as error:
                    self._disk.failed(error, job.id)
                    return count
                await self._store.update(job.id, reference=replace(job.reference, copy_name=None, copy_bytes=None))
                count += 1
        if count:
            log.info("removed the copies of %d references of orders that ended unpaid", count)
        return count

    async def _delete(self, job: Job) -> bool:
        try:
            await self._files.remove(job)
        except DiskError as error:
            self._disk.failed(error, job.id)
            return False
        await self._store.delete(job.id)
        return True
