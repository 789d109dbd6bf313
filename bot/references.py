"""Fetches a reference, hears it, keeps a copy."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePath

import aiohttp
import yarl

from bot.audio import OURS, STOPPED, AudioPool, Finding, Inspection, Needs, Problem, Usability
from bot.audio.turns import Placed, Turns
from bot.clock import Clock
from bot.disk import reaching
from bot.download import DownloadError, DownloadFault, download
from bot.errors import BusyError, DiskError, HearingFaultError, Reason, ReferenceRefusedError
from bot.jobs.files import JobFiles, own_stem
from bot.jobs.model import Job
from bot.jobs.sound_ports import CheckedReference
from bot.texts.remarks import joined, noted

log = logging.getLogger(__name__)


#: A URL that ends sooner than this is not handed on: a place in line and the provider's own fetch take their time.
_URL_MARGIN = timedelta(minutes=30)
#: What every channel takes (Discord's smallest limit). The card is edited by the bot, without the member's own larger
#: limit, so a song that goes onto it must not need more.
_POSTABLE_BYTES = 10 * 1024 * 1024
#: References that are being fetched or heard at once, for each sound process: one is heard while others come in. The
#: rest waits without a connection, a buffer or a byte on the disk.
_AT_ONCE_PER_PROCESS = 3


class ReferenceFetcher:
    """References as `bot.jobs.ports` asks for them."""

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        pool: AudioPool,
        files: JobFiles,
        clock: Clock,
        hosts: frozenset[str],
        max_bytes: int,
        needs: Needs | Mapping[str, Needs],
    ) -> None:
        """`hosts`: where attachments may come from; `max_bytes`: REFERENCE_MAX_BYTES.

        `needs`: those of each model by its name, or what all of them need.
        """
        self._session = session
        self._pool = pool
        self._files = files
        self._clock = clock
        self._hosts = hosts
        self._max_bytes = max_bytes
        self._needs: Mapping[str, Needs] = needs if isinstance(needs, Mapping) else {}
        self._usual_needs = needs if isinstance(needs, Needs) else next(iter(needs.values()), Needs())
        at_once = _AT_ONCE_PER_PROCESS * pool.processes
        self._turns = Turns(at_once, max_each=at_once - 1)  # whoever comes with one file finds a place beside many

    async def check(self, job: Job, placed: Placed | None = None) -> CheckedReference:
        """Download unless our copy is there, decode it whole, convert it if need be; so many at once, others wait.

        On return the copy named in the reference lies there, after a refusal none does, unless it cannot be removed.
        Raises ReferenceRefusedError, HearingFaultError, BusyError, DiskError.
        """
        async with self._turns.turn(member_id=job.member_id, placed=placed):
            try:
                return await self._checked(job, placed)
            except ReferenceRefusedError:
                try:
                    await self._files.remove(job)
                except DiskError as error:
                    log.warning("a refused reference stays: %s", error, extra={"job": job.id})
                raise

    async def _checked(self, job: Job, placed: Placed | None) -> CheckedReference:
        name = job.reference.copy_name or own_stem(job)
        path = self._files.reference_path(name)
        with reaching("the copies cannot be looked at"):
            is_fresh = not path.is_file()
        if is_fresh:
            await self._fetch(job, path)
        inspection = await self._pool.inspect(path, needs=self._needs_of(job), member_id=job.member_id, placed=placed)
        if inspection.usability is Usability.REFUSED:
            if inspection.finding is not None and inspection.finding.problem is Problem.UNREADABLE:
                with reaching("a copy cannot be removed"):
                    await asyncio.to_thread(path.unlink, missing_ok=True)  # fetched anew next time
            raise _refusal(inspection.finding)
        if inspection.usability is Usability.CONVERTIBLE:
            return await self._convert(job, path, inspection, placed)
        reference = replace(
            job.reference,
            copy_name=name,
            copy_bytes=inspection.size_bytes,
            seconds=inspection.seconds,
            format=inspection.format,
        )
        if not self._runs_out(job):
            return CheckedReference(reference=reference)
        if is_fresh and self._has_run_out(job):
            # it has just been fetched from there: the stamp in the URL is wrong, not the URL
            return CheckedReference(reference=replace(reference, expires_at=None))
        if inspection.size_bytes is not None and inspection.size_bytes > self._max_postable_bytes(job):
            return await self._convert(job, path, inspection, placed)
        return CheckedReference(reference=reference, must_be_published=True)

    async def _convert(self, job: Job, path: Path, inspection: Inspection, placed: Placed | None) -> CheckedReference:
        """What the music API does not take becomes an MP3, which then stands for the original."""
        name = f"{path.name}.mp3"
        needs = replace(self._needs_of(job), max_bytes=self._max_postable_bytes(job))
        out = self._files.reference_path(name)
        made = await self._pool.to_reference(path, out, needs=needs, member_id=job.member_id, placed=placed)
        if made.path is None:
            raise _refusal(made.findings[0] if made.findings else None)
        with reaching("a copy cannot be removed"):
            await asyncio.to_thread(path.unlink, missing_ok=True)
        log.info("reference converted", extra={"job": job.id, "from": inspection.format, "seconds": made.seconds})
        reference = replace(
            job.reference,
            name=f"{PurePath(job.reference.name).stem}.mp3",
            copy_name=name,
            copy_bytes=made.size_bytes,
            seconds=made.seconds,
            format="MP3",
        )
        remark = joined(remark_of(reason) for reason in inspection.findings or made.findings)
        return CheckedReference(reference=reference, must_be_published=True, remark=remark)

    def _max_postable_bytes(self, job: Job) -> int:
        """What the model takes and can be attached to the card."""
        limits = (self._needs_of(job).max_bytes, job.place.upload_limit_bytes, _POSTABLE_BYTES)
        return min(limit for limit in limits if limit)

    def _needs_of(self, job: Job) -> Needs:
        return self._needs.get(job.model, self._usual_needs)

    def _runs_out(self, job: Job) -> bool:
        expires_at = job.reference.expires_at
        return expires_at is not None and expires_at - self._clock.now() < _URL_MARGIN

    def _has_run_out(self, job: Job) -> bool:
        expires_at = job.reference.expires_at
        return expires_at is not None and expires_at <= self._clock.now()

    async def _fetch(self, job: Job, path: Path) -> None:
        try:
            await download(self._session, job.reference.url, path, max_bytes=self._max_bytes, allowed=self._is_discords)
        except DownloadError as error:
            log.info("reference not fetched: %s", error, extra={"job": job.id})
            raise _download_refusal(error, self._max_bytes) from error

    def _is_discords(self, url: yarl.URL) -> bool:
        return url.host in self._hosts


def _refusal(reason: Finding | None) -> ReferenceRefusedError | HearingFaultError | DiskError:
    if reason is not None and reason.problem in {Problem.UNREADABLE, Problem.DISK}:
        return DiskError("a copy that was just written cannot be read, or nothing be written beside it")
    if reason is None or reason.problem in OURS:
        return _fault_of_ours(Problem.UNAVAILABLE if reason is None else reason.problem)
    return ReferenceRefusedError(Reason.SOUND, remark_of(reason), is_burnt=reason.problem in STOPPED)


def _fault_of_ours(problem: Problem) -> HearingFaultError:
    """Our code, our disk, our processes: not the member's file, and the member hears that."""
    is_lasting = problem is Problem.INTERNAL
    told = problem if problem in {Problem.INTERNAL, Problem.DISK} else Problem.UNAVAILABLE
    return HearingFaultError(f"not heard: {problem}", detail=remark_of(Finding(problem=told)), is_lasting=is_lasting)


def remark_of(reason: Finding) -> str:
    """A problem in the form that a row keeps."""
    values = dict(reason.values)
    if "what" in values:
        values["what"] = f"@sound.kind.{values['what']}"
    return noted(f"sound.{reason.problem}", **values)


def _download_refusal(error: DownloadError, max_bytes: int) -> ReferenceRefusedError | BusyError | DiskError:
    match error.fault:
        case DownloadFault.NOT_FOUND | DownloadFault.FORBIDDEN | DownloadFault.REFUSED:
            return ReferenceRefusedError(Reason.REFERENCE_GONE)
        case DownloadFault.URL:
            return ReferenceRefusedError(Reason.FOREIGN_URL)
        case DownloadFault.EMPTY:
            return ReferenceRefusedError(Reason.FILE_EMPTY)
        case DownloadFault.TOO_LARGE:
            return ReferenceRefusedError(Reason.FILE_TOO_LARGE, max_bytes=max_bytes)
        case DownloadFault.DISK:
            return DiskError(str(error))
        case DownloadFault.BUSY | DownloadFault.CONNECTION | DownloadFault.TIMEOUT | DownloadFault.PROXY:
            return BusyError(str(error), by_proxy=error.fault is DownloadFault.PROXY)
