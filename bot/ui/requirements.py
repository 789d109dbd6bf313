"""What this bot takes and what it refuses, as one value that commands, forms and cards share."""

from dataclasses import dataclass, field

from bot.jobs.blocklist import Blocklist
from bot.jobs.doors import Doors
from bot.jobs.lyrics import PromptRules
from bot.jobs.notices import NoticeBoard

#: Where Discord serves attachments from, directly or through its proxy.
DISCORD_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedModel:
    """The model that new songs are ordered from; see Order."""

    provider: str = "aiml"
    name: str = "minimax-music"
    style: str | None = None  #: the style of an order that names none
    price_micros: int = 37_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequirements:
    """Limits of the operator, of the model and of Discord, as far as an order is checked before it becomes a job."""

    model: OrderedModel = field(default_factory=OrderedModel)
    prompt: PromptRules = field(default_factory=PromptRules)
    reference_max_bytes: int = 25 * 1024 * 1024
    reference_min_seconds: float = 15.0  #: the API wants longer than this
    title_max_characters: int = 80
    file_types: tuple[str, ...] = ("audio", "video")  #: what may be chosen: Discord's groups and endings
    attachment_hosts: frozenset[str] = DISCORD_HOSTS
    blocklist: Blocklist = field(default_factory=Blocklist)
    doors: Doors = field(default_factory=Doors)
    opens_loopback: bool = False  #: Discord is a stand-in, and who reads there sits at this machine
    shown_currency: str | None = None  #: in which members are shown what songs cost; None: they are not
    currency: str = "USD"  #: in which operators are shown it
    notices: NoticeBoard = field(default_factory=NoticeBoard)  #: what everybody is told for a while
