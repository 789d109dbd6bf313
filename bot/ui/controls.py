"""Buttons and menus that outlive every restart: discord.py finds them by the shape of their custom_id alone."""

import re
from typing import Any, ClassVar, Self

import discord
from discord import ui

from bot.texts import text
from bot.ui.button_actions import run_action
from bot.ui.cards import JobAction
from bot.ui.custom_ids import CHOICE_TEMPLATE, DRAFT_TEMPLATE, FORM_TEMPLATE, JOB_TEMPLATE, OURS, PAGE_TEMPLATE
from bot.ui.error_handler import guarded
from bot.ui.library import show_page, show_song
from bot.ui.order_flow import OrderFlow, flow_of
from bot.ui.replies import locale_of, reply_privately


class _Control(ui.DynamicItem[ui.Item[Any]], template=r"(?!)"):
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
        flow = flow_of(interaction)
        if flow.deduplicator.is_first(interaction.id):
            await guarded(interaction, self.act(interaction, flow), flow.requirements)

    async def act(self, interaction: discord.Interaction, flow: OrderFlow) -> None:
        """What this control does."""
        raise NotImplementedError


class JobControl(_Control, template=JOB_TEMPLATE):
    """Every button of a job."""

    async def act(self, interaction: discord.Interaction, flow: OrderFlow) -> None:
        """Do the action; one that this version does not know is answered like an old button."""
        action = self.match["action"]
        if action not in _ACTIONS:
            await reply_privately(interaction, text("control.old", locale_of(interaction)))
            return
        await run_action(interaction, flow, JobAction(action), int(self.match["job"]))


class DraftControl(_Control, template=DRAFT_TEMPLATE):
    """Opens the form of an order that was not taken."""

    async def act(self, interaction: discord.Interaction, flow: OrderFlow) -> None:
        """Open it."""
        await flow.change_draft(interaction, self.match["key"])


class PageControl(_Control, template=PAGE_TEMPLATE):
    """Turns a page of one's own songs."""

    async def act(self, interaction: discord.Interaction, flow: OrderFlow) -> None:
        """Turn it."""
        await show_page(interaction, flow, int(self.match["page"]))


class ChoiceControl(_Control, template=CHOICE_TEMPLATE):
    """Chooses one of the songs of a page."""

    async def act(self, interaction: discord.Interaction, flow: OrderFlow) -> None:
        """Show it."""
        values: list[str] = (interaction.data or {}).get("values", [])
        job = await flow.jobs.get(int(values[0])) if values else None
        await show_song(interaction, flow, job, int(self.match["page"]))


_ACTIONS = frozenset(JobAction)

#: Registered once, in the client's setup.
CONTROLS: tuple[type[_Control], ...] = (JobControl, DraftControl, PageControl, ChoiceControl)


class FallbackHandler:
    """Answers what discord.py does not dispatch by itself: every form, and buttons of versions long gone."""

    _form: ClassVar[re.Pattern[str]] = re.compile(FORM_TEMPLATE)
    _known: ClassVar[tuple[re.Pattern[str], ...]] = tuple(
        re.compile(template) for template in (JOB_TEMPLATE, DRAFT_TEMPLATE, PAGE_TEMPLATE, CHOICE_TEMPLATE)
    )

    async def answer(self, interaction: discord.Interaction) -> None:
        """Answer if nobody else will; returns at once for everything else."""
        custom_id = str((interaction.data or {}).get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit:
            flow = flow_of(interaction)
            if flow.deduplicator.is_first(interaction.id):
                await guarded(interaction, self._submit(interaction, flow, custom_id), flow.requirements)
        elif interaction.type is discord.InteractionType.component and self._is_outdated(custom_id):
            flow = flow_of(interaction)
            sentence = text("control.old", locale_of(interaction))
            await guarded(interaction, reply_privately(interaction, sentence), flow.requirements)

    def _is_outdated(self, custom_id: str) -> bool:
        return custom_id.startswith(OURS) and not any(pattern.fullmatch(custom_id) for pattern in self._known)

    async def _submit(self, interaction: discord.Interaction, flow: OrderFlow, custom_id: str) -> None:
        form = self._form.fullmatch(custom_id)
        if form is not None and form["kind"] == "job" and form["of"].isdigit():
            job = await flow.jobs.get(int(form["of"]))
            if job.member_id == interaction.user.id:
                await flow.submit_for_job(interaction, job)
                return
        # a form of a version long gone is taken like one whose draft is forgotten: nothing that was typed is lost
        await flow.submit_draft(interaction, form["of"] if form else "")
