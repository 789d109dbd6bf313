"""A finished track into its channel: packaged, named, with its link, once; else by the next best way; else kept."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import discord

from bot.audio import PackagedTrack, PackagingStep
from bot.audio.model import PICTURE_FILE
from bot.clock import Clock
from bot.delivery.http_errors import FILTERED, UNKNOWN_MESSAGE, is_final, is_too_large, outages_are_later
from bot.delivery.routes import Routes, has_token, only_by_answer, pinging, reply_to_card
from bot.disk import NO_TRACK, reaching
from bot.errors import UndeliverableError
from bot.jobs.model import Job
from bot.jobs.ports import DeliveredMessage
from bot.packaged_tracks import PackagedTracks
from bot.texts import text
from bot.ui.buttons import JobAction
from bot.ui.cards import Card
from bot.ui.custom_ids import job_id
from bot.ui.formatting import clip
from bot.ui.render import Parts, put_with_link, to_parts
from bot.ui.requirements import OrderRequirements
from bot.ui.track_cards import has_link, track_card

log = logging.getLogger(__name__)

#: What every channel takes, whatever the interaction promised: a member's own larger limit ends with their interaction.
_EVERYWHERE_BYTES = 10 * 1024 * 1024
#: One request of 25 MiB is the most that Discord takes, boosts or not; the rest is for the picture and the words.
_IN_ONE_REQUEST_BYTES = 24 * 1024 * 1024
#: Discord's limit for an attachment's description.
_MAX_ALT_CHARACTERS = 1024
#: How far back our own message is looked for; a channel that wrote more in the meantime is not searched further.
_MAX_SEARCHED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """A track, ready to go."""

    packaged: PackagedTrack
    about: str = ""  #: for who cannot see or hear it
    is_filtered: bool = False  #: it is a link because a filter of the server's refused the message with the file

    def files(self) -> list[discord.File]:
        """Fresh for every try: a file that was sent is spent."""
        if not self.packaged.fits:
            return []
        paths = [(self.packaged.path, self.packaged.name)]
        if self.packaged.picture is not None:
            paths.append((self.packaged.picture, PICTURE_FILE))
        with reaching(NO_TRACK):
            return [discord.File(path, filename=name, description=self.about) for path, name in paths]


class TrackMessages:
    """`Delivery` of bot.jobs.ports on Discord."""

    def __init__(
        self, *, client: discord.Client, requirements: OrderRequirements, tracks: PackagedTracks, clock: Clock
    ) -> None:
        """`requirements`: where links may lead; `tracks` has them ready to be sent."""
        self._routes = Routes(client)
        self._requirements = requirements
        self._tracks = tracks
        self._clock = clock

    async def deliver(self, job: Job, track: Path) -> DeliveredMessage:
        """See Delivery.deliver: as a file, made smaller where that helps, else as a link; here, else directly."""
        try:
            return await self._in_some_size(job, track)
        except UndeliverableError as error:
            linked = None if only_by_answer(job) else await self._as_link(job, track, filtered=error.is_filtered)
            if linked is None:
                raise
            return linked

    async def _in_some_size(self, job: Job, track: Path) -> DeliveredMessage:
        refused_bytes: int | None = None
        for limit_bytes in (job.place.upload_limit_bytes, _IN_ONE_REQUEST_BYTES, _EVERYWHERE_BYTES, 0):
            if limit_bytes and refused_bytes is not None and refused_bytes <= limit_bytes:
                continue  # the same file once more would be refused once more
            parcel = await self._parcel(job, track, limit_bytes)
            refused_bytes = parcel.packaged.size_bytes
            delivered = await self._deliver(job, parcel)
            if delivered is not None:
                return delivered
            log.info("too large for its channel: %d bytes", refused_bytes, extra={"job": job.id})
        raise UndeliverableError("no size is small enough")

    async def _as_link(self, job: Job, track: Path, *, filtered: bool) -> DeliveredMessage | None:
        """A place that takes no files may take a link, which is better than silence; None when it takes none either."""
        if not has_link(job, self._requirements):
            return None
        parcel = replace(await self._parcel(job, track, 0), is_filtered=filtered)
        with outages_are_later():
            try:
                return await self._in_channel(job, parcel, or_unlinked=False)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                return None

    async def find(self, job: Job, since: datetime) -> DeliveredMessage | None:
        """See Delivery.find. Our own messages show their buttons without the message content intent."""
        if only_by_answer(job):
            return await self._find_in_direct(job, since)  # editing the answer once more is the same message
        return (
            await self._find_on_card(job)
            or await self._find_in(self._routes.channel(job.place.channel_id), job, since)
            or await self._find_in_direct(job, since)
        )

    async def _deliver(self, job: Job, parcel: _Parcel) -> DeliveredMessage | None:
        """By the best way that is open; None when the parcel is too large for it. Raises UndeliverableError."""
        with outages_are_later():
            try:
                if only_by_answer(job):
                    return await self._by_answer(job, parcel) or await self._directly(job, parcel)
                return await self._in_place(job, parcel)
            except discord.HTTPException as error:
                if not is_too_large(error):
                    raise
                if not parcel.packaged.fits:
                    raise UndeliverableError(f"Discord answered {error.status} ({error.code})") from None
                return None

    async def _in_place(self, job: Job, parcel: _Parcel) -> DeliveredMessage:
        """In the channel; where that is closed to us for good, on the card while its answer lasts, else directly."""
        with outages_are_later():
            try:
                return await self._in_channel(job, parcel)
            except discord.HTTPException as error:
                # not only 403 and 404: a filter or a locked thread says no with a 400
                if not is_final(error):
                    raise
                log.info("the channel is closed to us (%s)", error.code, extra={"job": job.id})
                code = error.code
            return await self._by_answer(job, parcel) or await self._directly(job, parcel, refused_with=code)

    async def _in_channel(self, job: Job, parcel: _Parcel, *, or_unlinked: bool = True) -> DeliveredMessage:
        """`or_unlinked`: as it is without its link, should Discord refuse that."""
        channel = self._routes.channel(job.place.channel_id)
        cards = self._track_cards(job, parcel, direct=False)
        if not or_unlinked:
            cards = (cards[0], cards[0])
        more = {"reference": reply_to_card(job), "allowed_mentions": pinging(job)}
        return await self._sent(channel, job, "track", parcel, cards, **more)

    async def _directly(self, job: Job, parcel: _Parcel, *, refused_with: int = 0) -> DeliveredMessage:
        """`refused_with`: why it is not in the channel."""
        with outages_are_later():
            try:
                channel = await self._routes.direct(job)
                return await self._sent(channel, job, "dm", parcel, self._track_cards(job, parcel, direct=True))
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                raise UndeliverableError(
                    f"neither channel ({refused_with}) nor direct message ({error.code})",
                    is_filtered=refused_with in FILTERED,
                ) from None

    async def _sent(
        self,
        to: discord.abc.Messageable,
        job: Job,
        purpose: str,
        parcel: _Parcel,
        cards: tuple[Card, Card],
        **more: Any,
    ) -> DeliveredMessage:

        async def put(card: Card) -> discord.Message:
            return await self._routes.send(to, job, purpose, _parts(card, parcel), files=parcel.files, **more)

        try:
            message = await put_with_link(*cards, put)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            # the nonce's message was there and has been deleted since: the member has seen it, or a moderator did
            log.info("the track had been sent and was deleted", extra={"job": job.id})
            return DeliveredMessage(channel_id=job.place.channel_id, message_id=job.card_message_id or 0)
        return DeliveredMessage(channel_id=message.channel.id, message_id=message.id)

    def _track_cards(self, job: Job, parcel: _Parcel, *, direct: bool) -> tuple[Card, Card]:
        """The message with its link, and without."""
        packaged = parcel.packaged
        card = partial(
            track_card,
            job,
            requirements=self._requirements,
            locale=job.place.locale,
            with_file=packaged.fits,
            direct=direct,
            sketch=packaged.comment == SKETCH_COMMENT,
            smaller=PackagingStep.SHRUNK in packaged.steps,
            filtered=parcel.is_filtered,
        )
        return card(), card(linked=False)

    async def _by_answer(self, job: Job, parcel: _Parcel) -> DeliveredMessage | None:
        """By editing the answer, which may be done twice; a followup may not, it has no nonce."""
        if not has_token(job, self._clock.now()):
            return None

        async def put(card: Card) -> discord.Message:
            return await self._routes.edit_answer(job, _parts(card, parcel), attachments=parcel.files())

        with outages_are_later():
            try:
                message = await put_with_link(*self._track_cards(job, parcel, direct=False), put)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                return None
        return DeliveredMessage(channel_id=job.place.channel_id, message_id=message.id, is_card=True)

    async def _find_on_card(self, job: Job) -> DeliveredMessage | None:
        """The card, should the track have taken its place: it is older than any search goes back."""
        if job.card_message_id is None:
            return None
        channel_id = job.place.channel_id
        with outages_are_later():
            try:
                card = await self._routes.channel(channel_id).fetch_message(job.card_message_id)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                return None
        if job_id(JobAction.DELETE, job.id) not in _custom_ids(card):
            return None
        return DeliveredMessage(channel_id=channel_id, message_id=card.id, is_card=True)

    async def _find_in_direct(self, job: Job, since: datetime) -> DeliveredMessage | None:
        with outages_are_later():
            try:
                channel = await self._routes.direct(job)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                return None
        return await self._find_in(channel, job, since)

    async def _find_in(self, channel: discord.abc.Messageable, job: Job, since: datetime) -> DeliveredMessage | None:
        marker = job_id(JobAction.DELETE, job.id)
        with outages_are_later():
            try:
                async for message in channel.history(limit=_MAX_SEARCHED, after=since, oldest_first=True):
                    if message.author.id == self._routes.own_id and marker in _custom_ids(message):
                        return DeliveredMessage(channel_id=message.channel.id, message_id=message.id)
            except discord.HTTPException as error:
                if not is_final(error):
                    raise
                log.info("cannot look for an earlier message (%s)", error.code, extra={"job": job.id})
        return None

    async def _parcel(self, job: Job, track: Path, limit_bytes: int) -> _Parcel:
        """Tagged, pictured and small enough. 0 bytes: the link alone."""
        if limit_bytes <= 0:
            with reaching(NO_TRACK):
                size_bytes = (await asyncio.to_thread(track.stat)).st_size
            return _Parcel(packaged=PackagedTrack(path=track, fits=False, size_bytes=size_bytes, name=track.name))
        packaged = await self._tracks.for_limit(job, track, limit_bytes)
        about = text("track.description", job.place.locale, title=job.title, member=job.member_name)
        return _Parcel(packaged=packaged, about=clip(about, _MAX_ALT_CHARACTERS))


def _parts(card: Card, parcel: _Parcel) -> Parts:
    packaged = parcel.packaged
    parts = to_parts(card)
    if packaged.fits and packaged.picture is not None:
        embed = discord.Embed(colour=_PICTURE_COLOUR)
        parts["embeds"] = [embed.set_image(url=f"attachment://{PICTURE_FILE}")]
    return parts


_PICTURE_COLOUR = 0x5865F2
#: What the sandbox's offline generator writes into its files; the one comment that is passed on in words.
SKETCH_COMMENT = "offline sketch, no AI"


def _custom_ids(message: discord.Message) -> set[str]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return {
        item.custom_id for row in rows for item in row.children if isinstance(item, discord.Button) and item.custom_id
    }
