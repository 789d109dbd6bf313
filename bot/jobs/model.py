"""A job and its states: the row everybody talks about, and the one table of what may follow what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.errors import ComposeError, Reason


class JobState(StrEnum):
    """Where a job stands. docs/design.md draws them and says what a crash in each one means."""

    CHECKING = "checking"  #: taken; the reference is being fetched and listened to; nothing paid
    QUEUED = "queued"  #: accepted and checked, not paid for
    SUBMITTING = "submitting"  #: written immediately before the POST, inside the submit slot
    UNKNOWN = "unknown"  #: the POST may or may not have been accepted
    GENERATING = "generating"  #: the provider's id is stored
    READY = "ready"  #: completed; the track is fetched and kept with the job
    DELIVERING = "delivering"  #: written before the message is sent
    DELIVERED = "delivered"  #: the track is in the channel, or with the member
    REFUSED = "refused"  #: the reference was listened to and cannot be used; nothing was paid
    FAILED = "failed"  #: ended without a track
    EXPIRED = "expired"  #: not finished in time; keeps the provider's id
    CANCELLED = "cancelled"  #: the member let it go
    UNDELIVERABLE = "undeliverable"  #: the track is kept, nobody could be reached


#: States that an engine works on by itself.
LIVE = frozenset(
    {
        JobState.CHECKING,
        JobState.QUEUED,
        JobState.SUBMITTING,
        JobState.GENERATING,
        JobState.READY,
        JobState.DELIVERING,
    }
)

#: Ends without a track; what is paid for may still come of some.
ENDS_WITHOUT_A_TRACK = frozenset({JobState.REFUSED, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED})

#: States in which the job waits for a person, or for nothing; the member is told of each exactly once.
RESTING = frozenset(JobState) - LIVE

_ALLOWED: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.CHECKING: frozenset({JobState.QUEUED, JobState.REFUSED, JobState.FAILED, JobState.CANCELLED}),
        JobState.QUEUED: frozenset({JobState.SUBMITTING, JobState.FAILED, JobState.CANCELLED}),
        # back to queued: only when the request was definitely not accepted
        JobState.SUBMITTING: frozenset({JobState.GENERATING, JobState.UNKNOWN, JobState.QUEUED, JobState.FAILED}),
        # to queued: only by the member's own decision, as a new attempt
        JobState.UNKNOWN: frozenset({JobState.GENERATING, JobState.QUEUED, JobState.CANCELLED}),
        # back to queued: only where a POST costs nothing, and the service has lost the song
        JobState.GENERATING: frozenset(
            {JobState.READY, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED, JobState.QUEUED}
        ),
        # back to generating: the file was lost and the provider is asked for it once more
        JobState.READY: frozenset({JobState.DELIVERING, JobState.FAILED, JobState.GENERATING}),
        JobState.DELIVERING: frozenset({JobState.DELIVERED, JobState.UNDELIVERABLE}),
        JobState.DELIVERED: frozenset(),
        JobState.REFUSED: frozenset(),
        JobState.FAILED: frozenset({JobState.GENERATING}),  # a track that was lost may be asked for once more
        JobState.EXPIRED: frozenset({JobState.GENERATING}),
        JobState.CANCELLED: frozenset(),
        JobState.UNDELIVERABLE: frozenset({JobState.DELIVERING}),
    }
)


class IllegalMoveError(ComposeError):
    """A move that the table does not know: a mistake in the code, never in the data."""


def check_move(before: JobState, after: JobState) -> None:
    """Raise IllegalMoveError unless `after` may follow `before`."""
    if after not in moves_from(before):
        raise IllegalMoveError(f"{before} -> {after}")


def moves_from(state: JobState) -> frozenset[JobState]:
    """The states that may follow `state`."""
    return _ALLOWED[state]


class Origin(StrEnum):
    """Where the command was typed, which decides how a track can get back."""

    GUILD = "guild"  #: a server that has the app; whether the bot may post by itself says `Place.bot_is_member`
    DIRECT = "direct"  #: direct messages with the bot
    USER_INSTALL = "user_install"  #: only this interaction can be answered: 15 minutes, five followups


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job was ordered and where its track goes."""

    origin: Origin
    channel_id: int
    guild_id: int | None
    interaction_id: int
    interaction_token: str | None = field(repr=False)  #: a secret; None once expired (15 minutes, Discord's limit)
    upload_limit_bytes: int  #: `attachment_size_limit` of the interaction
    locale: str  #: Discord's locale of the member, such as `en-GB`
    #: Whether the bot was a member of the server when the order was taken: one may have its commands alone. None where
    #: there is no server, and in rows from before this was asked.
    bot_is_member: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The song that a member attached."""

    url: str = field(repr=False)  #: signed: never in a log or a message
    name: str  #: as the member's file was called
    size_bytes: int
    expires_at: datetime | None = None  #: from the URL's `ex`; None when it has none
    seconds: float | None = None  #: decoded length; None before the check
    format: str | None = None  #: what it is by content, such as `mp3`; None before the check
    copy_name: str | None = None  #: our copy, a name inside the reference folder; None when none is kept
    copy_bytes: int | None = None  #: what our copy holds of the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What came back."""

    url: str = field(repr=False)  #: at the provider; may expire after 24 hours; never in a log
    copy_name: str | None = None  #: our copy, a name inside the track folder; None before it is fetched
    size_bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a member asked for, checked as far as it can be without touching the network."""

    member_id: int
    member_name: str  #: display name, for the file's tags
    place: Place
    title: str
    lyrics: str = field(repr=False)  #: as typed
    prompt: str = field(repr=False)  #: as sent, see bot.jobs.lyrics
    reference: Reference
    provider: str  #: whose contract is spoken, such as `aiml`; pinned with the model, whatever the settings say later
    model: str  #: as GENERATION_MODEL names it
    style: str | None = None  #: None for a model that takes none
    price_micros: int  #: of one song by the published price when it was ordered, in millionths of a US dollar
    again_of: int | None = None  #: the job whose song or words this one repeats
    is_repeat: bool = False  #: nothing was changed in it: a press of *Again*, which may come twice
    role_ids: frozenset[int] = frozenset()  #: the member's roles in the server, as they were when it was ordered
    answered_at: datetime | None = None  #: when Discord took an answer to it; None: not yet, and nothing is paid before
    channel_ids: frozenset[int] = frozenset()  #: the channel, and of a thread also the channel that it hangs on


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row. Immutable: a move gives a new one."""

    id: int
    key: str  #: 16 random hex digits; nonces and the client request id are made from it
    state: JobState
    version: int  #: grows with every move; the compare-and-set token
    attempt: int  #: how many POSTs have been begun
    member_id: int
    member_name: str
    place: Place
    title: str
    lyrics: str = field(repr=False)
    prompt: str = field(repr=False)
    reference: Reference
    provider: str  #: this and the next three: as ordered, see Order
    model: str
    style: str | None
    price_micros: int
    again_of: int | None
    generation_id: str | None
    track: Track | None
    card_message_id: int | None
    track_channel_id: (
        int | None
    )  #: where the track was delivered; differs from the place when it went by direct message
    track_message_id: int | None
    notified_state: JobState | None  #: the last resting state the member was shown
    reason: Reason | None  #: why it rests without a track
    detail: str  #: for operators, or a text key that goes with `reason`; never a URL or lyrics
    created_at: datetime
    moved_at: datetime  #: when the present state began
    submit_started_at: datetime | None  #: of the last POST that may have been accepted; None while there is none
    accepted_at: datetime | None  #: when the provider's id was stored
    deliver_started_at: datetime | None
    deadline_at: datetime | None  #: set with `accepted_at`; after it the job expires
    answered_at: datetime | None = None  #: when Discord took our answer to the order; nothing is paid before
    claimed_by: str | None = None  #: which of several processes works on it; None: the only one there is
    service_address: str | None = None  #: where its last POST went; None: none yet, or by a version that kept no such

    @property
    def client_request_id(self) -> str:
        """Sent as `X-Client-Request-Id`; one for each attempt, within the provider's 1-128 characters."""
        return f"compose-{self.key}-{self.attempt}"

    @property
    def may_be_charged(self) -> bool:
        """Whether some POST of it was, or may have been, accepted, by a service that charges."""
        return self.submit_started_at is not None and self.price_micros > 0

    @property
    def ended_unpaid(self) -> bool:
        """Whether it ended, for good or until it is ordered anew, without anything that was or may have been paid for.

        The services say a definite no to a POST only where they charge nothing; a doubt about an earlier one stays one.
        """
        if self.state not in ENDS_WITHOUT_A_TRACK or self.generation_id is not None:
            return False
        return not self.may_be_charged or (self.state is JobState.FAILED and self.attempt <= 1)

    @property
    def is_live(self) -> bool:
        """Whether an engine still works on it."""
        return self.state in LIVE

    @property
    def is_unfinished(self) -> bool:
        """Whether an engine has anything to do with it: it is live, or the member was not yet told where it rests."""
        return self.is_live or self.notified_state is not self.state

    def nonce(self, purpose: str) -> str:
        """A nonce of at most 25 characters (Discord's limit), the same for every try at the same message."""
        nonce = f"{self.key}-{purpose}"
        if len(nonce) > 25:
            raise ValueError(f"nonce too long: {len(nonce)}")
        return nonce


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """One line of a job's history."""

    at: datetime
    before: JobState | None
    after: JobState
    detail: str
