"""What every song costs and whose place it takes: the kinds of lines in the ledger, and which move writes which. Pure.

Lines are only ever added. An attempt (one POST) is known by its job and its number; its last line says how it stands,
and its money is counted once: as held, then as spent or unknown, or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.jobs.model import RESTING, Job, JobState

#: Stands for a member whose id has been forgotten.
NOBODY = 0
#: A place that is given back after a payment: so often within WINDOW for one member.
MAX_GIVEN_BACK = 2


class ChargeKind(StrEnum):
    """What a line says."""

    HELD = "held"  #: an attempt to come: its place is taken, its money reserved
    SPENT = "spent"  #: the music API accepted it
    #: It was never accepted, or stopped in time: nothing is paid; its place is free unless the next attempt holds it.
    FREED = "freed"
    GIVEN = "given"  #: places without money: given back after a failure that was paid for, or a gift (without a job)
    UNKNOWN = "unknown"  #: it may have been accepted: counts as spent until it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharge:
    """One line to be written; whose, where and for how much is the job's."""

    attempt: int
    kind: ChargeKind
    note: str = ""
    undoes: bool = False  #: of a freed one: the service had accepted it, and nothing is charged for it after all


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an attempt stands by its last line."""

    kind: ChargeKind
    at: datetime  #: when its money was first counted, where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What a line changes in the sums, in songs: times the price that is money.

    `counted_at`: of the day and minute in which `spent` and `unknown` are summed.
    """

    held: int = 0
    spent: int = 0
    unknown: int = 0
    counted_at: datetime


def lines_of_move(before: Job, after: JobState, attempt: int, *, is_unpaid: bool = False) -> tuple[NewCharge, ...]:
    """What is written with a move. `attempt`: the job's number of attempts after it. See `booking` for what is not.

    `is_unpaid`: the move says that no POST of the job is paid for any more.
    """
    match before.state, after:
        case ((JobState.CHECKING | JobState.QUEUED), (JobState.REFUSED | JobState.FAILED | JobState.CANCELLED)):
            return (NewCharge(attempt=before.attempt + 1, kind=ChargeKind.FREED, note=after),)
        case JobState.SUBMITTING, JobState.QUEUED if attempt < before.attempt:
            # the same attempt is sent again under the same ticket: its first POST may have been accepted
            return (NewCharge(attempt=before.attempt, kind=ChargeKind.UNKNOWN, note="sent again"),)
        case JobState.SUBMITTING, JobState.QUEUED:
            return (
                NewCharge(attempt=before.attempt, kind=ChargeKind.FREED, note="not accepted"),
                NewCharge(attempt=before.attempt + 1, kind=ChargeKind.HELD, note="back in line"),
            )
        case JobState.SUBMITTING, JobState.UNKNOWN:
            return (NewCharge(attempt=before.attempt, kind=ChargeKind.UNKNOWN),)
        case JobState.SUBMITTING, JobState.FAILED:
            return (NewCharge(attempt=before.attempt, kind=ChargeKind.FREED, note=after),)
        case JobState.GENERATING, JobState.CANCELLED if is_unpaid:
            return (NewCharge(attempt=before.attempt, kind=ChargeKind.FREED, note="stopped in time", undoes=True),)
        case JobState.UNKNOWN, JobState.QUEUED:
            return (
                NewCharge(attempt=before.attempt + 1, kind=ChargeKind.HELD, note="the member risks a second charge"),
            )
        case JobState.GENERATING, JobState.QUEUED:
            return (
                NewCharge(attempt=before.attempt, kind=ChargeKind.FREED, note="lost at the service", undoes=True),
                NewCharge(attempt=before.attempt + 1, kind=ChargeKind.HELD, note="sent again"),
            )
        case ((JobState.GENERATING | JobState.READY), (JobState.FAILED | JobState.EXPIRED)):
            return (NewCharge(attempt=before.attempt, kind=ChargeKind.GIVEN, note=after),)
        case _:
            return ()


def booking(line: NewCharge, standings: Mapping[int, Standing], now: datetime) -> Booking | None:
    """What the line changes in the sums; None: it says nothing new, and is not written."""
    standing = standings.get(line.attempt)
    was_held = standing is not None and standing.kind is ChargeKind.HELD
    was_unknown = standing is not None and standing.kind is ChargeKind.UNKNOWN
    match line.kind:
        case ChargeKind.HELD:
            return None if was_held else Booking(held=1, counted_at=now)
        case ChargeKind.FREED if line.undoes and standing is not None and standing.kind is ChargeKind.SPENT:
            return Booking(spent=-1, counted_at=standing.at)
        case ChargeKind.FREED:
            return Booking(held=-1, counted_at=now) if was_held else None
        case ChargeKind.UNKNOWN:
            if standing is not None and standing.kind in {ChargeKind.UNKNOWN, ChargeKind.SPENT}:
                return None
            return Booking(held=-int(was_held), unknown=1, counted_at=now)
        case ChargeKind.SPENT:
            if standing is not None and standing.kind is ChargeKind.SPENT:
                return None
            if standing is not None and was_unknown:
                # it was counted when it became unknown: no later day or month is charged for it
                return Booking(spent=1, unknown=-1, counted_at=standing.at)
            return Booking(held=-int(was_held), spent=1, counted_at=now)
        case ChargeKind.GIVEN:
            return Booking(counted_at=now)


def takes_place(line: NewCharge, before: Job | None) -> bool:
    """Whether a held line takes one more place of its member's day: an order, or an attempt that they risk."""
    return line.kind is ChargeKind.HELD and (before is None or before.state is JobState.UNKNOWN)


def frees_place(line: NewCharge, after: JobState) -> bool:
    """Whether a line frees the place: not while the job goes on with it."""
    return line.kind in {ChargeKind.FREED, ChargeKind.GIVEN} and after in RESTING


def stands(standings: Mapping[int, Standing], attempt: int) -> bool:
    """Whether this attempt may be sent: its money is reserved, or was counted when it was first sent."""
    standing = standings.get(attempt)
    return standing is not None and standing.kind in {ChargeKind.HELD, ChargeKind.UNKNOWN}
