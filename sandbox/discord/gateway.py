"""The gateway: sessions that survive their connections, replay on RESUME, and failures on request."""

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from . import payloads
from .objects import JSON, Channel, Message
from .permissions import Permission
from .world import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT = 0, 1, 2, 3, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15

#: How long a connection we close may take to say goodbye.
_CLOSE_SECONDS = 1.0

#: The way to Discord and back takes time. Without it the answer can be there before discord.py has noted when it asked,
#: and it believes itself a whole interval behind ("Can't keep up", seen with the bot in a process of its own).
_ACK_SECONDS = 0.03

#: A client whose code is one of these ends its session; with any other it may come back with RESUME (docs).
_ENDS_SESSION = (1000, 1001)


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """What RESUME comes back to: every event since IDENTIFY with its number."""

    id: str
    intents: int
    shard: tuple[int, int]
    events: list[JSON] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    disconnected_at: float | None = None

    @property
    def sequence(self) -> int:
        return len(self.events)


class Gateway:
    """All sessions of the bot.

    `silent` stops answering heartbeats; `refuses` is an HTTP status for every new connection (None: welcome).
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.silent = False
        self.refuses: int | None = None
        self.sockets: set[web.WebSocketResponse] = set()
        self._closed_here: set[web.WebSocketResponse] = set()
        self._transports: dict[int, asyncio.Transport] = {}
        self.identifies = 0
        self.greeted_too_soon = 0
        self._greeted: dict[int, float] = {}  #: by group of shards, when last
        self.presence: JSON | None = None  #: as the bot last set it
        self.resumes = 0
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._wake: dict[str, asyncio.Event] = {}
        world.send_event = self.send_event

    @property
    def connected(self) -> list[Session]:
        """Sessions with a live connection."""
        return [session for session in self.sessions.values() if session.socket is not None]

    def reached(self, guild_id: int | None) -> list[Session]:
        """Connected sessions that are told of this server; of direct messages, shard 0."""
        return [session for session in self.connected if self._reaches(session, guild_id)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint. Compression asked for in the query may be ignored: TEXT frames are always taken."""
        if self.refuses is not None:
            return web.Response(status=self.refuses, headers={"Via": "1.1 google"})
        socket = web.WebSocketResponse(timeout=_CLOSE_SECONDS, max_msg_size=0)
        await socket.prepare(request)
        self.sockets.add(socket)
        if request.transport is not None:
            self._transports[id(socket)] = request.transport
        session: Session | None = None
        try:
            interval_ms = int(self._world.rules.heartbeat_interval_seconds * 1000)
            await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": interval_ms}, "s": None, "t": None})
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                session = await self._receive(socket, session, json.loads(frame.data))
        finally:
            self.sockets.discard(socket)
            self._transports.pop(id(socket), None)
            if session is not None:
                self._disconnect(session, socket)
            self._closed_here.discard(socket)
        return socket

    async def _receive(self, socket: web.WebSocketResponse, session: Session | None, frame: JSON) -> Session | None:
        op = frame.get("op")
        if op == HEARTBEAT:
            if not self.silent:
                await asyncio.sleep(_ACK_SECONDS)
                with contextlib.suppress(ConnectionError):  # it may be gone by now; the loop over its frames ends then
                    await socket.send_json({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
        elif op == IDENTIFY:
            return await self._identify(socket, frame["d"])
        elif op == RESUME:
            return await self._resume(socket, frame["d"])
        elif op == PRESENCE:
            self.presence = frame["d"]
        elif op not in (REQUEST_MEMBERS, 4):
            await socket.close(code=4001, message=b"Unknown opcode.")
        elif session is None:
            await socket.close(code=4003, message=b"Not authenticated.")
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: JSON) -> Session | None:
        self.identifies += 1
        if str(data.get("token", "")).removeprefix("Bot ") != self._world.token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return None
        intents = int(data.get("intents", 0))
        if intents & PRIVILEGED & ~self._world.rules.privileged_intents:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
            return None
        if (shard := _shard_in(data)) is None:
            await socket.close(code=4010, message=b"Invalid shard.")
            return None
        session = Session(id=secrets.token_hex(16), intents=intents, shard=shard, socket=socket)
        present = [guild for guild in self._world.guilds.values() if guild.bot_present]
        if sum(self._reaches(session, guild.id) for guild in present) > self._world.rules.guilds_per_shard:
            await socket.close(code=4011, message=b"Sharding required.")
            return None
        if self._greets_too_soon(shard[0]):
            await socket.send_json({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return None
        self.sessions[session.id] = session
        self._start(session)
        self._put(session, "READY", self._ready(session))
        for guild in self._world.guilds.values():
            if guild.bot_present and self._reaches(session, guild.id) and intents & GUILDS:
                self._put(session, "GUILD_CREATE", payloads.guild(self._world, guild))
        self._world.announce("gateway", {"what": "identified", "session": session.id[:6]})
        return session

    def _greets_too_soon(self, shard: int) -> bool:
        rules, now = self._world.rules, self._world.clock.time()
        group = shard % rules.max_concurrency
        last, self._greeted[group] = self._greeted.get(group), now
        if last is None or now - last >= rules.identify_seconds:
            return False
        self.greeted_too_soon += 1
        return True

    def _ready(self, session: Session) -> JSON:
        world = self._world
        return {
            "v": 10,
            "user": payloads.user(world.bot),
            "guilds": [
                {"id": str(guild.id), "unavailable": True}
                for guild in world.guilds.values()
                if guild.bot_present and self._reaches(session, guild.id)
            ],
            "session_id": session.id,
            "resume_gateway_url": world.base_url.replace("http", "ws", 1) + "/gateway/",
            "shard": list(session.shard),
            "application": {"id": str(world.application_id), "flags": 0},
        }

    async def _resume(self, socket: web.WebSocketResponse, data: JSON) -> Session | None:
        self.resumes += 1
        session = self.sessions.get(str(data.get("session_id")))
        if str(data.get("token", "")).removeprefix("Bot ") != self._world.token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return None
        sequence = int(data.get("seq") or 0)
        if session is None or self._is_stale(session) or sequence > session.sequence:
            await socket.send_json({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return None
        session.socket = socket
        session.disconnected_at = None
        missed = session.events[sequence:]
        self._put(session, "RESUMED", {"_trace": []})
        self._start(session, already_sent=sequence)
        self._world.announce("gateway", {"what": "resumed", "session": session.id[:6], "missed": len(missed)})
        return session

    def _is_stale(self, session: Session) -> bool:
        gone = session.disconnected_at
        return gone is not None and self._world.clock.time() - gone > self._world.rules.session_lifetime_seconds

    def _start(self, session: Session, *, already_sent: int = 0) -> None:
        """One sender per connection keeps the events in order."""
        if earlier := self._sending.pop(session.id, None):
            earlier.cancel()
        wake = self._wake[session.id] = asyncio.Event()
        wake.set()
        task = asyncio.create_task(self._send(session, session.socket, wake, already_sent), name="gateway-sender")
        self._sending[session.id] = task

    @staticmethod
    async def _send(session: Session, socket: web.WebSocketResponse | None, wake: asyncio.Event, sent: int) -> None:
        while socket is not None and not socket.closed:
            while sent < session.sequence:
                try:
                    await socket.send_json(session.events[sent])
                except ConnectionError:
                    return
                sent += 1
            wake.clear()
            await wake.wait()

    def _put(self, session: Session, event: str, data: Any) -> None:
        session.events.append({"op": DISPATCH, "t": event, "s": session.sequence + 1, "d": data})
        if wake := self._wake.get(session.id):
            wake.set()

    def _disconnect(self, session: Session, socket: web.WebSocketResponse) -> None:
        if session.socket is not socket:
            return
        session.socket = None
        session.disconnected_at = self._world.clock.time()
        if sender := self._sending.pop(session.id, None):
            sender.cancel()
        # A socket we closed reports 1000, whatever code we sent.
        if socket.close_code in _ENDS_SESSION and socket not in self._closed_here:
            self.sessions.pop(session.id, None)
        self._world.announce("gateway", {"what": "disconnected", "session": session.id[:6], "code": socket.close_code})

    # -- events ------------------------------------------------------------------------------------------------------

    def _reaches(self, session: Session, guild_id: int | None) -> bool:
        index, count = session.shard
        return (guild_id >> 22) % count == index if guild_id else index == 0

    def send_event(
        self,
        event: str,
        data: Any = None,
        *,
        guild_id: int | None = None,
        message: Message | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Give an event to every session it concerns, connected or not (a session keeps it for RESUME)."""
        for session in list(self.sessions.values()):
            if session.socket is None and self._is_stale(session):
                del self.sessions[session.id]
            elif message is not None:
                self._send_message(session, event, message)
            elif channel is not None:
                sees = self._world.permissions(channel, self._world.application_id) or not channel.is_thread
                if session.intents & GUILDS and self._reaches(session, channel.guild_id) and sees:
                    self._put(session, event, payloads.channel(self._world, channel))
            elif self._reaches(session, guild_id) and (event == "INTERACTION_CREATE" or session.intents & GUILDS):
                self._put(session, event, data)

    def _send_message(self, session: Session, event: str, message: Message) -> None:
        place = self._world.channels.get(message.channel_id)
        if place is None or not self._reaches(session, place.guild_id):
            return
        needed = GUILD_MESSAGES if place.guild_id else DIRECT_MESSAGES
        bits = self._world.permissions(place, self._world.application_id)
        if not session.intents & needed or not bits & Permission.VIEW_CHANNEL:
            return
        if event == "MESSAGE_DELETE":
            body: JSON = {"id": str(message.id), "channel_id": str(place.id)}
        else:
            body = payloads.seen_by_bot(self._world, message)
        if place.guild_id:
            body["guild_id"] = str(place.guild_id)
        self._put(session, event, body)

    # -- failures ----------------------------------------------------------------------------------------------------

    async def drop(self, code: int = 4000, *, resumable: bool = True) -> None:
        """Close every connection; the sessions stay and can be resumed, unless they are to be forgotten."""
        if not resumable:
            self.forget()
        for socket in list(self.sockets):
            self._closed_here.add(socket)
            await socket.close(code=code)

    def cut(self) -> None:
        """Abort every connection without a close frame."""
        for transport in self._transports.values():
            transport.abort()

    async def ask_to_reconnect(self) -> None:
        """Op 7: the client should come back with RESUME."""
        for session in self.connected:
            if session.socket is not None:
                await session.socket.send_json({"op": RECONNECT, "d": None, "s": None, "t": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Op 9: the client must identify anew, or may resume."""
        for session in self.connected:
            if session.socket is not None:
                await session.socket.send_json({"op": INVALID_SESSION, "d": resumable, "s": None, "t": None})
            if not resumable:
                self.sessions.pop(session.id, None)

    def forget(self) -> None:
        """Lose all sessions: the next RESUME is answered with op 9."""
        self.sessions.clear()

    async def stop(self) -> None:
        """Close everything, as a Discord that goes away."""
        await self.drop(1012)
        for task in self._sending.values():
            task.cancel()
        await asyncio.gather(*self._sending.values(), return_exceptions=True)
        self._sending.clear()


def _shard_in(data: JSON) -> tuple[int, int] | None:
    """What IDENTIFY says of its shard, unsaid the only one; None for what is none."""
    match data.get("shard"):
        case None:
            return 0, 1
        case [int(index), int(count)] if 0 <= index < count:
            return index, count
        case _:
            return None
