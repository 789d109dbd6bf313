"""Buttons and menus that outlive every restart: discord.py finds them by the shape of their custom_id alone."""

import re
from typing import Any, ClassVar, Self

import discord
from discord import ui

from bot.texts import text
from bot.ui.answers import locale_of, whisper
from bot.ui.cards import Verb
from bot.ui.custom_ids import CHOICE_TEMPLATE, DRAFT_TEMPLATE, FORM_TEMPLATE, JOB_TEMPLATE, OURS, PAGE_TEMPLATE
from bot.ui.desk import Desk, desk_of
from bot.ui.funnel import guarded
from bot.ui.presses import press
from bot.ui.shelf import show_page, show_song


class _Control(ui.DynamicItem[ui.Item[Any]], template=r"(?!)"):
    """What all controls share: errors end in the funnel, state is read from the store."""

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
        desk = desk_of(interaction)
        if desk.arrivals.is_first(interaction.id):
            await guarded(interaction, self.act(interaction, desk), desk.rules)

    async def act(self, interaction: discord.Interaction, desk: Desk) -> None:
        """What this control does."""
        raise NotImplementedError


class JobControl(_Control, template=JOB_TEMPLATE):
    """Every button of a job."""

    async def act(self, interaction: discord.Interaction, desk: Desk) -> None:
        """Do the verb; one that this version does not know is answered like an old button."""
        verb = self.match["verb"]
        if verb not in _VERBS:
            await whisper(interaction, text("control.old", locale_of(interaction)))
            return
        await press(interaction, desk, Verb(verb), int(self.match["job"]))


class DraftControl(_Control, template=DRAFT_TEMPLATE):
    """Opens the form of an order that was not taken."""

    async def act(self, interaction: discord.Interaction, desk: Desk) -> None:
        """Open it."""
        await desk.change_draft(interaction, self.match["key"])


class PageControl(_Control, template=PAGE_TEMPLATE):
    """Turns a page of one's own songs."""

    async def act(self, interaction: discord.Interaction, desk: Desk) -> None:
        """Turn it."""
        await show_page(interaction, desk, int(self.match["page"]))


class ChoiceControl(_Control, template=CHOICE_TEMPLATE):
    """Chooses one of the songs of a page."""

    async def act(self, interaction: discord.Interaction, desk: Desk) -> None:
        """Show it."""
        values: list[str] = (interaction.data or {}).get("values", [])
        job = await desk.jobs.get(int(values[0])) if values else None
        await show_song(interaction, desk, job, int(self.match["page"]))


_VERBS = frozenset(Verb)

#: Registered once, in the client's setup.
CONTROLS: tuple[type[_Control], ...] = (JobControl, DraftControl, PageControl, ChoiceControl)


class Leftovers:
    """Answers what discord.py does not dispatch by itself: every form, and buttons of versions long gone."""

    _form: ClassVar[re.Pattern[str]] = re.compile(FORM_TEMPLATE)
    _known: ClassVar[tuple[re.Pattern[str], ...]] = tuple(
        re.compile(template) for template in (JOB_TEMPLATE, DRAFT_TEMPLATE, PAGE_TEMPLATE, CHOICE_TEMPLATE)
    )

    async def answer(self, interaction: discord.Interaction) -> None:
        """Answer if nobody else will; returns at once for everything else."""
        custom_id = str((interaction.data or {}).get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit:
            desk = desk_of(interaction)
            if desk.arrivals.is_first(interaction.id):
                await guarded(interaction, self._submit(interaction, desk, custom_id), desk.rules)
        elif interaction.type is discord.InteractionType.component and self._is_outdated(custom_id):
            desk = desk_of(interaction)
            sentence = text("control.old", locale_of(interaction))
            await guarded(interaction, whisper(interaction, sentence), desk.rules)

    def _is_outdated(self, custom_id: str) -> bool:
        return custom_id.startswith(OURS) and not any(pattern.fullmatch(custom_id) for pattern in self._known)

    async def _submit(self, interaction: discord.Interaction, desk: Desk, custom_id: str) -> None:
        form = self._form.fullmatch(custom_id)
        if form is not None and form["kind"] == "job" and form["of"].isdigit():
            job = await desk.jobs.get(int(form["of"]))
            if job.member_id == interaction.user.id:
                await desk.submit_for_job(interaction, job)
                return
        # a form of a version long gone is taken like one whose draft is forgotten: nothing that was typed is lost
        await desk.submit_draft(interaction, form["of"] if form else "")
