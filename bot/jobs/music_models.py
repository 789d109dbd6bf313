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

    def of(self, job: Job) -> MusicModel | None:
        """The job's model; None while it is not configured: the job waits, and the operator is told once."""
        model = self._by_name.get(job.model)
        if model is None and job.id not in self._missed:
            self._missed.add(job.id)
            log.warning(
                "a job waits for a model that is not configured: %s",
                job.model,
                extra={"job": job.id, "state": job.state, "provider": job.provider},
            )
        return model

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

    def usual_seconds(self, name: str) -> float | None:
        """How long that model's generations take by what is known of it; None when nothing is."""
        model = self._by_name.get(name)
        return None if model is None else model.usual_seconds
