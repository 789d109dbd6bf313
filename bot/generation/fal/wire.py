"""The queue's answers as types. Only what its documents promise is trusted; everything else may be missing or odd."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.errors import Reason
from bot.generation.answer_kinds import Id, StatusWord, Text, Url
from bot.generation.error_bodies import error_body_in
from bot.generation.redaction import sanitised
from bot.jobs.ports import Cancellation, GaveUp, StillWorking

COMPLETED = "completed"
#: fal has no such words; descriptions by others, and what stands before a queue, do.
_FAILED = frozenset({"failed", "error", "cancelled", "canceled"})
_MAX_STATUS = 40
_MAX_PLACE = 1_000_000
#: It becomes part of a path.
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")

#: By the word: the HTTP codes differ between the documents.
_CANCELLATIONS = {
    "ok": Cancellation.STOPPED,
    "cancellation_requested": Cancellation.ASKED,
    "already_completed": Cancellation.TOO_LATE,
    "not_found": Cancellation.LOST,
}
_CANCELLATION_KEYS = ("status", "detail", "message", "error")


def _place(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MAX_PLACE else None


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Accepted(_Answer):
    request_id: Id = None


class QueueStatus(_Answer):
    """How a request stands. `completed` may mean failed: then `error` says so, or the result does."""

    status: StatusWord
    queue_position: Annotated[int | None, BeforeValidator(_place)] = None
    error: Any = None
    error_type: Any = None

    @property
    def is_completed(self) -> bool:
        """Whether there is a result to ask for, be it an error."""
        return self.status == COMPLETED and not (self.error or self.error_type)

    def progress(self) -> StillWorking | GaveUp:
        """What it says of a request without a result to ask for."""
        if self.status in _FAILED or (self.status == COMPLETED and not self.is_completed):
            body = error_body_in({"error": self.error, "error_type": self.error_type})
            return GaveUp(
                reason=body.reason or Reason.PROVIDER_FAILED, detail=sanitised(body.text) or sanitised(self.status)
            )
        # an unknown word must not lose a paid song: the deadline ends it
        return StillWorking(status=sanitised(self.status)[:_MAX_STATUS], place=self.queue_position)


class _Result(_Answer):
    audio: Url = None


class HistoryRow(_Answer):
    """One request in the history."""

    request_id: Id = None
    sent_at: Annotated[datetime | None, BeforeValidator(_moment)] = None
    json_input: Annotated[dict[str, Any], BeforeValidator(_object)] = Field(default_factory=dict[str, Any])


class HistoryPage(_Answer):
    """One page of the history."""

    items: list[HistoryRow]
    next_cursor: Text = None
    has_more: bool = False


def accepted_request_id(data: object) -> str | None:
    """The request's id in a POST's answer, or None if there is none that could be asked for again."""
    try:
        return usable_request_id(_Accepted.model_validate(data).request_id)
    except ValidationError:
        return None


def usable_request_id(name: str | None) -> str | None:
    """The id, if it can be part of a path."""
    return name if name is not None and _REQUEST_ID.fullmatch(name) else None


def status_in(data: object) -> QueueStatus | None:
    """How a request stands; None when the answer has not even a status."""
    try:
        return QueueStatus.model_validate(data)
    except ValidationError:
        return None


def track_url_in(data: object) -> str | None:
    """Where a result's track lies; None when it names none."""
    try:
        return _Result.model_validate(data).audio
    except ValidationError:
        return None


def cancellation_in(data: object) -> Cancellation | None:
    """The word in the answer to a cancel; None when it is none of the four."""
    body = _object(data)
    for word in [data, *(body.get(key) for key in _CANCELLATION_KEYS)]:
        found = _CANCELLATIONS.get(word.strip().lower()) if isinstance(word, str) else None
        if found is not None:
            return found
    return None


def history_page_in(data: object) -> HistoryPage | None:
    """A page of the history; None when it is none."""
    try:
        return HistoryPage.model_validate(data)
    except ValidationError:
        return None
