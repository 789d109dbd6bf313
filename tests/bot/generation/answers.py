"""Answers that the music API and what stands before it were seen to give, and a server that gives them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.generation.aiml.client import GenerationClient
from bot.generation.aiml.profiles import PROFILES
from bot.generation.transport import HttpLimits, Sessions, Timeouts
from tests.bot.generation.stand_ins import FAST

REFERENCE = "https://cdn.discordapp.com/ephemeral-attachments/1/2/song.mp3?ex=6&is=5&hm=0123456789abcdef&"
NO_KEY = (
    "This request requires a valid API key. You can create a new API key on the Billing page: https://aimlapi.com/app"
)
NO_CREDITS = (
    "You've run out of credits. Please top up your balance or update your payment method: https://aimlapi.com/app"
)
MAINTENANCE = "The model is under maintenance, please contact us at help@aimlapi.com."
PAGE = "<html><body>Error 1010: credits, billing, key</body></html>"


def client_for(url: str, sessions: Sessions, *, timeouts: Timeouts = FAST) -> GenerationClient:
    return GenerationClient(
        sessions=sessions,
        base_url=url,
        api_key=SecretStr("sandbox-key"),
        profile=PROFILES["minimax-music"],
        clock=SystemClock(),
        budget=AsyncLimiter(1000, 1),
        limits=HttpLimits(timeouts=timeouts),
    )


@asynccontextmanager
async def answering(answer: web.Response | Any) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server that answers every request with the same; and what it was asked."""
    asked: list[web.Request] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        await request.read()
        made = answer(request) if callable(answer) else answer
        return made if isinstance(made, web.StreamResponse) else await made

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def envelope(status: int, message: str) -> dict[str, Any]:
    return {
        "message": message,
        "path": "/v2/generate/audio",
        "requestId": "798b860e-98c2-4e8e-8c50-550bcfc2eccc",
        "statusCode": str(status),
        "timestamp": "2025-03-11T07:13:27.813Z",
    }


def fal(kind: str, message: str) -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "x"], "msg": message, "type": kind, "input": REFERENCE, "ctx": {}}]}


def made(status: int, body: Any, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, str):
        return web.Response(
            text=body, status=status, headers=named, content_type="text/html" if body.startswith("<") else "text/plain"
        )
    return web.json_response(body, status=status, headers=named)
