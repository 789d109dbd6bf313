"""How the real server wraps what it says, whom it lets in, and how it says no: it is written with FastAPI."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.generation.config import Settings

_DETAILS = {400: "Malformed JSON payload", 401: "Invalid API key", 404: "Not Found", 429: "Server busy: queue is full"}
#: Fields of which only these words are taken; anything else is an error that nobody caught.
_WORDS = {
    "lm_backend": frozenset({"vllm", "pt", "mlx"}),
    "repaint_mode": frozenset({"conservative", "balanced", "aggressive"}),
}


def wrapped(data: object) -> web.Response:
    """The server's envelope."""
    envelope = {"data": data, "code": 200, "error": None, "timestamp": int(time.time() * 1000), "extra": None}
    return web.json_response(envelope)


def refusal(
    _request: web.Request, status: int, detail: str | None = None, *, headers: Mapping[str, str] | None = None
) -> web.Response:
    """The framework's way to say no; what nobody caught is a 500 in plain text."""
    if status >= 500 and detail is None:
        return web.Response(text="Internal Server Error", status=status, content_type="text/plain", headers=headers)
    return web.json_response({"detail": detail or _DETAILS.get(status, "Error")}, status=status, headers=headers)


def no_such_call(request: web.Request) -> web.Response:
    """What nothing is served under."""
    return refusal(request, 404)


def key_error(request: web.Request, settings: Settings, fields: Mapping[str, Any]) -> web.Response | None:
    """401 unless the key is in the header or among the fields; with an empty key in the settings none is asked for."""
    if not settings.key:
        return None
    own = "" if settings.is_key_revoked else settings.key
    token, header = fields.get("ai_token"), request.headers.get("Authorization")
    if token:
        return None if _same(str(token), own) else refusal(request, 401, "Invalid ai_token")
    if header is None:
        return refusal(request, 401, "Missing ai_token or Authorization header")
    return None if _same(header.removeprefix("Bearer "), own) else refusal(request, 401, "Invalid API key")


def has_bad_field(fields: Mapping[str, Any]) -> bool:
    """Whether a field is of a kind that the server stumbles over; numbers it cannot read it takes for missing."""
    return any(name in fields and fields[name] not in words for name, words in _WORDS.items())


def _same(given: str, own: str) -> bool:
    return bool(own) and secrets.compare_digest(given.encode(), own.encode())
