"""Keeps a job's card true, and makes sure that members learn where their jobs came to rest."""

import hashlib
import logging
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import discord

from bot.clock import Clock
from bot.delivery.http_errors import GONE, is_final, is_too_large, outages_are_later
from bot.delivery.routes import Files, Routes, has_token, is_on_card, only_by_answer, pinging, reply_to_card
from bot.disk import NO_REFERENCE, reaching
from bot.errors import DeliveryLaterError, Reason, ReferenceRefusedError
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobState
from bot.jobs.ports import Eta, Published
from bot.texts import text
from bot.ui.buttons import JobButton, LinkButton
from bot.ui.cards import TOLD_PRIVATELY, card_buttons, job_card
from bot.ui.formatting import clip, mention, titled, why
from bot.ui.given_answers import promises
from bot.ui.orders import expiry_of
from bot.ui.render import Parts, to_parts, to_view
from bot.ui.requirements import OrderRequirements

log = logging.getLogger(__name__)

#: The command answers within 3 s or never (Discord); until then its card may be on its way.
_ANSWER_MAY_COME = timedelta(seconds=6)
#: Whoever ordered longer ago has looked away: an edited card does not call them back.
_LOOKED_AWAY = timedelta(seconds=60)
#: Ends that a member does not know of by their own act, nor by the track itself.
_NEWS = frozenset({JobState.UNKNOWN, JobState.REFUSED, JobState.FAILED, JobState.EXPIRED})


class _Way(StrEnum):
    """How a card is written; one that was refused for good is not tried again, see LiveJob.refused_ways."""

    OURS = "ours"  #: as the bot, in the channel
    ANSWER = "answer"  #: through the order's interaction


async def _unless_refused(call: Awaitable[discord.Message]) -> discord.Message | None:
    """The message, or None when it is refused for good. Raises what is too large, or may pass by itself."""
    try:
        return await call
    except discord.HTTPException as error:
        if not is_final(error):
            raise
        log.info("a message cannot be written any more (%s)", error.code)
        return None


class CardMessages:
    """`Cards` of bot.jobs.ports on Discord."""

    def __init__(self, *, client: discord.Client, requirements: OrderRequirements, clock: Clock) -> None:
        """`requirements`: the limits that its sentences name; `client` must be logged in before anything is sent."""
        self._routes = Routes(client)
        self._requirements = requirements
        self._clock = clock

    async def show(self, live: LiveJob, job: Job, eta: Eta) -> int | None:
        """See Cards.show."""
        if is_on_card(job):
            return job.track_message_id  # the card has become the track
        card = job_card(job, eta, now=self._clock.now(), requirements=self._requirements, locale=job.place.locale)
        look = hashlib.blake2b(repr(card).encode(errors="replace"), digest_size=16).digest()  # the card itself is large
        if live.shown == (job.card_message_id, look):
            return job.card_message_id
        message = await self._put(live, job, to_parts(card))
        if message is None:
            return None
        live.shown = (message.id, look)
        return message.id

    async def is_answered(self, job: Job) -> bool:
        """See AnswerLookUp.is_answered."""
        if not has_token(job, self._clock.now()):
            return False  # nobody can tell any more
        with outages_are_later():
            try:
                return promises(await self._routes.fetch_answer(job), job)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
        if self._may_be_answered_yet(job):
            raise DeliveryLaterError("the answer may be on its way", retry_after_seconds=1.0)
        return False

    async def publish(self, job: Job, song: Path, name: str) -> Published:
        """See Cards.publish."""

        def files() -> list[discord.File]:
            with reaching(NO_REFERENCE):
                return [discord.File(song, filename=name)]

        attachment = await self._attach(job, files)
        return Published(url=attachment.url, expires_at=expiry_of(attachment.url))

    async def _attach(self, job: Job, song: Files) -> discord.Attachment:
        """Attach a song to the card, in place of what was attached."""
        card = job_card(job, Eta(), now=self._clock.now(), requirements=self._requirements, locale=job.place.locale)
        try:
            message = await self._put(LiveJob(id=job.id), job, to_parts(card), song)
        except discord.HTTPException as error:
            # nothing else leaves: a rate limit, as whatever may pass, has become DeliveryLaterError by now
            if is_too_large(error):
                raise ReferenceRefusedError(Reason.FILE_TOO_LARGE) from None
            raise ReferenceRefusedError(Reason.NO_PERMISSION, "attach_files") from None
        attachment = next(iter(message.attachments), None) if message else None
        if attachment is None:
            raise ReferenceRefusedError(Reason.CHANNEL_GONE)
        return attachment

    async def tell(self, live: LiveJob, job: Job) -> None:
        """See Cards.tell: the card, and for news that came late a message that calls the member."""
        if job.reason is Reason.UNANSWERED:
            await self._send_news(job, with_buttons=True)  # it has no card, and what is there instead is not ours
            return
        live.refused_ways = frozenset()  # the last word is worth one more try: a thread may have been opened again
        shown = await self.show(live, job, Eta())
        live.shown = None
        if job.reason in TOLD_PRIVATELY:
            await self._reply_privately(job)
            return
        if shown is not None and not self._calls_back(job):
            return
        if job.state is JobState.CANCELLED or job.state is JobState.DELIVERED:
            return
        await self._send_news(job, with_buttons=shown is None)

    def _calls_back(self, job: Job) -> bool:
        return job.state in _NEWS and self._clock.now() - job.created_at > _LOOKED_AWAY

    async def _put(self, live: LiveJob, job: Job, parts: Parts, files: Files | None = None) -> discord.Message | None:
        """Put this into the job's card, wherever that is or has to be; `files` replace what was attached.

        Where the bot itself is refused for good, the order's answer is still there for a quarter of an hour.
        """
        if live.is_card_gone:
            return None
        with outages_are_later():
            if only_by_answer(job):
                return await self._try(live, job, _Way.ANSWER, parts, files)
            if job.card_message_id is not None:
                edited = await self._try(live, job, _Way.OURS, parts, files)
                return edited or await self._try(live, job, _Way.ANSWER, parts, files)
            if has_token(job, self._clock.now()):
                answer = await self._try(live, job, _Way.ANSWER, parts, files)
                if answer is not None:
                    return answer
                if self._may_be_answered_yet(job):
                    raise DeliveryLaterError("the card is on its way", retry_after_seconds=1.0)
            return await self._try(live, job, _Way.OURS, parts, files)

    async def _try(
        self, live: LiveJob, job: Job, way: _Way, parts: Parts, files: Files | None
    ) -> discord.Message | None:
        """Write the card on this way, unless that was refused before; a refusal is remembered."""
        if way in live.refused_ways or live.is_card_gone:
            return None
        if way is _Way.ANSWER and not has_token(job, self._clock.now()):
            return None
        try:
            return await self._written(job, way, parts, files)
        except discord.HTTPException as error:
            # a rate limit passes: the caller makes it DeliveryLaterError, as every outage
            if not is_final(error):
                raise
            log.info("the card is refused by way of %s (%s)", way, error.code, extra={"job": job.id})
            if way is _Way.ANSWER and self._may_be_answered_yet(job):
                return None
            live.refused_ways |= {way}
            live.is_card_gone = error.code in GONE and job.card_message_id is not None
            return None

    def _may_be_answered_yet(self, job: Job) -> bool:
        """Whether the order's answer may still be on its way: nobody can edit it before it is there."""
        return job.card_message_id is None and self._clock.now() - job.created_at < _ANSWER_MAY_COME

    async def _written(self, job: Job, way: _Way, parts: Parts, files: Files | None) -> discord.Message:
        more = {} if files is None else {"attachments": files()}
        if way is _Way.ANSWER:
            return await self._routes.edit_answer(job, parts, **more)
        if job.card_message_id is not None:
            return await self._routes.edit(job, job.card_message_id, parts, **more)
        return await self._routes.send(self._routes.channel(job.place.channel_id), job, "card", parts, files=files)

    async def _reply_privately(self, job: Job) -> None:
        """The reason, to the member alone: under their command while that can be answered, else directly."""
        parts = self._news(job, card_buttons(job, job.place.locale, self._requirements))
        if has_token(job, self._clock.now()):
            with outages_are_later():
                try:
                    await self._routes.reply_privately(job, parts)
                except discord.HTTPException as error:
                    if not is_final(error):
                        raise
                else:
                    return
        await self._send_news_directly(job, parts)

    async def _send_news(self, job: Job, *, with_buttons: bool) -> None:
        """A message here, else a direct one; when neither can be had, `/tracks` still tells."""
        parts = self._news(job, card_buttons(job, job.place.locale) if with_buttons else ())
        if not only_by_answer(job):
            channel = self._routes.channel(job.place.channel_id)
            with outages_are_later():
                sent = await _unless_refused(
                    self._routes.send(
                        channel, job, "news", parts, reference=reply_to_card(job), allowed_mentions=pinging(job)
                    )
                )
            if sent is not None:
                return
        await self._send_news_directly(job, parts)

    def _news(self, job: Job, buttons: Sequence[JobButton | LinkButton]) -> Parts:
        locale = job.place.locale
        sentence = text(
            "delivery.news",
            locale,
            member=mention(job.member_id),
            title=titled(job, locale),
            sentence=why(job, self._requirements, locale) or text(f"state.{job.state}", locale),
        )
        return {"content": clip(sentence, 2000), "embeds": [], "view": to_view(job.id, buttons)}

    async def _send_news_directly(self, job: Job, parts: Parts) -> None:
        with outages_are_later():
            try:
                await self._routes.send(await self._routes.direct(job), job, "dmnews", parts)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                log.info("no way to tell the member (%s)", error.code, extra={"job": job.id, "state": job.state})
