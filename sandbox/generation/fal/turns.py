"""The queue by the clock: when each request begins and ends, with so many at work at once. Pure."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.generation.config import Settings
from sandbox.generation.ledger import Generation

IN_QUEUE, IN_PROGRESS, COMPLETED = "IN_QUEUE", "IN_PROGRESS", "COMPLETED"

#: Scripts use one set of words for all contracts; those that are none of the queue's three are told as they stand.
WORDS = {
    "queued": IN_QUEUE,
    "generating": IN_PROGRESS,
    "completed": COMPLETED,
    **dict.fromkeys(("error", "failed", "cancelled", "canceled"), COMPLETED),
}
ENDS = frozenset({"error", "failed", "cancelled", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a request is worked on, in seconds since the stand-in began."""

    begins: float
    ends: float


def turns(generations: Iterable[Generation], settings: Settings) -> dict[str, Turn]:
    """First come, first served; `most_at_once` are at work at once, the others wait. What was removed has no turn."""
    places = [0.0] * (settings.most_at_once or 0)
    found: dict[str, Turn] = {}
    for generation in generations:
        if generation.is_removed:
            continue
        begins = generation.accepted_at + settings.queued_seconds
        if places:
            begins = max(begins, heapq.heappop(places))
        own_seconds = generation.script.generating_seconds
        ends = begins + (settings.generating_seconds if own_seconds is None else own_seconds)
        if places or settings.most_at_once:
            heapq.heappush(places, ends)
        found[generation.id] = Turn(begins=begins, ends=ends)
    return found


def status_of(generation: Generation, turn: Turn, now: float) -> str:
    """One of the queue's three words."""
    if now < turn.begins:
        return IN_QUEUE
    if now < turn.ends:
        return IN_PROGRESS
    is_made = generation.error is not None or (generation.composing is not None and generation.composing.done())
    return COMPLETED if is_made else IN_PROGRESS


def place_of(generation: Generation, all_turns: dict[str, Turn], now: float) -> int:
    """How many that still wait go first."""
    own = all_turns[generation.id].begins
    waiting = [name for name, turn in all_turns.items() if turn.begins > now and turn.begins <= own]
    return waiting.index(generation.id) if generation.id in waiting else 0
