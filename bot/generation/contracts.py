"""What every contract's folder opens: `open_contract(traits, around) -> Contract` in its module `opening`."""

from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from bot.clock import Clock
from bot.generation.transport import Sessions
from bot.jobs.ports import Canceller, Generator, LookUp
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One service, able to do what it says it can."""

    generator: Generator
    look_up: LookUp | None = None
    canceller: Canceller | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every contract is opened with. `budget`: of all looks together; POSTs have their own slots."""

    settings: Settings
    sessions: Sessions
    clock: Clock
    budget: AsyncLimiter
