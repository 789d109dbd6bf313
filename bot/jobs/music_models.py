"""Who makes a job's song: the models in use, each with its service and how it is driven, found by what the row says."""

import asyncio
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from weakref import WeakSet, WeakValueDictionary

from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job
from bot.jobs.ports import Canceller, Generator, LookUp
from bot.jobs.schedule import Pace

#: More are not stopped within the moment that it takes to write that.
_MAX_STOPPED = 256


class ReferenceForm(StrEnum):
    """How a service takes the reference song."""

    URL = "url"  #: an address that it fetches in its own time
    BYTES = "bytes"  #: our copy, sent along with the request


class Repeat(StrEnum):
    """What a second POST for the same attempt would do."""

    NEVER = "never"  #: it may be charged twice: only the service's log or a person may decide
    SAME_TICKET = "same_ticket"  #: under the same client request id the service makes and charges one song
    FREE = "free"  #: nothing is ever charged: a second song costs time


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicModel:
    """One model in use."""

    name: str  #: as a job's row has it
    provider: str  #: the service that makes it, as a job's row has it
    address: str = ""  #: where the service is asked; empty: not known, and never another one than before
    generator: Generator
    look_up: LookUp | None = None  #: None: nobody can tell what became of a lost POST
    canceller: Canceller | None = None  #: None: what was begun runs to its end
    repeat: Repeat = Repeat.NEVER
    reference_form: ReferenceForm = ReferenceForm.URL
    pace: Pace
    generation_timeout: timedelta
    concurrency: int  #: jobs of this model at its service at once
    usual_seconds: float | None = None  #: a generation's length before any was seen; None: unknown
    usual_sigma: float = 0.5  #: of the logarithm of that length


class MusicModels:
    """The models in use by their names. A job keeps the model that it was ordered with, whatever is configured now."""

    def __init__(self, models: Iterable[MusicModel]) -> None:
        """Names are unique."""
        self._by_name = {model.name: model for model in models}
        self.being_stopped: Counter[int] = Counter()  #: jobs, by how many presses in this process stop them
        #: Generations that their service has stopped, the last ones: it may know nothing of them any more.
        self.stopped: deque[str] = deque(maxlen=_MAX_STOPPED)
        #: Held by whoever asks a service to stop a generation, one after the other.
        self.stop_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        #: Jobs that were begun at another address, and that the present one does not know.
        self._elsewhere: WeakSet[LiveJob] = WeakSet()

    def of(self, job: Job) -> MusicModel | None:
        """The job's model; None while it is not configured: the job waits.

        The same name of another service is another model: what one was sent the other cannot read.
        """
        model = self._by_name.get(job.model)
        return model if model is not None and model.provider == job.provider else None

    def is_elsewhere(self, job: Job, model: MusicModel) -> bool:
        """Whether its song was begun at an address that is not asked now."""
        return bool(model.address and job.service_address) and job.service_address != model.address

    def not_known_here(self, live: LiveJob, model: MusicModel) -> None:
        """The present address does not know a song that was begun at another."""
        live.elsewhere = model.name
        self._elsewhere.add(live)

    def found_here(self, live: LiveJob) -> None:
        """The present address knows it after all, or nobody waits for it any more."""
        live.elsewhere = None
        self._elsewhere.discard(live)

    def is_open(self, provider: str, name: str) -> bool:
        """Whether that model can be asked."""
        model = self._by_name.get(name)
        return model is not None and model.provider == provider

    @property
    def elsewhere(self) -> int:
        """How many songs wait because they were begun at another address."""
        return len(self._elsewhere)

    def elsewhere_of(self, name: str) -> int:
        """How many of them are this model's: they hold no place at the present address."""
        return sum(live.elsewhere == name for live in self._elsewhere)

    def __iter__(self) -> Iterator[MusicModel]:
        return iter(self._by_name.values())

    def named(self, name: str | None) -> MusicModel | None:
        """The model of this name, if it is configured."""
        return None if name is None else self._by_name.get(name)

    @property
    def names(self) -> Collection[str]:
        """Their names."""
        return self._by_name.keys()

    @property
    def providers(self) -> frozenset[str]:
        """The services behind them."""
        return frozenset(model.provider for model in self._by_name.values())

    def of_provider(self, provider: str) -> list[MusicModel]:
        """The models of one service; they share its account."""
        return [model for model in self._by_name.values() if model.provider == provider]

    def places_for(self, job: Job) -> int | None:
        """How many songs the job's model makes at once; None where it is not opened."""
        model = self.of(job)
        return None if model is None else model.concurrency

    def usual_seconds(self, name: str) -> float | None:
        """How long that model's generations take by what is known of it; None when nothing is."""
        model = self._by_name.get(name)
        return None if model is None else model.usual_seconds
