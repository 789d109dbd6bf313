"""What members may ask of jobs. Cogs and controls call this alone; every permission is checked on the row."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Unpack

from bot import crash
from bot.clock import Clock
from bot.crash import CrashPoint
from bot.disk import Disk
from bot.errors import FinishedError, NoSuchJobError, NotYoursError, OrderError, Reason, TooLateError
from bot.jobs.admission import PlaceRequest, Refused, Taken, limits_of, verdict
from bot.jobs.admitting import Admission, Admitted
from bot.jobs.answers import Answering
from bot.jobs.files import JobFiles
from bot.jobs.model import RESTING, Job, JobState, Order
from bot.jobs.overview import Running
from bot.jobs.people import People
from bot.jobs.ports import Cancellation, Changes, ServiceStore
from bot.jobs.record import RefusedOrder
from bot.jobs.servers import Servers
from bot.jobs.space import SpaceLimits
from bot.jobs.stop_making import Stopping, end_of
from bot.metrics import RULES, Metrics

log = logging.getLogger(__name__)

#: Cancelling after the POST stops the watching; the bill only where the service can stop, and says that it did.
CANCELLABLE_FREE = frozenset({JobState.CHECKING, JobState.QUEUED})
CANCELLABLE_PAID = frozenset({JobState.GENERATING})
CANCELLABLE = CANCELLABLE_FREE | CANCELLABLE_PAID

#: Rules that are looked at before an order comes here.
REFUSED_BEFORE = frozenset(
    {Reason.GUILD_CLOSED, Reason.DIRECT_CLOSED, Reason.USER_INSTALL_CLOSED, Reason.WORDS_REFUSED}
)
#: Refusals that what is under way has to do with.
_LINKED = frozenset({Reason.LIMIT_DAY, Reason.LIMIT_AT_ONCE, Reason.ALREADY_TAKEN})


#: Refused orders that nobody has read yet; more are forgotten.
_MAX_UNREAD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who presses: the row decides whether they may."""

    member_id: int
    is_moderator: bool = False  #: may manage messages where they pressed
    role_ids: frozenset[int] = frozenset()  #: in the server where they pressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a member may still order."""

    per_day: int | None  #: None: no limit
    left: int | None  #: of `per_day`
    next_at: datetime | None  #: when the next place comes free; None while all are
    at_once: int | None  #: songs under way at the same time; None: no limit
    live: int  #: how many are
    under_way: tuple[Job, ...]  #: the first ten of them
    said: Taken | Refused  #: to a song that was ordered now


class JobService:
    """Orders in, decisions on jobs, and what there is to see."""

    def __init__(  # noqa: PLR0913 - each is a port or a bound that orders meet
        self,
        *,
        store: ServiceStore,
        files: JobFiles,
        clock: Clock,
        metrics: Metrics,
        disk: Disk,
        space: SpaceLimits,
        wake: Callable[[int], None],
        people: People,
        servers: Servers,
        admission: Admission | None = None,
        held: Callable[[str], Reason | None] = lambda _provider: None,
        stopping: Stopping | None = None,
    ) -> None:
        """`wake(job_id)` wakes the engine; it must return at once. `disk` and `space` bound what is taken.

        `admission`: None lets everybody in. `held`: why the account's brake holds a provider's line, None while it is
        off. `stopping`: asks a job's music service to stop; None: none can.
        """
        self._stopping = stopping
        self._disk = disk
        self._space = space
        self.people = people
        self.servers = servers
        self._store = store
        self._files = files
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self.admission = admission or Admission()
        self.answering = Answering()
        """Shared with the steps, which wait for what it says is under way."""
        #: What rules did not let in, for log channels; the oldest go first when nobody reads.
        self.refused_orders: deque[RefusedOrder] = deque(maxlen=_MAX_UNREAD)
        self._held = held

    async def take(self, order: Order) -> Admitted:
        """Take an order. On return the row is durable and an engine will look at it; lyrics are safe from here on.

        Unless it is answered already (`answered_at`) nothing is paid before `answered`; whoever takes it must come to
        `answer_ended`, whatever happens in between.

        Raises OrderError when it is not let in or the disk has no room for it, DuplicateOrderError when this
        interaction is already a job, StoreBusyError when nothing was written.
        """
        crash.reach(CrashPoint.BEFORE_ROW)
        if not await self._disk.takes_orders():
            raise await self._refused(OrderError(Reason.DISK_NEARLY_FULL), order.member_id)
        try:
            admitted = await self._store.admit(order, self._clock.now(), self.admission.terms, space=self._space)
        except OrderError as error:
            raise await self._refused(error, order.member_id) from None
        job = admitted.job
        if job.answered_at is None:
            self.answering.begin(job.id)
        crash.reach(CrashPoint.AFTER_ROW)
        self._metrics.jobs_taken.inc()
        log.info("job taken", extra={"job": job.id, "state": job.state})
        self._wake(job.id)
        return admitted

    def refusal_told(self, reason: Reason, refused: RefusedOrder | None = None) -> None:
        """A member was told that a rule said no; what was refused here is counted already. `refused`: of a server."""
        if reason in REFUSED_BEFORE:
            self._count_refusal(reason)
        if reason in RULES and refused is not None:
            self.refused_orders.append(refused)

    def _count_refusal(self, reason: Reason) -> None:
        self._metrics.orders_refused.labels(reason).inc()
        self._metrics.limited.labels(RULES.get(reason, reason)).inc()

    async def check_admission(self, asked: PlaceRequest) -> None:
        """Whether it would be let in at this moment; takes nothing. Raises OrderError."""
        said = (await self.quota_of(asked)).said
        if isinstance(said, Refused):
            raise await self._refused(said.error(), asked.member_id)

    async def quota_of(self, asked: PlaceRequest) -> Quota:
        """What is left to a member at this moment."""
        now = self._clock.now()
        rules, usage = await self._store.standing_of(asked, now, self.admission.terms)
        limits = limits_of(asked, rules, now)
        return Quota(
            per_day=limits.member_per_day,
            left=None if limits.member_per_day is None else max(0, limits.member_per_day - usage.member.count),
            next_at=usage.member.next_at,
            at_once=limits.member_at_once,
            live=usage.live,
            under_way=tuple(await self._store.live_of_member(asked.member_id)),
            said=verdict(asked, rules, usage, now),
        )

    def held(self, job: Job) -> Reason | None:
        """Why the account's brake keeps this job waiting; None when it does not."""
        return self._held(job.provider) if job.state in CANCELLABLE_FREE else None

    async def answered(self, job: Job, message_id: int | None) -> None:
        """Discord took our answer to the order: from here on it may be paid for. `message_id`: of its card, if known.

        Raises StoreBusyError; then the steps ask Discord for the answer.
        """
        changes: Changes = {} if message_id is None else {"card_message_id": message_id}
        if job.answered_at is None:
            changes["answered_at"] = self._clock.now()
        await self._store.update(job.id, **changes)

    async def unanswered(self, job_id: int) -> None:
        """Discord did not take our answer: the job rests unpaid, unless an answer came on another way.

        Raises StoreBusyError; then the steps ask Discord for the answer.
        """
        while (job := await self._store.get(job_id)) is not None:
            if job.answered_at is not None or job.state not in CANCELLABLE_FREE:
                return
            moved = await self._store.move(
                job,
                JobState.FAILED,
                self._clock.now(),
                why="never answered",
                reason=Reason.UNANSWERED,
                notified_state=None,
            )
            if moved is not None:
                self._after_move(job, moved)
                return

    def answer_ended(self, job_id: int) -> None:
        """Whatever became of the answer to an order, nobody is giving it any more."""
        if self.answering.end(job_id):
            self._wake(job_id)

    async def get(self, job_id: int) -> Job:
        """The job, for anyone. Raises NoSuchJobError."""
        job = await self._store.get(job_id)
        if job is None:
            raise NoSuchJobError(f"job {job_id}")
        return job

    async def own(self, job_id: int, by: Actor) -> Job:
        """The job, for its owner only. Raises NoSuchJobError, NotYoursError."""
        job = await self.get(job_id)
        if job.member_id != by.member_id:
            raise NotYoursError(f"job {job_id}")
        return job

    async def cancel(self, job_id: int, by: Actor) -> Job:
        """Let a job go while that can be done.

        What was already sent to the music service costs unless that says that it had not begun; a job that may still
        be charged has `may_be_charged`. Raises NoSuchJobError, NotYoursError, TooLateError, and FinishedError when the
        track is made: then it comes.
        """
        job = await self._allowed(job_id, by)
        if job.state not in CANCELLABLE:
            raise TooLateError(f"job {job_id} is {job.state}")
        if self._stopping is not None and self.can_stop(job):
            with self._stopping.at_work(job_id):
                return await self._stopped(job, self._stopping)
        why, changes = end_of(None)
        return await self._moved(job, JobState.CANCELLED, why=why, **changes)

    async def _stopped(self, job: Job, stopping: Stopping) -> Job:
        """Intent, effect, confirmation: what dies in between is gone on with by the song's steps."""
        wished = await self._store.wish_to_stop(job, wished=True)
        if wished is None:
            raise TooLateError(f"job {job.id} moved meanwhile")
        said = await stopping.ask(job)
        if said is Cancellation.TOO_LATE:
            await self._store.wish_to_stop(job, wished=False)
            self._wake(job.id)
            raise FinishedError(f"job {job.id} is finished")
        why, changes = end_of(said)
        moved = await self._store.move(wished, JobState.CANCELLED, self._clock.now(), why=why, **changes)
        if moved is None and (ended := await self._store.get(job.id)) and ended.state is JobState.CANCELLED:
            return ended  # by another press, or by its steps: what that one was told is true of this one
        return self._after_move(job, moved)

    def can_stop(self, job: Job) -> bool:
        """Whether its music service can be asked to stop, which may take some seconds."""
        return self._stopping is not None and job.state in CANCELLABLE_PAID and self._stopping.is_possible(job)

    async def dismiss(self, job_id: int, by: Actor) -> Job:
        """Let an unknown outcome go. Raises NoSuchJobError, NotYoursError, TooLateError."""
        return await self._end(job_id, by, frozenset({JobState.UNKNOWN}), Reason.DISMISSED)

    async def risk_again(self, job_id: int, by: Actor, *, press: int | None = None) -> Job:
        """Queue an unknown job once more, as a new attempt that may be charged twice; only its owner can decide that.

        `press`: the interaction behind it. Discord may deliver one again, also after a restart, and the job may have
        become unknown again by then: each press is worth one attempt. It counts like an order. Raises NoSuchJobError,
        NotYoursError, TooLateError, OrderError when it is not let in.
        """
        job = await self.own(job_id, by)
        why = "the member risks a second charge" + (f" (press {press})" if press else "")
        is_repeated = press is not None and any(event.detail == why for event in await self._store.history(job_id))
        if job.state is not JobState.UNKNOWN or is_repeated:
            raise TooLateError(f"job {job_id} is {job.state}")
        now = self._clock.now()
        try:
            moved = await self._store.admit_again(job, now, self.admission.terms, role_ids=by.role_ids, why=why)
        except OrderError as error:
            raise await self._refused(error, job.member_id) from None
        return self._after_move(job, moved)

    async def ask_again(self, job_id: int, by: Actor) -> Job:
        """Look once more for a track that came too late, was lost or could not be delivered; costs nothing.

        Raises NoSuchJobError, NotYoursError, TooLateError.
        """
        job = await self.own(job_id, by)
        if job.state is JobState.UNDELIVERABLE:
            return await self._moved(job, JobState.DELIVERING, why="the member asks again", reason=None)
        if job.state in {JobState.EXPIRED, JobState.FAILED} and job.generation_id is not None:
            soon = self._clock.now() + timedelta(minutes=2)
            return await self._moved(
                job, JobState.GENERATING, why="the member asks again", reason=None, track=None, deadline_at=soon
            )
        raise TooLateError(f"job {job_id} is {job.state}")

    async def delete(self, job_id: int, by: Actor) -> Job:
        """Remove a resting job: its files, then its row with the lyrics. The caller removes the messages.

        Owner or moderator; a moderator takes the messages alone away: a song that was paid for stays its member's.
        Raises NoSuchJobError, NotYoursError, TooLateError (it is still being worked on).
        """
        job = await self._allowed(job_id, by)
        if job.state not in RESTING:
            raise TooLateError(f"job {job_id} is {job.state}")
        if job.member_id != by.member_id and _is_paid(job):
            await self._store.update(job_id, card_message_id=None, track_channel_id=None, track_message_id=None)
            log.info("a job's messages were taken away", extra={"job": job.id})
            return job
        await self._files.remove(job)
        await self._store.delete(job_id)
        await self._store.scrub([job.key])
        log.info("job deleted", extra={"job": job.id})
        return job

    async def tracks_of(self, member_id: int, *, limit: int = 10, offset: int = 0) -> tuple[Sequence[Job], int]:
        """A page of a member's own jobs, newest first, and how many there are in all."""
        return await asyncio.gather(
            self._store.of_member(member_id, limit=limit, offset=offset), self._store.count_of_member(member_id)
        )

    async def running_in(self, guild_id: int | None, channel_id: int, *, limit: int) -> Running:
        """The first of what is under way in a channel, and how many more there are; however long the line is."""
        return await self._store.running_in(guild_id, channel_id, limit=limit)

    async def track_heard(self, job: Job, seconds: float) -> None:
        """Remember that the job's track was decoded after all, and how long it is."""
        if job.track is not None:
            await self._store.update(job.id, track=replace(job.track, seconds=seconds))

    def track_file(self, job: Job) -> Path | None:
        """Our copy of the job's track, if there is one."""
        return self._files.track(job)

    def reference_file(self, job: Job) -> Path | None:
        """Our copy of the job's reference, if there is one."""
        return self._files.reference(job)

    async def _allowed(self, job_id: int, by: Actor) -> Job:
        job = await self.get(job_id)
        if job.member_id != by.member_id and not by.is_moderator:
            raise NotYoursError(f"job {job_id}")
        return job

    async def _end(self, job_id: int, by: Actor, states: frozenset[JobState], reason: Reason) -> Job:
        job = await self.own(job_id, by)
        if job.state not in states:
            raise TooLateError(f"job {job_id} is {job.state}")
        return await self._moved(job, JobState.CANCELLED, why=reason, reason=reason)

    async def _moved(self, job: Job, after: JobState, *, why: str, **changes: Unpack[Changes]) -> Job:
        return self._after_move(job, await self._store.move(job, after, self._clock.now(), why=why, **changes))

    async def _refused(self, error: OrderError, member_id: int) -> OrderError:
        """The refusal, with what the member has under way: `under_way`, jobs, oldest first."""
        under_way = tuple(await self._store.live_of_member(member_id)) if error.reason in _LINKED else ()
        if error.reason not in REFUSED_BEFORE:  # those are counted when they are told, whoever listed the word
            self._count_refusal(error.reason)
        return OrderError(error.reason, error.detail, **error.values, under_way=under_way)

    def _after_move(self, job: Job, moved: Job | None) -> Job:
        if moved is None:
            raise TooLateError(f"job {job.id} moved meanwhile")
        log.info("job moved", extra={"job": job.id, "state": moved.state})
        if not moved.is_live:
            self._metrics.jobs_ended.labels(moved.state, moved.reason or "").inc()
        self._wake(job.id)
        return moved


def _is_paid(job: Job) -> bool:
    """Whether there is, or may be, something that its member paid for or waits for."""
    return job.track is not None or job.may_be_charged
