"""Starts and stops the stand-in; what tests hold in their hands."""

import ipaddress
import secrets
import shutil
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import aiohttp
import yarl
from aiohttp import web

from sandbox.discord.doors import ShutError, doors
from sandbox.generation.acestep import add_calls as add_acestep_calls
from sandbox.generation.acestep import no_such_call as no_such_acestep_call
from sandbox.generation.composer import Composer, PlainComposer
from sandbox.generation.config import Fault, Rule, Script, Settings
from sandbox.generation.contract import no_such_call, refusal
from sandbox.generation.control import add_control
from sandbox.generation.fal import add_calls as add_fal_calls
from sandbox.generation.fal import no_such_call as no_such_fal_call
from sandbox.generation.ledger import Ledger
from sandbox.generation.read_calls import CatalogueCall, LogsCall, PollCall, TrackCall
from sandbox.generation.submitting import SubmitCall
from sandbox.generation.world import World

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Contract:
    """One service's calls, and what it says where there is none."""

    add_calls: Callable[[web.Application, World], None]
    no_such_call: Callable[[web.Request], web.Response]


def _add_aiml_calls(app: web.Application, world: World) -> None:
    app.router.add_post("/v2/generate/audio", SubmitCall(world).answer)
    app.router.add_get("/v2/generate/audio", PollCall(world).answer, allow_head=False)
    app.router.add_get("/v2/logs", LogsCall(world).answer, allow_head=False)
    app.router.add_get("/v1/models", CatalogueCall(world).answer, allow_head=False)


#: By the names of `bot.generation`'s folders.
CONTRACTS: Mapping[str, Contract] = MappingProxyType(
    {
        "aiml": Contract(_add_aiml_calls, no_such_call),
        "acestep": Contract(add_acestep_calls, no_such_acestep_call),
        "fal": Contract(add_fal_calls, no_such_fal_call),
    }
)


class FakeGeneration:
    """The music API on loopback: `async with FakeGeneration() as api: api.url, api.key`."""

    def __init__(  # noqa: PLR0913 - each is something that a test or a stage turns
        self,
        settings: Settings | None = None,
        *,
        composer: Composer | None = None,
        port: int = 0,
        seed: int = 0,
        folder: Path | None = None,
        host: str = HOST,
        host_names: Iterable[str] = (),
        has_control: bool = False,
        speaks: str = "aiml",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`speaks`: whose contract, a name of `CONTRACTS`. `tls`: listen for https instead of http.

        `port` 0 takes a free one. `folder` keeps references and tracks; without it they go with the server.
        `host`: the number where it listens; anything but loopback only inside a network of its own, a container's.
        `host_names`: names beside loopback under which it is called. `has_control`: the same verbs over HTTP as well,
        below /sandbox, for who knows `control_token`.
        """
        self.control_token = secrets.token_urlsafe(32) if has_control else None
        self._doors = doors(host_names)
        self._keeps_folder = folder is not None
        self._host = host
        self._port = port
        self.world = World(
            settings or Settings(),
            composer=composer or PlainComposer(),
            folder=folder or Path(tempfile.mkdtemp(prefix="compose-generation-")),
            seed=seed,
        )
        self._contract = CONTRACTS[speaks]
        self._tls = tls
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        """Base address, as the settings want it."""
        return str(self.world.url).rstrip("/")

    @property
    def key(self) -> str:
        """The key that is accepted."""
        return self.world.settings.key

    @property
    def ledger(self) -> Ledger:
        """What happened so far."""
        return self.world.ledger

    def change(self, **settings: Any) -> None:
        """Change settings while it runs."""
        self.world.settings = Settings.model_validate({**self.world.settings.model_dump(), **settings})

    def script(self, **script: Any) -> None:
        """Script the next generation that matches; see `config.Script`."""
        self.world.scripts.append(Script.model_validate(script))

    def fault(self, call: str, *, fault: Fault | None = None, rule: dict[str, Any] | None = None, **kind: Any) -> int:
        """Let a call go wrong: `fault`, or the fields of one in `kind`; `rule` says when. Its number."""
        chosen = fault or Fault.model_validate(kind)
        return self.world.add_rule(Rule.model_validate({"call": call, "fault": chosen, **(rule or {})}))

    def outage(self, seconds: float) -> int:
        """For so long, every connection is reset, file host included. Its number."""
        return self.fault("any", manner="drop", rule={"for_seconds": seconds})

    def heal(self, number: int | None = None) -> None:
        """Take one fault back, or all."""
        self.world.fault_injector.remove(number)

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        world = self.world
        async with AsyncExitStack() as stack:
            if not self._keeps_folder:
                stack.callback(shutil.rmtree, world.folder, ignore_errors=True)
            world.folder.mkdir(parents=True, exist_ok=True)
            world.session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
            # faults may keep handlers waiting for ever: they are not waited for at the end
            runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.5)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            stack.callback(world.close)
            await web.TCPSite(runner, self._host, self._port, ssl_context=self._tls).start()
            own = HOST if ipaddress.ip_address(self._host).is_unspecified else self._host
            world.url = yarl.URL.build(scheme="https" if self._tls else "http", host=own, port=runner.addresses[0][1])
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, end what still hangs."""
        await self._stack.aclose()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20, middlewares=[self._guarded])
        self._contract.add_calls(app, self.world)
        app.router.add_get("/files/koala/{name:[0-9a-f]+}_output.mp3", TrackCall(self.world).answer, allow_head=False)
        if self.control_token is not None:
            add_control(app, self.world, doors=self._doors, token=self.control_token)
        app.router.add_route("*", "/{rest:.*}", self._nothing_here)
        return app

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """What a web page sends is answered before anything of it counts: no POST, no fault used up."""
        try:
            if request.path.startswith("/files/"):
                self._doors.files(request)
            else:
                self._doors.api(request)
        except ShutError as shut:
            return refusal(request, shut.status, str(shut))
        return await handler(request)

    async def _nothing_here(self, request: web.Request) -> web.Response:
        return self._contract.no_such_call(request)
