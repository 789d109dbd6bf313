"""What operators do on Discord, done from here: the same acts, by nobody in particular, for the whole bot."""

from bot.clock import Clock
from bot.jobs.operating import Operating
from bot.store.jobs import SqlJobStore

#: Who acts, in the audit table.
SHELL = 0


def operating_on(store: SqlJobStore, clock: Clock) -> Operating:
    """Acts on a database beside a running bot, which finds out by itself."""
    return Operating(store=store, clock=clock, wake=_looks_by_itself)


def _looks_by_itself(_: int) -> None:
    """Another process drives the songs."""
