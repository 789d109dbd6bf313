"""The state of the sandbox's Discord and its only writer of changes; everything is in memory."""

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .clock import SandboxClock
from .objects import JSON, Attachment, Channel, ChannelType, Guild, Interaction, Message, Upload, User
from .permissions import WITHOUT_MEMBERSHIP, Permission, compute
from .records import TOKEN_PREFIX, Call, Change, Violation
from .refusals import RefusedError

T = TypeVar("T")

#: What a server's boosts allow for each file, by tier (docs, "Premium Tier"; the sizes are those of Discord's clients).
BOOSTED_BYTES = (0, 0, 50 * 1024 * 1024, 100 * 1024 * 1024)
#: How many changes a page that lost its connection can catch up on.
KEPT_CHANGES = 5_000


@dataclass(slots=True, kw_only=True)
class Rules:
    """The numbers Discord enforces; every one can be changed, also while the sandbox runs.

    `nonce_window_seconds`: the docs say "the past few minutes". `upload_limit_bytes`: default since September 2026.
    `request_limit_bytes`: of all files and words of one request (docs, "Create Message"), boosts or not.
    `privileged_intents`: bits switched on for the app (members 1<<1, presences 1<<8, message content 1<<15).
    `refreshes_ephemeral`: whether refresh-urls renews ephemeral attachments, which Discord does not document.
    `wants_nonces`: a message without an enforced nonce is a violation: one that is sent again may be there twice.
    `disliked_hosts`: a button that leads there is refused (50035), as Discord does with hosts of its choice.
    `loopback_links`: a button may lead to this machine; Discord refuses that, whoever reads in the sandbox can open it.
    `rate_limits`: real windows (five messages in five seconds per channel, 50 requests a second) instead of none.
    `recommended_shards`: what `/gateway/bot` says; None: one for each thousand servers.
    `guilds_per_shard`: a connection with more is closed with 4011. `max_concurrency`, `identify_seconds`: of so many
    groups of shards each may greet once in so many seconds; who comes sooner must come again (op 9).
    `command_creates_per_day`: new commands in 24 hours; one that replaces a command of its name is none (30034).
    `bot_public`: whether anybody may invite the bot (portal, page Bot), as `/applications/@me` says.
    """

    ack_deadline_seconds: float = 3.0
    token_lifetime_seconds: float = 900.0
    nonce_window_seconds: float = 300.0
    cdn_lifetime_seconds: float = 86_400.0
    ephemeral_attachment_lifetime_seconds: float = 14 * 86_400.0
    upload_limit_bytes: int = 20 * 1024 * 1024
    request_limit_bytes: int = 25 * 1024 * 1024
    heartbeat_interval_seconds: float = 41.25
    session_lifetime_seconds: float = 120.0
    privileged_intents: int = 0
    user_install_followups: int = 5
    refreshes_ephemeral: bool = False
    wants_nonces: bool = True
    disliked_hosts: tuple[str, ...] = ()
    loopback_links: bool = True
    rate_limits: bool = False
    bot_public: bool = True
    command_creates_per_day: int = 200
    recommended_shards: int | None = None
    guilds_per_shard: int = 2500
    max_concurrency: int = 1
    identify_seconds: float = 0.0


class World:
    """All objects by id, the books (calls, violations, changes) and the look-ups that refuse as Discord does."""

    def __init__(self, *, clock: SandboxClock, rules: Rules, token: str, app_name: str) -> None:
        self.clock = clock
        self.rules = rules
        self.token = token
        self.base_url = ""
        self.secret = secrets.token_bytes(16)
        self.application_id = 0
        self.app_name = app_name
        self.users: dict[int, User] = {}
        self.team_member_ids: list[int] = []  #: whose application it is; none: the first member's alone
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.attachments: dict[int, Attachment] = {}
        self.interactions: dict[int, Interaction] = {}
        self.tokens: dict[str, Interaction] = {}
        self.commands: dict[int | None, list[JSON]] = {}
        self.command_creates: list[float] = []
        self.nonces: dict[tuple[int, str], tuple[float, int, int]] = {}
        self.calls: list[Call] = []
        self.downloads: list[Call] = []
        self.violations: list[Violation] = []
        self.changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self.send_event: Callable[..., None] = lambda *_, **__: None
        self._sequence = 0
        self._wakers: set[asyncio.Event] = set()

    @property
    def bot(self) -> User:
        return self.users[self.application_id]

    # -- the books ---------------------------------------------------------------------------------------------------

    def announce(self, kind: str, data: JSON, *, visible_to: int | None = None) -> None:
        """Write down a change and wake everybody who waits for one."""
        self._sequence += 1
        self.changes.append(
            Change(sequence=self._sequence, kind=kind, at=self.clock.time(), data=data, visible_to=visible_to)
        )
        for waker in self._wakers:
            waker.set()

    def violate(self, kind: str, detail: str) -> None:
        """Write down something a good bot never does."""
        violation = Violation(kind=kind, detail=detail, at=self.clock.time())
        self.violations.append(violation)
        self.announce("violation", violation.view())

    async def changed(self, *, timeout_seconds: float) -> bool:
        """Return True at the next change, or False after the time."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            async with asyncio.timeout(timeout_seconds):
                await waker.wait()
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._wakers.discard(waker)

    async def until(self, predicate: Callable[[], T], timeout_seconds: float = 20.0) -> T:
        """Wait until the predicate gives something true and return that; `TimeoutError` after the time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while not (value := predicate()):
            left = deadline - loop.time()
            if left <= 0:
                raise TimeoutError(f"nothing of the kind within {timeout_seconds:g} s")
            # A predicate may also look at things outside, hence the short upper bound.
            await self.changed(timeout_seconds=min(left, 0.05))
        return value

    # -- look-ups ----------------------------------------------------------------------------------------------------

    def channel(self, channel_id: int) -> Channel:
        """A channel that exists, else 10003."""
        if channel := self.channels.get(channel_id):
            return channel
        raise RefusedError(10003)

    def guild_of(self, channel: Channel) -> Guild | None:
        """The guild a channel belongs to; None for a DM."""
        return self.guilds[channel.guild_id] if channel.guild_id is not None else None

    def message(self, channel: Channel, message_id: int) -> Message:
        """A message the channel routes can reach, else 10008: an ephemeral one never is."""
        message = channel.messages.get(message_id)
        if message is None or message.deleted or message.ephemeral:
            raise RefusedError(10008)
        return message

    def permissions(self, channel: Channel, user_id: int) -> int:
        """Bits of a user in a channel, thread or DM."""
        if channel.is_private:
            in_it = user_id in channel.recipient_ids or user_id == self.application_id
            return int(WITHOUT_MEMBERSHIP | Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES) if in_it else 0
        guild = self.guilds[channel.guild_id or 0]
        if user_id == self.application_id and not guild.bot_present:
            return 0
        parent = self.channels.get(channel.parent_id or 0, channel)
        bits = compute(guild, parent, user_id, now=self.clock.time())
        if channel.type == ChannelType.PRIVATE_THREAD and user_id not in channel.thread_member_ids:
            return bits if bits & Permission.MANAGE_THREADS else 0
        return bits

    def app_permissions(self, channel: Channel) -> int:
        """What `app_permissions` of an interaction says for this place; of a private thread, what holds around it."""
        guild = self.guild_of(channel)
        if guild is None or not guild.bot_present:
            return int(WITHOUT_MEMBERSHIP)
        around = self.channels.get(channel.parent_id or 0, channel)
        return self.permissions(around, self.application_id)

    def sees(self, user_id: int, channel: Channel) -> bool:
        """Whether a user sees a channel at all."""
        if channel.is_private:
            return user_id in channel.recipient_ids
        return bool(self.permissions(channel, user_id) & Permission.VIEW_CHANNEL)

    def upload_limit(self, channel: Channel, user: User | None = None) -> int:
        """Bytes per attachment here: the channel's, else the guild's, else Discord's; a user's own may raise it."""
        guild = self.guild_of(channel)
        limit = self.rules.upload_limit_bytes
        if guild is not None:
            limit = max(limit, BOOSTED_BYTES[guild.boost_tier])
        if guild is not None and guild.upload_limit_bytes is not None:
            limit = guild.upload_limit_bytes
        if channel.upload_limit_bytes is not None:
            limit = channel.upload_limit_bytes
        return max(limit, user.upload_limit_bytes) if user else limit

    # -- new things --------------------------------------------------------------------------------------------------

    def keep(self, upload: Upload, channel: Channel, **details: Any) -> Attachment:
        """Store a file; `details` are further fields of `Attachment`."""
        filename = safe_filename(upload.filename)
        attachment = Attachment(
            id=self.clock.mint(),
            channel_id=channel.id,
            filename=filename,
            title=None if filename == upload.filename else upload.filename.rpartition(".")[0] or None,
            data=upload.data,
            content_type=upload.content_type,
            created_at=self.clock.time(),
            **details,
        )
        self.attachments[attachment.id] = attachment
        return attachment

    def dm_with(self, user: User) -> Channel:
        """The DM channel of the bot and a user; made when there is none."""
        for channel in self.channels.values():
            if channel.type == ChannelType.DM and channel.recipient_ids == (user.id,):
                return channel
        channel = Channel(id=self.clock.mint(), type=ChannelType.DM, name=user.display_name, recipient_ids=(user.id,))
        self.channels[channel.id] = channel
        return channel

    def shares_guild(self, user: User) -> bool:
        """Whether the bot and the user meet in some guild."""
        return any(guild.bot_present and user.id in guild.members for guild in self.guilds.values())

    @staticmethod
    def new_token() -> str:
        """An interaction token."""
        return TOKEN_PREFIX + secrets.token_urlsafe(24)


def safe_filename(name: str) -> str:
    """A file's name as Discord stores it: spaces become underscores, other special characters go."""
    stem, dot, extension = re.sub(r"[^A-Za-z0-9_.-]", "", name.replace(" ", "_")).rpartition(".")
    return (stem or "unknown") + dot + extension if dot else extension or "unknown"
