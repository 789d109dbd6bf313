"""What moderators do with other people's songs, and how a song is reported: every act stands in the audit table."""

from bot.clock import Clock
from bot.errors import NoSuchJobError, NotYoursError
from bot.jobs.model import Job
from bot.jobs.operating import Operating
from bot.jobs.record import Act, RecordStore
from bot.jobs.service import Actor, JobService


class ModerationService:
    """Called by controls; who may is checked on every call."""

    def __init__(self, *, jobs: JobService, operating: Operating, store: RecordStore, clock: Clock) -> None:
        """`store` keeps the acts."""
        self._jobs = jobs
        self._operating = operating
        self._store = store
        self._clock = clock

    async def song_of(self, job_id: int, guild_id: int | None) -> Job:
        """A song of this server. Raises NoSuchJobError for any other."""
        job = await self._jobs.get(job_id)
        if guild_id is None or job.place.guild_id != guild_id:
            raise NoSuchJobError(f"job {job_id}")
        return job

    async def wrote_report(self, job: Job, by: int, reason: str) -> bool:
        """Keep a report; False when this member has reported this song before. Raises StoreError."""
        act = Act(by=by, guild_id=job.place.guild_id, what="report", about=f"song {job.id}", note=reason)
        return await self._store.audit_once(act, self._clock.now())

    async def open_lyrics(self, job: Job, by: Actor) -> str:
        """A member's lyrics, as typed, for a moderator; that they were opened is kept first. Raises NotYoursError."""
        await self._write(job, by, "lyrics_shown")
        return job.lyrics

    async def delete(self, job: Job, by: Actor) -> Job:
        """A moderator takes a song away, see JobService.delete; the caller removes its messages.

        Raises NoSuchJobError, NotYoursError, TooLateError.
        """
        deleted = await self._jobs.delete(job.id, by)
        await self._write(job, by, "remove_track")
        return deleted

    async def block(self, job: Job, by: Actor, *, may_block: bool) -> None:
        """The song's member may order in this server no more. Their waiting songs end unpaid. Raises NotYoursError."""
        if not may_block:
            raise NotYoursError(f"job {job.id}")
        await self._operating.block(job.place.guild_id or 0, by.member_id, job.member_id, note=f"song {job.id}")

    async def dismiss_report(self, job: Job, by: Actor) -> None:
        """Nothing is to be done. Raises NotYoursError."""
        await self._write(job, by, "report_dismissed")

    async def _write(self, job: Job, by: Actor, what: str) -> None:
        if not by.is_moderator:
            raise NotYoursError(f"job {job.id}")
        await self._store.audit(self._act(job, by, what, f"song {job.id}"), self._clock.now())

    def _act(self, job: Job, by: Actor, what: str, about: str, note: str = "") -> Act:
        return Act(by=by.member_id, guild_id=job.place.guild_id, what=what, about=about, note=note)
