"""What a member may ask about themselves: all that is kept of them, and that all of it be deleted.

A wish to be forgotten is kept under `leaving.<member id>` until nothing bears that id any more, so that a crash, a
restart or a command in another process only delays it.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.disk import Disk
from bot.errors import DiskError, Reason, StoreBusyError
from bot.jobs.files import JobFiles
from bot.jobs.member_data import MemberData
from bot.jobs.model import Job, JobState
from bot.jobs.ports import RetentionStore, ServiceStore, ValueStore
from bot.jobs.usage import MAX_WINDOW
from bot.metrics import Metrics

log = logging.getLogger(__name__)

#: Before a member's id.
LEAVING = "leaving."
#: A wish that another process left is found within this time, seconds.
LOOK_SECONDS = 4.0
#: Songs that are not paid for, and so end at once.
UNPAID = frozenset({JobState.CHECKING, JobState.QUEUED})
#: Ids leave the ledger with the first look after their window, an hour later at the most.
_MARGIN = timedelta(hours=1)
#: More songs than anybody has within RETENTION_DAYS.
_ALL = 100_000


class PeopleStore(ServiceStore, RetentionStore, ValueStore, Protocol):
    """What this asks of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A wish to be forgotten, as it is kept."""

    since: datetime
    lines_until: datetime  #: no line of the ledger about their songs of then is younger
    job_ids: tuple[int, ...]  #: still to be deleted
    is_begun: bool = True  #: False: another process left it here

    def written(self) -> str:
        """What is kept."""
        since, until = (each.astimezone(UTC).isoformat() for each in (self.since, self.lines_until))
        return json.dumps({"since": since, "until": until, "jobs": self.job_ids, "begun": self.is_begun})

    @classmethod
    def parsed(cls, kept: str) -> "Leaving":
        """The reverse."""
        values = json.loads(kept)
        return cls(
            since=datetime.fromisoformat(values["since"]),
            lines_until=datetime.fromisoformat(values["until"]),
            job_ids=tuple(values["jobs"]),
            is_begun=values["begun"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What became of a wish to be forgotten."""

    deleted: Sequence[Job] = field(default=(), repr=False)  #: songs that are gone with their files
    finishing: int = 0  #: songs that are paid for: they still arrive, and go then
    ids_until: datetime  #: the ledger has their id no longer than that


class People:
    """Answers and carries out what members ask about themselves."""

    def __init__(self, *, store: PeopleStore, files: JobFiles, clock: Clock, disk: Disk, metrics: Metrics) -> None:
        """Nothing is looked at before `run`."""
        self._store = store
        self._files = files
        self._clock = clock
        self._disk = disk
        self._metrics = metrics
        self.take_messages_away: Callable[[Job], Awaitable[object]] | None = None
        """Removes a song's messages from Discord; set once there is a client. Raises nothing."""

    async def data_of(self, member_id: int, *, currency: str | None = None) -> MemberData:
        """All that is kept of a member. `currency`: prices are shown, in that. Raises StoreBusyError."""
        songs = await self._store.of_member(member_id, limit=_ALL)
        return MemberData(
            member_id=member_id,
            made_at=self._clock.now(),
            songs=[(job, await self._store.history(job.id)) for job in songs],
            rules=await self._store.rules_about(member_id),
            ledger=await self._store.ledger_of(member_id),
            currency=currency,
        )

    async def forget(self, member_id: int) -> Forgotten:
        """Delete all of a member that can go at once, and see to the rest later. Raises StoreBusyError.

        What is not paid for ends; what is paid for is finished, delivered, and deleted then.
        """
        await self.ask(member_id, is_begun=True)
        return await self._carry_on(member_id)

    async def ask(self, member_id: int, *, is_begun: bool) -> None:
        """Keep the wish; whoever runs the bot carries it out. Raises StoreBusyError."""
        songs = await self._store.of_member(member_id, limit=_ALL)
        now = self._clock.now()
        job_ids = tuple(sorted(job.id for job in songs))
        leaving = Leaving(since=now, lines_until=now, job_ids=job_ids, is_begun=is_begun)
        await self._store.set_value(f"{LEAVING}{member_id}", leaving.written())

    async def is_begun(self, member_id: int) -> bool:
        """Whether a running bot has taken up the wish that `ask` left here, or has even ended it."""
        kept = await self._store.get_value(f"{LEAVING}{member_id}")
        return kept is None or Leaving.parsed(kept).is_begun

    async def take_away(self, gone: Iterable[Job]) -> None:
        """Remove the messages of deleted songs; a track that has just been delivered stays with its member."""
        if self.take_messages_away is not None:
            for job in gone:
                await self.take_messages_away(job)

    async def run(self) -> None:
        """Carry out what other processes asked for, and what had to wait; for ever."""
        while True:
            try:
                await self.carry_on()
            except StoreBusyError as error:
                log.warning("members wait to be forgotten: %s", error)
            await self._clock.sleep(LOOK_SECONDS)

    async def carry_on(self) -> None:
        """Once. Raises StoreBusyError."""
        for member_id, kept in (await self._store.values_named(LEAVING)).items():
            is_new = not Leaving.parsed(kept).is_begun
            gone = await self._carry_on(int(member_id))
            if is_new:
                log.info("a member is forgotten, as was asked for by the command line")
                await self.take_away(gone.deleted)

    async def _carry_on(self, member_id: int) -> Forgotten:
        name = f"{LEAVING}{member_id}"
        kept = await self._store.get_value(name)
        if kept is None:
            return Forgotten(ids_until=self._clock.now())
        leaving = Leaving.parsed(kept)
        if not leaving.is_begun:
            leaving = replace(leaving, is_begun=True)
        songs = [job for job_id in leaving.job_ids if (job := await self._store.get(job_id)) is not None]
        mine = [job for job in songs if job.member_id == member_id]
        deleted = [gone for job in mine if (gone := await self._let_go(job, leaving)) is not None]
        waiting = tuple(job.id for job in mine if job.id not in {gone.id for gone in deleted})
        now = self._clock.now()
        if deleted:
            await self._store.scrub([job.key for job in deleted])
            leaving = replace(leaving, lines_until=max(now, leaving.lines_until))
        leaving = replace(leaving, job_ids=waiting)
        await self._keep(name, kept, leaving, member_id, now)
        return Forgotten(deleted=deleted, finishing=len(waiting), ids_until=leaving.lines_until + MAX_WINDOW + _MARGIN)

    async def _keep(self, name: str, kept: str, leaving: Leaving, member_id: int, now: datetime) -> None:
        """Write down what is left of the wish; once nothing counts their songs any more, forget the id and the wish."""
        if not leaving.job_ids and now > leaving.lines_until + MAX_WINDOW:
            await self._store.forget_member_before(member_id, leaving.lines_until + timedelta(microseconds=1))
            await self._store.drop_value(name)
            await self._store.scrub()
            log.info("the ledger no longer knows a member who was to be forgotten")
        elif leaving.written() != kept:
            await self._store.set_value(name, leaving.written())
            await self._store.forget_member_before(member_id, now - MAX_WINDOW)

    async def _let_go(self, job: Job, leaving: Leaving) -> Job | None:
        """End and delete a song, files first; None when it has to wait."""
        if job.state in UNPAID:
            return await self._deleted(await self._ended(job))
        was_at_rest = not job.is_live and job.moved_at <= leaving.since
        return await self._deleted(job) if was_at_rest or not job.is_unfinished else None

    async def _ended(self, job: Job) -> Job | None:
        why = "the member deletes everything"
        now = self._clock.now()
        ended = await self._store.move(job, JobState.CANCELLED, now, why=why, reason=Reason.MEMBER_CANCELLED)
        if ended is not None:
            self._metrics.jobs_ended.labels(ended.state, ended.reason or "").inc()
        return ended

    async def _deleted(self, job: Job | None) -> Job | None:
        if job is None:
            return None
        try:
            await self._files.remove(job)
        except DiskError as error:
            self._disk.failed(error, job.id)
            return None
        await self._store.delete(job.id)
        log.info("job deleted", extra={"job": job.id})
        return job
