"""Nothing is paid for an order before Discord took our answer to it: who orders without one orders again elsewhere."""

import logging
from datetime import timedelta

from bot.errors import DeliveryLaterError, Reason
from bot.jobs.answers import Answering, AnswerLookUp
from bot.jobs.context import AT_ONCE, RunAgain, StepContext, StepResult
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState

log = logging.getLogger(__name__)

#: An answer that is under way wakes the engine when it is there; this is for one that never ends.
_UNDER_WAY_SECONDS = 1.0
#: Of several processes another may be answering; it is believed to for so long.
_ANOTHER_ANSWERS = timedelta(seconds=20)
#: How outages on the way to the answer are counted: they say nothing of the music API.
_ANSWER = "answer"


class AnswerSteps:
    """Waits for the answer to an order, asks Discord for one that a crash or an outage left open, or ends the job."""

    def __init__(self, *, context: StepContext, look_up: AnswerLookUp, answering: Answering) -> None:
        """`answering`: shared with whoever answers, see JobService."""
        self._context = context
        self._look_up = look_up
        self._answering = answering

    async def settle(self, live: LiveJob, job: Job) -> StepResult:
        """One look at a job that is not answered yet. Raises StoreBusyError."""
        if self._answering.is_under_way(job.id) or self._is_others_to_answer(live, job):
            return RunAgain(after_seconds=_UNDER_WAY_SECONDS)
        try:
            is_answered = await self._look_up.is_answered(job)
        except DeliveryLaterError as error:
            log.info("whether an order was answered is not known yet: %s", error, extra={"job": job.id})
            return self._context.back_off(live, kind=_ANSWER, asked_seconds=error.retry_after_seconds)
        live.succeeded()
        if is_answered:
            await self._context.store.update(job.id, answered_at=self._context.clock.now())
            return AT_ONCE
        return await self._context.move(live, job, JobState.FAILED, "never answered", reason=Reason.UNANSWERED)

    def _is_others_to_answer(self, live: LiveJob, job: Job) -> bool:
        return live.claim is not None and self._context.clock.now() - job.created_at < _ANOTHER_ANSWERS
