"""Sorts the server's refusals by what is to be done next. Nothing is ever charged: no doubt asks anybody.

| answer | a song | a question |
|---|---|---|
| 401; 403 in words | AccountError KEY_REFUSED | the same |
| 403 with markup, or without a body | BusyError: a gateway's rule, the server never saw it | BusyError |
| 404, 405, 410 | AccountError ADDRESS_WRONG: there is no such call | the same |
| 429 (its queue is full), 425 | BusyError with `Retry-After` | the same |
| 500, plain text | RefusedError: a field it cannot read, nothing was queued | BusyError |
| 413 | RefusedError, naming the limit of a gateway | BusyError |
| other 4xx | RefusedError with its reason | BusyError: the deadline ends it |
| 408, 499, 3xx, other 5xx | OutcomeUnknownError, after which the song is sent again | BusyError |
| 301, 307, 308 | BusyError: refused at the door, the address is wrong | BusyError |
"""

from collections.abc import Sequence
from datetime import datetime

from bot.errors import AccountError, BusyError, GenerationError, OutcomeUnknownError, Reason, RefusedError
from bot.generation.error_mapping import error_body_of
from bot.generation.redaction import sanitised
from bot.generation.transport import Answer

_MOVED = frozenset({301, 307, 308})
_NOT_NOW = frozenset({425, 429})
_PERHAPS_TAKEN = frozenset({408, 499})
_NO_SUCH_CALL = frozenset({404, 405, 410})
_TOO_LARGE = 413


def submit_error(answer: Answer, now: datetime, *, secrets: Sequence[str]) -> GenerationError:
    """Why a song was not taken, or that nobody can tell. `secrets` are kept out of the message."""
    message = _message(answer, secrets)
    if account := _account_error(answer, message):
        return account
    if answer.status in _NOT_NOW or answer.status == 403:
        return _busy(answer, message, now)
    if answer.status in _MOVED:
        return _busy(answer, f"{message} (moved: ACESTEP_API_URL needs another address)", now)
    if answer.status == _TOO_LARGE:
        return _refused(answer, f"{message} (what stands before the server limits the size of requests)")
    if is_bad_field(answer) or (400 <= answer.status < 500 and answer.status not in _PERHAPS_TAKEN):
        return _refused(answer, message)
    return OutcomeUnknownError(message, status=answer.status)


def query_error(answer: Answer, now: datetime) -> AccountError | BusyError:
    """What an answer that is no 2xx says to a question; none of them says anything of a song."""
    message = _message(answer, ())
    return _account_error(answer, message) or _busy(answer, message, now)


def is_bad_field(answer: Answer) -> bool:
    """How its framework answers what its own code stumbles over: before anything was queued."""
    is_plain = answer.headers.get("Content-Type", "").lower().startswith("text/plain")
    return answer.status == 500 and is_plain and answer.text == "Internal Server Error"


def _account_error(answer: Answer, message: str) -> AccountError | None:
    if answer.status == 401 or (answer.status == 403 and error_body_of(answer).text):
        return AccountError(message, reason=Reason.KEY_REFUSED, status=answer.status)
    if answer.status in _NO_SUCH_CALL:
        return AccountError(message, reason=Reason.ADDRESS_WRONG, status=answer.status)
    return None


def _refused(answer: Answer, message: str) -> RefusedError:
    reason = error_body_of(answer).reason if answer.status < 500 else None
    return RefusedError(message, reason=reason or Reason.REQUEST_REFUSED, status=answer.status)


def _busy(answer: Answer, message: str, now: datetime) -> BusyError:
    return BusyError(message, retry_after_seconds=answer.retry_after_seconds(now), status=answer.status)


def _message(answer: Answer, secrets: Sequence[str]) -> str:
    said = sanitised(error_body_of(answer).text, secrets=secrets)
    return sanitised(f"HTTP {answer.status}: {said}" if said else f"HTTP {answer.status}")
