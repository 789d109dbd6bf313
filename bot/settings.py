"""Every setting, its default and its limits; the only reader of the environment and of `.env`."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict
from yarl import URL

from bot.addresses import public_host
from bot.byte_sizes import bytes_of
from bot.errors import SettingsError

DISCORD_API_URL = "https://discord.com/api/v10"
DISCORD_GATEWAY_URL = "wss://gateway.discord.gg/"

_STARS = "********"
#: Parameters of an address that are shown as they are; any other may be a key under whatever name.
_HARMLESS_PARAMETERS = frozenset({
    "compress", "database", "encoding", "host", "port", "prepared_statement_cache_size", "ssl", "sslmode",
    "statement_cache_size", "target_session_attrs", "user", "v",
})  # fmt: skip

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Number = TypeVar("Number", int, float)


def _sized(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return None if value.lower() == "none" else bytes_of(value)


Bytes = Annotated[int, Field(ge=1_000, le=1_000_000_000), BeforeValidator(_sized)]
Space = Annotated[int, Field(ge=0, le=10**15)]
MaxSpace = Annotated[Space | None, BeforeValidator(_sized)]


class Settings(BaseSettings):
    """One value for each line of `.env.example`; immutable; secrets print as stars."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some Windows editors begin a file with a byte order mark
        env_ignore_empty=True,  # `NAME=` means "not set" to everybody who writes one
        extra="ignore",
        frozen=True,
    )

    discord_token: SecretStr
    """The bot's token, from the application's page Bot."""
    discord_api_url: str = DISCORD_API_URL
    """REST base. When it points elsewhere, that host's attachment URLs are accepted, links to this machine offered."""
    discord_gateway_url: str = DISCORD_GATEWAY_URL
    """Gateway address."""
    generation_api_url: str = "https://api.apilaplas.com"
    """Base of the music API; `/v2/generate/audio` is added."""
    generation_api_key: SecretStr
    """Bearer key of the music API."""
    generation_model: str = "minimax-music"
    """Names a row of bot/generation/traits.py. Where a default below is the model's, it is minimax-music's here."""
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
    database_url: str = "sqlite+aiosqlite:///data/compose.db"
    """The job table."""
    data_dir: Path = Path("data")
    """Folder of the references' and tracks' copies."""
    retention_days: Annotated[float, Field(gt=0, le=36_500)] = 30
    """Tracks, references and lyrics of jobs that ended are deleted after so many days."""
    reference_max_bytes: Bytes = 25 * 1024 * 1024
    """The largest song a member may attach."""
    track_max_bytes: Bytes = 100 * 1024 * 1024
    """The largest track that is fetched."""
    data_max_bytes: MaxSpace = None
    """What all references and tracks in DATA_DIR may hold together; with more, no order is taken. `none`: no limit."""
    member_max_bytes: MaxSpace = 500 * 1024 * 1024
    """The same for the songs of one member."""
    data_min_free_bytes: Annotated[Space, BeforeValidator(_sized)] = 256 * 1024 * 1024
    """With less free on the disk of DATA_DIR no order is taken; what is under way goes on."""
    track_hosts: str | None = None
    """Where tracks may be fetched from besides the music API's own address, hosts and what lies under them."""
    audio_processes: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many files are decoded at once, each in a process of its own; unset: see bot/audio/capacity.py."""
    blocked_words_file: Path | None = None
    """A text file, one word or phrase a line; orders with one of them are refused politely."""
    stop_grace_seconds: Annotated[float, Field(ge=0, le=600)] = 20
    """After SIGTERM: how long a request that was begun may take to be confirmed."""
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
    def _blank_is_unset(cls, values: Any) -> Any:
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in stripped.items() if value != "" or cls._is_needed(name)}

    @classmethod
    def _is_needed(cls, name: str) -> bool:
        field = cls.model_fields.get(name)
        return field is not None and field.is_required()

    @field_validator("discord_token", "generation_api_key")
    @classmethod
    def _some_secret(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise PydanticCustomError("missing", "is blank")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("discord_api_url", "generation_api_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        return _absolute(value, ("http", "https")).rstrip("/")

    @field_validator("discord_gateway_url")
    @classmethod
    def _ws_url(cls, value: str) -> str:
        return _absolute(value, ("ws", "wss"))

    @field_validator("track_hosts")
    @classmethod
    def _host_names(cls, value: str | None) -> str | None:
        for name in _listed(value):
            if not _is_host_name(name):
                raise ValueError("must be host names such as cdn.example.com, with commas between them")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError("must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
        return value if value.startswith("sqlite") else _absolute(value, ("postgresql+asyncpg",))

    @model_validator(mode="after")
    def _timeout_covers_a_poll(self) -> Self:
        if self.generation_timeout_seconds < self.poll_interval_seconds:
            raise ValueError("GENERATION_TIMEOUT_SECONDS must not be smaller than POLL_INTERVAL_SECONDS")
        return self

    def given(self, name: str, otherwise: Number) -> Number:
        """The value of this setting if somebody set it, else what suits the model."""
        return getattr(self, name) if name in self.model_fields_set else otherwise

    @property
    def attachment_hosts(self) -> frozenset[str]:
        """Host names whose attachment URLs are Discord's; a stand-in's host joins when the API points at one."""
        hosts = {"cdn.discordapp.com", "media.discordapp.net"}
        api_host = URL(self.discord_api_url).host
        if self.discord_api_url != DISCORD_API_URL and api_host:
            hosts.add(api_host)
        return frozenset(hosts)

    @property
    def track_host_names(self) -> frozenset[str]:
        """TRACK_HOSTS taken apart; empty: any public host."""
        return frozenset(_listed(self.track_hosts))

    @property
    def opens_loopback(self) -> bool:
        """Whether Discord is a stand-in: who reads there sits at this machine, and a link to it opens."""
        host = URL(self.discord_api_url).host or ""
        return not any(host == name or host.endswith(f".{name}") for name in ("discord.com", "discordapp.com"))

    def blocked_words(self) -> str:
        """What stands in BLOCKED_WORDS_FILE; empty without one. Raises SettingsError when it cannot be read."""
        try:
            return self.blocked_words_file.read_text(encoding="utf-8-sig") if self.blocked_words_file else ""
        except (OSError, UnicodeDecodeError):
            problem = f"BLOCKED_WORDS_FILE {self.blocked_words_file}: cannot be read as UTF-8 text; look at its path"
            raise SettingsError([problem]) from None

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """What repr and str show: the same as `described`."""
        return list(self.described().items())

    def described(self) -> dict[str, str]:
        """Every setting as it is in force, by its name in the environment; secrets as stars."""
        return {name.upper(): _shown(getattr(self, name)) for name in type(self).model_fields}


def _listed(value: str | None) -> list[str]:
    return [name.lower().rstrip(".") for name in re.split(r"[\s,]+", value or "") if name]


def _is_host_name(name: str) -> bool:
    try:
        return public_host(name) == name
    except ValueError:
        return False


def _absolute(value: str, schemes: tuple[str, ...]) -> str:
    try:
        url = URL(value)
    except ValueError:  # its message repeats what was typed, which may hold a password
        url = URL()
    if url.scheme not in schemes or not url.host:
        raise ValueError(f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return value


def _shown(value: object) -> str:
    if value is None:
        return "(unset)"
    if isinstance(value, SecretStr):
        return _STARS
    text = str(value)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    address, _, fragment = rest.partition("#")
    place, _, query = address.partition("?")
    shown = f"{scheme}://{_login_hidden(place, keeps_user=scheme.startswith('postgresql'))}"
    if query:
        shown += "?" + "&".join(_parameter_shown(parameter) for parameter in query.split("&"))
    return f"{shown}#{_STARS}" if fragment else shown


def _login_hidden(place: str, *, keeps_user: bool) -> str:
    """Where a login stands alone it may be a key; a database's user is none."""
    authority, slash, path = place.partition("/")
    login, at, host = authority.rpartition("@")
    user, colon, _ = login.partition(":")
    if not at:
        return place
    return f"{user if keeps_user else _STARS}{colon and ':' + _STARS}@{host}{slash}{path}"


def _parameter_shown(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return parameter if equals and name.lower() in _HARMLESS_PARAMETERS else f"{name}={_STARS}" if equals else _STARS


def load_settings(**overrides: object) -> Settings:
    """Read the environment and `.env`. Raises SettingsError with one sentence for each problem, all at once."""
    try:
        return Settings(**overrides)  # pyright: ignore[reportArgumentType] -- names come from the environment
    except ValidationError as error:
        raise SettingsError([_sentence(problem) for problem in error.errors()]) from None
    except UnicodeDecodeError:
        raise SettingsError([".env is not UTF-8 text"]) from None


def _sentence(problem: Any) -> str:
    name = str(problem["loc"][0]).upper() if problem["loc"] else ""
    if problem["type"] == "missing":
        return f"{name} is not set. Put it into .env or the environment; see .env.example."
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def variable_names() -> list[str]:
    """The names of all settings as they stand in the environment."""
    return [name.upper() for name in Settings.model_fields]
