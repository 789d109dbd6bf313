"""What the jobs need from the outside, as Protocols: store, music API, Discord. Nothing here does anything."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

from bot.errors import Reason
from bot.jobs.admitting import AdmittingStore, HearingStore, PlaceStore, StartingStore
from bot.jobs.answers import AnswerLookUp
from bot.jobs.keeping import KeepingStore
from bot.jobs.line_head import HeadStore, LineStore
from bot.jobs.live_job import LiveJob
from bot.jobs.model import Job, JobEvent, JobState, Order, Reference, Track
from bot.jobs.outlook import Eta
from bot.jobs.overview import Running, Tally
from bot.jobs.space import RoomStore, SpaceLimits


class Changes(TypedDict, total=False):
    """Columns that a move or an update may set; what is left out stays as it is."""

    attempt: int
    reference: Reference
    generation_id: str | None
    track: Track | None
    card_message_id: int | None
    track_channel_id: int | None
    track_message_id: int | None
    notified_state: JobState | None
    reason: Reason | None
    detail: str
    interaction_token: str | None
    answered_at: datetime
    submit_started_at: datetime | None
    service_address: str | None
    accepted_at: datetime
    deliver_started_at: datetime
    deadline_at: datetime


# The job table, cut by its readers. Each method is one transaction, durable on return, or raises StoreBusyError.
class CardStore(Protocol):
    """What whoever draws cards asks: the row as it is, and its card's id kept."""

    async def get(self, job_id: int) -> Job | None:
        """The row as it is now."""
        ...

    async def update(self, job_id: int, *, claim: str | None = None, **changes: Unpack[Changes]) -> Job | None:
        """Set columns that do not decide anything (card, news told, copies); no move, no version. None: no such job.

        `claim`: only while it is worked on as this one of several processes.
        """
        ...


class MovingStore(CardStore, Protocol):
    """What moves a job: an engine's step, or a member's decision."""

    async def move(
        self, job: Job, after: JobState, now: datetime, *, why: str = "", **changes: Unpack[Changes]
    ) -> Job | None:
        """Compare-and-set on (id, state, version), and a line of history. None: somebody else moved it; stop.

        Raises IllegalMoveError for a move that the table of states does not know.
        """
        ...

    async def wish_to_stop(self, job: Job, *, wished: bool) -> Job | None:
        """Write, or take back, that its making is to be stopped, while it is `generating`. None: it is not any more."""
        ...


class HistoryStore(Protocol):
    """What became of a job."""

    async def history(self, job_id: int) -> Sequence[JobEvent]:
        """The job's moves and late answers, oldest first."""
        ...


class StepStore(HistoryStore, MovingStore, LineStore, StartingStore, HearingStore, Protocol):
    """What a job's steps ask."""

    async def is_generation_known(self, generation_id: str) -> bool:
        """Whether some job has this generation."""
        ...

    async def resolve_submission(
        self, job_id: int, attempt: int, generation_id: str, now: datetime, deadline_at: datetime
    ) -> Job | None:
        """Store the provider's id for this attempt, whoever holds the job: `submitting` or `unknown` -> `generating`.

        Clears the reason that an unknown outcome had; may be repeated while the job still generates. A late answer of
        an overtaken attempt changes nothing but leaves a line of history; then None. Raises StoreError if another job
        has that id.
        """
        ...


class EtaStore(Protocol):
    """What a guess at the time ahead is learned from."""

    async def recent_seconds(self, model: str, limit: int = 20) -> Sequence[float]:
        """Seconds from `accepted_at` to ready of this model's last finished generations, newest first."""
        ...


class EngineStore(Protocol):
    """What an engine asks: whom to look at."""

    async def needing_a_look(self, in_line_of: Collection[str]) -> Sequence[int]:
        """Ids of all jobs that are not at rest with their member told (see Job.is_unfinished).

        Without those that wait in the line of one of these models; what is paid for comes first, then the oldest.
        """
        ...

    async def making_ids(self) -> Sequence[int]:
        """Ids of all jobs that are `generating`, oldest first."""
        ...

    async def unknown_ids(self) -> Sequence[int]:
        """Ids of all `unknown` jobs, oldest first; after a start the provider's log may know of them."""
        ...


class DeletingStore(Protocol):
    """How a row goes for good."""

    async def delete(self, job_id: int) -> bool:
        """Delete the row and its history. The caller has removed the files first. False: no such row."""
        ...


class RetentionStore(CardStore, DeletingStore, PlaceStore, RoomStore, KeepingStore, Protocol):
    """What retention asks."""


class ServiceStore(HistoryStore, MovingStore, DeletingStore, AdmittingStore, KeepingStore, Protocol):
    """What members' orders, decisions and lists ask."""

    async def add(self, order: Order, now: datetime, *, space: SpaceLimits | None = None) -> Job:
        """`admit` without a verdict, and answered: for those whom nobody waits for."""
        ...

    async def of_member(self, member_id: int, *, limit: int = 10, offset: int = 0) -> Sequence[Job]:
        """A member's own jobs, newest first."""
        ...

    async def count_of_member(self, member_id: int) -> int:
        """How many `of_member` can page through."""
        ...

    async def in_guild(self, guild_id: int | None, channel_id: int) -> Sequence[Job]:
        """Live jobs of a guild (or of one direct channel), oldest first."""
        ...

    async def running_in(self, guild_id: int | None, channel_id: int, *, limit: int) -> Running:
        """The first live jobs of a channel, oldest first, and how many there are in it and elsewhere in its guild."""
        ...


class TallyStore(Protocol):
    """What metrics ask."""

    async def tally(self) -> Tally:
        """Jobs by state; every state is there, if only with 0. Takes longer with every finished song."""
        ...

    async def live_tally(self) -> Tally:
        """The same of live states alone, however many songs are finished."""
        ...


class ValueStore(Protocol):
    """Single values by name, such as what was said once."""

    async def get_value(self, name: str) -> str | None:
        """The value kept under this name; None when there is none."""
        ...

    async def set_value(self, name: str, value: str) -> None:
        """Keep it across restarts, in place of what was there."""
        ...

    async def replace_value(self, name: str, before: str | None, after: str) -> bool:
        """The same, if what is there is `before` (None: nothing); else False, and nothing was written."""
        ...


class JobStore(
    StepStore, EtaStore, EngineStore, HeadStore, RetentionStore, ServiceStore, TallyStore, ValueStore, Protocol
):
    """The whole of it: what the bot opens, and hands to each reader as the part that they read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """What one POST carries."""

    prompt: str
    style: str | None = None  #: None for a model that takes none
    reference_url: str
    reference_file: Path | None = None  #: our copy; None when none is kept, or the service fetches the URL
    client_request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StillWorking:
    """Not finished."""

    status: str  #: the provider's word, lower case, at most 40 characters
    place: int | None = None  #: how many go first in the provider's own queue; None: it is not said, or it has begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A track can be fetched."""

    track_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """The provider ended the generation without a track."""

    reason: Reason
    detail: str  #: sanitised: no URL, no key, at most 300 characters


Progress = StillWorking | Finished | GaveUp


class ProbeResult(StrEnum):
    """What a probe found."""

    KEY_ACCEPTED = "key_accepted"  #: the service is there and lets this key in
    KEY_REFUSED = "key_refused"  #: the service is there; the key is wrong, expired or blocked
    NO_CREDITS = "no_credits"  #: the key is right; the account is empty
    MODEL_MISSING = "model_missing"  #: the service lets this key in, and has no such model
    IN_TROUBLE = "in_trouble"  #: something answers, with errors or limits; the key could not be judged
    NOT_THE_API = "not_the_api"  #: something answers, but not this service: a wrong address, or a gateway before it
    NOT_REACHABLE = "not_reachable"  #: no connection, or no answer in time


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """The outcome of a probe."""

    result: ProbeResult
    detail: str  #: for operators; no URL, no key; what was learned besides, where all is well
    by_proxy: bool = False  #: it is the operator's proxy that was not reached, or let nothing through
    hint: str = ""  #: a sentence on what may be wrong with the address as it was given

    @property
    def lets_in(self) -> bool:
        """Whether the account is in order, be it that the model is not there."""
        return self.result in {ProbeResult.KEY_ACCEPTED, ProbeResult.MODEL_MISSING}


class Generator(Protocol):
    """A music service with one model, as far as every service goes. What only some can is in LookUp and Canceller."""

    async def submit(self, request: GenerationRequest) -> str:
        """POST once; returns the generation id: all that `poll` will need, opaque, at most 300 characters.

        No other service may ever give the same: one whose ids are not unique puts its name before them.

        Raises RefusedError, BusyError, AccountError, OutcomeUnknownError.
        """
        ...

    async def poll(self, generation_id: str) -> Progress:
        """GET once. Raises BusyError, AccountError, or RefusedError(GENERATION_LOST)."""
        ...

    async def fetch(self, track_url: str, into: Path) -> int:
        """Stream the track into a new file; returns its size in bytes.

        Raises TrackNotReadyError, TrackLostError, DiskError.
        """
        ...

    async def probe(self) -> ProbeReport:
        """Whether address and key are right; spends nothing."""
        ...


class LookUp(Protocol):
    """A service that can say what became of a POST whose answer was lost."""

    @property
    def can_look_up(self) -> bool:
        """False once the provider has said that it has no log to look into."""
        ...

    async def look_up(self, request: GenerationRequest, since: datetime) -> Sequence[str]:
        """The generation ids that this request may have got, likeliest first; some may be another job's.

        Empty when the log does not show it (yet) or does not exist. Raises BusyError when asking again may help.
        """
        ...


class Cancellation(StrEnum):
    """What a service says to a request to stop."""

    STOPPED = "stopped"  #: it had not begun; nothing is charged
    ASKED = "asked"  #: it may stop, and may be charged all the same
    TOO_LATE = "too_late"  #: the track is finished and can be fetched
    LOST = "lost"  #: it does not know the generation


class Canceller(Protocol):
    """A service that can stop a generation."""

    async def cancel(self, generation_id: str) -> Cancellation:
        """Ask once; may be repeated. Raises BusyError, AccountError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredMessage:
    """Where a track ended up."""

    channel_id: int
    message_id: int
    is_card: bool = False  #: the card itself has become the track


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A song that we put under a public URL."""

    url: str
    expires_at: datetime | None


class Cards(AnswerLookUp, Protocol):
    """The message that follows each job. Every send carries a nonce, so that each method may be called again."""

    async def show(self, live: LiveJob, job: Job, eta: Eta) -> int | None:
        """Bring the job's card up to date (create it if it was never stored); the message id of the card.

        None: the card is gone for good. A card that would look the same is left alone. Raises DeliveryLaterError.
        """
        ...

    async def tell(self, live: LiveJob, job: Job) -> None:
        """Make sure the member knows where a resting job stands: the card, else a message here, else a direct one.

        Raises DeliveryLaterError; gives up silently only when no way is left. Sets nothing in the store.
        """
        ...

    async def publish(self, job: Job, song: Path, name: str) -> Published:
        """Put a song where the music API can fetch it: attached to the card under `name`, in place of what was there.

        Raises DeliveryLaterError, DiskError, or ReferenceRefusedError when the channel does not take the file.
        """
        ...


class Delivery(Protocol):
    """The way of a track to its member. Every send carries a nonce, so that it may be called again."""

    async def deliver(self, job: Job, track: Path) -> DeliveredMessage:
        """Send the track, if it was heard (its length is known), else its link; here, else directly.

        Raises DeliveryLaterError (the same nonce again), UndeliverableError (neither file nor link came), DiskError.
        """
        ...

    def has_link(self, job: Job) -> bool:
        """Whether the track's address can be offered as a link."""
        ...

    async def deliver_link(self, job: Job) -> DeliveredMessage:
        """The same for a track whose file cannot be fetched."""
        ...

    async def find(self, job: Job, since: datetime) -> DeliveredMessage | None:
        """Our own message with this track, sent since then; None without, or unreadable. Raises DeliveryLaterError."""
        ...
