"""What the real API accepts, and how it says no: the documented fields, codes and error envelope."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import yarl
from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What one model's POST takes. Characters: from, to."""

    name: str
    lyrics_field: str = "prompt"  #: what is sung
    lyrics_characters: tuple[int, int]
    are_lyrics_needed: bool = True  #: without them the cover sings the reference's own words
    style_characters: tuple[int, int] | None = None  #: of `prompt`, where that is a style
    over_seconds: float  #: a reference must be longer
    max_seconds: float = math.inf


#: The models that take a reference, see docs.aimlapi.com.
MODELS: Mapping[str, Model] = MappingProxyType(
    {
        "minimax-music": Model(name="minimax-music", lyrics_characters=(1, 600), over_seconds=15.0),
        "minimax/music-cover": Model(
            name="minimax/music-cover",
            lyrics_field="lyrics",
            lyrics_characters=(10, 3000),
            are_lyrics_needed=False,
            style_characters=(10, 2000),
            over_seconds=6.0,
            max_seconds=360.0,
        ),
    }
)

NO_KEY = "This request requires a valid API key. You can create a new API key on the Billing page: https://aimlapi.com/app/keys"
NO_CREDITS = (
    "You've run out of credits. Please top up your balance or update your payment method to continue: "
    "https://aimlapi.com/app/billing/"
)
_MESSAGES = {
    400: "Body validation error",
    401: NO_KEY,
    403: NO_CREDITS,
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal server error",
    502: "Bad Gateway",
    503: "Service unavailable",
    504: "Generation timeout",
}


def refusal(
    request: web.Request, status: int, message: str | None = None, *, headers: Mapping[str, str] | None = None
) -> web.Response:
    """The API's error envelope; `statusCode` is text there."""
    return web.json_response(
        {
            "message": message or _MESSAGES.get(status, "Error"),
            "path": request.path,
            "requestId": str(uuid4()),
            "statusCode": str(status),
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        },
        status=status,
        headers=headers,
    )


def no_such_call(request: web.Request) -> web.Response:
    """What nothing is served under: the API's framework names method and path, and looks at no key first."""
    return refusal(request, 404, f"Cannot {request.method} {request.path_qs}")


def upstream_refusal(kind: str, message: str, url: str) -> web.Response:
    """A 422 as fal.ai words it and AIML passes it on: it echoes the reference's address."""
    detail = {
        "loc": ["body", "reference_audio_url"],
        "msg": message,
        "type": kind,
        "url": f"https://docs.fal.ai/errors#{kind}",
        "input": url,
    }
    return web.json_response({"detail": [detail]}, status=422, headers={"X-Fal-Retryable": "false"})


def complaints_about(body: Any, *, without: Collection[str] = ()) -> list[str]:
    """What is wrong with a POST's body, a line for each field; unknown fields are ignored, as the API does.

    `without`: models that this service does not have.
    """
    if not isinstance(body, dict):
        return ["Expected object"]
    model = MODELS.get(str(body.get("model")))
    if model is None or model.name in without:
        known = " | ".join(f"'{name}'" for name in MODELS if name not in without)
        unknown = f"model: Invalid enum value. Expected {known}, received '{body.get('model')}'"
        return [line for line in (unknown, _reference(body)) if line]
    lyrics = _text(body, model.lyrics_field, model.lyrics_characters, is_needed=model.are_lyrics_needed)
    style = "" if model.style_characters is None else _text(body, "prompt", model.style_characters)
    return [line for line in (style, lyrics, _reference(body)) if line]


def sung_by(body: dict[str, Any]) -> str:
    """What a good POST has sung."""
    return body.get(MODELS[body["model"]].lyrics_field) or ""


def _text(body: dict[str, Any], field: str, characters: tuple[int, int], *, is_needed: bool = True) -> str:
    text = body.get(field)
    if text is None:
        return f"{field}: Required" if is_needed else ""
    if not isinstance(text, str):
        return f"{field}: Expected string"
    min_characters, max_characters = characters
    if len(text.strip("# \n")) < min_characters:
        return f"{field}: String must contain at least {min_characters} character(s)"
    return f"{field}: String must contain at most {max_characters} character(s)" if len(text) > max_characters else ""


def _reference(body: dict[str, Any]) -> str:
    address = body.get("reference_audio_url")
    if address is None:
        return "reference_audio_url: Required"
    try:
        url = yarl.URL(address, encoded=True)
        is_valid = url.scheme in {"http", "https"} and bool(url.host) and url.port != 0
    except (TypeError, ValueError):  # some of it only shows when it is taken apart
        is_valid = False
    return "" if is_valid else "reference_audio_url: Invalid url"
