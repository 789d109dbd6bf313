"""Where orders are taken: from commands, forms and buttons, all the same way, within Discord's three seconds."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePath
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import discord

from bot.disk import NO_REFERENCE, reaching
from bot.errors import DuplicateOrderError, OrderError, Reason, StoreBusyError, StoreDiskError
from bot.jobs.admission import PlaceRequest, Taken
from bot.jobs.model import Job, Order
from bot.ui.cards import needs_another_song
from bot.ui.custom_ids import draft_form_id, job_form_id
from bot.ui.formatting import ago, clip, foreign, titled
from bot.ui.forms import Filled, FormAnswer, order_form, read_answer
from bot.ui.given_answers import ALREADY_ANSWERED, UNANSWERABLE, is_marked, marked, report_second_instance
from bot.ui.interaction_context import InteractionContext
from bot.ui.orders import OrderInput, Song, asked_by, check_song, style_for, to_order
from bot.ui.places import check_door, check_place, check_thread, requester_of
from bot.ui.replies import draft_view, lyrics_shown, with_lyrics_note
from bot.ui.taking import QUICK_SECONDS, taken

log = logging.getLogger(__name__)

#: A reference URL must outlive the checking and a wait in line; sooner than that it counts as expired.
_URL_MARGIN = timedelta(minutes=90)

#: Of a style that comes back; the form has all of it.
_MAX_STYLE_SHOWN = 1_000

#: Delivered so late, an order is a replay after a lost connection: it cannot be answered any more, and whoever typed it
#: has read "did not respond" and typed it again. What is younger is told so, see OrderFlow._not_answered.
_TOO_OLD = timedelta(seconds=60)
#: Nothing is replayed after that: a session to resume lasts minutes, an interaction's token 15 of them. An age beyond
#: it says something of a clock, not of the order.
_NO_REPLAY = timedelta(minutes=15)


class OrderFlow:
    """One interaction's way to a job: whatever it was, it is taken, or it comes back."""

    def __init__(self, ctx: InteractionContext) -> None:
        """`ctx`: of the interaction that is answered."""
        self._ctx = ctx
        self._interaction = ctx.interaction

    async def take(self, order_input: OrderInput) -> None:
        """Turn the input into a job and answer with its card; or say privately what is in the way and give it back."""
        age = self._ctx.age
        if age is not None and _TOO_OLD < age < _NO_REPLAY:
            log.warning("an order arrived %d s late and was not taken", age.seconds)
            return
        try:
            check_door(self._interaction, self._ctx.requirements)
            check_place(self._interaction)
            await check_thread(self._interaction)
            order = to_order(order_input, requester_of(self._interaction), self._ctx.requirements)
            admitted = await taken(self._ctx, order)
        except DuplicateOrderError as error:
            log.info("an order arrived twice", extra={"job": error.job_id})
        except OrderError as error:
            log.info("an order was not taken: %s", error.reason)
            self._ctx.refusal_told(error)
            await self.give_back(order_input, self._ctx.refusal(error))
        except StoreBusyError as error:
            log.warning("an order was not taken, the database is busy: %s", error)
            reason = Reason.DISK if isinstance(error, StoreDiskError) else Reason.STORE_BUSY
            await self.give_back(order_input, self._ctx.refusal(OrderError(reason)))
        else:
            await self._answer_with_card(admitted.job)
            await self._say_what_is_left(admitted.taken, order_input)

    async def open_form(
        self, order_input: OrderInput, heading: str = "form.compose", *, is_draft: bool = False
    ) -> None:
        """Ask for what is missing; what is known already stands in the form, or waits beside it.

        What would be refused in any case is said before anybody types, and the input is given back. `is_draft`: it was
        told already that the songs are used up, and may wait in its form until they are not.
        """
        try:
            check_door(self._interaction, self._ctx.requirements)
            check_place(self._interaction)
            await check_thread(self._interaction)
            if order_input.song is not None:
                check_song(order_input.song, self._ctx.requirements)
            if not is_draft:
                await self._check_admission(model=order_input.model, whatever_is_under_way=True)
        except OrderError as error:
            log.info("a form was not opened: %s", error.reason)
            self._ctx.refusal_told(error)
            await self.give_back(order_input, self._ctx.refusal(error))
            return
        key = self._ctx.services.drafts.keep(self._ctx.member_id, order_input)
        filled = Filled(
            title=order_input.title,
            lyrics=order_input.lyrics,
            style=order_input.style,
            model=order_input.model,
            song_name=order_input.song.name if order_input.song else None,
        )
        form = order_form(
            draft_form_id(key), heading, filled, requirements=self._ctx.requirements, locale=self._ctx.locale
        )
        await self._interaction.response.send_modal(form)

    async def give_back(self, order_input: OrderInput, sentence: str) -> None:
        """Say privately why not, show the text for copying, and offer the form with everything in it."""
        locale = self._ctx.locale
        key = self._ctx.services.drafts.keep(self._ctx.member_id, order_input)
        note = with_lyrics_note(sentence, order_input.lyrics, order_input.title, locale)
        if order_input.style:
            note += f"\n{self._ctx.text('form.style')}: {clip(foreign(order_input.style), _MAX_STYLE_SHOWN)}"
        await self._ctx.reply_privately(
            note, lyrics=order_input.lyrics, title=order_input.title, view=draft_view(key, order_input.model, locale)
        )

    async def _check_admission(
        self, order: Order | None = None, *, model: str | None = None, whatever_is_under_way: bool = False
    ) -> None:
        """What an order would be told now; nothing is taken. Raises OrderError. Without `order`: any one of theirs.

        `whatever_is_under_way`: that may have ended before it is sent.
        """
        asked = PlaceRequest.of_order(order) if order else asked_by(self._interaction, self._ctx.requirements, model)
        try:
            async with asyncio.timeout(QUICK_SECONDS):
                await self._ctx.jobs.check_admission(asked)
        except OrderError as error:
            if error.reason is not Reason.LIMIT_AT_ONCE or not whatever_is_under_way:
                raise
        except (StoreBusyError, TimeoutError):
            log.info("the limits could not be looked at before an order")  # they are, when it is taken

    async def would_be_the_last(self, job: Job) -> bool:
        """Whether to make it once more would take the member's last song of the day."""
        if not self._can_bring_back(job):
            return False  # a form is asked for, and asks enough
        asked = replace(asked_by(self._interaction, self._ctx.requirements, job.model), repeats=job.id)
        try:
            quota = await self._ctx.jobs.quota_of(asked)
        except StoreBusyError:
            return False  # it is looked at once more when it is taken
        return quota.left == 1 and isinstance(quota.said, Taken)

    async def _say_what_is_left(self, taken: Taken, order_input: OrderInput) -> None:
        """After the card, privately: what a press cost of the day's songs, and that it was the last one."""
        if taken.left is None or (taken.left and not order_input.is_repeat):
            return
        again = ago(taken.next_at) if taken.next_at else ""
        key = ("quota.last", "quota.used_one_left")[taken.left] if taken.left <= 1 else "quota.used"
        try:
            said = self._ctx.text(key, again=again, left=taken.left)
            await self._interaction.followup.send(said, ephemeral=True)
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("a member was not told of their last song (%s)", type(error).__name__)

    async def change_draft(self, key: str, model: str | None) -> None:
        """Open the form of an order that was not taken. After a restart its text is read from the message itself.

        `model`: as the button has it.
        """
        lyrics, title = lyrics_shown(self._interaction.message)
        shown = OrderInput(lyrics=lyrics, title=title, model=model)
        order_input = self._ctx.services.drafts.find(key, self._ctx.member_id) or shown
        if order_input.song is not None:
            try:
                check_song(order_input.song, self._ctx.requirements)
            except OrderError:
                order_input = replace(order_input, song=None)  # the form asks for another
        await self.open_form(order_input, is_draft=True)

    async def submit_draft(self, key: str) -> None:
        """A form that began with a command or a message came back."""
        answer = self._answer_of()
        draft = self._ctx.services.drafts.find(key, self._ctx.member_id)
        song = answer.song or (draft.song if draft else None)
        order_input = OrderInput(
            lyrics=answer.lyrics,
            title=answer.title,
            song=song,
            style=answer.style,
            model=answer.model,
            again_of=draft.again_of if draft else None,
        )
        if song is None:
            sentence = "answer.song_missing" if draft else "answer.restarted"
            await self.give_back(order_input, self._ctx.text(sentence))
            return
        await self.take(order_input)

    async def open_job_form(self, job: Job) -> None:
        """The form with a job's lyrics in it; its song is used unless another is attached, or has to be."""
        try:
            check_door(self._interaction, self._ctx.requirements)
        except OrderError as error:
            await self.refuse_again(job, error)
            return
        keeps_song = self._can_bring_back(job)
        song_name = job.reference.name if keeps_song else None
        heading = "form.edit" if keeps_song else "form.other_song"
        filled = Filled(
            title=job.title, lyrics=job.lyrics, style=self._chosen_style(job), model=job.model, song_name=song_name
        )
        form = order_form(
            job_form_id(job.id), heading, filled, requirements=self._ctx.requirements, locale=self._ctx.locale
        )
        await self._interaction.response.send_modal(form)

    async def submit_for_job(self, job: Job) -> None:
        """A form that began with a job came back."""
        answer = self._answer_of()
        order_input = OrderInput(
            lyrics=answer.lyrics,
            title=answer.title,
            song=answer.song,
            style=answer.style,
            model=answer.model,
            again_of=job.id,
        )
        if order_input.song is not None:
            await self.take(order_input)
        else:
            await self.take_with_song_of(order_input, job)

    async def again(self, job: Job) -> None:
        """The same song and the same lyrics once more; asks for the song where it cannot be brought back."""
        if not self._can_bring_back(job):
            await self.open_job_form(job)
            return
        await self.take_with_song_of(replace(self._input_of(job), is_repeat=True), job)

    async def again_with(self, job: Job, model: str) -> None:
        """The same once more with another model: by a person's choice alone, let in and checked like any order."""
        before, after = self._ctx.requirements.of(job.model), self._ctx.requirements.offered(model)
        style = "" if after is None else style_for(job.style, before, after)
        order_input = replace(self._input_of(job), model=model, style=style)
        if not self._can_bring_back(job):
            await self.give_back(order_input, self._ctx.text("answer.song_expired"))
            return
        await self.take_with_song_of(order_input, job)

    def _input_of(self, job: Job) -> OrderInput:
        """What a job was ordered with; a model that is not named stays the usual one where there is one alone."""
        return OrderInput(
            lyrics=job.lyrics, title=job.title, style=self._chosen_style(job), model=job.model, again_of=job.id
        )

    def _chosen_style(self, job: Job) -> str:
        """What its member chose; empty where it was the model's own."""
        return "" if job.style is None or job.style == self._ctx.requirements.of(job.model).style else job.style

    async def refuse_again(self, job: Job, error: OrderError) -> None:
        """Say privately why a job is not made once more; its text and its song are given back as those of an order."""
        log.info("an order was not taken: %s", error.reason)
        self._ctx.refusal_told(error)
        song = _song_by_url(job) if self._url_lasts(job) else None
        order_input = replace(self._input_of(job), song=song)
        await self.give_back(order_input, self._ctx.refusal(error))

    async def take_with_song_of(self, order_input: OrderInput, job: Job) -> None:
        """Take it with a job's song: by its URL while that lasts, else by posting our copy, whose URL is fresh."""
        if self._url_lasts(job):
            await self.take(replace(order_input, song=_song_by_url(job)))
            return
        try:
            # all that can be refused is refused before anything is posted
            with_song = replace(order_input, song=_song_by_url(job))
            order = to_order(with_song, requester_of(self._interaction), self._ctx.requirements)
            await self._check_admission(order)
        except OrderError as error:
            self._ctx.refusal_told(error)
            await self.give_back(order_input, self._ctx.refusal(error))
            return
        song = await self._posted_copy(job)
        if song is None:
            await self.give_back(order_input, self._ctx.text("answer.song_expired"))
            return
        await self.take(replace(order_input, song=song))

    async def _posted_copy(self, job: Job) -> Song | None:
        copy = self._ctx.jobs.reference_file(job)
        if copy is None:
            return None
        await self._interaction.response.defer(thinking=True)
        sentence = self._ctx.text("answer.preparing", title=titled(job, self._ctx.locale))
        with reaching(NO_REFERENCE):
            name = self._ctx.services.file_name(PurePath(job.reference.name).stem, copy.suffix)
            file = discord.File(copy, filename=name)
        message = await self._interaction.edit_original_response(content=sentence, attachments=[file])
        attachment = next(iter(message.attachments), None)
        if attachment is None:
            return None
        return Song(url=attachment.url, name=job.reference.name, size_bytes=attachment.size)

    def _can_bring_back(self, job: Job) -> bool:
        if needs_another_song(job):
            return False
        if self._url_lasts(job):
            return True
        copy = self._ctx.jobs.reference_file(job)
        with reaching(NO_REFERENCE):
            return copy is not None and copy.stat().st_size <= self._interaction.filesize_limit

    def _url_lasts(self, job: Job) -> bool:
        expires_at = job.reference.expires_at
        if expires_at is None or expires_at - self._ctx.clock.now() <= _URL_MARGIN:
            return False
        # what hangs on a message goes with the message; our copy is safer, if there is one
        return _belongs_to_no_message(job.reference.url) or self._ctx.jobs.reference_file(job) is None

    def _answer_of(self) -> FormAnswer:
        return read_answer(cast("Mapping[str, Any]", self._interaction.data or {}))

    async def _answer_with_card(self, job: Job) -> None:
        """Show the card, and keep that Discord took it: nothing is paid before."""
        try:
            await self._ctx.jobs.answered(job, await self._card_in_answer(job))
        except StoreBusyError:
            log.warning("the database is busy: whether an order was answered is asked later", extra={"job": job.id})
        except discord.HTTPException as error:
            await self._not_answered(job, error)
        except (discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError) as error:
            # the song is taken, so nothing has failed: whoever works on it asks Discord what became of the answer
            log.info("a new song's card comes later (%s)", type(error).__name__, extra={"job": job.id})
        finally:
            self._ctx.jobs.answer_ended(job.id)

    async def _not_answered(self, job: Job, error: discord.HTTPException) -> None:
        if error.code == ALREADY_ANSWERED:
            report_second_instance(job)
        log.info("an order's answer was refused (%s)", error.code, extra={"job": job.id})
        if error.code not in UNANSWERABLE:
            return  # it may have arrived all the same: Discord is asked
        try:
            await self._ctx.jobs.unanswered(job.id)
        except StoreBusyError:
            log.warning("the database is busy: an order without an answer rests later", extra={"job": job.id})

    async def _card_in_answer(self, job: Job) -> int | None:
        """The id of the message that is the order's answer. Raises what discord.py raises."""
        if self._interaction.response.is_done():
            return (await self._interaction.edit_original_response(**marked(self._ctx.card_of(job), job))).id
        try:
            return await self._sent_card(job)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # it may have arrived, and must not be given twice
            log.info("the connection broke while answering (%s)", type(error).__name__, extra={"job": job.id})
        found = await self._own_answer(job)
        return await self._sent_card(job) if found is None else found

    async def _sent_card(self, job: Job) -> int | None:
        try:
            answer = await self._interaction.response.send_message(**marked(self._ctx.card_of(job), job))
        except (discord.HTTPException, discord.RateLimited) as error:
            if isinstance(error, discord.RateLimited) or error.code != ALREADY_ANSWERED:
                raise
            if (found := await self._own_answer(job)) is None:
                raise
            return found  # discord.py repeats what a fault of Discord's did not confirm, and the first had arrived
        return answer.message_id

    async def _own_answer(self, job: Job) -> int | None:
        """The message that Discord has as the answer, if it is ours."""
        try:
            message = await self._interaction.original_response()
        except discord.NotFound:
            return None
        return message.id if is_marked(message, job) else None


def _song_by_url(job: Job) -> Song:
    return Song(url=job.reference.url, name=job.reference.name, size_bytes=job.reference.size_bytes)


def _belongs_to_no_message(url: str) -> bool:
    """Whether an attachment came with a command or a form: Discord keeps those by themselves, for a while."""
    return urlsplit(url).path.startswith("/ephemeral-attachments/")
