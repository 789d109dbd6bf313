"""Who looks at a job next. An engine may run a step twice; the job's own compare-and-set makes that harmless."""

from typing import Protocol


class Engine(Protocol):
    """Runs the next step of each job when it is due."""

    async def start(self) -> None:
        """Queue a look at every job that needs one; executes nothing by itself."""
        ...

    def wake(self, job_id: int) -> None:
        """Look at this job now; returns at once, from the event loop only."""
        ...

    async def stop(self, grace_seconds: float) -> None:
        """Begin nothing new; let what is between intent and confirmation end within `grace_seconds`."""
        ...
