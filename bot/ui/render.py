"""From a card to what discord.py sends. Views are finished before they leave: presses are found by custom_id alone."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict, TypeVar

import discord
from discord import ui

from bot.ui.buttons import ButtonTone, JobButton, LinkButton
from bot.ui.cards import Card
from bot.ui.custom_ids import job_id

log = logging.getLogger(__name__)

T = TypeVar("T")

_TOO_LARGE = frozenset({40005, 50045})
#: 400s that are no matter of what was written: a file's size, a crowded place, a closed thread.
_NOT_FOR_ITS_CONTENT = frozenset({40005, 50045, 20016, 20028, 20029, 40003, 40004, 130000, 50083, 160005})

_STYLES = {
    ButtonTone.QUIET: discord.ButtonStyle.secondary,
    ButtonTone.MAIN: discord.ButtonStyle.primary,
    ButtonTone.DANGER: discord.ButtonStyle.danger,
}


class Parts(TypedDict):
    """Keyword arguments that sends and edits share; an edit with these leaves nothing of the old card."""

    content: str
    embeds: list[discord.Embed]
    view: ui.View


def to_parts(card: Card) -> Parts:
    """The card as a message. Needs a running loop, as every View does."""
    return {"content": card.content, "embeds": embeds_of(card), "view": to_view(card.job_id, card.buttons)}


async def put_with_link(linked: Card, without_link: Callable[[], Card], put: Callable[[Card], Awaitable[T]]) -> T:
    """Put `linked`; where Discord refuses it for what stands in it, `without_link`, once. Raises what `put` raises.

    A 400 says that nothing was made, so the second try is the same message and carries the same nonce. Should the
    answer have lied, Discord knows the nonce and gives the first message back: there are never two.
    """
    try:
        return await put(linked)
    except discord.HTTPException as error:
        # whatever else there is, a rate limit among it, says nothing of what was written
        if not _is_for_its_content(error) or linked == (unlinked := without_link()):
            raise
        log.info("refused with its link (%s), so it goes without", error.code, extra={"job": linked.job_id})
    return await put(unlinked)


def _is_for_its_content(error: discord.HTTPException) -> bool:
    """Whether Discord itself, not the edge in front of it, refused what was written."""
    is_discords_own = error.response.headers.get("Content-Type", "").startswith("application/json")
    return error.status == 400 and is_discords_own and error.code not in _NOT_FOR_ITS_CONTENT


def embeds_of(card: Card) -> list[discord.Embed]:
    """The card's embed, or none."""
    if not (card.description or card.lines):
        return []
    embed = discord.Embed(description=card.description or None, colour=card.colour)
    for line in card.lines:
        embed.add_field(name=line.name, value=line.value, inline=line.inline)
    if card.footer:
        embed.set_footer(text=card.footer)
    return [embed]


def to_view(job: int, buttons: Sequence[JobButton | LinkButton]) -> ui.View:
    """The buttons of a job."""
    return finished(*(to_button(job, button) for button in buttons))


def to_button(job: int, button: JobButton | LinkButton) -> ui.Button[ui.View]:
    """One button."""
    if isinstance(button, LinkButton):
        return ui.Button(label=button.label, url=button.url)
    return ui.Button(label=button.label, style=_STYLES[button.tone], custom_id=job_id(button.action, job, button.model))


def finished(*items: ui.Item[ui.View]) -> ui.View:
    """A view that discord.py sends but does not keep: a restart must not make a difference, nor a year of messages."""
    view = ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view
