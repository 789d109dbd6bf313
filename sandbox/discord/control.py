"""The control API: the verbs, switches and books of the sandbox over HTTP, for pages and scripts.

Every request carries the token of this start (`FakeDiscord.control_token`), and bodies are JSON, or multipart where
files are: no web page from elsewhere drives it, see `doors`.
"""

import itertools
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiohttp import BodyPartReader, web

from . import control_verbs
from .control_views import interaction_view, state_view, stream_filter
from .doors import ShutError
from .objects import JSON, Upload
from .posting import view as message_view
from .records import Change
from .refusals import ClientRefusedError, RefusedError
from .server import FakeDiscord

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

DISCORD: web.AppKey[FakeDiscord] = web.AppKey("discord", FakeDiscord)
#: What else is served beside the control API, without a token: set by whoever adds it.
OPEN: web.AppKey[frozenset[Any]] = web.AppKey("open", frozenset)
#: A comment line this often keeps a stream through proxies alive.
_HEARTBEAT_SECONDS = 15.0
_COMMENT = b": still here\n\n"
_ALIVE = b"event: alive\ndata: {}\n\n"


def control_application(discord: FakeDiscord) -> web.Application:
    """Everything below `/sandbox`; may be mounted into another application as it is."""
    app = web.Application(middlewares=[_guarded], client_max_size=512 * 1024 * 1024)
    app[DISCORD] = discord
    app[OPEN] = frozenset()
    app.router.add_routes([
        web.get("/sandbox/state", _state),
        web.get("/sandbox/channels/{channel}/messages", _messages),
        web.get("/sandbox/interactions/{interaction}", _interaction),
        web.get("/sandbox/calls", _calls),
        web.get("/sandbox/downloads", _downloads),
        web.get("/sandbox/violations", _violations),
        web.get("/sandbox/faults", _faults),
        web.delete("/sandbox/faults", _clear_faults),
        web.get("/sandbox/events", _events),
        web.post("/sandbox/verbs/{verb}", _verb),
        web.post("/sandbox/switches/{switch}", _switch),
    ])  # fmt: skip
    return app


def _answer(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    discord = request.app[DISCORD]
    is_nothing = request.match_info.http_exception is not None
    try:
        if is_nothing or request.match_info.handler in request.app[OPEN]:
            discord.doors.document(request)
        else:
            takes_forms = request.match_info.handler is _verb
            discord.doors.control(request, discord.control_token, takes_forms=takes_forms)
        return await _forgiving(request, handler)
    except ShutError as shut:
        return _answer({"error": str(shut), "refused_by": shut.by}, shut.status)


async def _forgiving(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What a client or Discord refuses becomes a sentence and a status."""
    try:
        return await handler(request)
    except ClientRefusedError as refused:
        return _answer({"error": str(refused), "refused_by": "client"}, 422)
    except RefusedError as refused:
        return _answer({"error": str(refused), "refused_by": "discord", **refused.body()}, 422)
    except LookupError as missing:
        return _answer({"error": f"not found: {missing}"}, 404)
    except (TypeError, ValueError) as wrong:
        return _answer({"error": f"not understood: {wrong}"}, 400)


async def _state(request: web.Request) -> web.Response:
    return _answer(state_view(request.app[DISCORD], request.query.get("member")))


async def _messages(request: web.Request) -> web.Response:
    discord = request.app[DISCORD]
    place = discord.place(request.match_info["channel"])
    who = request.query.get("member")
    if who is None:
        shown = [posted for _, posted in sorted(place.messages.items()) if not posted.deleted]
    else:
        shown = discord.seen(place, who)
    return _answer([message_view(discord.world, posted) for posted in shown])


async def _interaction(request: web.Request) -> web.Response:
    discord = request.app[DISCORD]
    return _answer(interaction_view(discord, discord.world.interactions[int(request.match_info["interaction"])]))


async def _calls(request: web.Request) -> web.Response:
    discord = request.app[DISCORD]
    query = request.query
    found = discord.calls_to(query.get("method", "*"), query.get("pattern", ""))
    return _answer([call.view() for call in found])


async def _downloads(request: web.Request) -> web.Response:
    return _answer([call.view() for call in request.app[DISCORD].downloads])


async def _violations(request: web.Request) -> web.Response:
    return _answer([violation.view() for violation in request.app[DISCORD].violations])


async def _faults(request: web.Request) -> web.Response:
    return _answer([fault.view() for fault in request.app[DISCORD].faults.faults])


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[DISCORD].faults.clear()
    return _answer([])


async def _verb(request: web.Request) -> web.Response:
    arguments, files = await _arguments(request)
    return _answer(await control_verbs.do(request.app[DISCORD], request.match_info["verb"], arguments, files))


async def _switch(request: web.Request) -> web.Response:
    arguments, _ = await _arguments(request)
    return _answer(await control_verbs.switch(request.app[DISCORD], request.match_info["switch"], arguments))


async def _arguments(request: web.Request) -> tuple[JSON, dict[str, list[Upload]]]:
    """JSON, or multipart with `payload_json` and one part per file, named after its option or field."""
    if not request.content_type.startswith("multipart/"):
        raw = await request.read()
        body = json.loads(raw) if raw else {}
        if not isinstance(body, dict):
            raise TypeError("a JSON object is expected")
        return body, {}
    body, files = {}, {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise TypeError("nested multipart")
        raw = bytes(await part.read(decode=False))
        if part.name == "payload_json":
            body = json.loads(raw)
        else:
            files.setdefault(part.name or "file", []).append(Upload(filename=part.filename or "file", data=raw))
    return body, files


async def _events(request: web.Request) -> web.StreamResponse:
    """Server-sent events of every change; `?member=` leaves out what that member cannot see.

    `?also=gateway,call` lets these kinds of an operator's changes through to a member.
    `?alive=2` sends an event `alive` whenever nothing else was sent for that many seconds: a browser shows its page no
    comments, and a line that was cut only falls silent.
    Starts with what is new; with `Last-Event-ID` (or `?after=`) it goes on after that change.
    """
    discord = request.app[DISCORD]
    who = request.query.get("member")
    also = frozenset(request.query.get("also", "").split(","))
    passes = stream_filter(discord, discord.member(who) if who else None, also)
    changes = discord.world.changes
    resumed = request.headers.get("Last-Event-ID") or request.query.get("after")
    after = int(resumed) if resumed else (changes[-1].sequence if changes else 0)
    alive = request.query.get("alive")
    pause_seconds, pulse = (max(float(alive), 0.1), _ALIVE) if alive else (_HEARTBEAT_SECONDS, _COMMENT)
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    stream = web.StreamResponse(headers=headers)
    await stream.prepare(request)
    try:
        await stream.write(b": the sandbox's changes\n\n")
        while True:
            fresh = _since(changes, after)
            for change in fresh:
                after = change.sequence
                if passes(change):
                    text = f"id: {change.sequence}\nevent: {change.kind}\ndata: {json.dumps(change.view())}\n\n"
                    await stream.write(text.encode())
            if not fresh and not await discord.world.changed(timeout_seconds=pause_seconds):
                await stream.write(pulse)
    except ConnectionError:
        return stream  # whoever listened went away


def _since(changes: deque[Change], after: int) -> list[Change]:
    newest_first = itertools.takewhile(lambda change: change.sequence > after, reversed(changes))
    return list(newest_first)[::-1]
