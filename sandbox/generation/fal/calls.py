"""The queue's calls about one request: how it stands, its result, an end to it; and the history of all."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.generation.config import Call, Fault, Manner
from sandbox.generation.fal.contract import ENDPOINTS, application_of, key_error, refusal
from sandbox.generation.fal.turns import COMPLETED, ENDS, IN_QUEUE, WORDS, place_of, status_of, turns
from sandbox.generation.fault_injection import carry_out
from sandbox.generation.ledger import Generation
from sandbox.generation.world import World

_MAX_ROWS = 100
#: Faults that need what would have been answered.
_AROUND_THE_REAL = frozenset({Manner.SLOW, Manner.TRUNCATE})


class _RequestCall:
    """What the three calls about one request share."""

    call: Call

    def __init__(self, world: World, application: str) -> None:
        """`world`: shared with the other calls."""
        self._world = world
        self._application = application

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        world = self._world
        generation = self._generation(request)
        fault = self._fault(generation)
        await world.pause_before_answer(fault)
        has_effect = fault is None or fault.after_effect or fault.manner in _AROUND_THE_REAL
        real = await self._judged(request, generation) if has_effect else None
        if fault is None and real is not None:
            world.ledger.calls[f"{self.call} {real.status}"] += 1
            return real
        assert fault is not None
        world.ledger.struck[f"{self.call} {fault.manner}"] += 1
        filled = {"id": generation.id, "track_url": world.track_url(generation)} if generation else {}
        return await carry_out(fault, request, closing=world.closing, real=real, filled=filled, refusal=refusal)

    async def _judged(self, request: web.Request, generation: Generation | None) -> web.Response:
        no_key = key_error(request, self._world)
        if no_key is not None:
            return no_key
        if generation is None:
            return refusal(request, 404, "Request not found")
        return await self._real(request, generation)

    def _generation(self, request: web.Request) -> Generation | None:
        found = self._world.ledger.generations.get(request.match_info["id"])
        is_here = found is not None and application_of(found.endpoint) == self._application and not found.is_removed
        return found if is_here else None

    def _fault(self, generation: Generation | None) -> Fault | None:
        now = self._world.ledger.now()
        return self._world.fault_injector.choose(self.call, now, generation_id=generation.id if generation else None)

    async def _real(self, request: web.Request, generation: Generation) -> web.Response:
        raise NotImplementedError

    def _status(self, generation: Generation) -> str:
        """The queue's word: the script's last one, else by the clock."""
        if generation.said is not None:
            return WORDS.get(generation.said, generation.said)
        world = self._world
        turn = turns(world.ledger.generations.values(), world.settings)[generation.id]
        return status_of(generation, turn, world.ledger.now())


class StatusCall(_RequestCall):
    """GET …/status: 202 while it waits or is made, 200 when it is over, one way or the other."""

    call = Call.POLL

    def _fault(self, generation: Generation | None) -> Fault | None:
        step = _step(generation)
        fault = step if isinstance(step, Fault) else super()._fault(generation)
        if generation is not None:
            generation.polled_at.append(self._world.ledger.now())
            # a rule that strikes hides the script's entry: it is shown to the next poll
            generation.steps += fault is None or fault is step or fault.manner is Manner.SLOW
        return fault

    async def _real(self, request: web.Request, generation: Generation) -> web.Response:
        world = self._world
        status = self._status(generation)
        if generation.said in ENDS:
            world.give_up(generation, generation.script.error)
        body: dict[str, Any] = {"status": status, "request_id": generation.id, "logs": None}
        if status == IN_QUEUE:
            body["queue_position"] = self._place(generation)
        if status == COMPLETED:
            generation.finish(world.ledger.now())
            body["metrics"] = {"inference_time": world.settings.generating_seconds}
            if generation.error is not None and "detail" not in generation.error:
                body |= {"error": generation.error["message"], "error_type": generation.error["name"]}
        return web.json_response(body, status=200 if status == COMPLETED else 202)

    def _place(self, generation: Generation) -> int:
        world = self._world
        all_turns = turns(world.ledger.generations.values(), world.settings)
        return place_of(generation, all_turns, world.ledger.now())


class ResultCall(_RequestCall):
    """GET …/requests/{id}: what the application answered, errors and all; 400 before that."""

    call = Call.RESULT

    async def _real(self, request: web.Request, generation: Generation) -> web.Response:
        world = self._world
        if self._status(generation) != COMPLETED:
            return refusal(request, 400, "Request is still in progress")
        if generation.composing is not None:
            await asyncio.shield(generation.composing)
        if generation.error is not None:
            status = generation.error.get("status", 500)
            detail = generation.error.get("detail") or generation.error["message"]
            kind = detail[0]["type"] if isinstance(detail, list) else generation.error["name"]
            return web.json_response({"detail": detail}, status=status, headers={"X-Fal-Error-Type": kind})
        audio = {
            "url": world.track_url(generation, request.url.origin()),
            "content_type": "audio/mpeg",
            "file_name": "output.mp3",
            "file_size": generation.track.stat().st_size,
        }
        return web.json_response({"audio": audio})


class CancelCall(_RequestCall):
    """PUT …/cancel: what waits is removed, what is made may stop and may be charged, what is over stays."""

    call = Call.CANCEL

    async def _real(self, request: web.Request, generation: Generation) -> web.Response:
        world = self._world
        status = self._status(generation)
        if status == COMPLETED:
            return web.json_response({"status": "ALREADY_COMPLETED"}, status=400)
        if status == IN_QUEUE:
            world.remove(generation)
            return web.json_response({"status": "OK"})
        return web.json_response({"status": "CANCELLATION_REQUESTED"}, status=202)


class HistoryCall:
    """GET /v1/models/requests/by-endpoint, sorted by the end; off, it is what a key without the right to it sees."""

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
        return await carry_out(fault, request, closing=world.closing, real=real, refusal=refusal)

    def _real(self, request: web.Request) -> web.Response:
        no_key = key_error(request, self._world)
        if no_key is not None:
            return no_key
        if not self._world.settings.has_history:
            return refusal(request, 403, "This key may not read the requests of its account")
        query = request.query
        try:
            limit, at = int(query.get("limit", "50")), int(query.get("cursor", "0"))
            start = (
                datetime.fromisoformat(query["start"]) if "start" in query else datetime.now(UTC) - timedelta(days=1)
            )
            endpoint = query["endpoint_id"]
        except (KeyError, ValueError):
            return refusal(request, 422, "Invalid query")
        if endpoint not in ENDPOINTS or not 1 <= limit <= _MAX_ROWS:
            return refusal(request, 422, "Invalid query")
        rows = [
            row for row in self._rows(endpoint, query.get("expand")) if datetime.fromisoformat(row["sent_at"]) >= start
        ]
        more = at + limit < len(rows)
        page = {"items": rows[at : at + limit], "next_cursor": str(at + limit) if more else None, "has_more": more}
        return web.json_response(page)

    def _rows(self, endpoint: str, expand: str | None) -> list[dict[str, Any]]:
        world = self._world
        now = world.ledger.now()
        payloads = expand == "payloads"
        return [
            {
                "request_id": generation.id,
                "endpoint_id": generation.endpoint,
                "sent_at": (datetime.now(UTC) - timedelta(seconds=now - generation.accepted_at)).isoformat(),
                "started_at": None,
                "ended_at": None,
                "status_code": 200 if generation.error is None else 500,
                "duration": None,
                **({"json_input": generation.body, "json_output": None} if payloads else {}),
            }
            for generation in world.ledger.generations.values()
            if generation.endpoint == endpoint
            and not generation.is_removed
            and now - generation.accepted_at >= world.settings.logs_delay_seconds
        ]


def _step(generation: Generation | None) -> str | Fault | None:
    """The script's entry for this poll; its word is what was `said`. The last one holds for all that follow."""
    if generation is None or not generation.script.polls:
        return None
    step = generation.script.polls[min(generation.steps, len(generation.script.polls) - 1)]
    if isinstance(step, str):
        generation.said = step
    return step
