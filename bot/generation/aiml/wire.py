"""The API's answers as types. Only what its documents promise is trusted; everything else may be missing or odd."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import Reason
from bot.generation.answer_kinds import Id, StatusWord, Text, Url
from bot.generation.error_bodies import error_body_in
from bot.generation.redaction import sanitised
from bot.jobs.ports import Finished, GaveUp, Progress, StillWorking

#: `completed` and `error` are documented; the other words are those that official clients of the API also accept.
_DONE = frozenset({"completed", "complete", "succeeded", "success", "done", "ready", "finished"})
_FAILED = frozenset({"error", "failed", "failure", "cancelled", "canceled", "timeout", "timed_out", "expired"})
_MAX_STATUS = 40


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Accepted(_Answer):
    """The POST's answer. The documents promise `id`; some clients of the same API read `generation_id`."""

    id: Id = None
    generation_id: Id = None


class Polled(_Answer):
    """The GET's answer. `error` has no declared type: null, text, object and list were all seen."""

    status: StatusWord
    audio_file: Url = None
    error: Any = None
    message: Any = None


class LogRow(_Answer):
    """One request in GET /v2/logs."""

    inference_id: Id = None
    client_request_id: Text = None


class Pagination(_Answer):
    """Whether GET /v2/logs has another page."""

    has_more: bool = False


class LogPage(_Answer):
    """One page of GET /v2/logs, newest first."""

    data: list[LogRow]
    pagination: Pagination = Field(default_factory=Pagination)


def accepted_id(data: object) -> str | None:
    """The generation's id in a POST's answer, or None if there is none that could be asked for again."""
    try:
        answer = Accepted.model_validate(data)
    except ValidationError:
        return None
    return answer.id or answer.generation_id


def progress_in(data: object) -> Progress | None:
    """What a GET's answer says; None when it has not even a status."""
    try:
        answer = Polled.model_validate(data)
    except ValidationError:
        return None
    if answer.status in _DONE and answer.audio_file:
        return Finished(track_url=answer.audio_file)
    if answer.status in _FAILED:
        error_body = error_body_in([answer.error, answer.message])
        return GaveUp(
            reason=error_body.reason or Reason.PROVIDER_FAILED,
            detail=sanitised(error_body.text) or sanitised(answer.status),
        )
    # `completed` without a file is not finished, and an unknown word must not lose a paid song: the deadline ends it
    return StillWorking(status=sanitised(answer.status)[:_MAX_STATUS])


def log_page_in(data: object) -> LogPage | None:
    """A page of the request log; None when it is none."""
    try:
        return LogPage.model_validate(data)
    except ValidationError:
        return None


def is_catalogued(data: object, name: str) -> bool | None:
    """Whether a list of models that was asked for this one has it; None where that cannot be read from the answer."""
    if isinstance(data, dict):
        data = cast("dict[str, object]", data).get("data")
    if not isinstance(data, list):
        return None
    rows = [cast("dict[str, object]", row) for row in cast("list[object]", data) if isinstance(row, dict)]
    if not data:
        return False
    # what is listed besides was not asked for: this service does not choose, and its list may have further pages
    return True if any(name in (row.get("id"), *_names(row.get("aliases"))) for row in rows) else None


def _names(aliases: object) -> list[object]:
    return cast("list[object]", aliases) if isinstance(aliases, list) else []
