"""A finished track into its channel: packaged, named, with its link, once; else by the next best way; else kept."""

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
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
from bot.errors import Reason, UndeliverableError
from bot.foreign_text import cleaned, isolated
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
from bot.ui.track_cards import NoFile, carries_link, has_link, track_card

log = logging.getLogger(__name__)

#: What every channel takes, whatever the interaction promised: a member's own larger limit ends with their interaction.
_EVERYWHERE_BYTES = 10 * 1024 * 1024
#: One request of 25 MiB is the most that Discord takes, boosts or not; the rest is for the picture and the words.
_IN_ONE_REQUEST_BYTES = 24 * 1024 * 1024
#: Discord's limit for an attachment's description.
_MAX_ALT_CHARACTERS = 1024
#: What the member is told where there is no link either.
_WITHOUT_LINK = {
    NoFile.TOO_LARGE: Reason.TRACK_TOO_LARGE,
    NoFile.FILTERED: Reason.CHANNEL_GONE,
    NoFile.UNHEARD: Reason.TRACK_UNHEARD,
    NoFile.UNFETCHED: Reason.TRACK_LOST,
}
#: How far back our own message is looked for; a channel that wrote more in the meantime is not searched further.
_MAX_SEARCHED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """A track, ready to go."""

    packaged: PackagedTrack | None = None  #: None: its link stands for it, and `no_file` says why
    no_file: NoFile = NoFile.TOO_LARGE
    about: str = ""  #: for who cannot see or hear it

    def files(self) -> list[discord.File]:
        """Fresh for every try: a file that was sent is spent."""
        if self.packaged is None:
            return []
        files: list[tuple[Path | io.BytesIO, str]] = [(self.packaged.path, self.packaged.name)]
        with reaching(NO_TRACK):
            if self.packaged.picture is not None:
                # some ten kilobytes: as a file it would cost two trips to a thread to be sent
                files.append((io.BytesIO(self.packaged.picture.read_bytes()), PICTURE_FILE))
            return [discord.File(file, filename=name, description=self.about) for file, name in files]


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
        if job.track is None or job.track.seconds is None:
            return await self._as_link_alone(job, NoFile.UNHEARD)
        try:
            return await self._in_some_size(job, track)
        except UndeliverableError as error:
            linked = None if only_by_answer(job) else await self._as_link(job, filtered=error.is_filtered)
            if linked is None:
                raise
            return linked

    def has_link(self, job: Job) -> bool:
        """See Delivery.has_link."""
        return has_link(job, self._requirements)

    async def deliver_link(self, job: Job) -> DeliveredMessage:
        """See Delivery.deliver_link."""
        return await self._as_link_alone(job, NoFile.UNFETCHED)

    async def _in_some_size(self, job: Job, track: Path) -> DeliveredMessage:
        refused_bytes: int | None = None
        for limit_bytes in (job.place.upload_limit_bytes, _IN_ONE_REQUEST_BYTES, _EVERYWHERE_BYTES):
            if refused_bytes is not None and refused_bytes <= limit_bytes:
                continue  # the same file once more would be refused once more
            packaged = await self._tracks.for_limit(job, track, limit_bytes)
            if not packaged.fits:
                break
            about = text(
                "track.description",
                job.place.locale,
                title=isolated(cleaned(job.title)),
                member=isolated(cleaned(job.member_name)),
            )
            delivered = await self._deliver(job, _Parcel(packaged=packaged, about=clip(about, _MAX_ALT_CHARACTERS)))
            if delivered is not None:
                return delivered
            refused_bytes = packaged.size_bytes
            log.info("too large for its channel: %d bytes", refused_bytes, extra={"job": job.id})
        return await self._as_link_alone(job, NoFile.TOO_LARGE)

    async def _as_link_alone(self, job: Job, no_file: NoFile) -> DeliveredMessage:
        """The message that stands for a file which cannot be sent. Raises UndeliverableError without a link."""
        why = _WITHOUT_LINK[no_file]
        parcel = _Parcel(no_file=no_file)
        if not carries_link(self._track_cards(job, parcel, direct=True)[0], job, self._requirements):
            raise UndeliverableError(f"no file and no link: {no_file.name}", reason=why)
        delivered = await self._deliver(job, parcel)
        if delivered is None:
            raise UndeliverableError("a link alone is too large", reason=why)
        return delivered

    async def _as_link(self, job: Job, *, filtered: bool) -> DeliveredMessage | None:
        """A place that takes no files may take a link, which is better than silence; None when it takes none either."""
        parcel = _Parcel(no_file=NoFile.FILTERED if filtered else NoFile.TOO_LARGE)
        if not carries_link(self._track_cards(job, parcel, direct=False)[0], job, self._requirements):
            return None
        with outages_are_later():
            try:
                return await self._in_channel(job, parcel)
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
                if parcel.packaged is None:
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

    async def _in_channel(self, job: Job, parcel: _Parcel) -> DeliveredMessage:
        channel = self._routes.channel(job.place.channel_id)
        cards = self._track_cards(job, parcel, direct=False)
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
                is_refused = parcel.packaged is None and error.status == 400  # for what stands in it: its link
                raise UndeliverableError(
                    f"neither channel ({refused_with}) nor direct message ({error.code})",
                    reason=_WITHOUT_LINK[parcel.no_file] if is_refused else Reason.CHANNEL_GONE,
                    is_filtered=refused_with in FILTERED,
                ) from None

    async def _sent(
        self,
        to: discord.abc.Messageable,
        job: Job,
        purpose: str,
        parcel: _Parcel,
        cards: tuple[Card, Callable[[], Card]],
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

    def _track_cards(self, job: Job, parcel: _Parcel, *, direct: bool) -> tuple[Card, Callable[[], Card]]:
        """The message with its link, and as it goes where Discord refuses that: nothing goes without file and link."""
        packaged = parcel.packaged
        card = partial(track_card, job, requirements=self._requirements, locale=job.place.locale, direct=direct)
        if packaged is None:
            linked = card(with_file=False, no_file=parcel.no_file)
            return linked, lambda: linked
        sketch, smaller = packaged.comment == SKETCH_COMMENT, PackagingStep.SHRUNK in packaged.steps
        card = partial(card, with_file=True, sketch=sketch, smaller=smaller)
        return card(), partial(card, linked=False)

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


def _parts(card: Card, parcel: _Parcel) -> Parts:
    packaged = parcel.packaged
    parts = to_parts(card)
    if packaged is not None and packaged.picture is not None:
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
