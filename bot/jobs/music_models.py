"""Who makes a job's song: the models in use, each with its service and how it is driven, found by what the row says."""

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.jobs.model import Job
from bot.jobs.ports import Canceller, Generator, LookUp
from bot.jobs.schedule import Pace

log = logging.getLogger(__name__)


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
        self._missed: set[int] = set()
        self.being_stopped: set[int] = set()  #: jobs whose service is being asked to, by a press in this process
        #: Jobs that were begun at another address, and that the present one does not know; each with its model's name.
        self._elsewhere: dict[int, str] = {}

    def of(self, job: Job) -> MusicModel | None:
        """The job's model; None while it is not configured: the job waits, and the operator is told once."""
        model = self._named(job)
        if model is None and job.id not in self._missed:
            self._missed.add(job.id)
            log.warning(
                "a job waits for a model that is not configured: %s",
                job.model,
                extra={"job": job.id, "state": job.state, "provider": job.provider},
            )
        return model

    def _named(self, job: Job) -> MusicModel | None:
        """The same name of another service is another model: what one was sent the other cannot read."""
        model = self._by_name.get(job.model)
        return model if model is not None and model.provider == job.provider else None

    def is_elsewhere(self, job: Job, model: MusicModel) -> bool:
        """Whether its song was begun at an address that is not asked now."""
        return bool(model.address and job.service_address) and job.service_address != model.address

    def not_known_here(self, job: Job, model: MusicModel) -> None:
        """The present address does not know a song that was begun at another: it waits, and the operator is told."""
        if job.id not in self._elsewhere:
            self._elsewhere[job.id] = model.name
            log.warning(
                "a job waits: it was begun at %s, and %s does not know it",
                *(job.service_address, model.address),
                extra={"job": job.id, "state": job.state, "provider": job.provider},
            )

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
        return sum(model == name for model in self._elsewhere.values())

    def found_here(self, job_id: int) -> None:
        """The present address knows it after all, or nobody waits for it any more."""
        self._elsewhere.pop(job_id, None)

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
