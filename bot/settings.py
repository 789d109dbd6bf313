"""Every setting, its default and its limits; the only reader of the environment and of `.env`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from yarl import URL

from bot import amounts, database_address
from bot.addresses import absolute_address
from bot.byte_sizes import size_setting
from bot.errors import SettingsError
from bot.model_names import OPTIONAL_KEYS, keys_needed_by, model_names
from bot.proxies import ProxyRules, rules_of
from bot.setting_base import SettingsBase
from bot.setting_kinds import (
    MAYBE_SECRET,
    Amount,
    FileSize,
    MaxSpace,
    MaybeSecret,
    ProxyAddress,
    Seconds,
    SongLimit,
    Space,
    Switch,
    is_host_name,
)
from bot.setting_sources import Names, gathered, home_expanded, list_in, remarks_on

DISCORD_API_URL = "https://discord.com/api/v10"
DISCORD_GATEWAY_URL = "wss://gateway.discord.gg/"

_SQLITE = "sqlite+aiosqlite:///"
#: In the place of a key that nobody gave.
_MISSED, _NOT_NEEDED = object(), object()


class Settings(SettingsBase):
    """One value for each line of `.env.example`; immutable; secrets print as stars."""

    empty_is_none: ClassVar[frozenset[str]] = frozenset({
        "limit_member_per_day", "limit_member_at_once", "limit_guild_per_day", "budget_per_day", "budget_per_month",
        "data_max_bytes", "member_max_bytes",
    })  # fmt: skip

    discord_token: SecretStr
    """The bot's token, from the application's page Bot."""
    discord_api_url: str = DISCORD_API_URL
    """REST base. When it points elsewhere, that host's attachment URLs are accepted, links to this machine offered."""
    discord_gateway_url: str = DISCORD_GATEWAY_URL
    """Gateway address."""
    generation_api_url: str = "https://api.apilaplas.com"
    """Base of the music API; `/v2/generate/audio` is added."""
    generation_api_key: SecretStr
    """Bearer key of the music API. Needed if a model of GENERATION_MODEL is made there; else empty."""
    generation_model: str = "minimax-music"
    """Rows of bot/generation/traits.py, the first is the usual one. Defaults below are those of minimax-music."""
    acestep_api_url: str = "http://127.0.0.1:8001"
    """Base of one's own ACE-Step server."""
    acestep_api_key: SecretStr | None = None
    """Its key; unset: it asks for none."""
    acestep_reference: Literal["style", "cover"] = "style"
    """What the reference is for: its sound is followed, or it is sung anew."""
    fal_api_url: str = "https://queue.fal.run"
    """Base of fal's queue."""
    fal_api_key: SecretStr | None = None
    """Its key; needed if a model of GENERATION_MODEL is made there."""
    generation_timeout_seconds: Seconds = 900
    """After that a job is `expired`. While unset, the model's."""
    generation_concurrency: Annotated[int, Field(ge=1, le=1_000)] = 20
    """How many jobs may be at the music API at once; the rest wait in line. While unset, the model's."""
    submit_timeout_seconds: Seconds = 180
    """How long one POST may take; the API fetches the reference before it answers (4 to 7 seconds, documented)."""
    poll_interval_seconds: Seconds = 10
    """Pause between two looks at one job while nothing better is known. While unset, the model's."""
    polls_per_second: Annotated[float, Field(gt=0, le=1_000)] = 5
    """Budget for all looks together; with more jobs than that allows, the pause grows."""
    learn_polls: Annotated[str, BeforeValidator(amounts.yes_or_no)] = "yes"
    """`no`: looks are POLL_INTERVAL_SECONDS apart; else they follow what was learned of the lengths of generations."""
    poll_cost_seconds: Annotated[float, Field(gt=0, le=60)] = 0.2
    """How much later a track may be seen for one look less."""
    database_url: Annotated[str, MAYBE_SECRET] = "sqlite+aiosqlite:///data/compose.db"
    """The job table."""
    data_dir: Path = Path("data")
    """Folder of the references' and tracks' copies."""
    retention_days: Annotated[float, Field(gt=0, le=36_500)] = 30
    """Tracks, references and lyrics of jobs that ended are deleted after so many days."""
    reference_max_bytes: FileSize = 25 * 1024 * 1024
    """The largest song a member may attach."""
    track_max_bytes: FileSize = 100 * 1024 * 1024
    """The largest track that is fetched."""
    data_max_bytes: MaxSpace = None
    """What all references and tracks in DATA_DIR may hold together; with more, no order is taken. Empty: no limit."""
    member_max_bytes: MaxSpace = 500 * 1024 * 1024
    """The same for the songs of one member."""
    data_min_free_bytes: Annotated[Space, BeforeValidator(size_setting)] = 256 * 1024 * 1024
    """With less free on the disk of DATA_DIR no order is taken; what is under way goes on."""
    track_hosts: str | None = None
    """Where tracks may be fetched from besides the music API's own address, hosts and what lies under them."""
    audio_processes: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many files are decoded at once, each in a process of its own; unset: see bot/audio/capacity.py."""
    blocked_words_file: Path | None = None
    """A text file, one word or phrase a line; orders with one of them are refused politely."""
    proxy_url: ProxyAddress = None
    """The proxy for everything that leaves this machine; before the next two."""
    https_proxy: ProxyAddress = None
    """The proxy for https and wss, as most programs read it."""
    http_proxy: ProxyAddress = None
    """The proxy for http and ws."""
    no_proxy: str | None = None
    """Hosts that are asked without a proxy, each with all that lies under it."""
    stop_grace_seconds: Annotated[float, Field(ge=0, le=600)] = 20
    """After SIGTERM: how long a request that was begun may take to be confirmed."""
    limit_member_per_day: SongLimit = 5
    """Songs of one member within 24 hours; empty: no limit, 0: nobody may order. This and the next two."""
    limit_member_at_once: SongLimit = 2
    """Songs of one member under way at the same time."""
    limit_guild_per_day: SongLimit = None
    """Songs of one server within 24 hours."""
    price_per_song: Amount = None
    """What one song costs, in CURRENCY; unset: the model's published price."""
    budget_per_day: Amount = None
    """What may be spent within 24 hours; empty: no limit."""
    budget_per_month: Amount = None
    """What may be spent in a calendar month, UTC; empty: no limit."""
    currency: Annotated[str, BeforeValidator(amounts.currency_of)] = "USD"
    """In which PRICE_PER_SONG and the budgets are counted: three letters."""
    show_price: Annotated[str, BeforeValidator(amounts.yes_or_no)] = "no"
    """`yes`: members are shown what songs cost."""
    operators: str | None = None
    """Ids of people outside members' and servers' limits, besides the application's owner and team."""
    operator_guilds: str | None = None
    """Ids of the servers that have `/compose-owner`, for the application's owner, its team and OPERATORS."""
    operator_channel: Annotated[int | None, BeforeValidator(amounts.channel_id_of)] = None
    """Id of the channel that hears what the operator must know; unset: the application's owner, directly."""
    allowed_guilds: str | None = None
    """Ids of the servers where songs may be ordered, with commas between them; unset: every server."""
    allow_direct: Switch = "off"
    """Whether songs may be ordered in direct messages with the bot."""
    allow_user_install: Switch = "off"
    """Whether members who added the app to their own account may order, wherever they use it."""
    shard_count: Annotated[int, Field(ge=1, le=16_384)] | None = None
    """Into how many parts Discord divides the servers, each with a connection. Unset: as Discord recommends."""
    shard_ids: str | None = None
    """Which parts this process hears, from 0 on, such as `0,1` or `0-3`; with SHARD_COUNT. Unset: all of them."""
    health_host: str = "127.0.0.1"
    """Address of `/healthz` and `/metrics`."""
    health_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """Port of `/healthz` and `/metrics`; unset: no server."""
    log_format: Literal["text", "json"] = "text"
    """`json` for machines."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """What is logged."""
    crash_at: str | None = None
    """For tests: kill this process at a named point, see bot/crash.py."""

    @model_validator(mode="before")
    @classmethod
    def _keys_by_model(cls, values: Any) -> Any:
        """A key that no model needs may be missing; one that is needed is missed together with whatever else is."""
        blank = {name.lower() for name in OPTIONAL_KEYS if _is_blank(values.get(name.lower()))}
        needed = {name.lower() for name in keys_needed_by(values.get("generation_model"))}
        return values | {name: _MISSED if name in needed else _NOT_NEEDED for name in blank}

    @field_validator("generation_api_key", "fal_api_key", mode="before")
    @classmethod
    def _missed(cls, value: Any, info: ValidationInfo) -> Any:
        if value is _NOT_NEEDED:
            return SecretStr("") if info.field_name == "generation_api_key" else None
        if value is _MISSED:
            raise PydanticCustomError("missing", "is not set")
        return value

    @field_validator("discord_token")
    @classmethod
    def _some_secret(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise PydanticCustomError("missing", "is blank")
        return value

    @field_validator("generation_model")
    @classmethod
    def _models(cls, value: str) -> str:
        model_names(value)
        return value

    @field_validator("data_dir", "blocked_words_file")
    @classmethod
    def _at_home(cls, value: Path | None) -> Path | None:
        return None if value is None else home_expanded(value)

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("discord_api_url", "generation_api_url", "acestep_api_url", "fal_api_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        return absolute_address(value, ("http", "https")).rstrip("/")

    @field_validator("discord_gateway_url")
    @classmethod
    def _ws_url(cls, value: str) -> str:
        return absolute_address(value, ("ws", "wss"))

    @field_validator("track_hosts")
    @classmethod
    def _host_names(cls, value: str | None) -> str | None:
        for name in amounts.listed(value):
            if not is_host_name(name):
                raise ValueError("must be host names such as cdn.example.com, with commas between them")
        return value

    @field_validator("operators")
    @classmethod
    def _people(cls, value: str | None) -> str | None:
        amounts.ids_of(value)
        return value

    @field_validator("allowed_guilds", "operator_guilds")
    @classmethod
    def _guilds(cls, value: str | None) -> str | None:
        amounts.guild_ids_of(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not database_address.is_postgresql(value):
            if not value.startswith(_SQLITE):
                raise ValueError("must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
            if value.startswith(f"{_SQLITE}~"):
                return f"{_SQLITE}{home_expanded(Path(value.removeprefix(_SQLITE)))}"
        elif not value.partition("://")[2].strip("/"):
            raise ValueError("must be an address that begins with postgresql+asyncpg://")
        else:
            database_address.parse(value)
        return value

    @model_validator(mode="after")
    def _values_fit_together(self) -> Self:
        amounts.shards_of(self.shard_ids, self.shard_count)
        if self.generation_timeout_seconds < self.poll_interval_seconds:
            raise ValueError("GENERATION_TIMEOUT_SECONDS must not be smaller than POLL_INTERVAL_SECONDS")
        return self

    @property
    def shards(self) -> tuple[int, ...]:
        """SHARD_IDS taken apart; empty: all there are."""
        return amounts.shards_of(self.shard_ids, self.shard_count)

    @property
    def attachment_hosts(self) -> frozenset[str]:
        """Host names whose attachment URLs are Discord's; a stand-in's host joins when the API points at one."""
        hosts = {"cdn.discordapp.com", "media.discordapp.net"}
        api_host = URL(self.discord_api_url).host
        if self.discord_api_url != DISCORD_API_URL and api_host:
            hosts.add(api_host)
        return frozenset(hosts)

    @property
    def models(self) -> tuple[str, ...]:
        """GENERATION_MODEL taken apart: names in small letters, the usual one first."""
        return model_names(self.generation_model)

    @property
    def track_host_names(self) -> frozenset[str]:
        """TRACK_HOSTS taken apart; empty: any public host."""
        return frozenset(amounts.listed(self.track_hosts))

    @property
    def operator_ids(self) -> frozenset[int]:
        """OPERATORS taken apart."""
        return amounts.ids_of(self.operators)

    @property
    def operator_guild_ids(self) -> frozenset[int]:
        """OPERATOR_GUILDS taken apart; empty: no server has the commands for the whole bot."""
        return amounts.guild_ids_of(self.operator_guilds)

    @property
    def allowed_guild_ids(self) -> frozenset[int]:
        """ALLOWED_GUILDS taken apart; empty: every server."""
        return amounts.guild_ids_of(self.allowed_guilds)

    @property
    def proxy_rules(self) -> ProxyRules:
        """Which address is asked through which proxy."""
        return rules_of(self)

    @property
    def opens_loopback(self) -> bool:
        """Whether Discord is a stand-in: who reads there sits at this machine, and a link to it opens."""
        host = URL(self.discord_api_url).host or ""
        return not any(host == name or host.endswith(f".{name}") for name in ("discord.com", "discordapp.com"))

    @property
    def discord_api_objection(self) -> str:
        """Why DISCORD_API_URL cannot be asked; empty when it can. A login in it would take the token's place."""
        url = URL(self.discord_api_url)
        if url.user is not None or url.password is not None:
            return (
                "DISCORD_API_URL: holds a login, what stands before the @; remove it, the token goes in DISCORD_TOKEN"
            )
        if url.query_string or url.fragment:
            return "DISCORD_API_URL: holds parameters, what stands behind the ? or #; remove them"
        return ""

    def blocked_words(self) -> str:
        """What stands in BLOCKED_WORDS_FILE; empty without one. Raises SettingsError when it cannot be used."""
        if self.blocked_words_file is None:
            return ""
        try:
            return list_in(self.blocked_words_file)
        except ValueError as error:
            raise SettingsError([f"BLOCKED_WORDS_FILE {self.blocked_words_file}: {error}"]) from None


def _is_blank(value: Any) -> bool:
    return not value or (isinstance(value, str) and not value.strip())


def load_settings(judge_models: Callable[[str], str] = lambda _: "", **overrides: object) -> Settings:
    """Read the environment, `.env`, and the files that NAME_FILE names.

    `judge_models`: what is wrong with GENERATION_MODEL beyond its form, as a sentence; empty for nothing. Raises
    SettingsError with one sentence for each problem, all at once, before anything else was done with a value.
    """
    found = gathered(_env_file_in(overrides), overrides, setting_names())
    problems = dict(found.problems)
    if objection := judge_models(found.models):
        problems.setdefault("GENERATION_MODEL", objection)
    settings: Settings | None = None
    try:
        settings = Settings(**{**found.from_files, **overrides, **found.env_file_choice})  # pyright: ignore[reportArgumentType] -- names come from the environment
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0]).upper() if problem["loc"] else ""
            if not (problem["type"] == "missing" and name in found.swallowed):
                problems.setdefault(name, _sentence(problem))
    if problems or settings is None:
        place = {name: number for number, name in enumerate(variable_names())}
        in_order = sorted(problems, key=lambda name: place.get(name, len(place)))
        raise SettingsError([problems[name] for name in in_order]) from None
    return settings


def env_file_remarks() -> tuple[str, ...]:
    """What is odd about `.env` and keeps nothing from working: misspelt names, values given twice."""
    return remarks_on(_env_file_in({}), setting_names())


def _env_file_in(overrides: Mapping[str, object]) -> Path | None:
    path = overrides.get("_env_file", Settings.model_config.get("env_file"))
    return Path(path) if isinstance(path, str | Path) else None


def setting_names() -> Names:
    """The settings by kind."""
    fields = {name.upper(): field for name, field in Settings.model_fields.items()}
    keys = {name for name, field in fields.items() if SecretStr in (field.annotation, *get_args(field.annotation))}
    marked = {name for name, field in fields.items() if any(isinstance(mark, MaybeSecret) for mark in field.metadata)}
    return Names(
        settings=tuple(fields),
        needed=frozenset(name for name, field in fields.items() if field.is_required()),
        keys=frozenset(keys),
        in_files=tuple(name for name in fields if name in keys | marked),
        paths=frozenset(
            name for name, field in fields.items() if Path in (field.annotation, *get_args(field.annotation))
        ),
    )


def _sentence(problem: Any) -> str:
    name = str(problem["loc"][0]).upper() if problem["loc"] else ""
    if problem["type"] == "missing":
        return f"{name} is not set. Put it into .env or the environment; see .env.example."
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def variable_names() -> list[str]:
    """The names of all settings as they stand in the environment."""
    return [name.upper() for name in Settings.model_fields]
