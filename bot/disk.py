"""This machine's own disk: its faults told apart from everybody else's, and remembered until a write works again."""

import asyncio
import errno
import logging
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from bot.byte_sizes import size_shown
from bot.clock import Clock
from bot.errors import DiskError

log = logging.getLogger(__name__)

#: What `reaching` says of the copies that are read in more than one place.
NO_TRACK = "the track cannot be read"
NO_REFERENCE = "the copy of the reference cannot be read"
#: While a fault lasts, a write is tried so often.
_LOOK_SECONDS = 10.0
#: Of that size: a full disk often still takes a few bytes.
_TRIED_BYTES = 1 << 20
#: `remove_leftovers` knows the ending, should the process die in between.
_TRIED_SUFFIX = ".part"


#: What an operator can do, by what the system says.
_ADVICE = {
    errno.ENOSPC: "The disk is full: free some space on it",
    errno.EDQUOT: "This user's share of the disk is used up: free some space, or raise the quota",
    errno.EFBIG: "A limit on the size of files is reached: raise it (ulimit -f)",
    errno.EROFS: "The file system is read-only: make it writable, or name another place",
    errno.EIO: "Look at the disk, it fails",
}


class DiskPlace(StrEnum):
    """What lies on a disk that may be another than the others'."""

    DATA = "DATA_DIR"
    DATABASE = "DATABASE_URL"


def advice_for(error: OSError, otherwise: str = "Make it writable for this user") -> str:
    """What an operator can do about it, without a full stop."""
    return _ADVICE.get(error.errno or 0, otherwise)


@contextmanager
def reaching(what: str) -> Generator[None]:
    """Turn an OSError of the block into DiskError. `what`: as in "the track cannot be read"; no member's words."""
    try:
        yield
    except OSError as error:
        raise DiskError(f"{what}: {error.strerror or type(error).__name__}") from error


def make_private(folder: Path) -> None:
    """Create the folder for this user alone; one that is there is closed to others. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_open(folder):
        with suppress(OSError):  # somebody else's, or a file system without such modes: looked at below
            folder.chmod(0o700)
    warn_if_open(folder)


def warn_if_open(folder: Path) -> None:
    """One WARNING, with what to do, where other users of this machine reach what lies there."""
    if is_open(folder):
        log.warning("other users of this machine can look into %s: chmod 700 would end that", folder)


def is_open(folder: Path) -> bool:
    """Whether its mode lets others in; False where there are no such modes, or nothing is there."""
    try:
        return os.name == "posix" and bool(folder.stat().st_mode & 0o077)
    except OSError:
        return False


class Disk:
    """Whether DATA_DIR and the database take what is written to them, as far as was seen; each for itself."""

    def __init__(self, folders: Sequence[Path], clock: Clock, *, min_free_bytes: int = 0) -> None:
        """`folders`: where a write is tried, once one has failed; `min_free_bytes`: DATA_MIN_FREE_BYTES, 0: none."""
        self._min_free_bytes = min_free_bytes
        self._is_short = False
        self._folders = tuple(folders)
        self._clock = clock
        self._troubles: dict[DiskPlace, str] = {}
        self._damage = ""
        self._database_takes_bytes: Callable[[], Awaitable[bool]] | None = None

    def watch_database(self, takes_bytes: Callable[[], Awaitable[bool]]) -> None:
        """`takes_bytes` tries a real write; asked while the database is in trouble."""
        self._database_takes_bytes = takes_bytes

    @property
    def trouble(self) -> str:
        """What failed last, or is running short, in words for the operator; empty while everything works."""
        if self._damage or self._troubles or not self._is_short:
            return "; ".join([*([self._damage] if self._damage else []), *self._troubles.values()])
        return f"less than {size_shown(self._min_free_bytes)} (DATA_MIN_FREE_BYTES) are free, no new songs are taken"

    async def takes_orders(self) -> bool:
        """Whether so much is free that new songs are taken; a change is logged. True where nobody can tell."""
        if not self._min_free_bytes or not self._folders:
            return True
        was_short, self._is_short = self._is_short, not await asyncio.to_thread(self._has_room)
        if self._is_short and not was_short:
            log.warning("the disk is nearly full: %s; make room on the disk of DATA_DIR", self.trouble)
        elif was_short and not self._is_short:
            log.info("there is room on the disk again, new songs are taken")
        return not self._is_short

    def _has_room(self) -> bool:
        try:
            return all(shutil.disk_usage(folder).free >= self._min_free_bytes for folder in self._folders)
        except OSError:
            return True  # whoever writes there hears of it

    def failed(self, error: DiskError, job_id: int | None = None, *, place: DiskPlace = DiskPlace.DATA) -> None:
        """Something could not be written or read; the operator must look, and hears of the same thing once."""
        is_known = self._troubles.get(place) == str(error)
        self._troubles[place] = str(error)
        if not is_known:
            cause = error.__cause__
            advice = _advice_for_whatever(cause)
            log.warning("the disk fails: %s. %s: %s", error, advice, place, extra=_about(job_id))

    def damaged(self, sentence: str) -> None:
        """What lies there cannot be trusted any more, whatever works; until the next start."""
        self._damage = sentence
        log.error("the disk fails: %s", sentence)

    def worked(self, place: DiskPlace = DiskPlace.DATA) -> None:
        """A file was written to its end, or a transaction."""
        if self._troubles.pop(place, None):
            log.info("the disk works again: %s", place)

    async def run(self) -> None:
        """Find out, for ever, whether a fault has passed; writes nothing while there is none."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            await self.takes_orders()
            if DiskPlace.DATA in self._troubles and await asyncio.to_thread(self._takes_bytes):
                self.worked()
            if DiskPlace.DATABASE in self._troubles and await self._does_database_take_bytes():
                self.worked(DiskPlace.DATABASE)

    async def _does_database_take_bytes(self) -> bool:
        return self._database_takes_bytes is None or await self._database_takes_bytes()

    def _takes_bytes(self) -> bool:
        return all(_takes_bytes(folder) for folder in self._folders)


def _advice_for_whatever(cause: BaseException | None) -> str:
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    if isinstance(cause, PermissionError):
        return advice_for(cause)
    return advice_for(cause, "Look at the disk") if isinstance(cause, OSError) else "Look at the disk"


def _about(job_id: int | None) -> dict[str, int]:
    return {} if job_id is None else {"job": job_id}


def _takes_bytes(folder: Path) -> bool:
    tried = folder / f".{secrets.token_hex(8)}{_TRIED_SUFFIX}"
    try:
        with tried.open("xb") as file:
            file.write(bytes(_TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        with suppress(OSError):
            tried.unlink(missing_ok=True)
    return True
