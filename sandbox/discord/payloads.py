"""How each object reads in Discord's JSON."""

import json
from typing import Any

from .cdn import signed_url
from .clock import iso
from .objects import HEARD, JSON, Attachment, Channel, ChannelType, Guild, Interaction, Message, Role, User
from .world import World


def user(person: User) -> JSON:
    """A user object."""
    return {
        "id": str(person.id),
        "username": person.username,
        "global_name": None if person.bot else person.display_name,
        "discriminator": "0",
        "avatar": None,
        "bot": person.bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def member(world: World, guild: Guild, person: User, channel: Channel | None = None) -> JSON:
    """A guild member; with `channel`, its permissions there are computed as interactions carry them."""
    body: JSON = {
        "user": user(person),
        "roles": [str(role) for role in guild.members.get(person.id, ())],
        "nick": None,
        "avatar": None,
        "banner": None,
        "pending": False,
        "premium_since": None,
        "communication_disabled_until": _timeout(guild, person),
        "joined_at": iso(world.clock.time()),
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
    if channel is not None:
        body["permissions"] = str(world.permissions(channel, person.id))
    return body


def _timeout(server: Guild, person: User) -> str | None:
    until = server.timeouts.get(person.id)
    return None if until is None else iso(until)


def channel(world: World, place: Channel, viewer_id: int | None = None) -> JSON:
    """A channel, thread or DM; `permissions` of a viewer as interactions carry them."""
    body: JSON = {"id": str(place.id), "type": int(place.type), "name": place.name, "last_message_id": None, "flags": 0}
    if place.messages:
        body["last_message_id"] = str(max(place.messages))
    if place.is_private:
        body["recipients"] = [user(world.users[person]) for person in place.recipient_ids]
    else:
        body |= {"guild_id": str(place.guild_id), "position": place.position, "nsfw": place.age_restricted}
        body |= {
            "rate_limit_per_user": place.slow_mode_seconds,
            "parent_id": str(place.parent_id) if place.parent_id else None,
        }
        body["permission_overwrites"] = [
            {"id": str(o.id), "type": o.kind, "allow": str(int(o.allow)), "deny": str(int(o.deny))}
            for o in place.overwrites.values()
        ]
    if place.is_thread:
        body |= _thread(world, place)
    if place.type in HEARD:
        body |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None, "video_quality_mode": 1}
    if place.type == ChannelType.FORUM:
        body |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
        body |= {"default_forum_layout": 0, "topic": None}
    if viewer_id is not None:
        body["permissions"] = str(world.permissions(place, viewer_id))
    return body


def _thread(world: World, place: Channel) -> JSON:
    return {
        "owner_id": str(place.owner_id or world.application_id),
        "message_count": len(place.messages),
        "member_count": 1,
        "total_message_sent": len(place.messages),
        "thread_metadata": {
            "archived": place.archived,
            "locked": place.locked,
            "auto_archive_duration": 1440,
            "archive_timestamp": iso(world.clock.time()),
        },
    }


#: What a guild carries and the sandbox has no use for, as a fresh server has it.
_PLAIN_GUILD: JSON = {
    "icon": None,
    "description": None,
    "home_header": None,
    "splash": None,
    "discovery_splash": None,
    "banner": None,
    "application_id": None,
    "region": "deprecated",
    "afk_channel_id": None,
    "afk_timeout": 300,
    "system_channel_id": None,
    "system_channel_flags": 0,
    "widget_enabled": False,
    "widget_channel_id": None,
    "verification_level": 0,
    "default_message_notifications": 0,
    "mfa_level": 0,
    "explicit_content_filter": 0,
    "max_presences": None,
    "max_members": 500_000,
    "max_stage_video_channel_users": 50,
    "max_video_channel_users": 25,
    "vanity_url_code": None,
    "rules_channel_id": None,
    "safety_alerts_channel_id": None,
    "public_updates_channel_id": None,
    "premium_progress_bar_enabled": False,
    "nsfw": False,
    "nsfw_level": 0,
    "incidents_data": None,
}


def role(one: Role) -> JSON:
    """A role object."""
    return {
        "id": str(one.id),
        "name": one.name,
        "permissions": str(int(one.permissions)),
        "position": one.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "icon": None,
        "unicode_emoji": None,
        "hoist": False,
        "managed": one.managed,
        "mentionable": one.mentionable,
        "flags": 0,
    }


def guild(world: World, server: Guild) -> JSON:
    """A guild as GUILD_CREATE carries it."""
    inside = [place for place in world.channels.values() if place.guild_id == server.id]
    return {
        "id": str(server.id),
        "name": server.name,
        "owner_id": str(server.owner_id),
        "preferred_locale": server.locale,
        "premium_tier": server.boost_tier,
        "premium_subscription_count": (0, 2, 7, 14)[server.boost_tier],
        **_PLAIN_GUILD,
        "features": [],
        "emojis": [],
        "stickers": [],
        "member_count": len(server.members),
        "large": False,
        "unavailable": False,
        "roles": [role(one) for one in server.roles.values()],
        "channels": [channel(world, place) for place in inside if not place.is_thread],
        "threads": [
            channel(world, place)
            for place in inside
            if place.is_thread and not place.archived and world.permissions(place, world.application_id)
        ],
        # Without the members intent Discord sends the bot's own member only.
        "members": [member(world, server, world.bot)],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
    }


def attachment(world: World, stored: Attachment) -> JSON:
    """An attachment with a URL signed now."""
    url = signed_url(world, stored)
    body: JSON = {
        "id": str(stored.id),
        "filename": stored.filename,
        "size": len(stored.data),
        "url": url,
        "proxy_url": url,
    }
    optional = {
        "content_type": stored.content_type,
        "title": stored.title,
        "description": stored.description,
        "duration_secs": stored.duration_seconds,
        "waveform": stored.waveform,
        "ephemeral": stored.ephemeral or None,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def message(world: World, posted: Message) -> JSON:
    """A message as the bot receives it."""
    body: JSON = {
        "id": str(posted.id),
        "channel_id": str(posted.channel_id),
        "type": int(posted.type),
        "content": posted.content,
        "author": user(posted.author),
        "timestamp": iso(posted.created_at),
        "edited_timestamp": iso(posted.edited_at) if posted.edited_at else None,
        "flags": int(posted.flags),
        "tts": False,
        "pinned": False,
        "mention_everyone": posted.mentions.everyone,
        "mentions": [user(world.users[person]) for person in posted.mentions.user_ids],
        "mention_roles": [str(role) for role in posted.mentions.role_ids],
        "attachments": [attachment(world, stored) for stored in posted.attachments],
        "embeds": [_embed(embed) for embed in _with_files(world, posted, posted.embeds)],
        "components": _with_files(world, posted, posted.components),
    }
    if posted.nonce is not None:
        body["nonce"] = posted.nonce
    if posted.webhook_id:
        body |= {"webhook_id": str(posted.webhook_id), "application_id": str(world.application_id)}
    if posted.interaction is not None:
        body["interaction_metadata"] = interaction_metadata(world, posted.interaction)
    if posted.reference:
        body["message_reference"] = posted.reference
        body["referenced_message"] = _referenced(world, posted)
    return body


def _embed(embed: JSON) -> JSON:
    """An embed with what Discord adds to it."""
    body = {"type": "rich"} | embed
    if embed.get("fields"):
        body["fields"] = [{"inline": False} | row for row in embed["fields"]]
    return body


def _with_files(world: World, posted: Message, value: Any) -> Any:
    """Replace `attachment://name` by the file's URL, as Discord's answers do."""
    text = json.dumps(value)
    if "attachment://" in text:
        for stored in [*posted.attachments, *posted.embedded]:
            text = text.replace(json.dumps(f"attachment://{stored.filename}"), json.dumps(signed_url(world, stored)))
    return json.loads(text)


def _referenced(world: World, posted: Message) -> JSON | None:
    place = world.channels.get(posted.channel_id)
    target = place.messages.get(posted.reply_to_id or 0) if place else None
    if target is None or target.deleted:
        return None
    return {name: value for name, value in message(world, target).items() if name != "referenced_message"}


def authorizing_owners(done: Interaction) -> dict[str, str]:
    """Who brought the app: key 0 the guild (0 in a DM with the bot), key 1 the user."""
    if done.install == "user":
        return {"1": str(done.user.id)}
    return {"0": str(done.guild.id) if done.guild else "0"}


def interaction_metadata(world: World, done: Interaction) -> JSON:
    """The note on a message saying which interaction it answers."""
    body: JSON = {
        "id": str(done.id),
        "type": int(done.type),
        "user": user(done.user),
        "authorizing_integration_owners": authorizing_owners(done),
    }
    if done.name:
        body["name"] = done.name
    if done.message is not None:
        body["interacted_message_id"] = str(done.message.id)
    return body


def seen_by_bot(world: World, posted: Message) -> JSON:
    """A message as history and gateway show it: without MESSAGE_CONTENT, strangers' messages are blank."""
    body = message(world, posted)
    place = world.channels.get(posted.channel_id)
    own = posted.author.id == world.application_id or world.application_id in posted.mentions.user_ids
    if own or (place and place.is_private) or world.rules.privileged_intents & (1 << 15):
        return body
    return body | {"content": "", "embeds": [], "attachments": [], "components": []}
