"""What exists in the sandbox's Discord: users, guilds, channels, messages, attachments and interactions."""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from typing import Any, TypeAlias

JSON: TypeAlias = dict[str, Any]


class ChannelType(IntEnum):
    """The channel types the sandbox has."""

    TEXT = 0
    DM = 1
    VOICE = 2
    GROUP_DM = 3
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13
    FORUM = 15


#: Whose text only those see who may connect.
HEARD = frozenset({ChannelType.VOICE, ChannelType.STAGE})
THREADS = frozenset({ChannelType.ANNOUNCEMENT_THREAD, ChannelType.THREAD, ChannelType.PRIVATE_THREAD})


class InteractionType(IntEnum):
    """What a member did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """How an interaction can be answered first."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


class MessageFlag(IntFlag):
    """The message flags that matter here."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    VOICE = 1 << 13
    COMPONENTS_V2 = 1 << 15


class MessageType(IntEnum):
    """How a message came to be."""

    DEFAULT = 0
    REPLY = 19
    COMMAND = 20
    CONTEXT_MENU = 23


class Install(StrEnum):
    """How the app came to be where a member uses it."""

    #: The guild added the bot.
    GUILD = "guild"
    #: Only the member added the app to the account; the bot itself is not there.
    USER = "user"


@dataclass(slots=True, kw_only=True)
class User:
    """An account. `upload_limit_bytes` is what its own subscription allows, `dms_open` whether the bot may write."""

    id: int
    username: str
    display_name: str
    bot: bool = False
    dms_open: bool = True
    locale: str = "en-US"
    upload_limit_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class Role:
    """A role with its permission bits; the one with the guild's id is @everyone."""

    id: int
    name: str
    permissions: int
    position: int = 1
    mentionable: bool = False
    managed: bool = False


@dataclass(slots=True, kw_only=True)
class Overwrite:
    """Permission bits for one role (`kind` 0) or member (`kind` 1) in one channel."""

    id: int
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, kw_only=True)
class Guild:
    """A server; `members` maps user ids to role ids. `bot_present` is false where only members brought the app.

    `has_commands`: where the bot is not, the server itself still has its commands (scope `applications.commands`).
    `timeouts`: until when somebody may neither write nor react. `blocked_words`: what AutoMod lets nobody write.
    `boost_tier`: 0 to 3; it raises how large a file may be.
    """

    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    bot_present: bool = True
    has_commands: bool = False
    timeouts: dict[int, float] = field(default_factory=dict)
    blocked_words: tuple[str, ...] = ()
    boost_tier: int = 0
    upload_limit_bytes: int | None = None
    locale: str = "en-US"


@dataclass(slots=True, kw_only=True)
class Upload:
    """A file as somebody sends it."""

    filename: str
    data: bytes = field(repr=False)
    content_type: str | None = None


@dataclass(slots=True, kw_only=True)
class Attachment:
    """A stored file; an ephemeral one belongs to an interaction, not to a message.

    `title` is the name it came with, without its extension, if Discord had to change it.
    """

    id: int
    channel_id: int
    filename: str
    data: bytes = field(repr=False)
    content_type: str | None
    created_at: float
    ephemeral: bool = False
    title: str | None = None
    description: str | None = None
    duration_seconds: float | None = None
    waveform: str | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Who a message points at after `allowed_mentions` was applied."""

    user_ids: tuple[int, ...] = ()
    role_ids: tuple[int, ...] = ()
    everyone: bool = False


@dataclass(slots=True, kw_only=True)
class Message:
    """A message. `visible_to` names the only member who sees it, if it is ephemeral.

    `mentioned_user_ids` is what the text points at now; `pinged_user_ids` who was notified when it was created
    (an edit never notifies anybody). `embedded` are files that an embed shows: Discord lists them nowhere else.
    """

    id: int
    channel_id: int
    author: User
    created_at: float
    content: str = ""
    type: int = MessageType.DEFAULT
    flags: int = 0
    embeds: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    embedded: list[Attachment] = field(default_factory=list)
    mentions: Mentions = field(default_factory=Mentions)
    pinged_user_ids: tuple[int, ...] = ()
    nonce: str | None = None
    reference: JSON | None = None
    interaction: "Interaction | None" = field(default=None, repr=False)
    webhook_id: int | None = None
    visible_to: int | None = None
    edited_at: float | None = None
    edit_times: list[float] = field(default_factory=list)
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & MessageFlag.EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & MessageFlag.LOADING)

    @property
    def components_v2(self) -> bool:
        return bool(self.flags & MessageFlag.COMPONENTS_V2)

    @property
    def mentioned_user_ids(self) -> tuple[int, ...]:
        return self.mentions.user_ids

    @property
    def reply_to_id(self) -> int | None:
        return int(self.reference["message_id"]) if self.reference else None


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel of a server, a thread (with `parent_id`) or a DM (with `recipient_ids`).

    `thread_member_ids`: who is in a private thread. `slow_mode_seconds` is for members; bots are unaffected.
    """

    id: int
    type: int
    name: str
    guild_id: int | None = None
    parent_id: int | None = None
    position: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipient_ids: tuple[int, ...] = ()
    owner_id: int | None = None
    archived: bool = False
    locked: bool = False
    thread_member_ids: set[int] = field(default_factory=set)
    age_restricted: bool = False
    slow_mode_seconds: int = 0
    upload_limit_bytes: int | None = None
    messages: dict[int, Message] = field(default_factory=dict, repr=False)

    @property
    def is_thread(self) -> bool:
        return self.type in THREADS

    @property
    def is_private(self) -> bool:
        return self.type in (ChannelType.DM, ChannelType.GROUP_DM)


@dataclass(slots=True, kw_only=True)
class Modal:
    """A form that one member has open; closed once it was submitted or dismissed."""

    id: int
    custom_id: str
    title: str
    components: list[JSON]
    interaction: "Interaction" = field(repr=False)
    open: bool = True


@dataclass(slots=True, kw_only=True)
class Interaction:
    """One thing a member did, and all that came back to it.

    `delivered` is false if no bot was connected when it happened, or it was back-dated: then a late answer is not
    the bot's fault.
    `instances` is how many clients with the bot's token were connected: each is handed the interaction, and only the
    first of their answers is taken.
    `answer_type` is the callback type of the first answer (None: not answered yet); `failed` says that the member saw
    "The application did not respond".
    """

    id: int
    token: str = field(repr=False)
    type: int
    user: User
    channel: Channel
    guild: Guild | None = field(repr=False)
    install: Install
    created_at: float
    payload: JSON = field(repr=False)
    name: str | None = None
    message: Message | None = None
    answer_type: int | None = None
    answered_at: float | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Modal | None = None
    choices: list[JSON] | None = None
    delivered: bool = True
    instances: int = 1
    failed: bool = False
    expired: bool = False

    @property
    def answered(self) -> bool:
        return self.answer_type is not None

    @property
    def thinking(self) -> bool:
        return self.original is not None and self.original.loading and not self.original.deleted

    @property
    def messages(self) -> list[Message]:
        """Every message that answers it and still exists, the original first."""
        created = self.answer_type in (CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE)
        first = [self.original] if self.original is not None and created else []
        return [message for message in first + self.followups if not message.deleted]
