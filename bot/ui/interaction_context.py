"""What an interaction is answered with: made once when it arrives, and handed on instead of its parts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, cast

import discord
from discord import InteractionResponseType, ui

from bot.clock import Clock
from bot.discord_time import DiscordTime
from bot.errors import OrderError
from bot.jobs.model import Job
from bot.jobs.moderation import ModerationService
from bot.jobs.operating import Operating
from bot.jobs.ports import Eta, ValueStore
from bot.jobs.record import RefusedOrder
from bot.jobs.service import JobService
from bot.jobs.sound_ports import TrackPreparer
from bot.texts import text
from bot.ui.cards import job_card
from bot.ui.deduplication import InteractionDeduplicator
from bot.ui.drafts import Drafts
from bot.ui.formatting import clip, refusal
from bot.ui.in_flight import InFlight
from bot.ui.limits import admission_refusal
from bot.ui.render import Parts, finished, to_parts
from bot.ui.replies import text_to_copy
from bot.ui.requirements import OrderRequirements


class ReportRouting(Protocol):
    """What controls ask of those who run the bot or a server."""

    async def report_goes_to_channel(self, guild_id: int) -> bool:
        """Whether moderators of the server read reports in a channel. Raises StoreError."""
        ...

    def report_to_operator(self, job_id: int, by: int) -> None:
        """Tell whoever runs the bot that a song was reported; returns at once."""
        ...

    async def choose_log_channel(self, guild_id: int, channel_id: int | None, by: int) -> None:
        """From now on, a server's lines go there; None: nowhere. Raises StoreError."""
        ...


class LookAtRights(Protocol):
    """See bot.operators.owners.Owners.look."""

    async def __call__(self, member_id: int, *, claims: bool = False) -> None:
        """Before a member's rights count; `claims`: they use one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorServices:
    """What moderators' controls and reports work with."""

    moderation: ModerationService
    reports: ReportRouting


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorServices:
    """What operators' commands work with."""

    operating: Operating
    guild_ids: frozenset[int] = frozenset()  #: servers that have the commands for the whole bot
    values: ValueStore  #: where is kept which servers had them


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionServices:
    """What every interaction of a client works with; the client holds one, see ComposeClient."""

    jobs: JobService
    moderators: ModeratorServices
    clock: Clock
    requirements: OrderRequirements
    drafts: Drafts
    file_name: Callable[[str, str], str]  #: a safe name from a title and a suffix, see bot.audio.file_names
    tracks: TrackPreparer | None = None  #: hears what was not heard yet before it is sent; None: that is not sent
    discord_time: DiscordTime | None = None  #: None: not known, and nothing is judged by its age
    operators: OperatorServices | None = None  #: None: nothing is offered to them
    show_presence: Callable[[], Awaitable[None]] | None = None  #: that the bot is paused, or no longer
    look_at_rights: LookAtRights | None = None  #: None: rights are what they were at the start
    deduplicator: InteractionDeduplicator = field(default_factory=InteractionDeduplicator)
    in_flight: InFlight = field(default_factory=InFlight)

    @property
    def operator_guild_ids(self) -> frozenset[int]:
        """From where the whole bot is run."""
        return frozenset() if self.operators is None else self.operators.guild_ids


class _HasServices(Protocol):
    services: InteractionServices


def services_of(client: discord.Client) -> InteractionServices:
    """The services of a client that has them."""
    return cast("_HasServices", client).services


def operator_guild_ids_of(client: discord.Client) -> frozenset[int]:
    """From where the whole bot is run; none for a client that is not the whole bot's."""
    services: InteractionServices | None = getattr(client, "services", None)
    return frozenset() if services is None else services.operator_guild_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionContext:
    """One interaction, the language of whoever typed or pressed, and what it works with."""

    interaction: discord.Interaction
    services: InteractionServices

    @classmethod
    def of(cls, interaction: discord.Interaction) -> "InteractionContext":
        """The interaction's context, the same one for a command and for its error."""
        kept = interaction.extras.get(cls)
        if isinstance(kept, InteractionContext):
            return kept
        context = cls(interaction=interaction, services=services_of(interaction.client))
        interaction.extras[cls] = context
        context.services.in_flight.begin()
        return context

    @property
    def locale(self) -> str:
        """The language of whoever typed or pressed."""
        return str(self.interaction.locale)

    @property
    def member_id(self) -> int:
        """Who typed or pressed."""
        return self.interaction.user.id

    @property
    def jobs(self) -> JobService:
        """What members can do with jobs."""
        return self.services.jobs

    @property
    def clock(self) -> Clock:
        """The bot's clock."""
        return self.services.clock

    @property
    def age(self) -> timedelta | None:
        """How long ago it was typed or pressed, both times by Discord's clock; None while that is not known."""
        now = self.services.discord_time.now() if self.services.discord_time else None
        return None if now is None else now - self.interaction.created_at

    @property
    def requirements(self) -> OrderRequirements:
        """What this bot takes."""
        return self.services.requirements

    def is_first(self) -> bool:
        """Whether Discord delivers it for the first time; remembers it, so this is true once for each interaction."""
        return self.services.deduplicator.is_first(self.interaction.id)

    async def look_at_rights(self, *, claims: bool = False) -> None:
        """Whether they run the bot is known anew, where that may have changed; `claims`: they use such a right."""
        if self.services.look_at_rights is not None:
            await self.services.look_at_rights(self.member_id, claims=claims)

    def text(self, key: str, /, **values: object) -> str:
        """The sentence for `key` in their language. Raises KeyError for an unknown key."""
        return text(key, self.locale, **values)

    def refusal(self, error: OrderError) -> str:
        """Why an order was not taken, in a sentence of their language."""
        return admission_refusal(error, self.locale) or refusal(error, self.requirements, self.locale)

    def refusal_told(self, error: OrderError) -> None:
        """Count it, and let the server's log channel know."""
        guild_id, channel_id = self.interaction.guild_id, self.interaction.channel_id
        refused = None
        if guild_id is not None and channel_id is not None:
            refused = RefusedOrder(
                interaction_id=self.interaction.id,
                guild_id=guild_id,
                channel_id=channel_id,
                member_id=self.member_id,
                reason=error.reason,
            )
        self.jobs.refusal_told(error.reason, refused)

    def card_of(self, job: Job) -> Parts:
        """The job's card as it is now, in the language of whoever ordered it. Needs a running loop."""
        eta = Eta(held=self.jobs.held(job))
        card = job_card(job, eta, now=self.clock.now(), requirements=self.requirements, locale=job.place.locale)
        return to_parts(card)

    async def reply_privately(
        self, sentence: str, *, lyrics: str = "", title: str = "", view: ui.View | None = None
    ) -> None:
        """Answer privately, with `lyrics` and `title` (if any) below for copying, or attached where they are too long.

        Never touches what was answered before; where a public answer is still owed, that becomes the sentence's first
        line, and what is to be copied comes privately.
        """
        sentence = clip(sentence, 2000)
        response = self.interaction.response
        embeds, files = text_to_copy(lyrics, title, self.locale)
        if response.type is InteractionResponseType.deferred_channel_message:
            await self.interaction.edit_original_response(content=sentence.partition("\n")[0], attachments=[])
            if not (embeds or files or view):
                return
        buttons = view or finished()
        if response.is_done():
            await self.interaction.followup.send(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)
        else:
            await response.send_message(sentence, embeds=embeds, files=files, view=buttons, ephemeral=True)

    async def show_privately(self, parts: Parts) -> None:
        """Answer a command with a message of its own; under a button or a menu, change the message that it is on."""
        if self.interaction.type is discord.InteractionType.component:
            await self.interaction.response.edit_message(**parts)
        else:
            await self.interaction.response.send_message(**parts, ephemeral=True)
