"""A finished track made ready once (measured, tagged, pictured), and kept beside its copy until it has been sent."""

import asyncio
import logging
import shutil
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio import AudioPool, PackagedTrack, PackagingStep, Problem, Tags, as_it_came
from bot.disk import NO_TRACK, Disk, reaching
from bot.errors import DiskError, TrackLostError
from bot.jobs.files import JobFiles, own_stem
from bot.jobs.model import Job
from bot.texts import text

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)

_NO_ROOM = "no room to package the track"
#: A track usually goes out as soon as it is made; so many that wait meanwhile need not be read again.
_MAX_REMEMBERED = 64
#: What lies beside a job's copy. The record comes last and goes first: without it the others mean nothing.
_RECORD, _SOUND, _PICTURE = ".package.json", ".package.mp3", ".package.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What was made of a track, as JSON. Its paths are names beside the copy, so that the folder can move.

    Sizes prove that the files are whole: nothing is synced, because all of it can be made again from the copy.
    """

    limit_bytes: int  #: of the place that it was made for
    track_bytes: int  #: of the copy that it was made from
    picture_bytes: int  #: 0 without one
    packaged: PackagedTrack


@cache
def _records() -> "TypeAdapter[_Record]":
    from pydantic import TypeAdapter

    return TypeAdapter(_Record)  # made with the first track, not with the start


class PackagedTracks:
    """Tracks of bot.jobs.ports; and what delivery sends."""

    def __init__(self, *, pool: AudioPool, files: JobFiles, disk: Disk) -> None:
        """`files` names what is kept; `disk` hears of what could not be."""
        self._pool = pool
        self._files = files
        self._disk = disk
        self._just_made: dict[int, _Record] = {}  #: by job, as `_kept` gives them

    async def prepare(self, job: Job, track: Path) -> float | None:
        """See Tracks.prepare. One child does all of it."""
        packaged = await self._made(job, track, job.place.upload_limit_bytes)
        if packaged.broken:
            with reaching("a copy cannot be removed"):
                await asyncio.to_thread(track.unlink, missing_ok=True)
            raise TrackLostError(f"no audio: {packaged.problem}")
        return packaged.seconds  # None: our own limits or machine, not the file; its link is delivered

    async def release(self, job: Job) -> None:
        """See Tracks.release."""
        self._just_made.pop(job.id, None)
        try:
            await asyncio.to_thread(self._remove, job)
        except OSError as error:
            log.warning("a track's package stays: %s", error.strerror, extra={"job": job.id})

    async def for_limit(self, job: Job, track: Path, limit_bytes: int) -> PackagedTrack:
        """The track for a place that takes `limit_bytes`: what is kept, or if that is too large, made smaller and kept.

        What is missing or broken, or was never made (rows of older versions), is made now. Raises DiskError.
        """
        kept = self._remembered(job, track) or await asyncio.to_thread(self._kept, job, track)
        # made for less means that more was refused before
        if kept is not None and (kept.limit_bytes <= limit_bytes or kept.packaged.size_bytes <= limit_bytes):
            return kept.packaged
        return await self._made(job, track, limit_bytes)

    def _remembered(self, job: Job, track: Path) -> _Record | None:
        """What this process has just made, if it is whole yet. Three system calls: a trip to a thread costs more."""
        record = self._just_made.pop(job.id, None)
        try:
            return record if record is not None and _is_whole(record, track) else None
        except OSError:
            return None  # whoever looks at the files says why

    async def _made(self, job: Job, track: Path, limit_bytes: int) -> PackagedTrack:
        with reaching(NO_TRACK):
            track_bytes = track.stat().st_size  # one system call: a trip to a thread costs more
        self._just_made.pop(job.id, None)  # whoever is cancelled leaves a record that it does not know of
        tags = Tags(
            title=job.title,
            artist=job.member_name,
            lyrics=job.prompt.strip("#"),
            comment=text("track.comment", job.place.locale),
        )
        packaged: PackagedTrack | None = None
        try:
            with reaching(_NO_ROOM):
                async with self._pool.room(2 * track_bytes) as folder:
                    make = partial(self._pool.package, track, folder, title=job.title, tags=tags)
                    packaged = await make(limit_bytes=limit_bytes)
                    if packaged.may_be_decided:
                        log.info("a track is tried with larger limits: %s", packaged.problem, extra={"job": job.id})
                        packaged = await make(limit_bytes=limit_bytes, patiently=True)
                    if packaged.problem is Problem.DISK:
                        self._disk.failed(DiskError(_NO_ROOM), job.id)
                    keep = partial(self._keep, job, track, folder, packaged, limit_bytes, track_bytes)
                    kept, record = await asyncio.to_thread(keep)
                    self._remember(job, record)
                    return kept
        except DiskError as error:
            if packaged is None and (job.track is None or job.track.seconds is None):
                raise  # unheard it could not be posted, and a disk is waited for
            self._disk.failed(error, job.id)
        with reaching(NO_TRACK):
            plain = await asyncio.to_thread(as_it_came, track, job.title, limit_bytes)
        if packaged is None:
            return plain
        heard = packaged.steps & {PackagingStep.MEASURED}
        return replace(plain, steps=heard, seconds=packaged.seconds, comment=packaged.comment)

    def _keep(
        self, job: Job, track: Path, folder: Path, packaged: PackagedTrack, limit_bytes: int, track_bytes: int
    ) -> tuple[PackagedTrack, _Record | None]:
        """Moves what a child wrote into `folder` beside the copy, never the copy; recorded unless the next try may do
        better. Raises OSError.
        """
        self._remove(job)
        kept = replace(
            packaged,
            path=self._moved(packaged.path, job, _SOUND) if packaged.path.parent == folder.absolute() else track,
            picture=None if packaged.picture is None else self._moved(packaged.picture, job, _PICTURE),
        )
        if PackagingStep.MEASURED in kept.steps and kept.problem is not Problem.DISK:
            record = _Record(
                limit_bytes=limit_bytes,
                track_bytes=track_bytes,
                picture_bytes=0 if kept.picture is None else kept.picture.stat().st_size,
                packaged=replace(kept, fault=""),
            )
            part = self._beside(job, f"{_RECORD}.part")
            part.write_bytes(_records().dump_json(_with_names(record)))
            part.replace(self._beside(job, _RECORD))
            return kept, record
        return kept, None

    def _remember(self, job: Job, record: _Record | None) -> None:
        if record is not None:
            self._just_made[job.id] = record
        if len(self._just_made) > _MAX_REMEMBERED:
            self._just_made.pop(next(iter(self._just_made)))

    def _moved(self, path: Path, job: Job, suffix: str) -> Path:
        into = self._beside(job, suffix)
        shutil.move(path, into)
        return into

    def _kept(self, job: Job, track: Path) -> _Record | None:
        """The record with its paths, if all that it names is there and whole."""
        try:
            record = _records().validate_json(self._beside(job, _RECORD).read_bytes())
            packaged = record.packaged
            names = {track.name: track} | {each.name: each for each in self._files_of(job)}
            path = names[packaged.path.name]
            picture = None if packaged.picture is None else names[packaged.picture.name]
            found = replace(record, packaged=replace(packaged, path=path, picture=picture))
            is_whole = _is_whole(found, track)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError) as error:  # pydantic's ValidationError is a ValueError
            log.warning("a track's package cannot be read: %s", type(error).__name__, extra={"job": job.id})
            return None
        if not is_whole:
            log.warning("a track's package is not whole", extra={"job": job.id})
            return None
        return found

    def _remove(self, job: Job) -> None:
        for path in self._files_of(job):
            path.unlink(missing_ok=True)

    def _files_of(self, job: Job) -> tuple[Path, ...]:
        return tuple(self._beside(job, suffix) for suffix in (_RECORD, _SOUND, _PICTURE))

    def _beside(self, job: Job, suffix: str) -> Path:
        return self._files.track_path(f"{own_stem(job)}{suffix}")


def _with_names(record: _Record) -> _Record:
    """As it is written: with names in place of paths."""
    packaged = record.packaged
    picture = None if packaged.picture is None else Path(packaged.picture.name)
    return replace(record, packaged=replace(packaged, path=Path(packaged.path.name), picture=picture))


def _is_whole(record: _Record, track: Path) -> bool:
    """Whether the files have the sizes that they were recorded with. Raises OSError."""
    packaged = record.packaged
    wanted = [(track, record.track_bytes), (packaged.path, packaged.size_bytes)]
    if packaged.picture is not None:
        wanted.append((packaged.picture, record.picture_bytes))
    return all(path.stat().st_size == size_bytes for path, size_bytes in wanted)
