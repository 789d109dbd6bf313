"""Buttons and menus that outlive every restart: discord.py finds them by the shape of their custom_id alone."""

import re
from typing import Any, ClassVar, Self

import discord
from discord import ui

from bot.ui.button_actions import run_action
from bot.ui.buttons import JobAction
from bot.ui.custom_ids import (
    CHOICE_TEMPLATE,
    DRAFT_TEMPLATE,
    FORM_TEMPLATE,
    JOB_TEMPLATE,
    LOG_TEMPLATE,
    MINE_TEMPLATE,
    OPERATOR_TEMPLATE,
    OURS,
    PAGE_TEMPLATE,
    REPORT_TEMPLATE,
)
from bot.ui.error_handler import guarded
from bot.ui.interaction_context import InteractionContext
from bot.ui.library import show_page, show_song
from bot.ui.log_actions import run_log_action, take_report
from bot.ui.log_cards import LogAction
from bot.ui.my_data import MyDataAction, run_my_data
from bot.ui.order_flow import OrderFlow


class Control(ui.DynamicItem[ui.Item[Any]], template=r"(?!)"):
    """What all controls share: errors end in the one handler, state is read from the store."""

    def __init__(self, item: ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The control that was pressed."""
        return cls(item, match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it; discord.py would only log what is raised here."""
        ctx = InteractionContext.of(interaction)
        if ctx.is_first():
            await guarded(ctx, self._acted(ctx))

    async def _acted(self, ctx: InteractionContext) -> None:
        await ctx.look_at_rights()
        await self.act(ctx)

    async def act(self, ctx: InteractionContext) -> None:
        """What this control does."""
        raise NotImplementedError


class JobControl(Control, template=JOB_TEMPLATE):
    """Every button of a job."""

    async def act(self, ctx: InteractionContext) -> None:
        """Do the action; one that this version does not know is answered like an old button."""
        action = self.match["action"]
        if action not in _ACTIONS:
            await ctx.reply_privately(ctx.text("control.old"))
            return
        await run_action(ctx, JobAction(action), int(self.match["job"]), self.match["model"] or "")


class DraftControl(Control, template=DRAFT_TEMPLATE):
    """Opens the form of an order that was not taken."""

    async def act(self, ctx: InteractionContext) -> None:
        """Open it."""
        await OrderFlow(ctx).change_draft(self.match["key"], self.match["model"])


class PageControl(Control, template=PAGE_TEMPLATE):
    """Turns a page of one's own songs."""

    async def act(self, ctx: InteractionContext) -> None:
        """Turn it."""
        await show_page(ctx, int(self.match["page"]))


class ChoiceControl(Control, template=CHOICE_TEMPLATE):
    """Chooses one of the songs of a page."""

    async def act(self, ctx: InteractionContext) -> None:
        """Show it."""
        values: list[str] = (ctx.interaction.data or {}).get("values", [])
        job = await ctx.jobs.get(int(values[0])) if values else None
        await show_song(ctx, job, int(self.match["page"]))


class MineControl(Control, template=MINE_TEMPLATE):
    """What a member may ask about themselves; it is always about whoever presses."""

    async def act(self, ctx: InteractionContext) -> None:
        """Do it."""
        await run_my_data(ctx, MyDataAction(self.match["action"]))


class LogControl(Control, template=LOG_TEMPLATE):
    """Under the lines and reports of a log channel; who may is asked at every press."""

    async def act(self, ctx: InteractionContext) -> None:
        """Do it; what this version does not know is answered like an old button."""
        if self.match["action"] not in _LOG_ACTIONS:
            await ctx.reply_privately(ctx.text("control.old"))
            return
        await run_log_action(ctx, LogAction(self.match["action"]), int(self.match["job"]))


_ACTIONS = frozenset(JobAction)
_LOG_ACTIONS = frozenset(LogAction)

#: Registered once, in the client's setup.
CONTROLS: tuple[type[Control], ...] = (JobControl, DraftControl, PageControl, ChoiceControl, MineControl, LogControl)


class FallbackHandler:
    """Answers what discord.py does not dispatch by itself: every form, and buttons of versions long gone."""

    _form: ClassVar[re.Pattern[str]] = re.compile(FORM_TEMPLATE)
    _report: ClassVar[re.Pattern[str]] = re.compile(REPORT_TEMPLATE)
    _known: ClassVar[tuple[re.Pattern[str], ...]] = tuple(
        re.compile(template)
        for template in (
            JOB_TEMPLATE,
            DRAFT_TEMPLATE,
            PAGE_TEMPLATE,
            CHOICE_TEMPLATE,
            MINE_TEMPLATE,
            LOG_TEMPLATE,
            OPERATOR_TEMPLATE,
        )
    )

    async def answer(self, interaction: discord.Interaction) -> None:
        """Answer if nobody else will; returns at once for everything else."""
        custom_id = str((interaction.data or {}).get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit:
            ctx = InteractionContext.of(interaction)
            if ctx.is_first():
                await guarded(ctx, self._submit(ctx, custom_id))
        elif interaction.type is discord.InteractionType.component and self._is_outdated(custom_id):
            ctx = InteractionContext.of(interaction)
            await guarded(ctx, ctx.reply_privately(ctx.text("control.old")))

    def _is_outdated(self, custom_id: str) -> bool:
        return custom_id.startswith(OURS) and not any(pattern.fullmatch(custom_id) for pattern in self._known)

    async def _submit(self, ctx: InteractionContext, custom_id: str) -> None:
        await ctx.look_at_rights()
        if report := self._report.fullmatch(custom_id):
            await take_report(ctx, int(report["job"]))
            return
        form = self._form.fullmatch(custom_id)
        if form is not None and form["kind"] == "job" and form["of"].isdigit():
            job = await ctx.jobs.get(int(form["of"]))
            if job.member_id == ctx.member_id:
                await OrderFlow(ctx).submit_for_job(job)
                return
        # a form of a version long gone is taken like one whose draft is forgotten: nothing that was typed is lost
        await OrderFlow(ctx).submit_draft(form["of"] if form else "")
