"""Several processes on one database: who they are, which job is whose, and what part of the limits each may use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

#: A process writes its row anew so often.
RENEWED_EVERY_SECONDS = 10.0
#: Whose row is older is gone, or stopped: its parts go to the others, and it uses none of them before it is back.
GONE_AFTER = timedelta(seconds=30)


class ProcessKind(StrEnum):
    """What a process does."""

    RUN = "run"  #: on Discord's gateway, and jobs
    WORKER = "worker"  #: jobs alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One that runs, or ran, on this database."""

    id: str  #: 36 characters, new with every start
    host: str
    pid: int
    kind: ProcessKind
    shards: str = ""  #: ids with commas between them; empty: all
    since: datetime
    settings: str = ""  #: those that all should have alike, as JSON; empty: not known

    def in_words(self) -> str:
        """For whoever wonders who that is."""
        shards = f", shards {self.shards}" if self.shards else ""
        return f"host {self.host}, pid {self.pid}, since {self.since:%Y-%m-%d %H:%M:%S} UTC{shards}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one of several processes may use: parts of one."""

    polls: float
    discord: float
    load: float = 0.0  #: how many times as much as the mean of all it works on; 0 where it is alone
    is_fair: bool = True  #: False: others still hold some of it, until they renew theirs


class SharingStore(Protocol):
    """What a process asks that is not alone. Each method is one transaction, or raises StoreBusyError."""

    async def claim(self, job_id: int, process_id: str) -> bool | None:
        """Take a job over: whoever had it before moves it no more. Whether there was one; None: no such job."""
        ...

    async def renew(self, process: Process, watched: int, now: datetime) -> Share:
        """Write that the process is there, and take its part; all parts together are never more than one.

        `watched`: generations that it looks at, by which polls are divided.
        """
        ...

    async def processes(self, now: datetime) -> Sequence[Process]:
        """Who is there, oldest first."""
        ...

    async def sign_off(self, process_id: str) -> None:
        """It is there no more; its part is free at once."""
        ...
