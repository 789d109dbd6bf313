"""What members do: type commands, press, choose, fill forms, write. Each action sends what a client would send."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import client_rules, payloads, posting
from .command_rules import CHANNEL as CHANNEL_OPTION
from .command_rules import CHAT_INPUT, MESSAGE_COMMAND
from .command_rules import ROLE as ROLE_OPTION
from .command_rules import USER as USER_OPTION
from .component_rules import BUTTON, FILE_UPLOAD, SELECTS, STRING_SELECT, walk
from .deliveries import command_data, interaction_payload, nested, option_rows, resolved_entities
from .gateway import Gateway
from .lookups import File, Lookups, Where, Who, as_upload, as_uploads
from .objects import (
    JSON,
    Attachment,
    Channel,
    ChannelType,
    Install,
    Interaction,
    InteractionType,
    Message,
    Modal,
    Upload,
    User,
)
from .permissions import ALL, Permission
from .refusals import ClientRefusedError, RefusedError
from .rest_interactions import modal_view, view
from .world import World


class MemberActions(Lookups):
    """The verbs; every one gives back the interaction (or message) so that its answer can be waited for.

    `member` is a user, an id or a display name, `channel` a channel, an id or a name; missing, they are the first
    member and the first channel. `age_seconds` back-dates an interaction, as if Discord had been slow to deliver it.
    """

    world: World
    gateway: Gateway
    _timers: dict[int, asyncio.TimerHandle]

    # -- commands ----------------------------------------------------------------------------------------------------

    async def slash(
        self,
        command: str,
        options: Mapping[str, Any] | None = None,
        *,
        member: Who = None,
        channel: Where = None,
        files: Mapping[str, File] | None = None,
        install: Install = Install.GUILD,
        age_seconds: float = 0.0,
    ) -> Interaction:
        """`/command` with option values and files by option name; sub-commands are named `"notes list"`."""
        person, place = self.member(member), self.place(channel)
        self._may_use_commands(person, place)
        name, *path = command.split(" ")
        found = self._command(place, install, CHAT_INPUT, name)
        node = client_rules.descend(found, path)
        uploads = {option: as_upload(file) for option, file in (files or {}).items()}
        values = self._named_entities(node, dict(options or {}))
        client_rules.check_options(node.get("options") or [], values, uploads)
        stored = self._upload_options(node, uploads, person, place)
        data = command_data(found) | {"options": nested(found, path, option_rows(node, values, stored))}
        resolved = resolved_entities(self.world, place, node, values)
        if stored:
            resolved |= self._resolved(stored.values())
        if resolved:
            data["resolved"] = resolved
        return self._interact(
            InteractionType.COMMAND, person, place, data, name=command, install=install, age_seconds=age_seconds
        )

    async def autocomplete(
        self,
        command: str,
        option: str,
        text: Any,
        options: Mapping[str, Any] | None = None,
        *,
        member: Who = None,
        channel: Where = None,
    ) -> Interaction:
        """What the client asks while a member types `text` into an option; the answer arrives in `.choices`."""
        person, place = self.member(member), self.place(channel)
        name, *path = command.split(" ")
        found = self._command(place, Install.GUILD, CHAT_INPUT, name)
        node = client_rules.descend(found, path)
        values = {**(options or {}), option: text}
        client_rules.check_options(node.get("options") or [], values, (), typing=True)
        if not next(row for row in node["options"] if row["name"] == option).get("autocomplete"):
            raise ClientRefusedError(f"the option {option!r} does not complete")
        rows = option_rows(node, values, {})
        next(row for row in rows if row["name"] == option)["focused"] = True
        data = command_data(found) | {"options": nested(found, path, rows)}
        return self._interact(InteractionType.AUTOCOMPLETE, person, place, data, name=command)

    async def message_command(
        self, name: str, message: Message | str | int, *, member: Who = None, install: Install = Install.GUILD
    ) -> Interaction:
        """The command `name` from a message's menu; the message comes along with content and attachments."""
        person, target = self.member(member), self._visible(message, member)
        place = self.world.channels[target.channel_id]
        self._may_use_commands(person, place)
        found = self._command(place, install, MESSAGE_COMMAND, name)
        data = command_data(found) | {
            "target_id": str(target.id),
            "resolved": {"messages": {str(target.id): payloads.message(self.world, target)}},
        }
        return self._interact(InteractionType.COMMAND, person, place, data, name=name, install=install)

    # -- components and forms ----------------------------------------------------------------------------------------

    async def click(
        self, message: Message | str | int, button: str, *, member: Who = None, age_seconds: float = 0.0
    ) -> Interaction:
        """Press a button, by custom_id or label."""
        target = self._visible(message, member)
        found = client_rules.find_component(target, button, frozenset({BUTTON}))
        data = {"custom_id": found["custom_id"], "component_type": BUTTON, "id": found["id"]}
        return self._component(target, data, member, age_seconds)

    async def select(
        self, message: Message | str | int, custom_id: str, values: Iterable[str], *, member: Who = None
    ) -> Interaction:
        """Choose values in a select."""
        target, chosen = self._visible(message, member), list(values)
        found = client_rules.find_component(target, custom_id, frozenset(SELECTS))
        client_rules.check_selection(found, chosen)
        if found["type"] != STRING_SELECT:
            raise ClientRefusedError("only string selects can be used in the sandbox")
        data = {"custom_id": custom_id, "component_type": found["type"], "id": found["id"], "values": chosen}
        return self._component(target, data, member, 0.0)

    async def submit(
        self,
        modal: Modal | Interaction | str | int,
        values: Mapping[str, Any] | None = None,
        files: Mapping[str, File | Sequence[File]] | None = None,
        *,
        age_seconds: float = 0.0,
    ) -> Interaction:
        """Send a form: `values` and `files` by custom_id. The member is the one who has it open."""
        form = self.modal(modal)
        if not form.open:
            raise ClientRefusedError("the form is closed")
        source = form.interaction
        stored = self._upload_fields(form, files or {})
        ids = {custom_id: [str(one.id) for one in many] for custom_id, many in stored.items()}
        data: JSON = {"custom_id": form.custom_id, "components": client_rules.fill_modal(form, dict(values or {}), ids)}
        everything = [one for many in stored.values() for one in many]
        if everything:
            data["resolved"] = self._resolved(everything)
        form.open = False
        self.world.announce("modal_closed", {"modal": modal_view(form)}, visible_to=source.user.id)
        return self._interact(
            InteractionType.MODAL_SUBMIT,
            source.user,
            source.channel,
            data,
            message=source.message,
            install=source.install,
            age_seconds=age_seconds,
        )

    async def dismiss(self, modal: Modal | Interaction | str | int) -> None:
        """Close a form without sending it; the bot is not told."""
        form = self.modal(modal)
        form.open = False
        self.world.announce("modal_closed", {"modal": modal_view(form)}, visible_to=form.interaction.user.id)

    # -- messages ----------------------------------------------------------------------------------------------------

    async def post(
        self,
        content: str = "",
        *,
        member: Who = None,
        channel: Where = None,
        files: Iterable[File] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message as a member."""
        person, place = self.member(member), self.place(channel)
        bits = self.world.permissions(place, person.id)
        needed = Permission.SEND_MESSAGES_IN_THREADS if place.is_thread else Permission.SEND_MESSAGES
        if not bits & needed and not place.is_private:
            raise ClientRefusedError("the member may not write here")
        self._require_patience(person, place)
        uploads = {number: as_upload(file) for number, file in enumerate(files)}
        reference = None
        if reply_to is not None:
            reference = {"type": 0, "message_id": str(reply_to.id), "channel_id": str(place.id)}
        origin = posting.Origin(author=person, type=19 if reference else 0, reference=reference)
        posted = posting.create(self.world, place, posting.Body(payload={"content": content}, files=uploads), origin)
        if place.type == ChannelType.PRIVATE_THREAD:
            self._let_in(place, posted.mentioned_user_ids)
        return posted

    def _require_patience(self, person: User, place: Channel) -> None:
        """20016 for a member's second message within the slow mode of a channel; moderators are exempt."""
        if not place.slow_mode_seconds or self.world.permissions(place, person.id) & Permission.MANAGE_MESSAGES:
            return
        own = [message.created_at for message in place.messages.values() if message.author is person]
        if own and self.world.clock.time() - max(own) < place.slow_mode_seconds:
            raise RefusedError(20016)

    def _let_in(self, thread: Channel, user_ids: Iterable[int]) -> None:
        """Whoever is mentioned in a private thread is in it from then on."""
        newcomers = set(user_ids) - thread.thread_member_ids
        thread.thread_member_ids |= newcomers
        if self.world.application_id in newcomers:
            self.world.send_event("THREAD_CREATE", channel=thread)

    async def delete_message(self, message: Message | str | int, *, member: Who = None) -> None:
        """Delete an own message, or any as a moderator; a private answer is dismissed."""
        person, target = self.member(member), self._visible(message, member)
        bits = self.world.permissions(self.world.channels[target.channel_id], person.id)
        allowed = target.author.id == person.id or target.visible_to == person.id
        if not allowed and bits != ALL and not bits & Permission.MANAGE_MESSAGES:
            raise ClientRefusedError("the member may not delete this message")
        posting.delete(self.world, target)

    async def replay(self, interaction: Interaction | str | int) -> None:
        """Deliver the same INTERACTION_CREATE once more, as Discord may."""
        done = interaction if isinstance(interaction, Interaction) else self.world.interactions[int(interaction)]
        self.world.send_event("INTERACTION_CREATE", done.payload, guild_id=done.guild.id if done.guild else None)

    # -- how it is sent ----------------------------------------------------------------------------------------------

    def _may_use_commands(self, person: User, place: Channel) -> None:
        if place.is_private:
            return
        if not self.world.permissions(place, person.id) & Permission.USE_APPLICATION_COMMANDS:
            raise ClientRefusedError("the member may not use commands here")

    def _command(self, place: Channel, install: Install, kind: int, name: str) -> JSON:
        guild = self.world.guild_of(place)
        if guild is not None and not guild.bot_present and not guild.has_commands and install == Install.GUILD:
            raise ClientRefusedError(f"the bot is not in {guild.name}")
        return client_rules.find_command(client_rules.commands_at(self.world, place, install), kind, name)

    def _visible(self, message: Message | str | int, member: Who) -> Message:
        target, person = self.message(message), self.member(member)
        place = self.world.channels[target.channel_id]
        if target.deleted or target.visible_to not in (None, person.id) or not self.world.sees(person.id, place):
            raise ClientRefusedError("the member does not see this message")
        return target

    def _keep(self, upload: Upload, place: Channel) -> Attachment:
        content_type = upload.content_type or posting.content_type_of(upload.filename)
        sent = Upload(filename=upload.filename, data=upload.data, content_type=content_type)
        return self.world.keep(sent, place, ephemeral=True)

    def _named_entities(self, node: JSON, values: dict[str, Any]) -> dict[str, Any]:
        """Members and channels may be given by name; the bot receives ids."""
        kinds = {option["name"]: option["type"] for option in node.get("options") or ()}
        for name, value in values.items():
            if kinds.get(name) == USER_OPTION:
                values[name] = str(self.member(value).id)
            elif kinds.get(name) == CHANNEL_OPTION:
                values[name] = str(self.place(value).id)
            elif kinds.get(name) == ROLE_OPTION:
                values[name] = str(value)
        return values

    def _upload_options(
        self, node: JSON, uploads: dict[str, Upload], person: User, place: Channel
    ) -> dict[str, Attachment]:
        limit = self.world.upload_limit(place, person)
        for option in node.get("options") or ():
            if upload := uploads.get(option["name"]):
                client_rules.check_file(option, upload.filename, len(upload.data), limit)
        return {name: self._keep(upload, place) for name, upload in uploads.items()}

    def _upload_fields(self, form: Modal, files: Mapping[str, File | Sequence[File]]) -> dict[str, list[Attachment]]:
        fields = {c["custom_id"]: c for c in walk(form.components) if c["type"] == FILE_UPLOAD}
        source = form.interaction
        limit = self.world.upload_limit(source.channel, source.user)
        uploads: dict[str, list[Upload]] = {}
        for custom_id, given in files.items():
            if custom_id not in fields:
                raise ClientRefusedError(f"the form takes no file as {custom_id!r}")
            uploads[custom_id] = as_uploads(given)
            for upload in uploads[custom_id]:
                client_rules.check_file(fields[custom_id], upload.filename, len(upload.data), limit)
        return {custom_id: [self._keep(one, source.channel) for one in many] for custom_id, many in uploads.items()}

    def _resolved(self, stored: Iterable[Attachment]) -> JSON:
        return {"attachments": {str(one.id): payloads.attachment(self.world, one) for one in stored}}

    def _component(self, target: Message, data: JSON, member: Who, age_seconds: float) -> Interaction:
        person, place = self.member(member), self.world.channels[target.channel_id]
        install = target.interaction.install if target.interaction else Install.GUILD
        return self._interact(
            InteractionType.COMPONENT, person, place, data, message=target, install=install, age_seconds=age_seconds
        )

    def _interact(
        self,
        kind: InteractionType,
        person: User,
        place: Channel,
        data: JSON,
        *,
        message: Message | None = None,
        name: str | None = None,
        install: Install = Install.GUILD,
        age_seconds: float = 0.0,
    ) -> Interaction:
        world = self.world
        done = Interaction(
            id=world.clock.mint(age_seconds=age_seconds),
            token=world.new_token(),
            type=kind,
            user=person,
            channel=place,
            guild=world.guild_of(place),
            install=install,
            created_at=world.clock.time() - age_seconds,
            payload={},
            name=name,
            message=message,
        )
        done.payload = interaction_payload(world, done, data)
        world.interactions[done.id] = done
        world.tokens[done.token] = done
        world.announce("interaction_created", {"interaction": view(world, done)}, visible_to=person.id)
        done.instances = len(self.gateway.reached(done.guild.id if done.guild else None))
        done.delivered = bool(done.instances) and not age_seconds
        world.send_event("INTERACTION_CREATE", done.payload, guild_id=done.guild.id if done.guild else None)
        if not age_seconds:
            loop = asyncio.get_running_loop()
            delay_seconds = world.rules.ack_deadline_seconds
            self._timers[done.id] = loop.call_later(delay_seconds + 0.01, self._check_answered, done)
        return done

    def _check_answered(self, done: Interaction) -> None:
        """After the deadline the member reads "The application did not respond"."""
        late = self.world.clock.time() - done.created_at >= self.world.rules.ack_deadline_seconds
        if late:
            self._timers.pop(done.id, None)
        if done.answered or done.failed or not late:
            return
        done.failed = True
        self.world.announce("interaction_failed", {"interaction": view(self.world, done)}, visible_to=done.user.id)
        if done.delivered:
            self.world.violate("unacknowledged", f"interaction {done.id} ({done.name}) got no answer in time")
