"""The verbs and switches of the sandbox by name, with arguments as JSON."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from . import payloads
from .faults import Fault
from .objects import JSON, Channel, ChannelType, Guild, Install, Interaction, Message, Upload
from .posting import view as message_view
from .rest_interactions import view as interaction_view
from .server import FakeDiscord

Files: TypeAlias = dict[str, list[Upload]]
Verb: TypeAlias = Callable[[FakeDiscord, JSON, Files], Awaitable[Any]]
Switch: TypeAlias = Callable[[FakeDiscord, JSON], Any]


async def do(discord: FakeDiscord, name: str, arguments: JSON, files: Files) -> JSON:
    """Let a member do something; gives the interaction or the message."""
    if name not in _VERBS:
        raise LookupError(f"verb {name!r}; there are {sorted(_VERBS)}")
    done = await _VERBS[name](discord, arguments, files)
    if isinstance(done, Interaction):
        return interaction_view(discord.world, done)
    if isinstance(done, Message):
        return message_view(discord.world, done)
    return {"done": True}


async def _slash(discord: FakeDiscord, given: JSON, files: Files) -> Interaction:
    return await discord.slash(
        given.pop("command"),
        given.pop("options", None),
        files={name: uploads[0] for name, uploads in files.items()},
        install=Install(given.pop("install", "guild")),
        **given,
    )


async def _autocomplete(discord: FakeDiscord, given: JSON, _: Files) -> Interaction:
    return await discord.autocomplete(
        given.pop("command"), given.pop("option"), given.pop("text"), given.pop("options", None), **given
    )


async def _click(discord: FakeDiscord, given: JSON, _: Files) -> Interaction:
    return await discord.click(given.pop("message"), given.pop("button"), **given)


async def _select(discord: FakeDiscord, given: JSON, _: Files) -> Interaction:
    return await discord.select(given.pop("message"), given.pop("custom_id"), given.pop("values"), **given)


async def _submit(discord: FakeDiscord, given: JSON, files: Files) -> Interaction:
    return await discord.submit(given.pop("modal"), given.pop("values", None), files, **given)


async def _dismiss(discord: FakeDiscord, given: JSON, _: Files) -> None:
    await discord.dismiss(given["modal"])


async def _message_command(discord: FakeDiscord, given: JSON, _: Files) -> Interaction:
    install = Install(given.pop("install", "guild"))
    return await discord.message_command(given.pop("name"), given.pop("message"), install=install, **given)


async def _user_command(discord: FakeDiscord, given: JSON, _: Files) -> Interaction:
    install = Install(given.pop("install", "guild"))
    return await discord.user_command(given.pop("name"), given.pop("user"), install=install, **given)


async def _post(discord: FakeDiscord, given: JSON, files: Files) -> Message:
    reply_to = discord.message(given.pop("reply_to")) if given.get("reply_to") else None
    uploads = [upload for many in files.values() for upload in many]
    return await discord.post(given.pop("content", ""), files=uploads, reply_to=reply_to, **given)


async def _delete_message(discord: FakeDiscord, given: JSON, _: Files) -> None:
    await discord.delete_message(given.pop("message"), **given)


_VERBS: dict[str, Verb] = {
    "slash": _slash,
    "autocomplete": _autocomplete,
    "click": _click,
    "select": _select,
    "submit": _submit,
    "dismiss": _dismiss,
    "message_command": _message_command,
    "user_command": _user_command,
    "post": _post,
    "delete_message": _delete_message,
}


async def switch(discord: FakeDiscord, name: str, arguments: JSON) -> JSON:
    """Do something to the sandbox itself."""
    if name not in _SWITCHES:
        raise LookupError(f"switch {name!r}; there are {sorted(_SWITCHES)}")
    done = _SWITCHES[name](discord, arguments)
    if isinstance(done, Awaitable):
        done = await done
    if isinstance(done, Channel):
        return payloads.channel(discord.world, done)
    return done.view() if isinstance(done, Fault) else {"done": True}


def _silence(discord: FakeDiscord, given: JSON) -> None:
    discord.gateway.silent = bool(given.get("on", True))


def _refuse_gateway(discord: FakeDiscord, given: JSON) -> None:
    discord.gateway.refuses = given.get("status", 503)


def _set_member(discord: FakeDiscord, given: JSON) -> None:
    person = discord.member(given.pop("member"))
    for name, value in given.items():
        if name not in ("display_name", "dms_open", "locale", "upload_limit_bytes"):
            raise LookupError(f"{name!r} of a member")
        setattr(person, name, value)


def _guild(discord: FakeDiscord, given: JSON) -> Guild:
    return discord.world.guilds[int(given["guild"])] if given.get("guild") else discord.guild


def _rules(discord: FakeDiscord, given: JSON) -> None:
    for name, value in given.items():
        if name not in discord.rules.__slots__:
            raise LookupError(f"rule {name!r}")
        setattr(discord.rules, name, value)


def _revoke(discord: FakeDiscord, given: JSON) -> None:
    discord.revoke(*given.pop("permissions"), **given)


def _grant(discord: FakeDiscord, given: JSON) -> None:
    discord.grant(*given.pop("permissions"), **given)


def _expire_tokens(discord: FakeDiscord, given: JSON) -> None:
    one = given.get("interaction")
    discord.expire_tokens(discord.world.interactions[int(one)] if one else None)


def _upload_limit(discord: FakeDiscord, given: JSON) -> None:
    guild = _guild(discord, given) if "guild" in given else None
    discord.set_upload_limit(given.get("size_bytes"), channel=given.get("channel"), guild=guild)


_SWITCHES: dict[str, Switch] = {
    "fault": lambda discord, given: discord.faults.add(Fault(**given)),
    "drop_gateway": lambda discord, given: discord.gateway.drop(**given),
    "cut_gateway": lambda discord, _: discord.gateway.cut(),
    "silence_gateway": _silence,
    "refuse_gateway": _refuse_gateway,
    "reconnect_gateway": lambda discord, _: discord.gateway.ask_to_reconnect(),
    "invalidate_session": lambda discord, given: discord.gateway.invalidate(**given),
    "forget_sessions": lambda discord, _: discord.gateway.forget(),
    "refuse_connections": lambda discord, _: discord.refuse_connections(),
    "accept_connections": lambda discord, _: discord.accept_connections(),
    "advance": lambda discord, given: discord.advance(float(given["seconds"])),
    "rules": _rules,
    "set_member": _set_member,
    "set_token": lambda discord, given: discord.set_token(given["token"]),
    "expire_tokens": _expire_tokens,
    "expire_urls": lambda discord, given: discord.expire_urls(
        discord.message(given["message"]) if given.get("message") else None
    ),
    "revoke": _revoke,
    "grant": _grant,
    "upload_limit": _upload_limit,
    "close_dms": lambda discord, given: discord.close_dms(given.get("member"), closed=given.get("closed", True)),
    "open_dm": lambda discord, given: discord.open_dm(given.get("member")),
    "start_thread": lambda discord, given: discord.start_thread(
        given["name"], channel=given.get("channel"), private_to=given.get("private_to")
    ),
    "add_channel": lambda discord, given: discord.add_channel(
        given["name"], ChannelType(int(given.get("type", 0))), guild=_guild(discord, given)
    ),
    "set_channel": lambda discord, given: discord.set_channel(given.pop("channel"), **given),
    "time_out": lambda discord, given: discord.time_out(
        float(given["seconds"]), member=given.get("member", "bot"), guild=_guild(discord, given)
    ),
    "block_words": lambda discord, given: discord.block_words(*given["words"], guild=_guild(discord, given)),
    "boost": lambda discord, given: discord.boost(int(given["tier"]), guild=_guild(discord, given)),
    "install_commands": lambda discord, given: discord.install_commands(_guild(discord, given)),
    "set_thread": lambda discord, given: discord.set_thread(given.pop("thread"), **given),
    "delete_channel": lambda discord, given: discord.delete_channel(given["channel"]),
    "remove_message": lambda discord, given: discord.remove_message(given["message"]),
    "kick_bot": lambda discord, given: discord.kick_bot(
        _guild(discord, given), keep_commands=bool(given.get("keep_commands"))
    ),
    "invite_bot": lambda discord, given: discord.invite_bot(_guild(discord, given)),
    "replay": lambda discord, given: discord.replay(given["interaction"]),
}
