"""REST: who the bot is, its gateway, its guilds, channels, threads and DMs, and renewed attachment URLs."""

from collections.abc import Iterable

from aiohttp import web

from . import payloads
from .cdn import attachment_of, is_gone, signed_url
from .clock import SandboxClock
from .objects import JSON, Channel, ChannelType, Guild
from .permissions import Permission, everywhere
from .refusals import Form, RefusedError
from .rest import body_of, number_in, route, world_of
from .world import World

#: Undocumented; tools send no more.
MAX_REFRESHED = 50
MAX_GUILDS = 200


async def me(request: web.Request) -> JSON:
    """GET /users/@me."""
    world = world_of(request)
    return payloads.user(world.bot) | {
        "verified": True,
        "mfa_enabled": False,
        "email": None,
        "flags": 0,
        "locale": "en-US",
    }


async def application(request: web.Request) -> JSON:
    """GET /oauth2/applications/@me."""
    world = world_of(request)
    owner = next(person for person in world.users.values() if not person.bot)
    return {
        "id": str(world.application_id),
        "name": world.app_name,
        "icon": None,
        "description": "",
        "bot_public": world.rules.bot_public,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": payloads.user(owner),
        "team": _team(world),
        "type": None,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": sum(guild.bot_present for guild in world.guilds.values()),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }


def _team(world: World) -> JSON | None:
    if not world.team_member_ids:
        return None
    team_id = str(world.application_id + 1)
    return {
        "icon": None,
        "id": team_id,
        "name": "Team",
        "owner_user_id": str(world.team_member_ids[0]),
        "members": [
            {"membership_state": 2, "team_id": team_id, "user": payloads.user(world.users[member]), "role": "admin"}
            for member in world.team_member_ids
        ],
    }


async def gateway(request: web.Request) -> JSON:
    """GET /gateway and /gateway/bot."""
    world = world_of(request)
    guilds = sum(guild.bot_present for guild in world.guilds.values())
    return {
        "url": world.base_url.replace("http", "ws", 1) + "/gateway/",
        "shards": world.rules.recommended_shards or max(1, -(-guilds // 1000)),
        "session_start_limit": {
            "total": 1000,
            "remaining": 999,
            "reset_after": 0,
            "max_concurrency": world.rules.max_concurrency,
        },
    }


async def open_dm(request: web.Request) -> JSON:
    """POST /users/@me/channels. Opening a DM always works; writing into it may not (50007, 50278)."""
    world = world_of(request)
    form = Form()
    recipient = body_of(request).payload.get("recipient_id")
    if not str(recipient).isdecimal():
        form.add("recipient_id", "NUMBER_TYPE_COERCE", f'Value "{recipient}" is not snowflake.')
    form.close()
    person = world.users.get(int(str(recipient)))
    if person is None:
        raise RefusedError(10013)
    if person.bot:
        raise RefusedError(50007)
    return payloads.channel(world, world.dm_with(person))


async def get_channel(request: web.Request) -> JSON:
    """GET /channels/{id}."""
    world = world_of(request)
    return payloads.channel(world, visible_channel(world, number_in(request, "channel")))


async def typing(request: web.Request) -> None:
    """POST /channels/{id}/typing."""
    world = world_of(request)
    place = visible_channel(world, number_in(request, "channel"))
    require_sending(world, place)
    world.announce("typing", {"channel_id": str(place.id)})


async def get_user(request: web.Request) -> JSON:
    """GET /users/{id}."""
    person = world_of(request).users.get(number_in(request, "user"))
    if person is None:
        raise RefusedError(10013)
    return payloads.user(person)


async def get_guild(request: web.Request) -> JSON:
    """GET /guilds/{id}."""
    world = world_of(request)
    return payloads.guild(world, joined_guild(world, number_in(request, "guild")))


async def my_guilds(request: web.Request) -> list[JSON]:
    """GET /users/@me/guilds: one page, with what the bot's roles give it; channels' own rules do not count."""
    world = world_of(request)
    asked = request.query.get("limit", "")
    limit = int(asked) if asked.isdecimal() and 1 <= int(asked) <= MAX_GUILDS else MAX_GUILDS
    joined = sorted((guild for guild in world.guilds.values() if guild.bot_present), key=lambda guild: guild.id)
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "owner": guild.owner_id == world.application_id,
            "permissions": str(int(everywhere(guild, world.application_id))),
            "features": [],
        }
        for guild in joined[:limit]
    ]


async def get_member(request: web.Request) -> JSON:
    """GET /guilds/{id}/members/{user}."""
    world = world_of(request)
    guild = joined_guild(world, number_in(request, "guild"))
    person = world.users.get(number_in(request, "user"))
    if person is None or person.id not in guild.members:
        raise RefusedError(10007)
    return payloads.member(world, guild, person)


async def start_thread(request: web.Request) -> JSON:
    """POST /channels/{id}/threads and /channels/{id}/messages/{id}/threads (a thread has its message's id)."""
    world = world_of(request)
    parent = visible_channel(world, number_in(request, "channel"))
    if not world.permissions(parent, world.application_id) & Permission.CREATE_PUBLIC_THREADS:
        raise RefusedError(50013)
    name = body_of(request).payload.get("name")
    form = Form()
    form.text("name", name, 100)
    form.close()
    start_id = world.message(parent, number_in(request, "message")).id if "message" in request.match_info else None
    return payloads.channel(world, add_thread(world, parent, str(name), thread_id=start_id))


def add_thread(
    world: World, parent: Channel, name: str, *, thread_id: int | None = None, member_ids: Iterable[int] | None = None
) -> Channel:
    """A thread of a channel, or a forum's post: public, unless `member_ids` says who is in it."""
    guild = world.guild_of(parent)
    if guild is not None and any(word in name.casefold() for word in guild.blocked_words):
        raise RefusedError(200001)
    kind = ChannelType.THREAD if member_ids is None else ChannelType.PRIVATE_THREAD
    if parent.type == ChannelType.ANNOUNCEMENT:
        kind = ChannelType.ANNOUNCEMENT_THREAD
    thread = Channel(
        id=thread_id or SandboxClock.mint(world.clock),
        type=kind,
        thread_member_ids=set(member_ids or ()),
        name=name,
        guild_id=parent.guild_id,
        parent_id=parent.id,
        owner_id=world.application_id,
    )
    world.channels[thread.id] = thread
    world.announce("channel_create", {"channel": payloads.channel(world, thread)})
    world.send_event("THREAD_CREATE", channel=thread)
    return thread


async def refresh_urls(request: web.Request) -> JSON:
    """POST /attachments/refresh-urls. A file that is gone, or ephemeral (see `Rules`), keeps its old URL."""
    world = world_of(request)
    urls = body_of(request).payload.get("attachment_urls")
    form = Form()
    if not isinstance(urls, list) or not 1 <= len(urls) <= MAX_REFRESHED:
        form.add("attachment_urls", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_REFRESHED} in length.")
    form.close()
    refreshed = []
    for url in map(str, urls or ()):
        stored = attachment_of(world, url)
        frozen = stored is None or is_gone(world, stored) or (stored.ephemeral and not world.rules.refreshes_ephemeral)
        renewed = url if frozen or stored is None else signed_url(world, stored)
        refreshed.append({"original": url, "refreshed": renewed})
    return {"refreshed_urls": refreshed}


def visible_channel(world: World, channel_id: int) -> Channel:
    """A channel the bot sees: else 10003, or 50001 where it exists but the bot has no access."""
    place = world.channel(channel_id)
    if not world.permissions(place, world.application_id) & Permission.VIEW_CHANNEL:
        raise RefusedError(50001)
    return place


def require_sending(world: World, place: Channel) -> None:
    """The permission to write here, else 50013; a forum takes posts, no messages (50008)."""
    if place.type == ChannelType.FORUM:
        raise RefusedError(50008)
    bit = Permission.SEND_MESSAGES_IN_THREADS if place.is_thread else Permission.SEND_MESSAGES
    if not world.permissions(place, world.application_id) & bit:
        raise RefusedError(50013)


def joined_guild(world: World, guild_id: int) -> Guild:
    """A guild the bot is in: else 10004, or 50001 where it is not."""
    guild = world.guilds.get(guild_id)
    if guild is None:
        raise RefusedError(10004)
    if not guild.bot_present:
        raise RefusedError(50001)
    return guild


def routes() -> list[web.RouteDef]:
    """Everything this module answers."""
    return [
        route("GET", "/users/@me", me),
        route("GET", "/oauth2/applications/@me", application),
        route("GET", "/applications/@me", application),
        route("GET", "/gateway", gateway),
        route("GET", "/gateway/bot", gateway),
        route("GET", "/users/@me/guilds", my_guilds),
        route("POST", "/users/@me/channels", open_dm),
        route("GET", "/users/{user}", get_user),
        route("GET", "/channels/{channel}", get_channel),
        route("POST", "/channels/{channel}/typing", typing),
        route("POST", "/channels/{channel}/threads", start_thread),
        route("POST", "/channels/{channel}/messages/{message}/threads", start_thread),
        route("GET", "/guilds/{guild}", get_guild),
        route("GET", "/guilds/{guild}/members/{user}", get_member),
        route("POST", "/attachments/refresh-urls", refresh_urls),
    ]
