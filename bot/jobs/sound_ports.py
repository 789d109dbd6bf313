"""What the jobs need done with sounds, as Protocols: references heard, tracks made ready."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.jobs.model import Job, Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedReference:
    """A reference that can be used."""

    reference: Reference  #: with seconds, format and copy_name filled in
    must_be_published: bool = False  #: our copy is what the music API must fetch: converted, or its URL has run out
    remark: str = ""  #: what was changed, in the form of bot.texts.remarks; empty when nothing was


class TrackPreparer(Protocol):
    """Makes ready what came back."""

    async def prepare(self, job: Job, track: Path) -> float | None:
        """Make the fetched track ready for its place and keep that; its length, None when nobody could tell.

        Raises TrackLostError when it is no audio at all, DiskError when it cannot be read, or then be removed.
        """
        ...

    async def release(self, job: Job) -> None:
        """Let go of what was kept for sending, for the track has arrived; its copy stays. Raises nothing."""
        ...


class References(Protocol):
    """Fetches a reference and listens to it."""

    async def check(self, job: Job, placed: Callable[[int | None], None] | None = None) -> CheckedReference:
        """Download, decode, keep a copy; `placed` hears how many files go first while it waits, None when none does.

        Raises ReferenceRefusedError (final); BusyError, DiskError, HearingFaultError (not the file's fault) (later).
        """
        ...
