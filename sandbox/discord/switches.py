"""What an operator of the sandbox does to it: failures, permissions, time, things that disappear."""

import asyncio
from typing import Any

from . import posting
from .cdn import signed_url
from .command_rules import ENTRY_POINT
from .faults import Fault, FaultBook
from .gateway import Gateway
from .lookups import Where, Who
from .objects import Attachment, Channel, Guild, Interaction, Message, Overwrite
from .permissions import named
from .place_switches import PlaceSwitches
from .records import Call
from .world import World


class Switches(PlaceSwitches):
    """Failures on request and changes of the server while the bot runs."""

    world: World
    gateway: Gateway
    faults: FaultBook

    # -- failures ----------------------------------------------------------------------------------------------------

    def fail(self, method: str, pattern: str, **details: Any) -> Fault:
        """Put a `Fault` in force; `details` are its further fields."""
        return self.faults.add(Fault(method=method, pattern=pattern, **details))

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time forward; deadlines that pass are noticed at once."""
        self.world.clock.advance(seconds)
        for done in list(self.world.interactions.values()):
            self._check_answered(done)

    def expire_tokens(self, interaction: Interaction | None = None) -> None:
        """Make interaction tokens invalid (50027): one, or all there are."""
        chosen = [interaction] if interaction is not None else list(self.world.interactions.values())
        for done in chosen:
            done.expired = True

    def set_team(self, *members: Who) -> None:
        """The application belongs to a team of these, the first its owner; nobody: to the first member alone."""
        self.world.team_member_ids = [self.member(one).id for one in members]

    def set_token(self, token: str) -> None:
        """Another bot token counts from now on: 401 for REST calls, 4004 for the gateway with the old one."""
        self.world.token = token

    def expire_urls(self, message: Message | None = None) -> None:
        """Remove files from the CDN: one message's, or all ephemeral attachments."""
        stored = message.attachments if message else [a for a in self.world.attachments.values() if a.ephemeral]
        for attachment in stored:
            attachment.removed = True

    # -- permissions and limits --------------------------------------------------------------------------------------

    def revoke(self, *permissions: str, channel: Where = None, member: Who = "bot") -> None:
        """Deny permissions by name (`"attach_files"`) in a channel: to the bot unless a member is named."""
        place, overwrite = self._overwrite(channel, member)
        for name in permissions:
            overwrite.deny |= named(name)
            overwrite.allow &= ~named(name)
        self._channel_changed(place)

    def grant(self, *permissions: str, channel: Where = None, member: Who = "bot") -> None:
        """Allow permissions by name in a channel."""
        place, overwrite = self._overwrite(channel, member)
        for name in permissions:
            overwrite.allow |= named(name)
            overwrite.deny &= ~named(name)
        self._channel_changed(place)

    def _overwrite(self, channel: Where, member: Who) -> tuple[Channel, Overwrite]:
        place = self.place(channel)
        place = self.world.channels.get(place.parent_id or 0, place)
        user_id = self.world.application_id if member == "bot" else self.member(member).id
        return place, place.overwrites.setdefault(user_id, Overwrite(id=user_id, kind=1))

    def set_upload_limit(self, size_bytes: int | None, *, channel: Where = None, guild: Guild | None = None) -> None:
        """Bytes per attachment for a guild or a channel; None takes the setting away."""
        if guild is not None:
            guild.upload_limit_bytes = size_bytes
        else:
            self.place(channel).upload_limit_bytes = size_bytes

    def close_dms(self, member: Who = None, *, closed: bool = True) -> None:
        """A member stops (or starts) taking direct messages."""
        self.member(member).dms_open = not closed

    # -- things that come and go -------------------------------------------------------------------------------------

    def delete_channel(self, channel: Where) -> None:
        """Remove a channel with its threads and messages (10003 from now on)."""
        place = self.place(channel)
        inside = [other for other in self.world.channels.values() if other.parent_id == place.id]
        for gone in [*inside, place]:
            for stored in self.world.attachments.values():
                stored.removed |= stored.channel_id == gone.id and not stored.ephemeral
            del self.world.channels[gone.id]
            self.world.announce("channel_delete", {"channel_id": str(gone.id)})
            self.world.send_event("THREAD_DELETE" if gone.is_thread else "CHANNEL_DELETE", channel=gone)

    def remove_message(self, message: Message | str | int) -> None:
        """Delete a message, whoever wrote it."""
        posting.delete(self.world, self.message(message))

    def add_entry_point(self, name: str = "launch") -> None:
        """An Activity is switched on for the application: Discord makes its command, which no overwrite may remove."""
        command = {
            "id": str(self.world.clock.mint()),
            "application_id": str(self.world.application_id),
            "version": str(self.world.clock.mint()),
            "type": ENTRY_POINT,
            "name": name,
            "description": "",
            "integration_types": [0, 1],
            "contexts": [0, 1, 2],
            "nsfw": False,
            "handler": 2,
        }
        self.world.commands[None] = [*self.world.commands.get(None, ()), command]

    # -- the books ---------------------------------------------------------------------------------------------------

    def calls_to(self, method: str, pattern: str) -> list[Call]:
        """The recorded calls whose path (after `/api/v10`) contains a match of the regular expression."""
        wanted = Fault(method=method, pattern=pattern, times=None)
        return [call for call in self.world.calls if wanted.matches(call.method, call.path)]

    def url_of(self, attachment: Attachment) -> str:
        """A fresh CDN URL."""
        return signed_url(self.world, attachment)

    async def settle(self, seconds: float = 0.1) -> None:
        """Give everybody that much real time, to see that something does not happen."""
        await asyncio.sleep(seconds)
