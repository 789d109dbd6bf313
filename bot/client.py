"""The discord.py client: what it hears, which commands it offers, where errors end, and how it first connects."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.amounts import numbers_in_words
from bot.audio import file_name
from bot.clock import Clock
from bot.command_sync import CommandSync
from bot.connections import RoutingConnector
from bot.crowds import crowd_advice, refuse_crowd, shards_for, tell_of_crowd
from bot.discord_time import DiscordTime
from bot.errors import StartError, TokenRefusedError
from bot.gateway import pause_seconds
from bot.jobs.service import JobService
from bot.jobs.sound_ports import TrackPreparer
from bot.login import UNREACHABLE, kind_of, refusal_of_login
from bot.logs import counted
from bot.operators.buttons import OperatorControl
from bot.operators.owners import Owners
from bot.presence import Presence
from bot.proxies import STRAIGHT, ProxyRules
from bot.shards import Gateways, KnownGuilds, OwnTurns
from bot.ui.controls import CONTROLS, FallbackHandler
from bot.ui.drafts import Drafts
from bot.ui.error_handler import report
from bot.ui.interaction_context import InteractionContext, InteractionServices, ModeratorServices, OperatorServices
from bot.ui.requirements import OrderRequirements
from bot.ui.translation import TextTranslator

log = logging.getLogger(__name__)

# this bot never speaks: that the voice packages are missing is nothing to warn an operator of
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

#: A command whose extras have this orders songs, and is offered only where that may be done.
TAKES_ORDERS = "takes_orders"

#: discord.py waits 2 s for guilds before it is ready; nothing here needs them.
_GUILD_READY_SECONDS = 0.1

#: A longer wait is the engine's to plan, not discord.py's to sleep through; 30 s is the least it takes.
_MAX_RATE_LIMIT_SECONDS = 30.0

#: How long a start waits for what Discord recommends.
_ASK_SECONDS = 15.0

#: Close codes of the gateway (Discord, "Gateway Close Event Codes").
_AUTHENTICATION_FAILED, _INVALID_SHARD, _SHARDING_REQUIRED = 4004, 4010, 4011


class ComposeTree(app_commands.CommandTree["ComposeClient"]):
    """The command tree, with its errors led to the one error handler."""

    filters_files = True
    """Whether attachment options say which files they want; off once Discord has refused that."""

    async def interaction_check(self, interaction: discord.Interaction["ComposeClient"], /) -> bool:
        """Discord may deliver an interaction twice; the second one cannot be answered and is passed over."""
        ctx = InteractionContext.of(interaction)
        if not ctx.is_first():
            return False
        if interaction.type is not discord.InteractionType.autocomplete:
            await ctx.look_at_rights()
        return True

    async def on_error(
        self, interaction: discord.Interaction["ComposeClient"], error: app_commands.AppCommandError, /
    ) -> None:
        """Every error of a command, autocomplete included."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.warning("autocomplete failed: %s", error.__class__.__name__)
            return
        await report(InteractionContext.of(interaction), error)


class ComposeClient(commands.AutoShardedBot):
    """Hears of guilds and interactions alone; pings nobody by default. `services` is what features work with."""

    has_gateway = True
    """False for a process that hears nothing and only sends; to be set before `run_client`."""
    leads = True
    """False where another process sees to what is done once, such as the commands."""
    turns: OwnTurns
    """Held with the number of the shard's group around each greeting."""

    _wanted_count: int | None = None  #: of shards; None: as Discord recommends
    _at_once: int | None = None  #: so many shards may greet at once; None: not known

    def __init__(
        self,
        *,
        jobs: JobService,
        moderators: ModeratorServices,
        tracks: TrackPreparer | None = None,
        requirements: OrderRequirements,
        clock: Clock,
        extensions: Sequence[str],
        proxies: ProxyRules = STRAIGHT,
        operators: OperatorServices | None = None,
    ) -> None:
        """Needs no network; `run_client` starts it. `extensions`: the features, by name, for the core imports none.

        `operators`: None offers them nothing.
        """
        self.trouble = ""
        """Why Discord cannot be reached just now, for operators; empty when nothing is known."""
        self._proxies = proxies
        self.discord_time = discord_time = DiscordTime(clock)
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=ComposeTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            guild_ready_timeout=_GUILD_READY_SECONDS,
            max_messages=None,
            max_ratelimit_timeout=_MAX_RATE_LIMIT_SECONDS,
            member_cache_flags=discord.MemberCacheFlags.none(),
            http_trace=discord_time.listening(lambda: Route.BASE),
        )
        self.gateway = Gateways(self, clock)
        self.turns, self._told_shards = OwnTurns(clock), set[int]()
        self.presence = operators and Presence(self, operators.operating, clock, connected=self.gateway.connected)
        self.owners = Owners(admission=jobs.admission, read=self.application_info, clock=clock)
        self.services = InteractionServices(
            jobs=jobs,
            moderators=moderators,
            tracks=tracks,
            clock=clock,
            requirements=requirements,
            drafts=Drafts(clock),
            file_name=file_name,
            discord_time=discord_time,
            operators=operators,
            show_presence=None if self.presence is None else self.presence.refresh,
            look_at_rights=self.owners.look,
        )
        self.command_sync = CommandSync(
            self.tree,
            clock,
            guild_ids=self.services.operator_guild_ids,
            values=None if operators is None else operators.values,
        )
        self._to_load = tuple(extensions)
        self._unsaid_guilds: frozenset[int] = requirements.doors.guild_ids
        self._fallback = FallbackHandler()

    def _get_state(self, **options: Any) -> KnownGuilds:
        return KnownGuilds(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )

    def open_connections(self) -> None:
        """Fresh ones for the next login: a session that was closed has closed its own. Needs a running loop."""
        self.http.connector = RoutingConnector(route=self._proxies, user_agent=self.http.user_agent, limit=0)

    async def setup_hook(self) -> None:
        """Register controls, load features, see that Discord has the commands. Runs once, before the gateway."""
        if self.application is not None:
            self.owners.told(self.application)
        if not self.has_gateway:
            return
        self.add_dynamic_items(*CONTROLS, OperatorControl)
        await self.tree.set_translator(TextTranslator())
        for name in self._to_load:
            if name not in self.extensions:  # a login that a ban cut off is made once more
                await self.load_extension(name)
        self._offer_where_orders_are_taken()
        if self.leads:
            await self.command_sync.first_try()

    def hears(self, guild_id: int) -> bool:
        """Whether Discord tells this process of that server; direct messages come to shard 0."""
        return self.shard_ids is None or (guild_id >> 22) % (self.shard_count or 1) in self.shard_ids

    def knows_of(self, guild_id: int) -> bool:
        """Whether Discord has named that server by now, if the bot is a member."""
        return self.is_ready() and (guild_id >> 22) % (self.shard_count or 1) in self._told_shards

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Nothing: whose turn it is to greet is seen to before Discord is dialled."""

    async def _group_of(self, shard_id: int) -> int:
        """Discord takes one greeting of each group of shards in five seconds (max_concurrency), whoever says it."""
        if self._at_once is None and self.shard_count != 1:
            await self._asked_how()
        return shard_id % (self._at_once or 1)

    async def _asked_how(self) -> int | None:
        """How many shards Discord recommends, and how many may greet at once is kept; None where it does not say."""
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                recommended, _, limits = await self.http.get_bot_gateway()
        except UNREACHABLE as error:
            log.info("Discord does not say how many connections it wants (%s)", kind_of(error))
            return None
        self._at_once = max(1, limits["max_concurrency"])
        return max(1, recommended)

    def take_shards(self, shard_ids: Sequence[int], shard_count: int | None) -> None:
        """Hear one part of the servers, empty: all; of so many, None: as Discord recommends. Before `run_client`."""
        self.shard_ids, self._wanted_count = list(shard_ids) or None, shard_count
        if shard_count is not None:
            self.shard_count = shard_count

    async def divide(self) -> None:
        """Settle which shards there are and which of them this process hears; after the login. Raises StartError."""
        guilds = self.application.approximate_guild_count if self.application is not None else 0
        if self._wanted_count is None:
            self.shard_count = await self._asked_how() or shards_for(guilds)
        refuse_crowd(guilds, self.shard_count)
        if self.shard_ids is None:
            self.shard_ids = list(range(self.shard_count))
        self._connection.shard_count, self._connection.shard_ids = self.shard_count, self.shard_ids
        self.gateway.begin(self.shard_ids, turns=self.turns, group_of=self._group_of)
        if self.shard_count > 1:
            log.info(
                "Discord divides the servers into %d shards%s; this process hears %s",
                self.shard_count,
                ", as it recommends" if self._wanted_count is None else "",
                numbers_in_words(self.shard_ids),
            )

    @property
    def is_well(self) -> bool:
        """Whether Discord is there: its gateway, or without one what it said at the login."""
        return self.gateway.is_well if self.has_gateway else self.user is not None

    async def sync_if_changed(self) -> bool:
        """Make Discord's commands those of the tree as it is now; see CommandSync."""
        self._offer_where_orders_are_taken()
        is_changed = await self.command_sync.sync_if_changed()
        return await self.command_sync.sync_guilds() or is_changed

    def _offer_where_orders_are_taken(self) -> None:
        """Discord need not show what would be refused. Lists are shown everywhere: songs stay where they were made."""
        doors = self.services.requirements.doors
        for command in self.tree.get_commands():
            if command.extras.get(TAKES_ORDERS):
                command.allowed_installs = app_commands.AppInstallationType(guild=True, user=doors.user_install)
                command.allowed_contexts = app_commands.AppCommandContext(
                    guild=True, dm_channel=doors.direct, private_channel=doors.user_install
                )

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay on the gateway until the client is closed; `reconnect` is always on. Raises what is refused for good."""
        running = [
            asyncio.create_task(keeper.run(), name=f"shard {shard_id}")
            for shard_id, keeper in self.gateway.keepers().items()
        ]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
            for ended in [one for one in running if one.done()]:
                ended.result()
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def on_shard_connect(self, shard_id: int) -> None:
        """A new session."""
        self.gateway.session_began(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The old session goes on."""
        self.gateway.session_began(shard_id)

    async def on_shard_ready(self, shard_id: int) -> None:
        """Discord has told us about this shard's guilds; may happen again after a lost session."""
        self._told_shards.add(shard_id)
        self._ready.set()  # the others may be a long time coming, and what this one hears is answered
        count = self.shard_count or 1
        mine = [guild for guild in self.guilds if guild.shard_id == shard_id]
        which = f", shard {shard_id} of {count}" if count > 1 else ""
        log.info("connected as %s, in %s%s", self.user, counted(len(mine), "server"), which)
        self._tell_of_strange(shard_id, mine)
        if self.presence is not None:
            await self.presence.refresh(new_session=shard_id)
        tell_of_crowd(len(mine), count)
        await self.services.jobs.servers.compare(
            lambda: {guild.id for guild in self.guilds}, is_heard=partial(self._is_told, shard_id)
        )

    def _is_told(self, shard_id: int, guild_id: int) -> bool:
        return (guild_id >> 22) % (self.shard_count or 1) == shard_id

    def _tell_of_strange(self, shard_id: int, mine: Sequence[discord.Guild]) -> None:
        here = frozenset(guild_id for guild_id in self._unsaid_guilds if self._is_told(shard_id, guild_id))
        if strange := here.difference(guild.id for guild in mine):
            log.warning(
                "ALLOWED_GUILDS names servers that this bot is no member of: %s. Invite it there, or take them out.",
                ", ".join(map(str, sorted(strange))),
            )
        self._unsaid_guilds -= here

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed, or the server is gone; an outage is another event."""
        await self.services.jobs.servers.removed(guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server is back from an outage, or, as discord.py tells it, the bot has been invited once more."""
        await self.services.jobs.servers.joined(guild.id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited, perhaps once more."""
        await self.services.jobs.servers.joined(guild.id)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Forms, and buttons that no version known here has drawn; everything else is dispatched by discord.py."""
        await self._fallback.answer(interaction)

    async def on_message(self, message: discord.Message, /) -> None:
        """No prefix commands: messages are never heard, but for what a cache miss might dispatch."""


def point_at(api_url: str, gateway_url: str) -> None:
    """Where discord.py finds Discord. Call before the client starts; REST base without a slash at its end.

    Two assignments are all that is needed: every route is built on Route.BASE, and discord.Client dials
    DEFAULT_GATEWAY without asking /gateway/bot. After READY it resumes at the address that the gateway named.
    """
    Route.BASE = api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


async def run_client(client: ComposeClient, token: str, on_ready: Callable[[], Awaitable[None]]) -> None:
    """Log in, connect, and stay until the client is closed. `on_ready` is awaited once, at the first READY.

    Without a gateway it is awaited after the login. A Discord that cannot be reached is waited for, at the start as
    later; `client.trouble` says what is wrong. Raises TokenRefusedError when Discord does not know the token,
    StartError when it closes the connection for good, or the servers are too many for this process.
    """
    await _log_in(client, token)
    if not client.has_gateway:
        await on_ready()
        await asyncio.Event().wait()
    await client.divide()
    connecting = asyncio.create_task(_connect(client), name="gateway")
    ready = asyncio.create_task(client.wait_until_ready(), name="first READY")
    try:
        await asyncio.wait({connecting, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not connecting.done():
            await on_ready()
        await connecting
    finally:
        for waiting in (ready, connecting):
            waiting.cancel()
        await asyncio.gather(ready, connecting, return_exceptions=True)


async def _log_in(client: ComposeClient, token: str) -> None:
    """For as long as it takes. Raises TokenRefusedError."""
    tries = 0
    client.open_connections()
    while (refusal := await refusal_of_login(client, token)) is not None:
        tries += 1
        await client.http.close()
        client.trouble = refusal.trouble
        seconds = pause_seconds(tries) if refusal.stay_away_seconds is None else refusal.stay_away_seconds
        log.error("%s; next try in %.0f s", client.trouble, seconds)
        await client.services.clock.sleep(seconds)
        client.open_connections()
    client.trouble = ""


async def _connect(client: ComposeClient) -> None:
    try:
        await client.connect()
    except discord.PrivilegedIntentsRequired:
        raise StartError("Discord refuses the intents of this bot, although none of them is privileged") from None
    except discord.ConnectionClosed as error:
        if error.code == _AUTHENTICATION_FAILED:
            raise TokenRefusedError("Discord's gateway refuses DISCORD_TOKEN") from None
        if error.code == _SHARDING_REQUIRED:
            raise StartError(
                f"Discord closed the connection (4011): too many servers for it. {crowd_advice(None)}"
            ) from None
        if error.code == _INVALID_SHARD:
            raise StartError("Discord does not know this shard (4010). Look at SHARD_COUNT and SHARD_IDS.") from None
        raise StartError(f"Discord closed the connection for good (code {error.code})") from None
