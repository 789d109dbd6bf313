"""The calls that cost nothing: how a generation stands, the request log, and the file itself."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import yarl
from aiohttp import web

from sandbox.generation.config import Call, Fault, Manner
from sandbox.generation.contract import MODELS, no_such_call, refusal
from sandbox.generation.fault_injection import carry_out
from sandbox.generation.ledger import Generation
from sandbox.generation.world import World

_MAX_LOG_ROWS = 100
_ENDS = frozenset({"error", "failed", "cancelled", "canceled"})


class PollCall:
    """GET /v2/generate/audio?generation_id=…"""

    def __init__(self, world: World) -> None:
        """`world`: shared with the other calls."""
        self._world = world

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one poll."""
        world = self._world
        generation = world.ledger.generations.get(request.query.get("generation_id", ""))
        step = scripted_step(generation)
        fault = step if isinstance(step, Fault) else self._fault(generation)
        if generation is not None:
            generation.polled_at.append(world.ledger.now())
            # a rule that strikes hides the script's entry: it is shown to the next poll
            generation.steps += fault is None or fault is step or fault.manner is Manner.SLOW
        await world.pause_before_answer(fault)
        real = await self._real(request, generation, step if isinstance(step, str) else None)
        if fault is None:
            world.ledger.calls[f"poll {real.status}"] += 1
            return real
        world.ledger.struck[f"poll {fault.manner}"] += 1
        world.ledger.calls["poll fault"] += 1
        filled = {"id": generation.id, "track_url": world.track_url(generation, _origin(request))} if generation else {}
        return await carry_out(fault, request, closing=world.closing, real=real, filled=filled)

    def _fault(self, generation: Generation | None) -> Fault | None:
        now = self._world.ledger.now()
        return self._world.fault_injector.choose(Call.POLL, now, generation_id=generation.id if generation else None)

    async def _real(self, request: web.Request, generation: Generation | None, word: str | None) -> web.Response:
        world = self._world
        no_key = world.key_error(request)
        if no_key is not None:
            return no_key
        if not request.query.get("generation_id"):
            return refusal(request, 400, "Query validation error\ngeneration_id: Required")
        if generation is None:
            return refusal(request, 404, "Generation not found")
        status = word or generation.status_by_clock(world.ledger.now(), world.settings)
        return web.json_response(await self._body(generation, status, _origin(request)))

    async def _body(self, generation: Generation, status: str, origin: yarl.URL | None) -> dict[str, Any]:
        world = self._world
        body: dict[str, Any] = {"id": generation.id, "status": status, "error": None}
        if status == "completed":
            generation.finish(world.ledger.now())
            if generation.composing is not None:
                await asyncio.shield(generation.composing)
            body["audio_file"] = {
                "url": world.track_url(generation, origin),
                "content_type": "audio/mpeg",
                "file_name": "output.mp3",
                "file_size": generation.track.stat().st_size if generation.track.exists() else 0,
            }
        elif status in _ENDS:
            world.give_up(generation, generation.script.error)
            body["error"] = generation.error if not generation.is_scripted else generation.script.error
        return body


def _origin(request: web.Request) -> yarl.URL | None:
    """The address by which the bot reached us: a tunnel or another name for this machine leads to the file as well."""
    try:
        return request.url.origin()
    except ValueError:
        return None


def scripted_step(generation: Generation | None, used: int = 0) -> str | Fault | None:
    """The script's entry for this poll, or for one that was `used` already; the last one holds for all that follow."""
    if generation is None or not generation.script.polls:
        return None
    return generation.script.polls[min(max(0, generation.steps - used), len(generation.script.polls) - 1)]


class TrackCall:
    """GET of a finished file. It lies on a public address: no key is asked for, and none should be sent."""

    def __init__(self, world: World) -> None:
        """`world`: shared with the other calls."""
        self._world = world

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one download."""
        world = self._world
        if "Authorization" in request.headers:
            world.ledger.keys_leaked += 1
        name = request.match_info["name"]
        generation = world.generation_of_track(name)
        fault = self._fault(generation)
        await world.pause_before_answer(fault)
        real = await self._real(request, name, generation)
        if fault is None:
            world.ledger.calls[f"track {real.status}"] += 1
            return real
        world.ledger.struck[f"track {fault.manner}"] += 1
        return await carry_out(fault, request, closing=world.closing, real=real)

    def _fault(self, generation: Generation | None) -> Fault | None:
        world = self._world
        now = world.ledger.now()
        if generation is None:
            return world.fault_injector.choose(Call.TRACK, now)
        script = generation.script
        fetch = generation.fetches
        generation.fetches += 1
        if generation.first_fetch_at is None:
            generation.first_fetch_at = now
        if now - generation.first_fetch_at < script.track_missing_seconds:
            return Fault(manner=Manner.EMPTY, status=404)
        if script.tracks:
            return script.tracks[min(fetch, len(script.tracks) - 1)]
        return world.fault_injector.choose(Call.TRACK, now, generation_id=generation.id)

    async def _real(self, request: web.Request, name: str, generation: Generation | None) -> web.Response:
        if generation is None or generation.composing is None:
            return web.Response(status=404)
        if not self._world.is_track_url_good(name, request.query.get("Expires"), request.query.get("Signature")):
            return web.Response(status=403)
        await asyncio.shield(generation.composing)
        if not generation.track.exists():
            return web.Response(status=404)
        return web.Response(body=await asyncio.to_thread(generation.track.read_bytes), content_type="audio/mpeg")


class LogsCall:
    """GET /v2/logs as AIML documents it; 404 while `has_tracing` is off, as at Apilaplas."""

    def __init__(self, world: World) -> None:
        """`world`: shared with the other calls."""
        self._world = world

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one page."""
        world = self._world
        fault = world.fault_injector.choose(Call.LOGS, world.ledger.now())
        await world.pause_before_answer(fault)
        real = self._real(request)
        world.ledger.calls[f"logs {real.status}"] += 1
        if fault is None:
            return real
        world.ledger.struck[f"logs {fault.manner}"] += 1
        return await carry_out(fault, request, closing=world.closing, real=real)

    def _real(self, request: web.Request) -> web.Response:
        if not self._world.settings.has_tracing:
            return no_such_call(request)
        no_key = self._world.key_error(request)
        if no_key is not None:
            return no_key
        query = request.query
        try:
            limit, offset = int(query.get("limit", "50")), int(query.get("offset", "0"))
            start, end = _instant(query["start"]), _instant(query["end"])
        except (KeyError, ValueError):
            return refusal(request, 400, "Query validation error")
        if not 1 <= limit <= _MAX_LOG_ROWS or offset < 0 or end < start or end - start > timedelta(days=92):
            return refusal(request, 400, "Query validation error")
        rows = [row for row in self._rows() if start <= _instant(row["created"]) <= end]
        page = {"limit": limit, "offset": offset, "total": len(rows), "has_more": offset + limit < len(rows)}
        return web.json_response({"data": rows[offset : offset + limit], "pagination": page})

    def _rows(self) -> list[dict[str, Any]]:
        world = self._world
        now = world.ledger.now()
        return [
            {
                "created": (datetime.now(UTC) - timedelta(seconds=now - generation.accepted_at)).isoformat(),
                "status": "succeeded" if generation.error is None else "failed",
                "origin": "api",
                "model": generation.endpoint,
                "cost": {"usd": 0.037, "credits": 73_500},
                "tokens": {"input": 0, "output": 0, "total": 0},
                "request_id": None,
                "inference_id": generation.id,
                "client_request_id": generation.client_request_id,
            }
            for generation in reversed(world.ledger.generations.values())
            if now - generation.accepted_at >= world.settings.logs_delay_seconds
        ]


class CatalogueCall:
    """GET /v1/models as AIML documents it, for everybody; 404 while `has_tracing` is off, as at Apilaplas."""

    def __init__(self, world: World) -> None:
        """`world`: shared with the other calls."""
        self._world = world

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """All models, or the one that is asked for; an empty list without such a one."""
        if not self._world.settings.has_tracing:
            return no_such_call(request)
        chosen = request.query.get("id")
        models = [name for name in MODELS if chosen in {None, name} and name not in self._world.settings.without_models]
        self._world.ledger.calls["models 200"] += 1
        return web.json_response(
            [{"id": name, "type": "audio", "aliases": [], "tags": [], "info": {"name": name}} for name in models]
        )


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
