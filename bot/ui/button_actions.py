"""What a job's buttons do. Who may is read from the row; the button only names the job and the action."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

import discord

from bot.disk import NO_TRACK, reaching
from bot.errors import NotYoursError, TooLateError
from bot.jobs.model import Job
from bot.jobs.ports import Eta
from bot.jobs.service import Actor
from bot.texts import text
from bot.ui.cards import ButtonTone, Card, JobAction, JobButton, job_card
from bot.ui.formatting import titled
from bot.ui.order_flow import OrderFlow
from bot.ui.render import finished, put_with_link, to_button, to_parts
from bot.ui.replies import locale_of, reply_privately
from bot.ui.track_cards import shared_card

log = logging.getLogger(__name__)


async def run_action(interaction: discord.Interaction, flow: OrderFlow, action: JobAction, job_id: int) -> None:
    """Do what the button says. Raises ControlError and what Discord raises; those become sentences."""
    if action is JobAction.REMOVE:
        await _remove(interaction)  # also when the song itself has been deleted since
        return
    job = await flow.jobs.get(job_id)
    try:
        await _HANDLERS[action](interaction, flow, job)
    except NotYoursError:
        key = "control.not_yours_moderator" if action in _FOR_MODERATORS else "control.not_yours"
        await reply_privately(interaction, text(key, locale_of(interaction)))
    except TooLateError:
        live = action in {JobAction.DELETE, JobAction.DELETE_SURE}
        await reply_privately(
            interaction, text("control.too_late_live" if live else "control.too_late", locale_of(interaction))
        )


def actor_for(interaction: discord.Interaction, job: Job) -> Actor:
    """Who presses. A moderator is one of the server that the job belongs to, where they press."""
    is_moderator = (
        interaction.guild_id is not None
        and interaction.guild_id == job.place.guild_id
        and interaction.permissions.manage_messages
    )
    return Actor(member_id=interaction.user.id, is_moderator=is_moderator)


async def _cancel(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    moved = await flow.jobs.cancel(job.id, actor_for(interaction, job))
    await _show_moved(
        interaction, flow, moved, "control.cancelled_paid" if moved.may_be_charged else "control.cancelled"
    )


async def _risk(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    moved = await flow.jobs.risk_again(job.id, actor_for(interaction, job), press=interaction.id)
    await _show_moved(interaction, flow, moved, "control.risked")


async def _dismiss(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    moved = await flow.jobs.dismiss(job.id, actor_for(interaction, job))
    await _show_moved(interaction, flow, moved, "control.dismissed")


async def _look(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    moved = await flow.jobs.ask_again(job.id, actor_for(interaction, job))
    await _show_moved(interaction, flow, moved, "control.looking")


async def _again(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    await flow.again(interaction, await flow.jobs.own(job.id, actor_for(interaction, job)))


async def _edit(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    await flow.open_job_form(interaction, await flow.jobs.own(job.id, actor_for(interaction, job)))


async def _lyrics(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    locale = locale_of(interaction)
    sentence = text("answer.lyrics_of", locale, title=titled(job, locale))
    await reply_privately(interaction, sentence, lyrics=job.lyrics or text("tracks.no_lyrics", locale))


async def _delete(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    """Ask first: a track that was paid for is gone for good."""
    may_delete(interaction, job)
    locale = locale_of(interaction)
    button = JobButton(action=JobAction.DELETE_SURE, label=text("control.delete_sure", locale), tone=ButtonTone.DANGER)
    sentence = text("control.delete_ask", locale, title=titled(job, locale))
    await reply_privately(interaction, sentence, view=finished(to_button(job.id, button)))


def may_delete(interaction: discord.Interaction, job: Job) -> None:
    """Whether this person may delete this job now. Raises NotYoursError, TooLateError."""
    actor = actor_for(interaction, job)
    if job.member_id != actor.member_id and not actor.is_moderator:
        raise NotYoursError(f"job {job.id}")
    if job.is_live:
        raise TooLateError(f"job {job.id} is {job.state}")


async def _delete_sure(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    may_delete(interaction, job)
    await interaction.response.defer()
    # the messages first: if this process dies in between, the row is still there to be deleted once more
    clean = await _remove_messages(interaction.client, job)
    await flow.jobs.delete(job.id, actor_for(interaction, job))
    key = "control.deleted" if clean else "control.deleted_partly"
    await interaction.edit_original_response(
        content=text(key, locale_of(interaction)), embeds=[], attachments=[], view=finished()
    )


async def _remove_messages(client: discord.Client, job: Job) -> bool:
    """Remove the track's message and the card; True when neither is left."""
    places = {(job.track_channel_id, job.track_message_id), (job.place.channel_id, job.card_message_id)}
    clean = True
    for channel_id, message_id in places:
        if channel_id is None or message_id is None:
            continue
        try:
            await client.get_partial_messageable(channel_id).get_partial_message(message_id).delete()
        except discord.NotFound:
            continue
        except discord.HTTPException as error:
            log.info("a deleted job's message stays: %s", error.code, extra={"job": job.id})
            clean = False
    return clean


async def _post(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    """The kept track, for everybody, where the button was pressed."""
    await _send_file(interaction, flow, job, private=False)


async def _file(interaction: discord.Interaction, flow: OrderFlow, job: Job) -> None:
    """The kept track, for its owner alone."""
    await _send_file(interaction, flow, job, private=True)


async def _send_file(interaction: discord.Interaction, flow: OrderFlow, job: Job, *, private: bool) -> None:
    job = await flow.jobs.own(job.id, actor_for(interaction, job))
    locale = locale_of(interaction)
    track = flow.jobs.track_file(job)
    with reaching(NO_TRACK):
        is_too_large = track is not None and track.stat().st_size > interaction.filesize_limit
    if track is None or is_too_large:
        await reply_privately(interaction, text("answer.no_file" if track is None else "answer.file_too_large", locale))
        return
    await interaction.response.defer(thinking=True, ephemeral=private)
    shown = partial(
        shared_card, job, requirements=flow.requirements, now=flow.clock.now(), locale=locale, private=private
    )

    async def put(card: Card) -> None:
        with reaching(NO_TRACK):
            file = discord.File(track, filename=flow.file_name(job.title, track.suffix))
        await interaction.edit_original_response(**to_parts(card), attachments=[file])

    await put_with_link(shown(), shown(linked=False), put)


async def _remove(interaction: discord.Interaction) -> None:
    """Take away a message that *Post it here* made: whoever posted it may, as Discord itself names them."""
    made_by = interaction.message.interaction_metadata if interaction.message else None
    is_moderator = interaction.guild_id is not None and interaction.permissions.manage_messages
    if not is_moderator and (made_by is None or made_by.user.id != interaction.user.id):
        await reply_privately(interaction, text("control.not_yours_moderator", locale_of(interaction)))
        return
    await interaction.response.defer()
    await interaction.delete_original_response()


async def _show_moved(interaction: discord.Interaction, flow: OrderFlow, job: Job, sentence: str) -> None:
    """On the card itself: the card changes under the finger. Anywhere else: a private sentence."""
    message = interaction.message
    if message is None or message.id != job.card_message_id:
        await reply_privately(interaction, text(sentence, locale_of(interaction)))
        return
    card = job_card(job, Eta(), now=flow.clock.now(), requirements=flow.requirements, locale=job.place.locale)
    await interaction.response.edit_message(**to_parts(card))


ActionHandler = Callable[[discord.Interaction, OrderFlow, Job], Awaitable[None]]

_HANDLERS: dict[JobAction, ActionHandler] = {
    JobAction.CANCEL: _cancel,
    JobAction.AGAIN: _again,
    JobAction.EDIT: _edit,
    JobAction.LYRICS: _lyrics,
    JobAction.DELETE: _delete,
    JobAction.DELETE_SURE: _delete_sure,
    JobAction.RISK: _risk,
    JobAction.DISMISS: _dismiss,
    JobAction.LOOK: _look,
    JobAction.POST: _post,
    JobAction.FILE: _file,
}

_FOR_MODERATORS = frozenset({JobAction.CANCEL, JobAction.DELETE, JobAction.DELETE_SURE})
