"""Discord's CDN: files behind signed URLs that expire."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Set
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from .faults import Fault, FaultBook
from .objects import Attachment
from .records import Call, masked
from .world import World

GONE = "This content is no longer available."
FOLDERS = ("attachments", "ephemeral-attachments")
#: A document somebody uploaded is shown, and belongs to no origin: its scripts are not run, its requests are foreign.
_INERT = {"Content-Security-Policy": "sandbox"}


def signed_url(world: World, attachment: Attachment) -> str:
    """A URL of now: `is` and `ex` are hex Unix seconds, `hm` the signature."""
    folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
    path = f"/{folder}/{attachment.channel_id}/{attachment.id}/{attachment.filename}"
    issued = int(world.clock.time())
    expires = int(world.clock.time() + world.rules.cdn_lifetime_seconds)
    return f"{world.base_url}{path}?ex={expires:x}&is={issued:x}&hm={_signature(world, path, expires, issued)}&"


def _signature(world: World, path: str, expires: int, issued: int) -> str:
    return hmac.new(world.secret, f"{path}|{expires:x}|{issued:x}".encode(), hashlib.sha256).hexdigest()


def attachment_of(world: World, url: str) -> Attachment | None:
    """The attachment a CDN URL names, whatever its signature says."""
    parts = urlsplit(url).path.split("/")
    if len(parts) != 5 or not parts[3].isdecimal():
        return None
    attachment = world.attachments.get(int(parts[3]))
    return attachment if attachment and str(attachment.channel_id) == parts[2] else None


def is_valid(world: World, url: str) -> bool:
    """Whether the signature is ours and its time is not over."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    try:
        expires, issued = int(query["ex"], 16), int(query["is"], 16)
    except (KeyError, ValueError):
        return False
    expected = _signature(world, parts.path, expires, issued)
    return hmac.compare_digest(expected, query.get("hm", "")) and world.clock.time() < expires


def is_gone(world: World, attachment: Attachment) -> bool:
    """Whether the file was deleted, or is ephemeral and past its time."""
    age_seconds = world.clock.time() - attachment.created_at
    return attachment.removed or (
        attachment.ephemeral and age_seconds > world.rules.ephemeral_attachment_lifetime_seconds
    )


class Cdn:
    """GET for both folders: records each download, answers ranges (players seek), and fails on request."""

    def __init__(self, world: World, faults: FaultBook, pages: Set[str]) -> None:
        """`pages`: the origins whose scripts may read files."""
        self._world = world
        self._faults = faults
        self._pages = pages

    async def get(self, request: web.Request) -> web.StreamResponse:
        """A file, or 404 when its URL or the file itself is over."""
        world = self._world
        call = Call(method="GET", path=masked(str(request.rel_url)), at=world.clock.time())
        world.downloads.append(call)
        fault = self._faults.take("GET", request.path)
        call.fault = fault is not None
        if fault is not None:
            await asyncio.sleep(fault.delay_seconds)
            if fault.answers:
                return await self._fail(request, call, fault)
        answer = self._answer(request)
        call.status = answer.status
        world.announce("download", {"call": call.view()})
        return answer

    def _find(self, request: web.Request) -> Attachment | None:
        stored = attachment_of(self._world, str(request.rel_url))
        if stored is None or not is_valid(self._world, request.raw_path) or is_gone(self._world, stored):
            return None
        return stored

    def _answer(self, request: web.Request) -> web.Response:
        stored = self._find(request)
        if stored is None:
            return web.Response(status=404, text=GONE)
        headers = {"Accept-Ranges": "bytes", "Vary": "Origin", **_INERT}
        if (origin := request.headers.get("Origin", "")) in self._pages:
            headers["Access-Control-Allow-Origin"] = origin
        content_type = stored.content_type or "application/octet-stream"
        span = request.http_range
        if span.start is None:
            return web.Response(body=stored.data, content_type=content_type, headers=headers)
        size = len(stored.data)
        start, stop, _ = span.indices(size)
        if start >= size:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        return web.Response(status=206, body=stored.data[start:stop], content_type=content_type, headers=headers)

    async def _fail(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        """An error, or a lost connection: `after` loses it in the middle of the file."""
        stored = self._find(request)
        if not fault.drop:
            call.status, body, headers = fault.answer()
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(status=call.status, text=text, headers=headers)
        answer = web.StreamResponse()
        if fault.after and stored is not None:
            answer.content_length = len(stored.data)
            await answer.prepare(request)
            await answer.write(stored.data[: len(stored.data) // 2])
        if request.transport is not None:
            request.transport.close() if fault.after else request.transport.abort()
        return answer
