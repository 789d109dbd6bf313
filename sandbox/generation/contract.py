"""What the real API accepts, and how it says no: the documented fields, codes and error envelope."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import yarl
from aiohttp import web

MODEL = "minimax-music"
MAX_PROMPT_CHARACTERS = 600
REFERENCE_OVER_SECONDS = 15.0

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


def complaints_about(body: Any) -> list[str]:
    """What is wrong with a POST's body, a line for each field; unknown fields are ignored, as the API does."""
    if not isinstance(body, dict):
        return ["Expected object"]
    return [line for line in (_model(body), _prompt(body), _reference(body)) if line]


def _model(body: dict[str, Any]) -> str:
    model = body.get("model")
    return "" if model == MODEL else f"model: Invalid enum value. Expected '{MODEL}', received '{model}'"


def _prompt(body: dict[str, Any]) -> str:
    prompt = body.get("prompt")
    if prompt is None:
        return "prompt: Required"
    if not isinstance(prompt, str):
        return "prompt: Expected string"
    if not prompt.strip("# \n"):
        return "prompt: String must contain at least 1 character(s)"
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        return f"prompt: String must contain at most {MAX_PROMPT_CHARACTERS} character(s)"
    return ""


def _reference(body: dict[str, Any]) -> str:
    address = body.get("reference_audio_url")
    if address is None:
        return "reference_audio_url: Required"
    try:
        url = yarl.URL(address, encoded=True)
    except (TypeError, ValueError):
        return "reference_audio_url: Invalid url"
    return "" if url.scheme in {"http", "https"} and url.host else "reference_audio_url: Invalid url"
