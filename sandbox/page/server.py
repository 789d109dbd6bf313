"""Serves the page, the control API and the panel on one loopback address, under a strict content policy."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from sandbox.discord import FakeDiscord, control_application
from sandbox.discord.control import DISCORD, OPEN
from sandbox.discord.doors import base_url

from .backstage import Backstage
from .levers import LeverError

STATIC = Path(__file__).parent / "static"
BACKSTAGE: web.AppKey[Backstage] = web.AppKey("backstage", Backstage)
#: By hand: what the machine's own table says of .js is not always a script type.
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def page_application(discord: FakeDiscord, *, backstage: Backstage | None = None) -> web.Application:
    """The page at `/`, the control API below `/sandbox`, the panel below `/backstage`."""
    app = control_application(discord)
    app[BACKSTAGE] = backstage or Backstage(discord)
    app[OPEN] = frozenset({_index, _static, _token})
    app.on_response_prepare.append(_protect)
    app.router.add_get("/", _index)
    app.router.add_get("/static/{name:[a-z_-]+[.][a-z]+}", _static)
    app.router.add_get("/token", _token)
    app.router.add_get("/backstage", _backstage)
    app.router.add_post("/backstage/levers/{lever}", _lever)
    app.router.add_post("/backstage/restore", _restore)
    return app


class Page:
    """The page on an address of its own: `async with Page(discord) as page: page.url`."""

    def __init__(
        self, discord: FakeDiscord, *, backstage: Backstage | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """`port` 0 takes a free one."""
        self.url = ""
        self._host = host
        self._port = port
        self._app = page_application(discord, backstage=backstage)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        # streams of changes never end by themselves: they are not waited for
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.url = base_url(self._host, self._runner.addresses[0][1]) + "/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    """Only the page's own scripts and styles, files from the sandbox's CDN, and nothing from anywhere else."""
    cdn = request.app[DISCORD].world.base_url
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' {cdn} blob:",
        "media-src": f"{cdn} blob:",
        "connect-src": f"'self' {cdn}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"


async def _index(request: web.Request) -> web.FileResponse:
    discord = request.app[DISCORD]
    discord.pages.add(discord.doors.document(request))  # from here on its scripts may read files
    return _file("index.html")


async def _token(request: web.Request) -> web.Response:
    """The token of this start, for the page's own scripts: no other page can read the answer."""
    discord = request.app[DISCORD]
    discord.pages.add(discord.doors.document(request, is_opened=False))
    return web.json_response({"token": discord.control_token}, headers={"Cache-Control": "no-store"})


async def _static(request: web.Request) -> web.FileResponse:
    name = request.match_info["name"]
    if not (STATIC / name).is_file():
        raise web.HTTPNotFound
    return _file(name)


def _file(name: str) -> web.FileResponse:
    path = STATIC / name
    kind = _TYPES[path.suffix]
    charset = "" if path.suffix == ".svg" else "; charset=utf-8"
    return web.FileResponse(path, headers={"Content-Type": kind + charset, "Cache-Control": "no-cache"})


async def _backstage(request: web.Request) -> web.Response:
    return web.json_response(request.app[BACKSTAGE].view(request.app[DISCORD].place(request.query.get("channel"))))


async def _lever(request: web.Request) -> web.Response:
    body: dict[str, Any] = await request.json()
    channel = request.app[DISCORD].place(body.get("channel"))
    try:
        await request.app[BACKSTAGE].pull(request.match_info["lever"], channel, body.get("value"))
    except LeverError as error:
        return web.json_response({"error": str(error)}, status=422)
    return web.json_response(request.app[BACKSTAGE].view(channel))


async def _restore(request: web.Request) -> web.Response:
    body: dict[str, Any] = await request.json()
    await request.app[BACKSTAGE].restore()
    return web.json_response(request.app[BACKSTAGE].view(request.app[DISCORD].place(body.get("channel"))))
