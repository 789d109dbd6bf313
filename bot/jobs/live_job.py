"""What is remembered of a job beside its row: one record, gone with the last who works on it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import ReferenceRefusedError, TakenOverError
from bot.jobs.model import Job, JobState, Reference

#: Failures in a row before anything is given up for having taken too long.
MIN_TRIES = 4
#: How failures of our own disk are counted: apart from all others.
DISK = "disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of hearing a reference, until the database takes it."""

    at: float  #: on the monotonic clock
    reference: Reference | None = None
    remark: str = ""
    refusal: ReferenceRefusedError | None = None


class Failures(dict[str, int]):
    """How often in a row what failed, by kind; a kind that did not failed 0 times. Smaller than a Counter."""

    __slots__ = ()

    def __missing__(self, _kind: str) -> int:
        return 0

    def total(self) -> int:
        """Of all kinds."""
        return sum(self.values())


@dataclass(slots=True, kw_only=True, eq=False, weakref_slot=True)
class LiveJob:
    """Nothing in it is durable, and nothing that matters may hang on it: a restart begins with an empty one."""

    id: int

    # the engine's
    due: float | None = None  #: when it is looked at next, on the monotonic clock; None: it is not asked for
    step: asyncio.Task[None] | None = None  #: the one that runs
    asked_again: bool = False  #: it was asked for while its step ran
    faults: int = 0  #: steps in a row that ended in what nobody foresaw
    claim: str | None = None  #: as which of several processes it is worked on here; None: the only one there is
    is_taken_over: bool = False  #: another process works on it now

    runs_first: bool = True  #: its step is one of the first ones, not of the others, of which there are fewer
    comes_first: bool = False  #: it was seen past its check, or was given a place; others may be many

    # the steps'
    in_flight: bool = False  #: between an intent and its confirmation; a stop waits for it
    failures: Failures = field(default_factory=Failures)  #: since the last success, by kind
    held_up_at: datetime | None = None  #: when our own disk was last in its way
    is_held_up: bool = False  #: by our own disk, under the files or the database; until the job moves
    is_stranded: bool = False  #: nothing that is configured can go on with it
    elsewhere: str | None = None  #: the model whose present address does not know it: it was begun at another
    heard: Heard | None = None  #: so that nothing is decoded anew at each try to write it down
    busy_since: datetime | None = None  #: when the music API first said "not now"
    held_since: datetime | None = None  #: since when it waits for the account's brake; its clocks stand still
    refused_since: datetime | None = None  #: when the account was first refused to this paid song, in a row
    renewed_at: datetime | None = None  #: when its reference's address was last tried to be renewed
    unrenewed_since: datetime | None = None  #: since when its reference cannot be had, although the song could go
    is_unheard: bool = False  #: its track could not be decided on; it is not heard again before it comes to rest
    is_woken: bool = False  #: it was asked for by more than its own time
    goes_on: bool = False  #: its next step follows at once, and nobody has asked for it in between
    left_row: Job | None = None  #: the row as its last step left it, until the next begins
    has_look: bool = False  #: the look that its budget gave it is still to be made
    owes_look: bool = False  #: taken up after a start; should it be for a look, the budget was not asked yet
    place_at: str | None = None  #: the model at whose service it was seen to hold a place
    ahead: int | None = None  #: files that are heard before its reference; None: it does not wait for that
    wish_seen_at: float | None = None  #: when it was seen that somebody wished it to be stopped, on the monotonic clock
    place: int | None = None  #: how many go first in the music service's own queue; None: it does not wait there

    told: JobState | None = None  #: where it rests, as its member was told; None again once it goes on

    # its card's
    is_out_of_date: bool = False  #: a state is still to be drawn
    as_written: Job | None = None  #: the row that its card is to be drawn from, while nobody had to wait since
    is_painted: bool = False  #: a painter is at work
    will_be_redrawn: bool = False  #: once more, when its look is old enough
    drawn: tuple[object, float] | None = None  #: the `look` its card was brought to, and when on the monotonic clock
    shown: object = None  #: what that looks like, noted and compared by `Cards`; None once others wrote it
    refused_ways: frozenset[str] = frozenset()  #: on which its card was refused for good; `Cards` alone
    is_card_gone: bool = False  #: the card is there no more, and none is made in its place
    _card_lock: asyncio.Lock | None = None

    @property
    def card_lock(self) -> asyncio.Lock:
        """Held by whoever edits the card; there may be very many jobs whose cards nobody edits."""
        if self._card_lock is None:
            self._card_lock = asyncio.Lock()
        return self._card_lock

    @property
    def has_tried(self) -> bool:
        """Whether it failed often enough to be given up at all; what our own disk did does not count."""
        return self.failures.total() - self.failures[DISK] >= MIN_TRIES

    def check_claim(self, job: Job | None) -> None:
        """Raise TakenOverError where the row, just read, says that another process works on it by now."""
        if self.claim is not None and job is not None and job.claimed_by != self.claim:
            raise TakenOverError(f"job {self.id}")

    @property
    def is_taken_up(self) -> bool:
        """Whether the engine will look at it by itself."""
        return self.due is not None or self.step is not None

    def taken_row(self) -> Job | None:
        """The row as the step before has written it, where this one follows at once; None: it is to be read."""
        row = self.left_row if self.goes_on else None
        self.goes_on, self.left_row = False, None
        return row

    def look(self, state: JobState) -> object:
        """What of it is drawn at once when it changes; the rest of a card may wait."""
        is_placed = self.place is not None
        is_waiting = state is JobState.CHECKING and self.ahead is not None
        return state, is_waiting, self.is_held_up, self.is_stranded, is_placed

    def moved(self) -> None:
        """What held it up, or waited to be written, is over."""
        self.is_held_up, self.is_stranded, self.heard, self.place = False, False, None, None
        self.wish_seen_at = None

    def succeeded(self) -> None:
        """What failed in a row has worked."""
        self.failures.clear()
        self.held_up_at = self.busy_since = self.refused_since = None
