"""A press on a job's button: whether whoever presses may is read from the table and the row, then it is done."""

import logging
from functools import partial
from pathlib import Path

import discord

from bot.disk import NO_TRACK, reaching
from bot.errors import FinishedError, NoSuchJobError, NotYoursError, OrderError, TooLateError, TrackLostError
from bot.jobs.lyrics import to_sung
from bot.jobs.model import Job
from bot.jobs.service import Actor
from bot.ui.buttons import BUTTONS, JobAction, JobActs, MayPress, job_button
from bot.ui.cards import Card
from bot.ui.formatting import titled
from bot.ui.interaction_context import InteractionContext
from bot.ui.order_flow import OrderFlow
from bot.ui.orders import role_ids_of
from bot.ui.removal import remove_messages
from bot.ui.render import finished, put_with_link, to_button, to_parts
from bot.ui.track_cards import NoFile, carries_link, shared_card

log = logging.getLogger(__name__)

#: HTTP: the request is larger than Discord takes.
_TOO_LARGE = 413

#: What those read who may not.
_NOT_YOURS = {
    MayPress.OWNER: "control.not_yours",
    MayPress.OWNER_OR_MODERATOR: "control.not_yours_moderator",
    MayPress.POSTER_OR_MODERATOR: "control.not_yours_moderator",
}


async def run_action(ctx: InteractionContext, action: JobAction, job_id: int, model: str = "") -> None:
    """Do what the button says; `model`: what it names.

    Raises ControlError and what Discord raises; those become sentences.
    """
    row = BUTTONS[action]
    press = JobPress(ctx, await _found(ctx, job_id), job_id, model)
    try:
        press.check(row.may_press)
        await row.act(press)()
    except NotYoursError:
        await ctx.reply_privately(ctx.text(_NOT_YOURS[row.may_press]))
    except TooLateError as error:
        is_made = isinstance(error, FinishedError)
        await ctx.reply_privately(ctx.text("control.finished" if is_made else row.too_late))


async def _found(ctx: InteractionContext, job_id: int) -> Job | None:
    try:
        return await ctx.jobs.get(job_id)
    except NoSuchJobError:
        return None


class JobPress(JobActs):
    """One press on one job's button."""

    def __init__(self, ctx: InteractionContext, job: Job | None, job_id: int, model: str = "") -> None:
        """`job`: None when it has been deleted since. `model`: what the button names."""
        self._model = model
        self._ctx = ctx
        self._interaction = ctx.interaction
        self._found = job
        self._job_id = job_id

    @property
    def job(self) -> Job:
        """The job. Raises NoSuchJobError when it has been deleted since."""
        if self._found is None:
            raise NoSuchJobError(f"job {self._job_id}")
        return self._found

    @property
    def actor(self) -> Actor:
        """Who presses, as jobs see them."""
        is_here = self._interaction.guild_id == self.job.place.guild_id
        return Actor(
            member_id=self._ctx.member_id,
            is_moderator=is_here and self._is_moderator_here,
            role_ids=role_ids_of(self._interaction) if is_here else frozenset(),
        )

    @property
    def _is_moderator_here(self) -> bool:
        return self._interaction.guild_id is not None and self._interaction.permissions.manage_messages

    def check(self, whom: MayPress) -> None:
        """Raises NotYoursError unless whoever presses is one of them; NoSuchJobError where the job says who is."""
        if not self._is_by(whom):
            raise NotYoursError(f"job {self._job_id}")

    def _is_by(self, whom: MayPress) -> bool:
        match whom:
            case MayPress.OWNER:
                return self.job.member_id == self._ctx.member_id
            case MayPress.OWNER_OR_MODERATOR:
                return self.job.member_id == self._ctx.member_id or self.actor.is_moderator
            case MayPress.POSTER_OR_MODERATOR:
                return self._is_moderator_here or self._is_by_poster
            case MayPress.ANYONE:
                return True

    @property
    def _is_by_poster(self) -> bool:
        """Whose press made the message, Discord itself says."""
        made_by = self._interaction.message.interaction_metadata if self._interaction.message else None
        return made_by is not None and made_by.user.id == self._ctx.member_id

    async def cancel(self) -> None:
        if self._ctx.jobs.can_stop(self.job):
            await self._interaction.response.defer()  # the music service is asked first, and may take its time
        moved = await self._ctx.jobs.cancel(self.job.id, self.actor)
        await self._show_moved(moved, "control.cancelled_paid" if moved.may_be_charged else "control.cancelled")

    async def risk(self) -> None:
        place = self.job.place
        try:
            # it is paid for once more and delivered where it was ordered: that door counts, wherever this is pressed
            self._ctx.requirements.doors.check(place.origin, place.guild_id)
        except OrderError as error:
            await OrderFlow(self._ctx).refuse_again(self.job, error)
            return
        # the answer first: a press that can no longer be answered was made again elsewhere, and must not be paid for
        await self._interaction.response.defer()
        moved = await self._ctx.jobs.risk_again(self.job.id, self.actor, press=self._interaction.id)
        await self._show_moved(moved, "control.risked")

    async def dismiss(self) -> None:
        await self._show_moved(await self._ctx.jobs.dismiss(self.job.id, self.actor), "control.dismissed")

    async def look(self) -> None:
        await self._show_moved(await self._ctx.jobs.ask_again(self.job.id, self.actor), "control.looking")

    async def again(self) -> None:
        flow = OrderFlow(self._ctx)
        if await flow.would_be_the_last(self.job):
            button = job_button(JobAction.AGAIN_SURE, self._ctx.locale)
            sentence = self._ctx.text("quota.last_ask", title=self._title)
            await self._ctx.reply_privately(sentence, view=finished(to_button(self.job.id, button)))
            return
        await flow.again(self.job)

    async def again_sure(self) -> None:
        await OrderFlow(self._ctx).again(self.job)

    async def again_with(self) -> None:
        if self.job.is_live:
            raise TooLateError(f"job {self.job.id} is {self.job.state}")
        flow = OrderFlow(self._ctx)
        await (flow.again_with(self.job, self._model) if self._model else flow.open_job_form(self.job))

    async def edit(self) -> None:
        await OrderFlow(self._ctx).open_job_form(self.job)

    async def lyrics(self) -> None:
        # what is typed beside the sung lines, such as a note in brackets, is its member's own
        shown = self.job.lyrics if self._is_own else to_sung(self.job.lyrics)
        sentence = self._ctx.text("answer.lyrics_of", title=self._title)
        await self._ctx.reply_privately(sentence, lyrics=shown or self._ctx.text("tracks.no_lyrics"))

    async def delete(self) -> None:
        self._check_resting()
        button = job_button(JobAction.DELETE_SURE, self._ctx.locale)
        question = "control.delete_ask" if self._is_own else "control.delete_ask_moderator"
        sentence = self._ctx.text(question, title=self._title)
        await self._ctx.reply_privately(sentence, view=finished(to_button(self.job.id, button)))

    async def delete_sure(self) -> None:
        self._check_resting()
        await self._interaction.response.defer()
        # the messages first: if this process dies in between, the row is still there to be deleted once more
        clean = await remove_messages(self._interaction.client, self.job)
        if self._is_own:
            await self._ctx.jobs.delete(self.job.id, self.actor)
        else:
            await self._ctx.services.moderators.moderation.delete(self.job, self.actor)
        done = "control.deleted" if self._is_own else "control.deleted_moderator"
        sentence = self._ctx.text(done if clean else "control.deleted_partly")
        await self._interaction.edit_original_response(content=sentence, embeds=[], attachments=[], view=finished())

    async def post(self) -> None:
        await self._send_kept(private=False)

    async def file(self) -> None:
        await self._send_kept(private=True)

    async def remove(self) -> None:
        await self._interaction.response.defer()
        await self._interaction.delete_original_response()

    @property
    def _is_own(self) -> bool:
        return self.job.member_id == self._ctx.member_id

    @property
    def _title(self) -> str:
        return titled(self.job, self._ctx.locale)

    def _check_resting(self) -> None:
        """Raises TooLateError while the job is worked on."""
        if self.job.is_live:
            raise TooLateError(f"job {self.job.id} is {self.job.state}")

    async def _send_kept(self, *, private: bool) -> None:
        """A kept track once more: as a file, if it was heard and fits; else by its link; else a sentence."""
        ctx = self._ctx
        track = ctx.jobs.track_file(self.job)
        if track is None:
            await ctx.reply_privately(ctx.text("answer.no_file"))
            return
        with reaching(NO_TRACK):
            exceeds_limit = track.stat().st_size > self._interaction.filesize_limit
        if exceeds_limit and self._shared(private=private, no_file=NoFile.TOO_LARGE) is None:
            await ctx.reply_privately(ctx.text("answer.file_too_large"))
            return
        await self._interaction.response.defer(thinking=True, ephemeral=private)
        if exceeds_limit:
            await self._send_shared_link(private=private, no_file=NoFile.TOO_LARGE)
        elif not await self._is_heard(track):
            await self._send_shared_link(private=private, no_file=NoFile.UNHEARD)
        else:
            await self._send_file(track, private=private)

    async def _is_heard(self, track: Path) -> bool:
        """Whether it was decoded; what was not when it was fetched is tried now, which may take minutes."""
        job, services = self.job, self._ctx.services
        if job.track is None or job.track.seconds is not None:
            return True
        if job.is_live or services.tracks is None:
            return False  # it is being brought just now
        try:
            seconds = await services.tracks.prepare(job, track)
        except TrackLostError as error:
            log.warning("a kept track is none: %s", error, extra={"job": job.id})
            return False
        if seconds is not None:
            await services.jobs.track_heard(job, seconds)
        await services.tracks.release(job)
        return seconds is not None

    async def _send_file(self, track: Path, *, private: bool) -> None:
        job, ctx = self.job, self._ctx

        async def put(card: Card) -> None:
            with reaching(NO_TRACK):
                file = discord.File(track, filename=ctx.services.file_name(job.title, track.suffix))
            await self._interaction.edit_original_response(**to_parts(card), attachments=[file])

        try:
            await put_with_link(
                self._shared_card(private=private),
                partial(self._shared_card, private=private, linked=False),
                put,
            )
        except discord.HTTPException as error:
            if error.status != _TOO_LARGE:
                raise
            # one request holds 25 MiB, whatever the interaction allows for each file
            await self._send_shared_link(private=private, no_file=NoFile.TOO_LARGE)

    async def _send_shared_link(self, *, private: bool, no_file: NoFile) -> None:
        """The link in place of the file, and why; the sentence alone where there is none, or Discord refuses it."""
        card = self._shared(private=private, no_file=no_file)
        if card is not None:
            try:
                await self._interaction.edit_original_response(**to_parts(card))
            except (discord.HTTPException, discord.RateLimited) as error:
                if isinstance(error, discord.RateLimited) or error.status != 400:
                    raise
                log.info("a copy's link is refused (%s)", error.code, extra={"job": self.job.id})
            else:
                return
        sentence = "answer.file_too_large" if no_file is NoFile.TOO_LARGE else "answer.file_unheard"
        await self._ctx.reply_privately(self._ctx.text(sentence))

    def _shared(self, *, private: bool, no_file: NoFile) -> Card | None:
        """A message with the link alone; None where that cannot be offered any more."""
        card = self._shared_card(private=private, no_file=no_file)
        return card if carries_link(card, self.job, self._ctx.requirements) else None

    def _shared_card(self, *, private: bool, linked: bool = True, no_file: NoFile | None = None) -> Card:
        return shared_card(
            self.job,
            requirements=self._ctx.requirements,
            now=self._ctx.clock.now(),
            locale=self._ctx.locale,
            private=private,
            linked=linked,
            no_file=no_file,
        )

    async def _show_moved(self, job: Job, sentence: str) -> None:
        """On the card itself: the card changes under the finger. Anywhere else: a private sentence."""
        message = self._interaction.message
        if message is None or message.id != job.card_message_id:
            await self._ctx.reply_privately(self._ctx.text(sentence))
            return
        if self._interaction.response.is_done():
            await self._interaction.edit_original_response(**self._ctx.card_of(job))
        else:
            await self._interaction.response.edit_message(**self._ctx.card_of(job))
