"""Decides which fault strikes when, and carries it out on a connection."""

import asyncio
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from sandbox.generation.config import Call, Fault, Manner, Rule
from sandbox.generation.contract import refusal

_HUGE_PIECE = b"x" * 65_536
_HUGE_PIECES = 128
_PAGE = (
    "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>Error {status}</h1>"
    "<p>You have run out of billing credits? No: this page comes from a gateway.</p></body></html>"
)
_WRONG_TYPES = {"id": {"value": 5}, "status": ["queued"], "audio_file": 7, "error": 0, "data": "none"}


@dataclass(slots=True)
class _SetRule:
    rule: Rule
    set_at: float
    seen: int = 0
    struck: int = 0

    def strikes(self, call: Call, generation_id: str | None, client_request_id: str | None, now: float) -> bool:
        rule = self.rule
        age = now - self.set_at - rule.after_seconds
        if rule.call not in {call, Call.ANY} or age < 0:
            return False
        if rule.for_seconds is not None and age >= rule.for_seconds:
            return False
        if rule.generation_id not in {None, generation_id}:
            return False
        return rule.client_request_id in {None, client_request_id}


class FaultInjector:
    """The faults in force. Chances are drawn from one seeded source, so that a run can be repeated."""

    def __init__(self, seed: int = 0) -> None:
        """`seed`: for the rules with a probability."""
        self._random = random.Random(seed)
        self._rules: dict[int, _SetRule] = {}
        self._next = 1
        #: Whoever waits for an answer that a fault holds back waits for this as well.
        self.let_go = asyncio.Event()

    def add(self, rule: Rule, now: float) -> int:
        """Put a rule in force; its number."""
        number, self._next = self._next, self._next + 1
        self._rules[number] = _SetRule(rule, now)
        return number

    def remove(self, number: int | None = None) -> None:
        """Take one rule back, or all; what was held back is answered now."""
        if number is None:
            self._rules.clear()
        else:
            self._rules.pop(number, None)
        self.end_pauses()

    def end_pauses(self) -> None:
        """Nobody who waits now waits any longer."""
        self.let_go.set()
        self.let_go = asyncio.Event()

    def struck(self, number: int) -> int:
        """How often a rule struck."""
        found = self._rules.get(number)
        return found.struck if found else 0

    def choose(
        self, call: Call, now: float, *, generation_id: str | None = None, client_request_id: str | None = None
    ) -> Fault | None:
        """The fault that strikes this call, if any."""
        for found in self._rules.values():
            if not found.strikes(call, generation_id, client_request_id, now):
                continue
            found.seen += 1
            is_used_up = found.rule.times is not None and found.struck >= found.rule.times
            if found.seen <= found.rule.skip or is_used_up or self._random.random() >= found.rule.probability:
                continue
            found.struck += 1
            return found.rule.fault
        return None


async def carry_out(
    fault: Fault,
    request: web.Request,
    *,
    closing: asyncio.Event,
    real: web.Response | None = None,
    filled: dict[str, str] | None = None,
    refusal: Callable[..., web.Response] = refusal,
) -> web.StreamResponse:
    """Answer as the fault says. `real`: what would have been answered; `filled`: for `{id}` and `{track_url}`.

    `refusal`: how the contract says no where the fault has no words of its own.
    """
    match fault.manner:
        case Manner.SLOW:
            return real if real is not None else refusal(request, 404)
        case Manner.ANSWER:
            return _answer(fault, request, filled or {}, refusal)
        case Manner.HTML:
            page = _PAGE.format(status=fault.status)
            return web.Response(text=page, status=fault.status, content_type="text/html", headers=fault.headers)
        case Manner.EMPTY:
            return web.Response(body=b"", status=fault.status, headers=fault.headers)
        case Manner.WRONG_TYPES:
            return web.json_response(_WRONG_TYPES, status=fault.status)
        case Manner.NOISE:
            return web.Response(body=b"no audio " + os.urandom(4096), status=fault.status, content_type="audio/mpeg")
        case Manner.HANG:
            await closing.wait()
            return dropped(request)
        case Manner.DROP:
            return dropped(request)
        case _:
            return await _stream(fault, request, closing, real)


def dropped(request: web.Request) -> web.Response:
    """Reset the connection; the response that goes with it is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _answer(
    fault: Fault, request: web.Request, filled: dict[str, str], refusal: Callable[..., web.Response]
) -> web.Response:
    if fault.body is None:
        return refusal(request, fault.status, headers=fault.headers)
    text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    content_type = "text/plain" if isinstance(fault.body, str) else "application/json"
    named = {name.lower() for name in fault.headers}
    return web.Response(
        text=text,
        status=fault.status,
        headers=fault.headers,
        content_type=None if "content-type" in named else content_type,
    )


async def _stream(
    fault: Fault, request: web.Request, closing: asyncio.Event, real: web.Response | None
) -> web.StreamResponse:
    """TRUNCATE, HUGE and ENDLESS."""
    response = web.StreamResponse(status=200, headers=fault.headers)
    body = real.body if real is not None and isinstance(real.body, bytes) else b'{"id": "broken", "status"'
    try:
        if fault.manner is Manner.TRUNCATE:
            response.content_length = len(body)
            await response.prepare(request)
            await response.write(body[: max(1, len(body) // 2)])
            if request.transport is not None:
                request.transport.close()
            return response
        await response.prepare(request)
        if fault.manner is Manner.HUGE:
            await response.write(b'{"id": "huge", "status": "completed", "padding": "')
        count = 0
        while not closing.is_set() and (fault.manner is Manner.ENDLESS or count < _HUGE_PIECES):
            await response.write(_HUGE_PIECE)
            count += 1
        if fault.manner is Manner.HUGE:
            await response.write(b'"}')
    except ConnectionError:
        pass  # the other side has had enough
    return response
