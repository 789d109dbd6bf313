"""The three ways to a member: the channel, their own interaction while its token lasts, a direct message."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import discord

from bot.delivery.http_errors import MISSING_PERMISSIONS, NO_HISTORY_FOR_REPLY
from bot.jobs.model import Job, Origin
from bot.ui.render import Parts

#: An interaction's token ends 15 minutes after it was made (Discord); a minute is kept back for clocks that differ.
_TOKEN_LIFE = timedelta(minutes=14)

#: What Discord calls the first answer to an interaction; discord.py's type asks for a number, the address does not.
_ORIGINAL = cast("int", "@original")

#: Opens the files of one try: what was sent once is spent.
Files = Callable[[], list[discord.File]]


class Routes:
    """Sends and edits; raises what discord.py raises. Nobody is pinged unless a call says so."""

    def __init__(self, client: discord.Client) -> None:
        """`client` must be logged in before anything is sent."""
        self._client = client

    @property
    def own_id(self) -> int:
        """The bot's user id."""
        assert self._client.user is not None
        return self._client.user.id

    def channel(self, channel_id: int) -> discord.PartialMessageable:
        """A channel by its id: no cache and no fetch, so that a restart makes no difference."""
        return self._client.get_partial_messageable(channel_id)

    async def direct(self, job: Job) -> discord.DMChannel:
        """The direct channel with the job's member."""
        return await self._client.create_dm(discord.Object(job.member_id))

    async def edit(self, job: Job, message_id: int, parts: Parts, **more: Any) -> discord.Message:
        """Edit one of our messages in the job's channel."""
        message = self.channel(job.place.channel_id).get_partial_message(message_id)
        return await message.edit(**parts, **more, allowed_mentions=discord.AllowedMentions.none())

    async def edit_answer(self, job: Job, parts: Parts, **more: Any) -> discord.Message:
        """Edit the answer to the job's interaction; only while `has_token`. 404 (10015, 10008) when there is none."""
        webhook = self._webhook(job)
        return await webhook.edit_message(_ORIGINAL, **parts, **more, allowed_mentions=discord.AllowedMentions.none())

    async def fetch_answer(self, job: Job) -> discord.Message:
        """The answer to the job's interaction; only while `has_token`. 404 (10015, 10008) when there is none."""
        return await self._webhook(job).fetch_message(_ORIGINAL)

    async def reply_privately(self, job: Job, parts: Parts) -> None:
        """A private followup to the job's interaction; only while `has_token`. It has no nonce."""
        await self._webhook(job).send(**parts, ephemeral=True, allowed_mentions=discord.AllowedMentions.none())

    def _webhook(self, job: Job) -> discord.Webhook:
        assert job.place.interaction_token is not None
        webhook = discord.Webhook.partial(
            id=cast("int", self._client.application_id), token=job.place.interaction_token, client=self._client
        )
        webhook.type = discord.WebhookType.application  # an interaction's; discord.py whispers through no other
        return webhook

    async def send(
        self,
        to: discord.abc.Messageable,
        job: Job,
        purpose: str,
        parts: Parts,
        *,
        files: Files | None = None,
        **more: Any,
    ) -> discord.Message:
        """Send with the job's nonce for this purpose: the same message sent again is the same message.

        What a missing permission forbids is left out, as long as the content and the files arrive.
        """
        while True:
            try:
                return await to.send(**parts, **more, **_opened(files), nonce=job.nonce(purpose))
            except discord.Forbidden as error:
                if error.code == NO_HISTORY_FOR_REPLY and more.pop("reference", None) is not None:
                    continue  # a reply needs to read the history; a plain message does not
                if error.code == MISSING_PERMISSIONS and parts["embeds"]:
                    parts = {**parts, "embeds": []}  # "Embed Links" may have been taken away since the order
                    continue
                raise


def _opened(files: Files | None) -> dict[str, Any]:
    return {} if files is None else {"files": files()}


def has_token(job: Job, now: datetime) -> bool:
    """Whether the job's interaction can still be answered: by this machine's clock from end to end, right or wrong."""
    return job.place.interaction_token is not None and now - job.created_at < _TOKEN_LIFE


def only_by_answer(job: Job) -> bool:
    """Whether the bot cannot post where the job was ordered: it is not a member there."""
    return job.place.origin is Origin.USER_INSTALL or job.place.bot_is_member is False


def is_on_card(job: Job) -> bool:
    """Whether the card has become the track: where only the order's answer could be edited, it was."""
    if job.track_message_id is None or job.track_channel_id != job.place.channel_id:
        return False
    return only_by_answer(job) or job.track_message_id == job.card_message_id


def pinging(job: Job) -> discord.AllowedMentions:
    """The member of this job, and nobody else."""
    return discord.AllowedMentions(
        everyone=False, roles=False, replied_user=False, users=[discord.Object(job.member_id)]
    )


def reply_to_card(job: Job) -> discord.MessageReference | None:
    """A reply to the card, or a plain message if the card is gone by then."""
    if job.card_message_id is None:
        return None
    return discord.MessageReference(
        message_id=job.card_message_id, channel_id=job.place.channel_id, fail_if_not_exists=False
    )
