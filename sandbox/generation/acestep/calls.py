"""What costs nothing: how jobs stand, the server's figures and models, and the files."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.generation.acestep.contract import key_error, refusal, wrapped
from sandbox.generation.acestep.line import Line
from sandbox.generation.config import Call, Fault, Manner
from sandbox.generation.fault_injection import carry_out
from sandbox.generation.ledger import Generation
from sandbox.generation.read_calls import TrackCall, scripted_step
from sandbox.generation.world import World

MODEL = "acestep-v15-turbo"
QUEUE_PLACES = 200


class QueryCall:
    """POST /query_result: any number of jobs, a row for each, in the order in which they were asked for."""

    def __init__(self, world: World, line: Line) -> None:
        """`world` and `line`: shared with the other calls."""
        self._world = world
        self._line = line

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one question; a fault or a script's entry is that of the first job in it."""
        world = self._world
        try:
            body = await _body(request)
        except (ValueError, TypeError):
            return refusal(request, 400)
        task_ids = _ids_in(body)
        generation = world.ledger.generations.get(task_ids[0]) if task_ids else None
        step = scripted_step(generation)
        fault = step if isinstance(step, Fault) else self._fault(generation)
        if generation is not None:
            generation.polled_at.append(world.ledger.now())
            # a rule that strikes hides the script's entry: it is shown to the next question
            generation.steps += fault is None or fault is step or fault.manner is Manner.SLOW
        await world.pause_before_answer(fault)
        real = key_error(request, world.settings, body) or await self._rows(task_ids)
        if fault is None:
            world.ledger.calls[f"poll {real.status}"] += 1
            return real
        world.ledger.struck[f"poll {fault.manner}"] += 1
        filled = {"id": generation.id} if generation else {}
        return await carry_out(fault, request, closing=world.closing, real=real, filled=filled, refusal=refusal)

    def _fault(self, generation: Generation | None) -> Fault | None:
        now = self._world.ledger.now()
        return self._world.fault_injector.choose(Call.POLL, now, generation_id=generation.id if generation else None)

    async def _rows(self, task_ids: list[str]) -> web.Response:
        return wrapped([await self._row(task_id) for task_id in task_ids])

    async def _row(self, task_id: str) -> dict[str, Any]:
        generation = self._world.ledger.generations.get(task_id)
        step = scripted_step(generation, used=1)
        if generation is None or not isinstance(step, str):
            return self._line.row(task_id)
        if step == "completed" and generation.composing is not None:
            await asyncio.shield(generation.composing)
            return self._line.row(task_id)
        return self._line.scripted(generation, step)


class FigureCalls:
    """GET /v1/stats, /v1/models and /health."""

    def __init__(self, world: World, line: Line) -> None:
        """`world` and `line`: shared with the other calls."""
        self._world = world
        self._line = line

    async def stats(self, request: web.Request) -> web.StreamResponse:
        """Jobs of this process; those of an earlier one are not counted."""
        line = self._line
        running, queued = int(line.running_id is not None), len(line.waiting)
        jobs = {"total": running + queued + sum(line.ended.values()), "queued": queued, "running": running}
        figures = {
            "jobs": {**jobs, **line.ended},
            "queue_size": queued,
            "queue_maxsize": self._world.settings.most_at_once or QUEUE_PLACES,
            "avg_job_seconds": self._world.settings.generating_seconds,
        }
        return key_error(request, self._world.settings, {}) or wrapped(figures)

    async def models(self, request: web.Request) -> web.StreamResponse:
        """What it can make songs with."""
        models = [{"name": MODEL, "is_default": True, "is_loaded": True}] if self._world.settings.has_model else []
        listed = {"models": models, "default_model": MODEL if models else None}
        return key_error(request, self._world.settings, {}) or wrapped(listed)

    async def health(self, _request: web.Request) -> web.StreamResponse:
        """For everybody."""
        return wrapped({"status": "ok", "service": "ACE-Step API", "version": "1.0"})


class AudioCall(TrackCall):
    """GET /v1/audio?path=…: a file of its own folder, for who has the key."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one download."""
        world = self._world
        path = Path(request.query.get("path", ""))
        generation = next((found for found in world.ledger.generations.values() if found.track == path), None)
        fault = self._fault(generation)
        await world.pause_before_answer(fault)
        real = key_error(request, world.settings, {}) or await self._file(request, path)
        if fault is None:
            world.ledger.calls[f"track {real.status}"] += 1
            return real
        world.ledger.struck[f"track {fault.manner}"] += 1
        return await carry_out(fault, request, closing=world.closing, real=real, refusal=refusal)

    async def _file(self, request: web.Request, path: Path) -> web.Response:
        if "path" not in request.query:
            return refusal(request, 422, "Field required")
        folder = os.path.realpath(self._world.folder)
        if not os.path.realpath(path).startswith(folder + os.sep):
            return refusal(request, 403, "Access denied: path outside allowed directory")
        if not path.is_file():
            return refusal(request, 404, "Audio file not found")
        data = await asyncio.to_thread(path.read_bytes)
        if "Range" not in request.headers:
            return web.Response(body=data, content_type="audio/mpeg")
        part = data[request.http_range]
        start = request.http_range.start or 0
        headers = {"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"}
        return web.Response(body=part, status=206, content_type="audio/mpeg", headers=headers)


async def _body(request: web.Request) -> dict[str, Any]:
    """Raises ValueError or TypeError for what is no JSON object where JSON is promised."""
    if "json" not in request.content_type:
        return dict(await request.post())
    body = json.loads(await request.read())
    return dict(body)


def _ids_in(body: dict[str, Any]) -> list[str]:
    """The list, or a list as JSON in a text; what is neither counts as an empty one."""
    asked = body.get("task_id_list", "[]")
    if isinstance(asked, str):
        try:
            asked = json.loads(asked)
        except ValueError:
            return []
    return [str(task_id) for task_id in asked] if isinstance(asked, list) else []
