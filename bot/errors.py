"""Why something could not be done, cut by what the caller does next.

ComposeError
├── SettingsError            the operator mends the settings; every problem named at once
├── StartError               this process cannot run here and now (database busy, corrupt, newer; Discord out of reach)
│   └── TokenRefusedError    Discord does not know the bot's token
├── OrderError               the member's order cannot be taken as it is: tell them, give their words back
├── ControlError             a button or command cannot do what was asked of a job: a private sentence
│   ├── NotYoursError        only the owner (or a moderator) may
│   ├── TooLateError         the job has moved on
│   │   └── FinishedError    it cannot be stopped: its track is made
│   └── NoSuchJobError       deleted, or never was
├── ReferenceRefusedError    the reference cannot be used: tell the member
├── HearingFaultError        a fault of ours or of this machine while a file was heard: a few tries, then told as such
├── GenerationError          a call to the music API
│   ├── RefusedError         a definite no to this request: the job fails with its reason
│   ├── BusyError            not accepted, or not answered, and safe to ask again: later
│   ├── AccountError         key, credits or address: the operator must act; later
│   └── OutcomeUnknownError  a POST that may have been accepted: never repeated by code
├── TrackError               the finished track's file
│   ├── TrackNotReadyError   not there yet, or no connection: later
│   └── TrackLostError       gone, empty, endless, no audio, at an address not asked: ask the API again, then give up
├── DeliveryError            a message to Discord
│   ├── DeliveryLaterError   outage or limit: later, with the same nonce
│   └── UndeliverableError   no way is left to reach the member
├── DiskError                this machine's own disk: nobody else is to blame; later
├── TakenOverError           another process works on this job by now: let go of it
└── StoreError               a row
    ├── DuplicateOrderError  the interaction was already taken; carries the job's id
    └── StoreBusyError       locked, full or out of reach: later
        └── StoreDiskError   the disk under it is full, read-only or failing: the operator must look; later

No class carries a sentence for members; those are in `bot.texts`, found by `Reason`.
"""

from collections.abc import Sequence
from enum import StrEnum


class Reason(StrEnum):
    """Why a job ended without a track, or an order was not taken.

    Each has a sentence `reason.<value>` in `bot.texts`.
    """

    LYRICS_EMPTY = "lyrics_empty"  #: nothing to sing
    LYRICS_TOO_SHORT = "lyrics_too_short"  #: under the model's least after normalising
    LYRICS_TOO_LONG = "lyrics_too_long"  #: over the model's limit after normalising
    MODEL_GONE = "model_gone"  #: this model is not offered any more
    STYLE_NOT_TAKEN = "style_not_taken"  #: the model takes no words about the style
    STYLE_TOO_SHORT = "style_too_short"  #: under the model's least
    STYLE_TOO_LONG = "style_too_long"  #: over the model's limit
    LYRICS_FIT_ELSEWHERE = "lyrics_fit_elsewhere"  #: over this model's limit; another one takes them
    TITLE_TOO_LONG = "title_too_long"  #: over 80 characters
    WORDS_REFUSED = "words_refused"  #: the operator's word list
    FOREIGN_URL = "foreign_url"  #: the attachment's host is not Discord's
    FILE_TOO_LARGE = "file_too_large"  #: over REFERENCE_MAX_BYTES
    FILE_EMPTY = "file_empty"  #: zero bytes
    NO_PERMISSION = "no_permission"  #: the bot may not post or attach where the track would go
    GUILD_CLOSED = "guild_closed"  #: ALLOWED_GUILDS does not name this server
    DIRECT_CLOSED = "direct_closed"  #: a direct message, and ALLOW_DIRECT is off
    USER_INSTALL_CLOSED = "user_install_closed"  #: the app is a member's own, and ALLOW_USER_INSTALL is off
    PRIVATE_THREAD = "private_thread"  #: the bot is not in this private thread
    MEMBER_SPACE = "member_space"  #: the member's songs hold MEMBER_MAX_BYTES
    DATA_SPACE = "data_space"  #: all songs together hold DATA_MAX_BYTES
    DISK_NEARLY_FULL = "disk_nearly_full"  #: less than DATA_MIN_FREE_BYTES are free
    STORE_BUSY = "store_busy"  #: the database did not answer in time
    PAUSED = "paused"  #: an operator has paused the bot
    BLOCKED = "blocked"  #: an operator has blocked the member
    WRONG_CHANNEL = "wrong_channel"  #: the server takes songs in other channels
    NOT_ALLOWED = "not_allowed"  #: a limit of 0
    ALREADY_TAKEN = "already_taken"  #: the same press once more
    LIMIT_DAY = "limit_day"  #: the member's songs of the day are used up
    LIMIT_AT_ONCE = "limit_at_once"  #: as many of the member's songs are under way as may be
    LIMIT_GUILD = "limit_guild"  #: the server's songs of the day are used up
    HEARING_WAITS = "hearing_waits"  #: checks of the member's songs have used up a child's limits too often
    BUDGET = "budget"  #: the operator's budget of the day or the month is used up
    GUILD_LEFT = "guild_left"  #: the bot was removed from the server while the song waited
    PLACE_GONE = "place_gone"  #: an operator took back the hold of a song that waited
    UNANSWERED = "unanswered"  #: Discord never took our answer to the order, so nothing was paid
    DISK = "disk"  #: our own disk does not take the song
    SOUND = "sound"  #: the file's sound; `detail` holds the key of a `sound.*` sentence
    REFERENCE_GONE = "reference_gone"  #: Discord no longer has the file
    REFERENCE_UNREADABLE = "reference_unreadable"  #: the music API could not read the reference
    CONTENT_REFUSED = "content_refused"  #: the music API refuses these words or this song
    REQUEST_REFUSED = "request_refused"  #: the music API refuses the request for another documented reason
    PROVIDER_FAILED = "provider_failed"  #: the music API began and gave up
    KEY_REFUSED = "key_refused"  #: 401: the operator must look
    ADDRESS_WRONG = "address_wrong"  #: no such call at this address: the operator must look
    NO_CREDITS = "no_credits"  #: 403 out of credits: the operator must top up
    PROXY = "proxy"  #: the operator's proxy lets nothing through
    BUSY_TOO_LONG = "busy_too_long"  #: 429 or no connection for longer than a job may wait
    OUTCOME_UNKNOWN = "outcome_unknown"  #: the POST may or may not have been accepted
    DEADLINE = "deadline"  #: not finished within GENERATION_TIMEOUT_SECONDS
    GENERATION_LOST = "generation_lost"  #: the music API no longer knows the id
    TRACK_LOST = "track_lost"  #: finished, but the file cannot be had
    CHANNEL_GONE = "channel_gone"  #: no channel, no way to the member
    TRACK_UNHEARD = "track_unheard"  #: nobody could tell whether the file is sound, and no link can be offered
    TRACK_TOO_LARGE = "track_too_large"  #: for its place, however small it is made, and no link can be offered
    MEMBER_CANCELLED = "member_cancelled"  #: cancelled by the member or a moderator
    INTERNAL = "internal"  #: a fault of ours that no retry mended; the log has the trace
    DISMISSED = "dismissed"  #: an unknown outcome the member let go


class ComposeError(Exception):
    """Root of everything this project raises on purpose."""


class SettingsError(ComposeError):
    """Unusable settings."""

    def __init__(self, problems: Sequence[str]) -> None:
        """`problems`: one sentence for each, fit for a terminal, without any secret's value."""
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class StartError(ComposeError):
    """The process cannot run here and now; the message tells the operator what to do."""


class TokenRefusedError(StartError):
    """Discord does not know the token; trying again cannot help."""


class _ReasonedError(ComposeError):
    def __init__(self, reason: Reason, detail: str = "", **values: object) -> None:
        """`detail`: for operators or a text key; never a URL, a key or lyrics. `values` fill the reason's sentence."""
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.values = values


class OrderError(_ReasonedError):
    """The member's order cannot be taken as it is."""


class ControlError(ComposeError):
    """A button or command cannot do what was asked of a job."""


class NotYoursError(ControlError):
    """Only the owner may do this; for Cancel and Delete also a moderator."""


class TooLateError(ControlError):
    """The job has moved on since the button was drawn."""


class FinishedError(TooLateError):
    """It cannot be stopped any more: the track is made, and on its way."""


class NoSuchJobError(ControlError):
    """Deleted, or never was."""


class ReferenceRefusedError(_ReasonedError):
    """The reference cannot be used for a generation."""

    @property
    def is_burnt(self) -> bool:
        """Whether its check used up the CPU, the time or the memory that one may take."""
        return bool(self.values.get("is_burnt"))


class HearingFaultError(ComposeError):
    """A file was not heard, and that is not the file's fault: nothing is known about it."""

    def __init__(self, message: str, *, detail: str, is_lasting: bool) -> None:
        """`detail`: a remark for the member. `is_lasting`: of our code, which waiting alone does not mend."""
        super().__init__(message)
        self.detail = detail
        self.is_lasting = is_lasting


class GenerationError(ComposeError):
    """A call to the music API did not do what it should."""

    def __init__(self, message: str, *, status: int | None = None, request_id: str | None = None) -> None:
        """`message` is ours, or the provider's with every URL and key removed; `status` the HTTP status, if any."""
        super().__init__(message)
        self.status = status
        self.request_id = request_id


class RefusedError(GenerationError):
    """A definite no to this request."""

    def __init__(
        self, message: str, *, reason: Reason, status: int | None = None, request_id: str | None = None
    ) -> None:
        """`reason`: what the member is told."""
        super().__init__(message, status=status, request_id=request_id)
        self.reason = reason


class BusyError(GenerationError):
    """Nothing was accepted, or nothing is at stake: ask again later."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        status: int | None = None,
        request_id: str | None = None,
        by_proxy: bool = False,
    ) -> None:
        """`retry_after_seconds`: what the server asked for, unbounded; the schedule bounds it.

        `by_proxy`: the operator's proxy refused, and nothing came as far as the server.
        """
        super().__init__(message, status=status, request_id=request_id)
        self.retry_after_seconds = retry_after_seconds
        self.by_proxy = by_proxy


class AccountError(GenerationError):
    """The operator's key, credits or address."""

    def __init__(
        self, message: str, *, reason: Reason, status: int | None = None, request_id: str | None = None
    ) -> None:
        """`reason`: KEY_REFUSED, NO_CREDITS or ADDRESS_WRONG."""
        super().__init__(message, status=status, request_id=request_id)
        self.reason = reason


class OutcomeUnknownError(GenerationError):
    """The request may have been accepted; nobody can tell from here."""


class TrackError(ComposeError):
    """The finished track's file could not be had."""

    def __init__(self, message: str, *, may_open: bool = False) -> None:
        """`may_open`: its address may well lead somewhere for others, so that it can be handed over as a link."""
        super().__init__(message)
        self.may_open = may_open


class TrackNotReadyError(TrackError):
    """Not there yet, or no connection: try again soon."""


class TrackLostError(TrackError):
    """Gone, empty, endless, or not audio."""


class DeliveryError(ComposeError):
    """A message did not reach Discord."""


class DeliveryLaterError(DeliveryError):
    """Discord did not take it now; the same nonce may be sent again."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        """`retry_after_seconds`: what Discord asked for, if it did."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class UndeliverableError(DeliveryError):
    """No way is left to reach the member; the track stays with the job."""

    def __init__(self, message: str, *, reason: Reason = Reason.CHANNEL_GONE, is_filtered: bool = False) -> None:
        """`reason`: what the member is told. `is_filtered`: the channel is open, but a filter of the server's let this
        message not through.
        """
        super().__init__(message)
        self.reason = reason
        self.is_filtered = is_filtered


class DiskError(ComposeError):
    """A file of ours could not be written, read or removed: the disk is full, read-only, gone, or not ours."""


class TakenOverError(ComposeError):
    """Another process works on this job by now."""


class StoreError(ComposeError):
    """A row could not be read or written."""


class DuplicateOrderError(StoreError):
    """This interaction has already become a job."""

    def __init__(self, job_id: int) -> None:
        """`job_id`: the job that the first arrival made."""
        super().__init__(f"already job {job_id}")
        self.job_id = job_id


class StoreBusyError(StoreError):
    """The database is locked, full or out of reach; nothing was written."""


class StoreDiskError(StoreBusyError):
    """The disk under the database takes nothing; nothing was written."""
