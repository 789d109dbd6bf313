"""Asks Discord, over REST alone, whose token this is, where the bot has been invited, and what it may not do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import aiohttp

_ADMINISTRATOR = 1 << 3
#: What the bot needs where it works, by Discord's own names; README.md lists the same.
NEEDED_PERMISSIONS: Mapping[str, int] = MappingProxyType(
    {
        "View Channels": 1 << 10,
        "Send Messages": 1 << 11,
        "Send Messages in Threads": 1 << 38,
        "Embed Links": 1 << 14,
        "Attach Files": 1 << 15,
        "Read Message History": 1 << 16,
    }
)
#: One page of Discord's list.
MAX_SERVERS = 200
_MAX_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server that the bot is in."""

    id: str
    name: str
    missing: tuple[str, ...]  #: permissions that its roles do not give it; a channel's own rules are not looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who the token is."""

    name: str
    application_id: str
    date: str | None = None  #: when Discord answered, as its header says
    servers: tuple[Server, ...] | None  #: at most MAX_SERVERS; None when Discord did not list them

    @property
    def invite(self) -> str:
        """The address that brings the bot into a server, with the permissions it needs and no other."""
        permissions = sum(NEEDED_PERMISSIONS.values())
        return (
            f"https://discord.com/oauth2/authorize?client_id={self.application_id}"
            f"&scope=bot+applications.commands&permissions={permissions}"
        )


class AnswerError(Exception):
    """Discord did not say who the token is."""

    def __init__(self, status: int) -> None:
        """`status`: of the answer; 200 when it was no account."""
        super().__init__(f"HTTP {status}")
        self.status = status


async def account_of(session: aiohttp.ClientSession, api_url: str) -> Account:
    """The account. `session` sends the token.

    Raises AnswerError, and what aiohttp raises when there is no answer.
    """
    status, me, date = await _asked(session, f"{api_url}/users/@me")
    user = _object(me)
    if status != 200 or "username" not in user:
        raise AnswerError(status)
    _, application, _ = await _asked(session, f"{api_url}/oauth2/applications/@me")
    # older applications have another id than their bot
    application_id = _object(application).get("id") or user.get("id") or "APPLICATION_ID"
    status, guilds, _ = await _asked(session, f"{api_url}/users/@me/guilds?limit={MAX_SERVERS}")
    listed = cast("list[object]", guilds) if status == 200 and isinstance(guilds, list) else None
    return Account(
        name=str(user["username"])[:_MAX_NAME],
        application_id=str(application_id)[:_MAX_NAME],
        date=date,
        servers=None if listed is None else tuple(_server(_object(guild)) for guild in listed[:MAX_SERVERS]),
    )


async def _asked(session: aiohttp.ClientSession, url: str) -> tuple[int, object, str | None]:
    """Status, JSON (None where it is none), and the answer's date."""
    async with session.get(url, allow_redirects=False) as answer:
        date = answer.headers.get("Date")
        try:
            return answer.status, cast("object", await answer.json(content_type=None)), date
        except ValueError:
            return answer.status, None, date


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _server(guild: dict[str, object]) -> Server:
    written = str(guild.get("permissions", ""))
    granted = int(written) if written.isdecimal() else 0
    missing = (
        () if granted & _ADMINISTRATOR else [name for name, bit in NEEDED_PERMISSIONS.items() if not granted & bit]
    )
    return Server(id=str(guild.get("id", "")), name=str(guild.get("name", "?"))[:_MAX_NAME], missing=tuple(missing))
