"""What the answer to a question about nothing says of address and key; spends nothing."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.clock import Clock
from bot.errors import AccountError, BusyError, Reason, RefusedError
from bot.generation.error_bodies import error_body_in
from bot.generation.error_mapping import poll_error
from bot.generation.transport import Answer
from bot.jobs.ports import GaveUp, ProbeReport, ProbeResult

_ACCOUNT_RESULTS = {
    Reason.KEY_REFUSED: ProbeResult.KEY_REFUSED,
    Reason.NO_CREDITS: ProbeResult.NO_CREDITS,
    Reason.ADDRESS_WRONG: ProbeResult.NOT_THE_API,
}
_REFUSALS = frozenset({401, 402, 403})
_NOT_NOW = frozenset({408, 425, 429})


async def probed(ask: Callable[[bool], Awaitable[Answer]], clock: Clock) -> ProbeReport:
    """Ask for what cannot exist and judge the answer; `ask(with_key)` performs one GET, or raises BusyError.

    What seems to let the key in is asked once more without it: only a server that then refuses has looked at it. A
    wrong address says "not found" to everybody.
    """
    try:
        answer = await ask(True)
        report = _judged(answer, clock.now())
        if report.result is not ProbeResult.KEY_ACCEPTED:
            return report
        return _confirmed(report, answer, await ask(False))
    except BusyError as error:
        return ProbeReport(result=ProbeResult.NOT_REACHABLE, detail=str(error), by_proxy=error.by_proxy)


def _judged(answer: Answer, now: datetime) -> ProbeReport:
    is_json = isinstance(answer.data, dict)
    if answer.is_good:
        result = ProbeResult.KEY_ACCEPTED if is_json else ProbeResult.NOT_THE_API
        return ProbeReport(result=result, detail=f"HTTP {answer.status}")
    outcome = poll_error(answer, now)
    detail = outcome.detail if isinstance(outcome, GaveUp) else str(outcome)
    if isinstance(outcome, AccountError):
        return ProbeReport(result=_ACCOUNT_RESULTS[outcome.reason], detail=detail)
    if isinstance(outcome, RefusedError | GaveUp):  # it looked for the generation, so it had let the key in
        return ProbeReport(result=ProbeResult.KEY_ACCEPTED if is_json else ProbeResult.NOT_THE_API, detail=detail)
    if answer.status >= 500 or answer.status in _NOT_NOW:
        return ProbeReport(result=ProbeResult.IN_TROUBLE, detail=detail)
    return ProbeReport(result=ProbeResult.NOT_THE_API, detail=detail)


def _confirmed(report: ProbeReport, answer: Answer, unkeyed: Answer) -> ProbeReport:
    """`report` says that the key was let in; `unkeyed` is what the same question got without it."""
    if unkeyed.status in _REFUSALS:
        return report
    if unkeyed.status >= 500 or unkeyed.status in _NOT_NOW:
        return ProbeReport(result=ProbeResult.IN_TROUBLE, detail=f"HTTP {unkeyed.status}")
    if not answer.is_good and error_body_in(answer.data).speaks_of_no_generation:
        said = f"{report.detail}; it says the same without a key, so the key was not tried"
        return ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail=said)
    return ProbeReport(result=ProbeResult.NOT_THE_API, detail=f"{report.detail}, with a key and without")
