"""The sub-commands of operators: `/compose-admin` for one server, `/compose-owner` for the whole bot.

One class, because they differ in who may use them alone, and for what.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.jobs.admission import SubjectKind
from bot.jobs.operating import MAX_DAYS, MAX_GIFT, MAX_NOTE_CHARACTERS, MAX_WORD_CHARACTERS
from bot.operators import deeds
from bot.operators.command_words import COMMANDS, OPTIONS
from bot.operators.rights import ActingOperator
from bot.ui.translation import worded

Typed = app_commands.Range[str, 1, 1_000]
Until = app_commands.Range[str, 1, 60]
SongCount = app_commands.Range[int, 0, 100_000]
Somebody = discord.Member | discord.User
FindOperator = Callable[[discord.Interaction], Awaitable[ActingOperator]]


def _words(name: str) -> Any:
    """Name and description of a command, in every language."""
    key, about = COMMANDS[name]
    return {"name": worded(key), "description": worded(about)}


def _command(name: str) -> Any:
    return app_commands.command(**_words(name))


def _options(*names: str) -> Callable[[Any], Any]:
    """Names and descriptions of options, in every language."""

    def named(command: Any) -> Any:
        app_commands.describe(**{name: worded(OPTIONS[name][1]) for name in names})(command)
        app_commands.rename(**{name: worded(OPTIONS[name][0]) for name in names})(command)
        return command

    return named


class OperatorGroup(app_commands.Group):
    """All of them; each asks anew who acts, which is where the right is checked."""

    def __init__(self, name: str, find_operator: FindOperator, **more: Any) -> None:
        """`name`: of the texts, `admin` or `owner`. `find_operator` raises ActRefusedError for whoever may not."""
        super().__init__(
            **_words(name),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            **more,
        )
        self.find_operator = find_operator

    channels = app_commands.Group(**_words("channels"))
    words = app_commands.Group(**_words("words"))

    @_options("reason", "until")
    @_command("pause")
    async def pause(
        self, interaction: discord.Interaction, reason: Typed | None = None, until: Until | None = None
    ) -> None:
        """No new orders, no new POSTs."""
        await deeds.pause(await self.find_operator(interaction), reason or "", until)

    @_command("resume")
    async def resume(self, interaction: discord.Interaction) -> None:
        """Orders again."""
        await deeds.resume(await self.find_operator(interaction))

    @_options("member", "until", "note")
    @_command("block")
    async def block(
        self,
        interaction: discord.Interaction,
        member: Somebody,
        until: Until | None = None,
        note: app_commands.Range[str, 1, MAX_NOTE_CHARACTERS] | None = None,
    ) -> None:
        """No more orders of theirs."""
        await deeds.block(await self.find_operator(interaction), member.id, until, note or "")

    @_options("member")
    @_command("unblock")
    async def unblock(self, interaction: discord.Interaction, member: Somebody) -> None:
        """Their orders again."""
        await deeds.unblock(await self.find_operator(interaction), member.id)

    @_command("blocked")
    async def blocked(self, interaction: discord.Interaction) -> None:
        """Who is blocked."""
        await deeds.blocked(await self.find_operator(interaction))

    @_options("role", "member", "per_day", "at_once")
    @_command("limit")
    async def limit(
        self,
        interaction: discord.Interaction,
        role: discord.Role | None = None,
        member: Somebody | None = None,
        per_day: SongCount | None = None,
        at_once: SongCount | None = None,
    ) -> None:
        """Of a role, a member, or without either of the whole server."""
        operator = await self.find_operator(interaction)
        named = deeds.named(role.id if role else None, member.id if member else None, None)
        subject = named or (SubjectKind.GUILD, operator.guild_id)
        await deeds.limit(operator, subject, per_day, at_once)

    @_options("member", "songs", "note")
    @_command("give")
    async def give(
        self,
        interaction: discord.Interaction,
        member: Somebody,
        songs: app_commands.Range[int, 1, MAX_GIFT],
        note: app_commands.Range[str, 1, MAX_NOTE_CHARACTERS] | None = None,
    ) -> None:
        """Songs for the next 24 hours."""
        await deeds.give(await self.find_operator(interaction), member.id, songs, note or "")

    @_options("text", "until")
    @_command("notice")
    async def notice(
        self,
        interaction: discord.Interaction,
        text: Typed | None = None,
        until: Until | None = None,
    ) -> None:
        """Told everywhere; cleared without a text."""
        await deeds.notice(await self.find_operator(interaction), text or "", until)

    @_options("id")
    @_command("song")
    async def song(self, interaction: discord.Interaction, id: app_commands.Range[int, 1, 2**53]) -> None:  # noqa: A002
        """All about one song."""
        await deeds.song(await self.find_operator(interaction), id)

    @_options("days")
    @_command("spent")
    async def spent(
        self, interaction: discord.Interaction, days: app_commands.Range[int, 1, MAX_DAYS] | None = None
    ) -> None:
        """The last days."""
        await deeds.spent(await self.find_operator(interaction), days or 30)

    @_options("member")
    @_command("why")
    async def why(self, interaction: discord.Interaction, member: Somebody) -> None:
        """May they order here?"""
        roles = frozenset(role.id for role in getattr(member, "roles", ()))
        await deeds.why(await self.find_operator(interaction), member.id, member.display_name, roles)

    @_options("channel")
    @channels.command(**_words("channels.add"))
    async def add_channel(self, interaction: discord.Interaction, channel: app_commands.AppCommandChannel) -> None:
        """Orders here."""
        await deeds.add_channel(await self.find_operator(interaction), channel.id)

    @_options("channel")
    @channels.command(**_words("channels.remove"))
    async def remove_channel(self, interaction: discord.Interaction, channel: app_commands.AppCommandChannel) -> None:
        """No longer."""
        await deeds.remove_channel(await self.find_operator(interaction), channel.id)

    @channels.command(**_words("channels.list"))
    async def list_channels(self, interaction: discord.Interaction) -> None:
        """Which."""
        await deeds.list_channels(await self.find_operator(interaction))

    @_options("word")
    @words.command(**_words("words.add"))
    async def add_word(
        self, interaction: discord.Interaction, word: app_commands.Range[str, 1, MAX_WORD_CHARACTERS]
    ) -> None:
        """Refuse it."""
        await deeds.add_word(await self.find_operator(interaction), word)

    @_options("word")
    @words.command(**_words("words.remove"))
    async def remove_word(
        self, interaction: discord.Interaction, word: app_commands.Range[str, 1, MAX_WORD_CHARACTERS]
    ) -> None:
        """No longer."""
        await deeds.remove_word(await self.find_operator(interaction), word)

    @words.command(**_words("words.list"))
    async def list_words(self, interaction: discord.Interaction) -> None:
        """Which."""
        await deeds.list_words(await self.find_operator(interaction))


class OwnerGroup(OperatorGroup):
    """The same for the whole bot; there a limit may name any server."""

    def __init__(self, name: str, find_operator: FindOperator) -> None:
        """See OperatorGroup."""
        super().__init__(name, find_operator)
        self.remove_command("limit")
        self.add_command(
            _options("role", "member", "server", "per_day", "at_once")(
                app_commands.Command(
                    **_words("limit"),
                    callback=self.limit_anybody,
                )
            )
        )

    async def limit_anybody(
        self,
        interaction: discord.Interaction,
        role: discord.Role | None = None,
        member: discord.User | None = None,
        server: app_commands.Range[str, 1, 30] | None = None,
        per_day: SongCount | None = None,
        at_once: SongCount | None = None,
    ) -> None:
        """Of a role of this server, of a member everywhere, or of a server."""
        operator = await self.find_operator(interaction)
        subject = deeds.named_or_refused(role.id if role else None, member.id if member else None, server)
        await deeds.limit(operator, subject, per_day, at_once)
