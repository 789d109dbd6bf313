"""The frame around every REST call: reading the body, faults, budget, authorization, errors, and the record of it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any, TypeAlias, cast

from aiohttp import BodyPartReader, web

from .faults import Fault, FaultBook
from .limits import RequestBudget
from .objects import Upload
from .posting import Body
from .records import Call, masked
from .refusals import RefusedError
from .world import World

#: A handler gives the JSON to answer; None becomes 204.
Answer: TypeAlias = dict[str, Any] | list[Any] | None
Endpoint: TypeAlias = Callable[[web.Request], Awaitable[Answer]]

WORLD: web.AppKey[World] = web.AppKey("world", World)
BODY = web.RequestKey("body", Body)
API_PREFIX = "/api/v10"
#: Interaction and webhook routes carry their token in the path instead of a header.
_OPEN = ("/interactions/", "/webhooks/")
#: In Discord's words. Discord takes forms too, which no library for bots sends.
_CONTENT_TYPES = "Expected \"Content-Type\" header to be one of {'multipart/form-data', 'application/json'}."


def world_of(request: web.Request) -> World:
    """The world a request is about."""
    return request.app[WORLD]


def body_of(request: web.Request) -> Body:
    """The body as it was read before the endpoint was called."""
    return request[BODY]


def route(method: str, path: str, endpoint: Endpoint) -> web.RouteDef:
    """A route below `/api/v10`; the frame turns what the endpoint gives back into a response."""
    return web.RouteDef(method, API_PREFIX + path, cast(Any, endpoint), {})


def number_in(request: web.Request, name: str) -> int:
    """A snowflake from the path; anything else is refused as Discord does (50035)."""
    value = request.match_info[name]
    if not value.isdecimal():
        error = {"_errors": [{"code": "NUMBER_TYPE_COERCE", "message": f"Value {value!r} is not snowflake."}]}
        raise RefusedError(50035, errors={name: error})
    return int(value)


async def read_body(request: web.Request) -> Body:
    """JSON, or multipart with `payload_json` and `files[n]`."""
    if request.content_type.startswith("multipart/"):
        return await _read_multipart(request)
    raw = await request.read()
    _require_size(request, len(raw))
    if not raw:
        return Body()
    if request.content_type != "application/json":
        raise RefusedError(50035, errors={"_misc": [_CONTENT_TYPES]})
    return Body(payload=_parse(raw))


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise RefusedError(50109) from error


def _require_size(request: web.Request, total_bytes: int) -> None:
    """413/40005 for a request that is too large as a whole."""
    if total_bytes > world_of(request).rules.request_limit_bytes:
        raise RefusedError(40005)


async def _read_multipart(request: web.Request) -> Body:
    body = Body()
    total_bytes = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise RefusedError(50109)
        raw = bytes(await part.read(decode=False))
        total_bytes += len(raw)
        name = part.name or ""
        if name == "payload_json":
            body.payload = _parse(raw)
        elif name.startswith("files[") and name[6:-1].isdecimal():
            upload = Upload(filename=part.filename or "unknown.txt", data=raw, content_type=None)
            body.files[int(name[6:-1])] = upload
    _require_size(request, total_bytes)
    return body


class Frame:
    """The middleware that makes endpoints out of plain functions."""

    def __init__(self, world: World, faults: FaultBook, budget: RequestBudget) -> None:
        self._world = world
        self._faults = faults
        self._budget = budget

    def middleware(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        """The aiohttp middleware; only paths below `/api/v10` are framed."""

        @web.middleware
        async def framed(request: web.Request, handler: Endpoint) -> web.StreamResponse:
            if not request.path.startswith(API_PREFIX):
                return cast(web.StreamResponse, await handler(request))
            return await self._handle(request, handler)

        return framed

    async def _handle(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        path = request.path.removeprefix(API_PREFIX)
        call = Call(
            method=request.method, path=masked(path), at=self._world.clock.time(), query=masked(dict(request.query))
        )
        self._world.calls.append(call)
        started = time.perf_counter()
        try:
            return await self._answer(request, endpoint, call, path)
        finally:
            call.seconds = round(time.perf_counter() - started, 6)
            self._world.announce("call", {"call": call.view()})

    async def _answer(self, request: web.Request, endpoint: Endpoint, call: Call, path: str) -> web.StreamResponse:
        fault = self._faults.take(request.method, path)
        call.fault = fault is not None
        try:
            body = await read_body(request)
        except RefusedError as refused:
            return self._respond(call, refused.status, refused.body(), {})
        request[BODY] = body
        call.payload = masked(body.payload)
        call.files = {upload.filename: len(upload.data) for upload in body.files.values()}
        if fault and not fault.after:
            await asyncio.sleep(fault.delay_seconds)
            if fault.answers:
                return self._fail(request, call, fault)
        status, answer, headers = await self._run(request, endpoint, call, path)
        if fault and fault.after:
            await asyncio.sleep(fault.delay_seconds)
            if fault.answers:
                return self._fail(request, call, fault)
        return self._respond(call, status, answer, headers)

    async def _run(
        self, request: web.Request, endpoint: Endpoint, call: Call, path: str
    ) -> tuple[int, Answer, dict[str, str]]:
        budgeted = self._budget.ask(request.method, path)
        if budgeted.refusal is not None:
            return 429, budgeted.refusal, budgeted.headers
        try:
            self._admit(request, path)
            answer = await endpoint(request)
        except RefusedError as refused:
            return refused.status, refused.body(), budgeted.headers
        except web.HTTPException as error:
            return error.status, {"message": f"{error.status}: {error.reason}", "code": 0}, budgeted.headers
        call.applied = True
        return (204 if answer is None else 200), answer, budgeted.headers

    def _admit(self, request: web.Request, path: str) -> None:
        if not path.startswith(_OPEN) and request.headers.get("Authorization") != f"Bot {self._world.token}":
            raise RefusedError(0)
        # Only the bulk overwrite of commands carries a list.
        is_list = request.method == "PUT" and path.endswith("/commands")
        if not isinstance(body_of(request).payload, list if is_list else dict):
            raise RefusedError(50035)

    def _fail(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        if fault.drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=499)
        status, body, headers = fault.answer()
        if not fault.via:
            call.status = status
            page = "<html>error code: 1015</html>"
            return web.Response(status=status, text=page, content_type="text/html", headers=fault.headers)
        return self._respond(call, status, body, headers)

    def _respond(self, call: Call, status: int, answer: Any, headers: dict[str, str]) -> web.Response:
        call.status = status
        if status >= 400 and isinstance(answer, dict):
            call.code = answer.get("code")
        # by our own clock, which tests move: clients learn from it what time it is here
        headers = {"Via": "1.1 google", "Date": formatdate(self._world.clock.time(), usegmt=True), **headers}
        if answer is None or isinstance(answer, str):
            return web.Response(status=status, text=answer, headers=headers)
        # Exactly `application/json`, without a charset: discord.py parses nothing else.
        return web.Response(
            status=status,
            body=json.dumps(answer).encode(),
            content_type="application/json",
            headers=headers,
        )
