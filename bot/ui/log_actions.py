"""What is pressed under a log channel's lines, and how a song is reported; rights are read anew at every press."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

import discord
from discord import ui

from bot.errors import NotYoursError
from bot.jobs.model import Job
from bot.jobs.service import Actor
from bot.texts import text
from bot.ui.button_actions import remove_messages
from bot.ui.custom_ids import JOB_TEMPLATE, report_form_id
from bot.ui.formatting import clip, mention, titled
from bot.ui.forms import typed_reason
from bot.ui.interaction_context import InteractionContext
from bot.ui.log_cards import MAX_REASON, LogAction, report_form
from bot.ui.render import finished

_JOB = re.compile(JOB_TEMPLATE)


async def run_log_action(ctx: InteractionContext, action: LogAction, job_id: int) -> None:
    """Do what the button says. Raises ControlError and what Discord raises; those become sentences."""
    press = _LogPress(ctx, await ctx.services.moderators.moderation.song_of(job_id, ctx.interaction.guild_id))
    acts = {
        LogAction.SHOW: press.show,
        LogAction.REMOVE: press.remove,
        LogAction.BLOCK: press.block,
        LogAction.DISMISS: press.dismiss,
    }
    try:
        await acts[action]()
    except NotYoursError:
        await ctx.reply_privately(ctx.text("log.not_allowed_block" if action is LogAction.BLOCK else "log.not_allowed"))


class _LogPress:
    """One press."""

    def __init__(self, ctx: InteractionContext, job: Job) -> None:
        self._ctx = ctx
        self._job = job
        permissions = ctx.interaction.permissions
        self._by = Actor(member_id=ctx.member_id, is_moderator=permissions.manage_messages or permissions.manage_guild)

    async def show(self) -> None:
        lyrics = await self._ctx.services.moderators.moderation.open_lyrics(self._job, self._by)
        sentence = self._ctx.text("answer.lyrics_of", title=titled(self._job, self._ctx.locale))
        await self._ctx.reply_privately(sentence, lyrics=lyrics or self._ctx.text("tracks.no_lyrics"))

    async def remove(self) -> None:
        if not self._by.is_moderator:
            raise NotYoursError(f"job {self._job.id}")
        if self._job.is_live:
            await self._ctx.reply_privately(self._ctx.text("control.too_late_live"))
            return
        await self._ctx.interaction.response.defer()
        # the messages first: if this process dies in between, the button is still there
        clean = await remove_messages(self._ctx.interaction.client, self._job)
        await self._ctx.services.moderators.moderation.delete(self._job, self._by)
        await self._done("log.removed" if clean else "log.removed_partly")

    async def block(self) -> None:
        await self._ctx.services.moderators.moderation.block(
            self._job, self._by, may_block=self._ctx.interaction.permissions.manage_guild
        )
        await self._done("log.blocked", who=mention(self._job.member_id))

    async def dismiss(self) -> None:
        await self._ctx.services.moderators.moderation.dismiss_report(self._job, self._by)
        await self._done("log.dismissed")

    async def _done(self, key: str, **values: object) -> None:
        """The report says what was done and by whom; what is left to do stays."""
        interaction = self._ctx.interaction
        guild = interaction.guild
        locale = guild.preferred_locale.value if guild else self._ctx.locale
        message = interaction.message
        before = message.content if message else ""
        sentence = text(key, locale, by=mention(self._ctx.member_id), **values)
        parts: dict[str, Any] = {"content": clip(f"{before}\n{sentence}", 2000), "view": self._left()}
        parts["allowed_mentions"] = discord.AllowedMentions.none()
        if interaction.response.is_done():
            await interaction.edit_original_response(**parts)
        else:
            await interaction.response.edit_message(**parts)

    def _left(self) -> ui.View:
        """The buttons that were not pressed; none once the report is dismissed."""
        pressed = str((self._ctx.interaction.data or {}).get("custom_id", ""))
        message = self._ctx.interaction.message
        if message is None or f":{LogAction.DISMISS}:" in pressed:
            return finished()
        return finished(*(button for button in _buttons(message) if button.custom_id not in {None, pressed}))


def _buttons(message: discord.Message) -> Iterable[ui.Button[ui.View]]:
    for row in message.components:
        for one in getattr(row, "children", ()):
            if isinstance(one, discord.Button):
                yield ui.Button(label=one.label, style=one.style, custom_id=one.custom_id)


async def ask_for_report(ctx: InteractionContext, message: discord.Message) -> None:
    """Open the form in which the song of a track's or a card's message is reported; or say what it is not."""
    client = ctx.interaction.client
    # what others post may bear a custom_id of any shape; an app's own messages by interaction are by it as well
    job_id = _song_on(message) if client.user is not None and message.author.id == client.user.id else None
    if job_id is None:
        await ctx.reply_privately(ctx.text("log.no_song"))
        return
    job = await ctx.services.moderators.moderation.song_of(job_id, ctx.interaction.guild_id)
    await ctx.interaction.response.send_modal(report_form(report_form_id(job.id), ctx.locale))


async def take_report(ctx: InteractionContext, job_id: int) -> None:
    """Keep it once for each member and song, and say who reads it. Raises NoSuchJobError."""
    job = await ctx.services.moderators.moderation.song_of(job_id, ctx.interaction.guild_id)
    guild_id = ctx.interaction.guild_id
    assert guild_id is not None
    reason = typed_reason(cast("Mapping[str, Any]", ctx.interaction.data or {}))[:MAX_REASON]
    if not await ctx.services.moderators.moderation.wrote_report(job, ctx.member_id, reason):
        await ctx.reply_privately(ctx.text("log.reported_before", song=job.id))
    elif await ctx.services.moderators.reports.report_goes_to_channel(guild_id):
        await ctx.reply_privately(ctx.text("log.reported", song=job.id))
    else:
        ctx.services.moderators.reports.report_to_operator(job.id, ctx.member_id)
        await ctx.reply_privately(ctx.text("log.reported_to_operator", song=job.id))


def _song_on(message: discord.Message) -> int | None:
    """The job whose buttons stand on a message."""
    for button in _buttons(message):
        found = _JOB.fullmatch(button.custom_id or "")
        if found:
            return int(found["job"])
    return None
