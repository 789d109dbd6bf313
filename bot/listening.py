"""Fetches a reference, hears it, keeps a copy; and tells a finished track from anything else."""

import logging
from dataclasses import replace
from pathlib import Path

import aiohttp
import yarl

from bot.audio import Inspection, Problem, Purpose, Verdict, Workbench
from bot.audio import Reason as SoundReason
from bot.clock import Clock
from bot.download import DownloadError, DownloadFault, download
from bot.errors import BusyError, Reason, ReferenceRefusedError, TrackLostError
from bot.jobs.files import JobFiles
from bot.jobs.model import Job
from bot.jobs.ports import Heard
from bot.texts.remarks import noted

log = logging.getLogger(__name__)

#: A child that died or hung says nothing about the file when the machine was short of memory or time.
_NOT_THE_FILES_FAULT = frozenset({Problem.UNREADABLE})


class Listening:
    """References and tracks as `bot.jobs.ports` asks for them."""

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        workbench: Workbench,
        files: JobFiles,
        clock: Clock,
        hosts: frozenset[str],
        most_bytes: int,
    ) -> None:
        """`hosts`: where attachments may come from; `most_bytes`: REFERENCE_MAX_BYTES."""
        self._session = session
        self._workbench = workbench
        self._files = files
        self._clock = clock
        self._hosts = hosts
        self._most_bytes = most_bytes

    async def check(self, job: Job) -> Heard:
        """Download unless our copy is there, decode it whole. Raises ReferenceRefusedError or BusyError."""
        name = job.reference.copy_name or f"{job.id}-{job.key}"
        path = self._files.reference_path(name)
        if not path.is_file():
            await self._fetch(job, path)
        found = await self._workbench.inspect(path)
        reference = replace(job.reference, copy_name=name, seconds=found.seconds, format=found.format)
        if found.verdict is Verdict.REFUSED:
            path.unlink(missing_ok=True)
            raise _refusal(found)
        return Heard(reference=reference, must_be_published=self._has_run_out(job))

    async def seconds_of(self, track: Path) -> float | None:
        """The track's length; None when nobody could tell. Raises TrackLostError when it is no audio at all."""
        found = await self._workbench.inspect(track, purpose=Purpose.TRACK)
        if found.accepted or found.reason is None:
            return found.seconds
        if found.reason.problem in {Problem.TOO_HEAVY, Problem.CRASHED}:
            return None  # our own limits or machine, not the file: it is delivered as it came
        track.unlink(missing_ok=True)
        raise TrackLostError(f"no audio: {found.reason.problem}")

    def _has_run_out(self, job: Job) -> bool:
        expires_at = job.reference.expires_at
        return expires_at is not None and expires_at <= self._clock.now()

    async def _fetch(self, job: Job, path: Path) -> None:
        try:
            await download(
                self._session, job.reference.url, path, most_bytes=self._most_bytes, allowed=self._is_discords
            )
        except DownloadError as error:
            log.info("reference not fetched: %s", error, extra={"job": job.id})
            raise _download_refusal(error, self._most_bytes) from error

    def _is_discords(self, url: yarl.URL) -> bool:
        return url.host in self._hosts


def _refusal(found: Inspection) -> ReferenceRefusedError | BusyError:
    reason = found.reason
    if reason is None or reason.problem in _NOT_THE_FILES_FAULT:
        return BusyError("the file could not be read")
    return ReferenceRefusedError(Reason.SOUND, remark_of(reason))


def remark_of(reason: SoundReason) -> str:
    """A problem in the form that a row keeps."""
    values = dict(reason.values)
    if "what" in values:
        values["what"] = f"@sound.kind.{values['what']}"
    return noted(f"sound.{reason.problem}", **values)


def _download_refusal(error: DownloadError, most_bytes: int) -> ReferenceRefusedError | BusyError:
    match error.fault:
        case DownloadFault.NOT_FOUND | DownloadFault.FORBIDDEN | DownloadFault.REFUSED:
            return ReferenceRefusedError(Reason.REFERENCE_GONE)
        case DownloadFault.URL:
            return ReferenceRefusedError(Reason.FOREIGN_URL)
        case DownloadFault.EMPTY:
            return ReferenceRefusedError(Reason.FILE_EMPTY)
        case DownloadFault.TOO_LARGE:
            return ReferenceRefusedError(Reason.FILE_TOO_LARGE, most_bytes=most_bytes)
        case DownloadFault.BUSY | DownloadFault.CONNECTION | DownloadFault.TIMEOUT | DownloadFault.DISK:
            return BusyError(str(error))
