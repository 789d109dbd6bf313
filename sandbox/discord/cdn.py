"""Discord's CDN: files behind signed URLs that expire."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import parse_qs, quote, urlsplit

from aiohttp import web

from .objects import Attachment
from .world import World

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

GONE = "This content is no longer available."


def signed_url(world: World, attachment: Attachment) -> str:
    """A URL of now: `is` and `ex` are hex Unix seconds, `hm` the signature."""
    folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
    path = f"/{folder}/{attachment.channel_id}/{attachment.id}/{quote(attachment.filename)}"
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


def handler(world: World) -> Handler:
    """The GET handler for both folders; answers ranges, so that players can seek."""

    async def get(request: web.Request) -> web.Response:
        url = str(request.rel_url)
        attachment = attachment_of(world, url)
        if attachment is None or not is_valid(world, request.raw_path) or is_gone(world, attachment):
            return web.Response(status=404, text=GONE)
        headers = {"Accept-Ranges": "bytes", "Access-Control-Allow-Origin": "*"}
        content_type = attachment.content_type or "application/octet-stream"
        span = request.http_range
        if span.start is None:
            return web.Response(body=attachment.data, content_type=content_type, headers=headers)
        size = len(attachment.data)
        start, stop, _ = span.indices(size)
        if start >= size:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        return web.Response(status=206, body=attachment.data[start:stop], content_type=content_type, headers=headers)

    return get
