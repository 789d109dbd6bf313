"""What the sandbox sends has every field that Discord's public description says is always there."""

from typing import Any

import aiohttp
import pytest

from sandbox.discord import FakeDiscord

USER = "id username avatar discriminator public_flags flags global_name primary_guild"
#: As Discord's OpenAPI description (discord-api-spec) had them in August 2026, under its names.
REQUIRED = {
    "UserResponse": USER,
    "UserPIIResponse": "id username avatar discriminator public_flags flags global_name mfa_enabled locale",
    "PrivateApplicationResponse": (
        "id name icon description type verify_key flags flags_new redirect_uris interactions_endpoint_url "
        "role_connections_verification_url owner approximate_guild_count approximate_user_install_count "
        "approximate_user_authorization_count explicit_content_filter team eligible_oauth2_scopes"
    ),
    "GatewayBotResponse": "url session_start_limit shards",
    "GuildResponse": (
        "id name icon description home_header splash discovery_splash features banner owner_id application_id region "
        "afk_channel_id afk_timeout system_channel_id system_channel_flags widget_enabled widget_channel_id "
        "verification_level roles default_message_notifications mfa_level explicit_content_filter max_presences "
        "max_members max_stage_video_channel_users max_video_channel_users vanity_url_code premium_tier "
        "premium_subscription_count preferred_locale rules_channel_id safety_alerts_channel_id "
        "public_updates_channel_id premium_progress_bar_enabled nsfw nsfw_level emojis stickers incidents_data"
    ),
    "GuildRoleResponse": (
        "id name permissions position color colors hoist managed mentionable icon unicode_emoji flags"
    ),
    "GuildMemberResponse": (
        "avatar banner communication_disabled_until flags joined_at nick pending premium_since roles user mute deaf"
    ),
    "GuildChannelResponse": "id type flags guild_id name position",
    "ThreadResponse": (
        "id type flags guild_id name owner_id thread_metadata message_count member_count total_message_sent"
    ),
    "ThreadMetadataResponse": "archived archive_timestamp auto_archive_duration locked",
    "PrivateChannelResponse": "id type flags recipients",
    "MessageResponse": (
        "type content mentions mention_roles attachments embeds timestamp edited_timestamp flags components id "
        "channel_id author pinned mention_everyone tts"
    ),
    "MessageAttachmentResponse": "id filename size url proxy_url",
    "MessageEmbedResponse": "type",
    "MessageEmbedFieldResponse": "name value inline",
    "ApplicationCommandResponse": "id application_id version default_member_permissions type name description",
    "InteractionCallbackResponse": "interaction",
}

COMMAND = {"name": "go", "type": 1, "description": "Go"}
EMBED = {"title": "x", "fields": [{"name": "a", "value": "b"}]}


async def asked(fake: FakeDiscord, http: aiohttp.ClientSession, method: str, path: str, json: Any = None) -> Any:
    async with http.request(method, fake.api_url + path, json=json) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def seen(fake: FakeDiscord, http: aiohttp.ClientSession) -> dict[str, Any]:
    """One of each, as the bot gets it."""
    general, app = f"/channels/{fake.channel.id}", fake.world.application_id
    thread = fake.start_thread("songs")
    member = fake.member()
    guild = await asked(fake, http, "GET", f"/guilds/{fake.guild.id}")
    shown = await asked(fake, http, "GET", f"/channels/{thread.id}")
    # where the bot reads what members attach without a privileged intent
    posted = await fake.post("x", files=[("a.mp3", b"x")], channel=fake.open_dm())
    written = await asked(fake, http, "GET", f"/channels/{posted.channel_id}/messages/{posted.id}")
    nonce = {"nonce": "1", "enforce_nonce": True}
    message = await asked(fake, http, "POST", f"{general}/messages", {"content": "x", "embeds": [EMBED], **nonce})
    (command,) = await asked(fake, http, "PUT", f"/applications/{app}/commands", [COMMAND])
    done = await fake.slash("go")
    answer = {"type": 4, "data": {"content": "x"}}
    callback = f"/interactions/{done.id}/{done.token}/callback?with_response=1"
    return {
        "UserResponse": await asked(fake, http, "GET", f"/users/{member.id}"),
        "UserPIIResponse": await asked(fake, http, "GET", "/users/@me"),
        "PrivateApplicationResponse": await asked(fake, http, "GET", "/oauth2/applications/@me"),
        "GatewayBotResponse": await asked(fake, http, "GET", "/gateway/bot"),
        "GuildResponse": guild,
        "GuildRoleResponse": guild["roles"][0],
        "GuildMemberResponse": await asked(fake, http, "GET", f"/guilds/{fake.guild.id}/members/{member.id}"),
        "GuildChannelResponse": await asked(fake, http, "GET", general),
        "ThreadResponse": shown,
        "ThreadMetadataResponse": shown["thread_metadata"],
        "PrivateChannelResponse": await asked(
            fake, http, "POST", "/users/@me/channels", {"recipient_id": str(member.id)}
        ),
        "MessageResponse": message,
        "MessageAttachmentResponse": written["attachments"][0],
        "MessageEmbedResponse": message["embeds"][0],
        "MessageEmbedFieldResponse": message["embeds"][0]["fields"][0],
        "ApplicationCommandResponse": command,
        "InteractionCallbackResponse": await asked(fake, http, "POST", callback, answer),
    }


@pytest.fixture
async def everything(fake: FakeDiscord, http: aiohttp.ClientSession) -> dict[str, Any]:
    return await seen(fake, http)


async def test_every_answer_has_every_field_that_is_always_there(everything: dict[str, Any]) -> None:
    missing = {
        kind: fields - found.keys()
        for kind, found in everything.items()
        if (fields := set(REQUIRED[kind].split())) - found.keys()
    }
    assert everything.keys() == REQUIRED.keys()
    assert not missing


async def test_whoever_is_named_in_an_answer_is_a_whole_user(everything: dict[str, Any]) -> None:
    people = [
        everything["MessageResponse"]["author"],
        everything["GuildMemberResponse"]["user"],
        everything["PrivateChannelResponse"]["recipients"][0],
        everything["InteractionCallbackResponse"]["resource"]["message"]["interaction_metadata"]["user"],
    ]
    assert not [set(USER.split()) - person.keys() for person in people if set(USER.split()) - person.keys()]
