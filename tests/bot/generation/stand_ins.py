"""What the tests of the music API stand on: sessions as the bot opens them, references on loopback, a clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web
from hypothesis import settings

from bot.connections import public_connector
from bot.download import DownloadTimeouts
from bot.generation.transport import Sessions, Timeouts
from bot.jobs.ports import GenerationRequest
from sandbox.generation.composer import write_mp3

#: Long enough for any machine; tests that wait for one bring their own.
FAST = Timeouts(
    connect_seconds=20,
    submit_seconds=20,
    read_seconds=20,
    track=DownloadTimeouts(connect_seconds=20, read_seconds=20, total_seconds=30),
)

#: Nobody listens there; a port that was free a moment ago may be somebody's by now.
NOWHERE = "http://127.0.0.1:1"

#: For properties: a busy machine is no reason to fail.
unhurried = settings(deadline=None, max_examples=80)

PROMPT = "##First line of a song\nsecond line of a song##"


def request_for(
    reference_url: str,
    *,
    prompt: str = PROMPT,
    style: str | None = None,
    name: str = "compose-0123456789abcdef-1",
) -> GenerationRequest:
    return GenerationRequest(prompt=prompt, style=style, reference_url=reference_url, client_request_id=name)


def make_song(path: Path, *, seconds: float) -> Path:
    write_mp3(path, [220.0, 330.0, 262.0, 294.0], note_seconds=seconds / 4)
    return path


@asynccontextmanager
async def open_sessions() -> AsyncIterator[Sessions]:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as calls,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True), cookie_jar=aiohttp.DummyCookieJar()
        ) as submit,
        aiohttp.ClientSession(connector=public_connector(limit=100), cookie_jar=aiohttp.DummyCookieJar()) as files,
    ):
        yield Sessions(calls=calls, files=files, submit=submit)


class References:
    """A file host on loopback: any name is the same song, `gone` is a 404, `text` is no audio."""

    def __init__(self, song: Path) -> None:
        self._song = song
        self._runner: web.AppRunner | None = None
        self.base = ""

    def url(self, name: str = "song.mp3?ex=1&is=2&hm=3") -> str:
        return f"{self.base}/{name}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{name}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "gone":
            raise web.HTTPNotFound
        if name == "text":
            return web.Response(text="no music here")
        return web.Response(body=self._song.read_bytes())


class MovedClock:
    """A clock whose sleeps take no time but move it."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._began = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.passed = 0.0

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
