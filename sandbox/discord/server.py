"""The whole sandbox Discord as one object: an aiohttp server, its world and everything that can be done to it."""

import asyncio
import json
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from . import rest_account, rest_commands, rest_interactions, rest_messages
from .cdn import FOLDERS, Cdn
from .clock import SandboxClock
from .doors import ShutError, base_url, doors
from .faults import FaultBook
from .gateway import Gateway
from .limits import RequestBudget
from .objects import Channel, Guild, Interaction, Message, User
from .records import Call, Violation
from .rest import API_PREFIX, WORLD, Frame
from .seed import seed
from .switches import Switches
from .world import Rules, World

T = TypeVar("T")

#: Accepted by default. Any text does: discord.py does not look into it.
DEFAULT_TOKEN = "sandbox.bot.token"  # noqa: S105 - opens nothing but this sandbox
#: What the bot is called unless the caller says so.
DEFAULT_APP_NAME = "Sandbox Bot"
#: Discord takes 25 MiB and more in one request; the sandbox's own limits are checked per file.
_MAX_BODY_BYTES = 512 * 1024 * 1024


class FakeDiscord(Switches):
    """A Discord on loopback: `async with FakeDiscord() as discord`.

    It starts with one guild ("Sandbox": #general, #music), the people "Member One", "Member Two", "Moderator" and
    "Owner", and a guild "Elsewhere" (#lounge) where the bot is not. `stop()` and `start()` take it away and bring it
    back on the same port with everything it knew.

    `host_names`: names beside loopback under which it is called. What the control API wants to see is `control_token`;
    the origins in `pages` may read files.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        rules: Rules | None = None,
        clock: SandboxClock | None = None,
        app_name: str = DEFAULT_APP_NAME,
        host_names: Iterable[str] = (),
    ) -> None:
        self.host = host
        self.port = port
        self.doors = doors(host_names)
        self.control_token = secrets.token_urlsafe(32)
        self.pages: set[str] = set()
        self.world = World(clock=clock or SandboxClock(), rules=rules or Rules(), token=token, app_name=app_name)
        seed(self.world)
        self.faults = FaultBook()
        self.gateway = Gateway(self.world)
        self._budget = RequestBudget(self.world)
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._runner: web.AppRunner | None = None
        self._kept_port: socket.socket | None = None

    # -- where it is -------------------------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        return f"{self.world.base_url}{API_PREFIX}"

    @property
    def gateway_url(self) -> str:
        return self.world.base_url.replace("http", "ws", 1) + "/gateway/"

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def rules(self) -> Rules:
        return self.world.rules

    @property
    def guild(self) -> Guild:
        return next(iter(self.world.guilds.values()))

    @property
    def channel(self) -> Channel:
        return self.place()

    @property
    def members(self) -> list[User]:
        return [person for person in self.world.users.values() if not person.bot]

    @property
    def calls(self) -> list[Call]:
        return self.world.calls

    @property
    def downloads(self) -> list[Call]:
        """Every GET of a CDN file, whoever asked."""
        return self.world.downloads

    @property
    def violations(self) -> list[Violation]:
        return self.world.violations

    @property
    def messages(self) -> list[Message]:
        """Every message that exists, private ones too, oldest first."""
        everywhere = (posted for channel in self.world.channels.values() for posted in channel.messages.values())
        return sorted((posted for posted in everywhere if not posted.deleted), key=lambda posted: posted.id)

    @property
    def interactions(self) -> list[Interaction]:
        return list(self.world.interactions.values())

    async def until(self, predicate: Callable[[], T], timeout_seconds: float = 20.0) -> T:
        """Wait until the predicate gives something true and return that; `TimeoutError` after the time."""
        return await self.world.until(predicate, timeout_seconds)

    async def ready(self, timeout_seconds: float = 30.0) -> None:
        """Wait until a bot is connected."""
        await self.until(lambda: self.gateway.connected, timeout_seconds)

    # -- coming and going --------------------------------------------------------------------------------------------

    def application(self) -> web.Application:
        """REST, gateway and CDN as one aiohttp application."""
        frame = Frame(self.world, self.faults, self._budget)
        app = web.Application(middlewares=[self._guarded, frame.middleware()], client_max_size=_MAX_BODY_BYTES)
        app[WORLD] = self.world
        for module in (rest_account, rest_messages, rest_interactions, rest_commands):
            app.router.add_routes(module.routes())
        cdn = Cdn(self.world, self.faults, self.pages)
        for folder in FOLDERS:
            app.router.add_get(f"/{folder}/{{channel}}/{{attachment}}/{{filename}}", cdn.get)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        return app

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """What a web page sends is answered before anything of it counts: no call, no fault used up, no session."""
        try:
            if request.path.startswith(tuple(f"/{folder}/" for folder in FOLDERS)):
                self.doors.files(request, pages=self.pages)
            else:
                self.doors.api(request)
        except ShutError as shut:
            body = json.dumps({"message": str(shut), "code": 0}).encode()
            return web.Response(status=shut.status, body=body, content_type="application/json")
        return await handler(request)

    async def start(self) -> None:
        """Listen; after a `stop()` on the same port as before."""
        self._give_up_port()
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.world.base_url = base_url(self.host, self.port)

    async def stop(self) -> None:
        """Close every connection and refuse new ones; the world stays as it is. Anybody may have the port now."""
        self._give_up_port()
        await self._close()

    async def _close(self) -> None:
        await self.gateway.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def refuse_connections(self) -> None:
        """Be unreachable: connections are refused until `accept_connections`, and nobody else gets the port."""
        if self._runner is not None:
            for site in self._runner.sites:
                await site.stop()
            self._kept_port = _bound(self.host, self.port)
        await self._close()

    def _give_up_port(self) -> None:
        if self._kept_port is not None:
            self._kept_port.close()
            self._kept_port = None

    @property
    def listening(self) -> bool:
        """Whether connections are accepted."""
        return self._runner is not None

    async def accept_connections(self) -> None:
        """Be reachable again, on the same port."""
        if self._runner is None:
            await self.start()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for timer in self._timers.values():
            timer.cancel()
        await self.stop()


def _bound(host: str, port: int) -> socket.socket:
    """A socket that has the port and does not listen: who comes is refused, and no other server is given the port."""
    kept = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a moment ago still have it
    kept.bind((host, port))
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return kept
