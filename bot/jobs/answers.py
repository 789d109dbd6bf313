"""Whether Discord has our answer to an order: what is under way in this process, and who can be asked otherwise."""

from typing import Protocol

from bot.jobs.model import Job


class AnswerLookUp(Protocol):
    """Whoever can ask Discord for an answer."""

    async def is_answered(self, job: Job) -> bool:
        """Whether Discord has our answer to the job's order; another instance's is none. Raises DeliveryLaterError."""
        ...


class Answering:
    """The jobs whose orders this process is answering just now; nobody else need ask how that ends."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._waited_for: dict[int, bool] = {}

    def begin(self, job_id: int) -> None:
        """The row is there, the answer is to come."""
        self._waited_for[job_id] = False

    def is_under_way(self, job_id: int) -> bool:
        """Whether it is; whoever asks waits for its end."""
        if job_id in self._waited_for:
            self._waited_for[job_id] = True
        return job_id in self._waited_for

    def end(self, job_id: int) -> bool:
        """The answer was given, refused, or nobody knows. True: somebody waits for that."""
        return self._waited_for.pop(job_id, False)
