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
    """A model that new songs are ordered from; see Order."""

    provider: str = "aiml"
    name: str = "minimax-music"
    style: str | None = None  #: the style of an order that names none
    price_micros: int = 37_000
    prompt: PromptRules = field(default_factory=PromptRules, compare=False)
    reference_min_seconds: float = field(default=15.0, compare=False)  #: the API wants longer than this
    takes_style: bool = False
    style_min_characters: int = 0
    style_max_characters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequirements:
    """Limits of the operator, of the model and of Discord, as far as an order is checked before it becomes a job."""

    model: OrderedModel = field(default_factory=OrderedModel)  #: the usual one
    others: tuple[OrderedModel, ...] = ()  #: what else may be chosen
    no_longer_offered: tuple[OrderedModel, ...] = ()  #: not to be chosen, but its songs of earlier go on
    stoppable: frozenset[str] = frozenset()  #: models whose service can stop what it has taken
    prompt: PromptRules = field(default_factory=PromptRules)
    cover_models: frozenset[str] = frozenset()  #: models that keep the tune of a reference
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

    @property
    def models(self) -> tuple[OrderedModel, ...]:
        """All that may be chosen, the usual one first."""
        return (self.model, *self.others)

    @property
    def takes_style(self) -> bool:
        """Whether words about the style are asked for at all."""
        return any(model.takes_style for model in self.models)

    @property
    def lowest_price_micros(self) -> int:
        """Of one song."""
        return min(model.price_micros for model in self.models)

    def offered(self, name: str | None) -> OrderedModel | None:
        """The model of that name, the usual one without a name; None when it may not be chosen."""
        if name is None:
            return self.model
        return next((model for model in self.models if model.name == name), None)

    def of(self, name: str) -> OrderedModel:
        """What is known of a song's model; as of the usual one where nothing is."""
        known = (*self.models, *self.no_longer_offered)
        return next((model for model in known if model.name == name), self.model)

    def others_than(self, name: str) -> tuple[OrderedModel, ...]:
        """With which a song of this model can be tried instead."""
        return tuple(model for model in self.models if model.name != name)
