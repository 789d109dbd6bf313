"""The server's answers as types. Only what was seen of it is trusted; anything else may be missing or odd."""

import math
from dataclasses import dataclass
from typing import Any, cast

import pydantic_core
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import Reason
from bot.generation.answer_kinds import Id
from bot.generation.redaction import sanitised
from bot.jobs.ports import Finished, GaveUp, StillWorking

_WORKING, _SUCCEEDED, _FAILED = 0, 1, 2
_MAX_STATUS = 40
_MAX_ADDRESS = 8000


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Accepted(_Answer):
    """`data` of the answer to a song."""

    task_id: Id = None


class Task(_Answer):
    """One of `data` in the answer to a question; `result` is JSON in a text."""

    task_id: str
    status: int = Field(strict=True)
    result: Any = None


class Stats(_Answer):
    """`data` of the server's figures."""

    running: int = Field(strict=True)
    average_seconds: float = Field(allow_inf_nan=False, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The server does not know the job: it was in its queue when the server ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """Not finished."""

    working: StillWorking
    is_running: bool  #: it has begun
    mark: tuple[float, str]  #: how far it says it is; the same mark for long is a job whose server has ended


Seen = Finished | GaveUp | AtWork | Lost


def data_of(answer: object) -> object:
    """What is inside the server's envelope; None when it is none, or one that tells of an error."""
    if not isinstance(answer, dict):
        return None
    envelope = cast("dict[str, object]", answer)
    return envelope.get("data") if envelope.get("error") is None else None


def accepted_id(answer: object) -> str | None:
    """The job's id in the answer to a song; None when there is none that could be asked for again."""
    try:
        return Accepted.model_validate(data_of(answer)).task_id
    except ValidationError:
        return None


def seen_in(answer: object, task_id: str) -> Seen | None:
    """What is said of this job; None when nothing is."""
    found = data_of(answer)
    for item in cast("list[object]", found) if isinstance(found, list) else []:
        try:
            task = Task.model_validate(item)
        except ValidationError:
            continue
        if task.task_id == task_id:
            return _seen(task)
    return None


def stats_in(answer: object) -> Stats | None:
    """The server's figures; None when it gives none."""
    found = data_of(answer)
    try:
        figures = cast("dict[str, Any]", found)
        return Stats(running=figures["jobs"]["running"], average_seconds=figures["avg_job_seconds"])
    except (ValidationError, KeyError, TypeError):
        return None


def models_in(answer: object) -> list[str] | None:
    """The names of the models that it can make songs with; None when it does not say."""
    found = data_of(answer)
    models = cast("dict[str, object]", found).get("models") if isinstance(found, dict) else None
    if not isinstance(models, list):
        return None
    rows = [cast("dict[str, object]", row) for row in cast("list[object]", models) if isinstance(row, dict)]
    return [sanitised(name) for row in rows if isinstance(name := row.get("name"), str) and name]


def _seen(task: Task) -> Seen | None:
    first = _first(task.result)
    if task.status == _WORKING:
        if first is None and _is_empty(task.result):
            return Lost()
        return _at_work(first or {})
    if task.status == _SUCCEEDED:
        file = (first or {}).get("file")
        if isinstance(file, str) and 0 < len(file) <= _MAX_ADDRESS:
            return Finished(track_url=file)
        return GaveUp(reason=Reason.PROVIDER_FAILED, detail="finished without a file")
    if task.status == _FAILED:
        return GaveUp(reason=Reason.PROVIDER_FAILED, detail=_why(first or {}))
    return None


def _at_work(first: dict[str, object]) -> AtWork:
    stage, progress = first.get("stage"), first.get("progress")
    word = sanitised(stage).lower()[:_MAX_STATUS] if isinstance(stage, str) else ""
    working = StillWorking(status=word or "running")
    return AtWork(working=working, is_running=bool(word) and word != "queued", mark=(_finite(progress), word))


def _finite(value: object) -> float:
    """A number that can be compared; JSON knows larger ones than any float."""
    try:
        number = float(value) if isinstance(value, int | float) else 0.0
    except OverflowError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _why(first: dict[str, object]) -> str:
    """The last line of a trace, where there is one: newer servers hide it, and say nothing but that it failed."""
    error = first.get("error")
    lines = error.strip().splitlines() if isinstance(error, str) else []
    return sanitised(lines[-1]) if lines else "the server gives no reason"


def _first(result: object) -> dict[str, object] | None:
    if isinstance(result, str):
        try:
            result = cast("object", pydantic_core.from_json(result))
        except ValueError:
            return None
    if isinstance(result, list):
        result = next(iter(cast("list[object]", result)), None)
    return cast("dict[str, object]", result) if isinstance(result, dict) else None


def _is_empty(result: object) -> bool:
    return result == [] or (isinstance(result, str) and result.strip() == "[]")
