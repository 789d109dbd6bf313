"""What fal accepts, and how it says no: endpoints, fields, keys and the two shapes of `detail`."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yarl
from aiohttp import web

from sandbox.generation.reference import UnusableReferenceError
from sandbox.generation.world import World

_MESSAGES = {
    401: "No user found for Key ID and Secret",
    403: "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What one model reads; unknown fields are ignored."""

    lyrics: str
    reference: str
    required: tuple[str, ...]
    max_characters: Mapping[str, int]
    choices: Mapping[str, tuple[str, ...]]
    over_seconds: float  #: a reference must be longer


ENDPOINTS: Mapping[str, Endpoint] = {
    "fal-ai/minimax-music": Endpoint(
        lyrics="prompt",
        reference="reference_audio_url",
        required=("prompt", "reference_audio_url"),
        max_characters={"prompt": 600},
        choices={},
        over_seconds=15.0,
    ),
    "fal-ai/ace-step/audio-to-audio": Endpoint(
        lyrics="lyrics",
        reference="audio_url",
        required=("audio_url", "tags", "original_tags"),
        max_characters={},
        choices={"edit_mode": ("lyrics", "remix")},
        over_seconds=0.0,
    ),
}


def application_of(endpoint: str) -> str:
    """`owner/application`, without the model's sub-path."""
    return "/".join(endpoint.split("/")[:2])


def refusal(
    _request: web.Request, status: int, message: str | None = None, *, headers: Mapping[str, str] | None = None
) -> web.Response:
    """The queue's own error: `detail` as text."""
    return web.json_response({"detail": message or _MESSAGES.get(status, "Error")}, status=status, headers=headers)


def no_such_call(request: web.Request) -> web.Response:
    """What nothing is served under; requests below a model's sub-path are known to no GET."""
    if request.method in {"GET", "PUT"} and "/requests/" in request.path:
        return refusal(request, 405)
    name = "/".join(request.path.strip("/").split("/")[:2])
    return refusal(request, 404, f"Application {name!r} not found")


def key_error(request: web.Request, world: World) -> web.Response | None:
    """401 unless the request carries `Key …` and the key is in force."""
    given = request.headers.get("Authorization", "").encode()
    is_right = secrets.compare_digest(given, f"Key {world.settings.key}".encode())
    return None if is_right and not world.settings.is_key_revoked else refusal(request, 401)


def complaint_about(endpoint: Endpoint, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first thing wrong with what was asked for, as the application says it: the queue takes whatever is JSON."""
    for name in endpoint.required:
        if name not in body:
            return detail(name, "missing", "Field required", body)
    for name, value in body.items():
        if name in endpoint.required and not (isinstance(value, str) and value.strip("# \n")):
            return detail(name, "string_type", "Input should be a valid string", value)
        if name in endpoint.max_characters and len(value) > endpoint.max_characters[name]:
            max_characters = endpoint.max_characters[name]
            return detail(name, "string_too_long", f"String should have at most {max_characters} characters", value)
        if name in endpoint.choices and value not in endpoint.choices[name]:
            return detail(name, "literal_error", f"Input should be one of {endpoint.choices[name]}", value)
    if yarl.URL(body[endpoint.reference], encoded=True).scheme not in {"http", "https"}:
        return detail(endpoint.reference, "url_parsing", "Input should be a valid URL", body[endpoint.reference])
    return None


def unusable(endpoint: Endpoint, error: UnusableReferenceError, url: str) -> dict[str, Any]:
    """How the application says that it cannot use the reference; it echoes its address."""
    return detail(endpoint.reference, error.kind, str(error), url)


def too_short(endpoint: Endpoint, seconds: float, url: str) -> dict[str, Any]:
    """How it says that the reference is too short."""
    over_seconds = endpoint.over_seconds
    message = f"Audio duration is too short. Minimum is {over_seconds:g} seconds, provided is {seconds:.1f} seconds."
    return detail(endpoint.reference, "audio_duration_too_short", message, url)


def detail(field: str, kind: str, message: str, value: Any) -> dict[str, Any]:
    """One entry of a 422's `detail`; `input` is what was sent."""
    found = {"loc": ["body", field], "msg": message, "type": kind, "url": f"https://docs.fal.ai/errors#{kind}"}
    return {**found, "input": value}
