"""Sorts a service's refusals by what is to be done next, for a POST and for a GET.

| answer | POST | GET |
|---|---|---|
| 401 | AccountError KEY_REFUSED | the same |
| 402, 403 that speaks of credits | AccountError NO_CREDITS | the same |
| 403 that names the content | RefusedError CONTENT_REFUSED | GaveUp |
| 403 with JSON or text otherwise | AccountError KEY_REFUSED | the same |
| 403 with markup, or without a body | BusyError: a gateway's rule, the API never saw it | BusyError |
| 404, 405, 410 that speaks of the call | AccountError ADDRESS_WRONG | the same |
| 404, 410 otherwise | RefusedError if it names the song or the words, else AccountError ADDRESS_WRONG | RefusedError
GENERATION_LOST; BusyError for markup |
| 400, 422 | RefusedError with its reason | GaveUp if it names a reason, else RefusedError GENERATION_LOST |
| 425, 429 | BusyError with `Retry-After` | the same |
| other 4xx | RefusedError | BusyError: the deadline ends it |
| 408, 499 | OutcomeUnknownError: a gateway may have passed it on | BusyError |
| 301, 307, 308 | BusyError: refused at the door, the address is wrong | BusyError |
| other 3xx | OutcomeUnknownError: 302 and 303 may mean "done, look there" | BusyError |
| 5xx | OutcomeUnknownError, but for those that say nothing was begun | BusyError |

A 503 alone is not proof: neither AIML nor Apilaplas documents that it comes before acceptance.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.errors import AccountError, BusyError, GenerationError, OutcomeUnknownError, Reason, RefusedError
from bot.generation.error_bodies import ErrorBody, error_body_of
from bot.generation.redaction import sanitised
from bot.generation.transport import Answer
from bot.jobs.ports import GaveUp

_MOVED = frozenset({301, 307, 308})
_NOT_NOW = frozenset({425, 429})
_PERHAPS_TAKEN = frozenset({408, 499})
_INVALID = frozenset({400, 422})
_GONE = frozenset({404, 410})
#: A POST names nothing that could be missing but the call itself.
_NO_SUCH_CALL = frozenset({404, 405, 410})

#: Cloudflare never reached the origin: 521 refused, 523 unreachable, 525 and 526 TLS.
#: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
#: 520, 522 and 524 may come after the request was passed on.
_NEVER_REACHED = frozenset({521, 523, 525, 526})


def submit_error(answer: Answer, now: datetime, *, secrets: Sequence[str], url_setting: str) -> GenerationError:
    """Why a POST was not accepted, or that nobody can tell.

    `secrets` are kept out of the message; `url_setting` names the setting that holds the service's address.
    """
    error_body = error_body_of(answer)
    message = _message(answer, error_body, secrets)
    account = _account_error(answer, error_body, message)
    if account is not None:
        return account
    if answer.status in _NOT_NOW or answer.status == 403 or _was_not_begun(answer, error_body):
        return _busy(answer, message, now)
    if answer.status in _MOVED:
        return _busy(answer, f"{message} (moved: {url_setting} needs another address)", now)
    if answer.status in _NO_SUCH_CALL and error_body.reason is None:
        return _address_wrong(answer, message)
    if 400 <= answer.status < 500 and answer.status not in _PERHAPS_TAKEN:
        return RefusedError(
            message,
            reason=error_body.reason or Reason.REQUEST_REFUSED,
            status=answer.status,
            request_id=answer.request_id,
        )
    return OutcomeUnknownError(message, status=answer.status, request_id=answer.request_id)


def poll_error(answer: Answer, now: datetime) -> GenerationError | GaveUp:
    """What a GET that was not answered with 2xx says about the generation."""
    error_body = error_body_of(answer)
    message = _message(answer, error_body, ())
    account = _account_error(answer, error_body, message)
    if isinstance(account, AccountError):
        return account
    if isinstance(account, RefusedError):
        return GaveUp(reason=account.reason, detail=message)
    if answer.status in _INVALID and error_body.reason is not None:
        return GaveUp(reason=error_body.reason, detail=message)
    if answer.status in _NO_SUCH_CALL and error_body.speaks_of_no_route:
        return _address_wrong(answer, message)
    if answer.status in _INVALID or (answer.status in _GONE and _is_the_api(answer)):
        return RefusedError(message, reason=Reason.GENERATION_LOST, status=answer.status, request_id=answer.request_id)
    return _busy(answer, message, now)


def _account_error(answer: Answer, error_body: ErrorBody, message: str) -> AccountError | RefusedError | None:
    """401 to 403, where the API itself says so."""
    if answer.status == 401:
        reason = Reason.KEY_REFUSED
    elif answer.status == 402 or (answer.status == 403 and error_body.speaks_of_credits):
        reason = Reason.NO_CREDITS
    elif answer.status == 403 and error_body.reason is Reason.CONTENT_REFUSED:
        return RefusedError(message, reason=error_body.reason, status=403, request_id=answer.request_id)
    elif answer.status == 403 and error_body.text:
        reason = Reason.KEY_REFUSED
    else:
        return None
    return AccountError(message, reason=reason, status=answer.status, request_id=answer.request_id)


def _address_wrong(answer: Answer, message: str) -> AccountError:
    return AccountError(message, reason=Reason.ADDRESS_WRONG, status=answer.status, request_id=answer.request_id)


def _was_not_begun(answer: Answer, error_body: ErrorBody) -> bool:
    if answer.status < 500:
        return False
    is_cloudflare = "cloudflare" in answer.headers.get("Server", "").lower()
    return (is_cloudflare and answer.status in _NEVER_REACHED) or error_body.says_nothing_was_begun


def _is_the_api(answer: Answer) -> bool:
    """Whether the API answered rather than a gateway before it: the API speaks JSON."""
    return isinstance(answer.data, dict)


def _message(answer: Answer, error_body: ErrorBody, secrets: Sequence[str]) -> str:
    said = sanitised(error_body.text, secrets=secrets)
    return sanitised(f"HTTP {answer.status}: {said}" if said else f"HTTP {answer.status}")


def _busy(answer: Answer, message: str, now: datetime) -> BusyError:
    return BusyError(
        message,
        retry_after_seconds=answer.retry_after_seconds(now),
        status=answer.status,
        request_id=answer.request_id,
    )
