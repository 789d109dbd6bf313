"""Finding people, channels, messages and forms by what a test or a page calls them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from .command_rules import CHANNEL, MENTIONABLE, ROLE, USER
from .objects import Channel, Interaction, Message, Modal, Upload, User
from .world import World

Who: TypeAlias = User | str | int | None
Where: TypeAlias = Channel | str | int | None
File: TypeAlias = Upload | tuple[str, bytes] | Path


def as_upload(value: File) -> Upload:
    """A file given as `Upload`, as name and bytes, or as a path."""
    if isinstance(value, Path):
        return Upload(filename=value.name, data=value.read_bytes())
    if isinstance(value, tuple):
        return Upload(filename=value[0], data=value[1])
    return value


def as_uploads(given: File | Sequence[File]) -> list[Upload]:
    """One file or a list of them."""
    if isinstance(given, list):
        return [as_upload(file) for file in given]
    return [as_upload(cast(File, given))]


class Lookups:
    """Look-ups over a world; each accepts the object itself, its id, or its name."""

    world: World

    def member(self, who: Who = None) -> User:
        """A person by id or display name."""
        if isinstance(who, User):
            return who
        people = [person for person in self.world.users.values() if not person.bot]
        wanted = "Member One" if who is None else who
        for person in people:
            if str(person.id) == str(wanted) or person.display_name == wanted:
                return person
        raise LookupError(f"there is no member {who!r}")

    def place(self, where: Where = None) -> Channel:
        """A channel by id or name."""
        if isinstance(where, Channel):
            return where
        for channel in self.world.channels.values():
            if where is None or str(channel.id) == str(where) or (channel.name == where and not channel.is_private):
                return channel
        raise LookupError(f"there is no channel {where!r}")

    def entity(self, kind: int, value: Any, place: Channel) -> Any:
        """What a client sends for an option of this type: the id of a person, channel or role, whatever was given."""
        if kind == CHANNEL:
            return str(self.place(value).id)
        if kind in (ROLE, MENTIONABLE):
            guild = self.world.guild_of(place)
            roles = () if guild is None else guild.roles.values()
            found = next((role for role in roles if str(value) in (str(role.id), role.name)), None)
            if found is not None:
                return str(found.id)
            if kind == ROLE:
                raise LookupError(f"there is no role {value!r}")
        return str(self.member(value).id) if kind in (USER, MENTIONABLE) else value

    def message(self, which: Message | str | int) -> Message:
        """A message by id, wherever it is, also a private or deleted one."""
        if isinstance(which, Message):
            return self.world.channels[which.channel_id].messages[which.id]
        for channel in self.world.channels.values():
            if found := channel.messages.get(int(which)):
                return found
        raise LookupError(f"there is no message {which}")

    def modal(self, which: Modal | Interaction | str | int) -> Modal:
        """A form by id, or the one an interaction opened."""
        if isinstance(which, Modal):
            return which
        if isinstance(which, Interaction):
            if which.modal is None:
                raise LookupError("the interaction opened no form")
            return which.modal
        for done in self.world.interactions.values():
            if done.modal is not None and done.modal.id == int(which):
                return done.modal
        raise LookupError(f"there is no form {which}")

    def open_dm(self, member: Who = None) -> Channel:
        """The DM channel of a member and the bot."""
        return self.world.dm_with(self.member(member))

    def seen(self, channel: Where = None, member: Who = None) -> list[Message]:
        """The messages a member sees in a channel, oldest first: private ones of others are left out."""
        place, person = self.place(channel), self.member(member)
        if not self.world.sees(person.id, place):
            return []
        return [
            posted
            for _, posted in sorted(place.messages.items())
            if not posted.deleted and posted.visible_to in (None, person.id)
        ]
