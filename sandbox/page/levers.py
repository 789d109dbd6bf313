"""What the panel beside the channel offers by hand: each lever with its words, and what pulling it does."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sandbox.discord import Channel, FakeDiscord, Fault
from sandbox.discord.objects import JSON
from sandbox.discord.permissions import named

#: Gets the channel the member looks at, and for toggles and choices what is wanted.
Pull: TypeAlias = Callable[[Channel, Any], Awaitable[None] | None]
#: What a toggle or a choice shows, for the channel the member looks at.
Look: TypeAlias = Callable[[Channel], Any]


class LeverError(Exception):
    """Why a lever cannot be pulled now, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One thing that can be done. Without `look` it is a push button, with `choices` a selection, else a switch."""

    id: str
    label: str
    about: str
    pull: Pull
    look: Look | None = None
    choices: tuple[tuple[str, str], ...] = ()

    def view(self, channel: Channel) -> JSON:
        """As JSON for the page."""
        kind = "choice" if self.choices else "switch" if self.look else "push"
        body: JSON = {"id": self.id, "label": self.label, "about": self.about, "kind": kind}
        if self.look is not None:
            body["value"] = self.look(channel)
        if self.choices:
            body["choices"] = [{"value": value, "label": label} for value, label in self.choices]
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Levers that belong together."""

    title: str
    levers: tuple[Lever, ...]

    def view(self, channel: Channel) -> JSON:
        """As JSON for the page."""
        return {"title": self.title, "levers": [lever.view(channel) for lever in self.levers]}


class Extra(Protocol):
    """Something else that the bot speaks to, and that can be broken by hand: whoever opens the page hands it in."""

    @property
    def groups(self) -> Sequence[Group]:
        """Its levers; each id is the only one of its name on the page."""
        ...

    def notes(self) -> Sequence[str]:
        """What it has seen so far, a line each, shown above the bot's calls."""
        ...

    def restore(self) -> None:
        """Everything its levers changed is as it was."""
        ...


def connection_levers(discord: FakeDiscord) -> Group:
    """The line between the bot and Discord."""
    refusing: list[Fault] = []

    def refuse(_: Channel, wanted: Any) -> None:
        _take_back(discord, refusing)
        if wanted:
            refusing.append(discord.fail("*", "/(channels|webhooks|interactions)/", status=500, times=None))

    async def vanish(_: Channel, wanted: Any) -> None:
        await (discord.refuse_connections() if wanted else discord.accept_connections())

    return Group(
        title="Line to the bot",
        levers=(
            Lever(
                id="drop",
                label="Drop the gateway",
                about="The socket closes; a good bot resumes and catches up.",
                pull=lambda *_: discord.gateway.drop(4000),
            ),
            Lever(
                id="invalidate",
                label="Forget its session",
                about="It has to identify itself anew.",
                pull=lambda *_: discord.gateway.invalidate(),
            ),
            Lever(
                id="vanish",
                label="Discord is unreachable",
                about="Gateway, REST and files: connections are refused.",
                pull=vanish,
                look=lambda _: not discord.listening,
            ),
            Lever(
                id="refuse",
                label="Discord answers 500",
                about="To every message and answer of the bot.",
                pull=refuse,
                look=lambda _: any(fault in discord.faults.faults for fault in refusing),
            ),
        ),
    )


def _take_back(discord: FakeDiscord, mine: list[Fault]) -> None:
    discord.faults.faults[:] = [fault for fault in discord.faults.faults if fault not in mine]
    mine.clear()


_PERMISSIONS = (
    ("view_channel", "See this channel"),
    ("send_messages", "Send messages here"),
    ("attach_files", "Attach files here"),
    ("embed_links", "Embed links here"),
)
_UPLOAD_LIMITS = (("", "as usual (20 MiB)"), ("1048576", "1 MiB"), ("16384", "16 KiB"))


def permission_levers(discord: FakeDiscord) -> Group:
    """What the bot may do in the channel at hand; on means allowed."""
    return Group(
        title="What the bot may do",
        levers=(
            *(_permission(discord, name, label) for name, label in _PERMISSIONS),
            Lever(
                id="upload_limit",
                label="Largest file here",
                about="The bot's uploads; members' own limits stay.",
                pull=lambda channel, size: discord.set_upload_limit(int(size) if size else None, channel=channel),
                look=lambda channel: str(channel.upload_limit_bytes or ""),
                choices=_UPLOAD_LIMITS,
            ),
            Lever(
                id="expire_tokens",
                label="End all interaction tokens",
                about="As if 15 minutes were over for every command and button.",
                pull=lambda *_: discord.expire_tokens(),
            ),
            Lever(
                id="expire_urls",
                label="Remove uploaded references",
                about="The files members gave to commands and forms are gone from the file host.",
                pull=lambda *_: discord.expire_urls(),
            ),
        ),
    )


def _permission(discord: FakeDiscord, name: str, label: str) -> Lever:
    def allow(channel: Channel, wanted: Any) -> None:
        if channel.is_private:
            raise LeverError("A direct message has no permissions to take away; choose a channel of the server.")
        (discord.grant if wanted else discord.revoke)(name, channel=channel)

    return Lever(
        id=name,
        label=label,
        about="",
        pull=allow,
        look=lambda channel: (
            channel.is_private or bool(discord.world.permissions(channel, discord.world.application_id) & named(name))
        ),
    )


def restore(discord: FakeDiscord) -> None:
    """Everything these levers changed is as it was, in every channel."""
    discord.faults.clear()
    for channel in discord.world.channels.values():
        discord.set_upload_limit(None, channel=channel)
        if channel.overwrites.pop(discord.world.application_id, None):
            discord.grant(channel=channel)  # tells the bot and the page
