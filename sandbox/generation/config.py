"""What the stand-in is told to do: its settings, the faults it can show, and scripts for single generations."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

DISCORD_CDN_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")


class Call(StrEnum):
    """The calls a fault can hit."""

    SUBMIT = "submit"  #: the POST that orders a song
    POLL = "poll"  #: how it stands
    RESULT = "result"  #: what came of it, where that is a call of its own
    CANCEL = "cancel"  #: an end to it, where there is one
    LOGS = "logs"  #: what was asked for before
    TRACK = "track"  #: GET of a finished file
    ANY = "any"


class Manner(StrEnum):
    """How a fault looks from outside."""

    SLOW = "slow"  #: the real answer, after `delay_seconds`
    ANSWER = "answer"  #: `status`, `headers`, `body`; without a body the API's own error envelope
    HTML = "html"  #: `status` with a gateway's page
    DROP = "drop"  #: the connection is reset without an answer
    HANG = "hang"  #: no answer, for ever
    TRUNCATE = "truncate"  #: the real answer breaks off in the middle
    HUGE = "huge"  #: eight megabytes of well-formed JSON
    WRONG_TYPES = "wrong_types"  #: the right names with the wrong types
    EMPTY = "empty"  #: `status` and no body at all
    NOISE = "noise"  #: bytes that are no audio (and no JSON)
    ENDLESS = "endless"  #: bytes until the other side has had enough


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(_Config):
    """One thing that goes wrong. In `body`, `{id}` and `{track_url}` are replaced by the real ones."""

    manner: Manner = Manner.ANSWER
    status: int = 500
    body: Any = None  #: text goes out as text, everything else as JSON
    headers: dict[str, str] = Field(default_factory=dict)
    delay_seconds: float = 0
    after_effect: bool = False  #: for a POST: accept and charge first, then go wrong


class Rule(_Config):
    """A fault, and when it strikes. The first rule that matches strikes."""

    call: Call
    fault: Fault
    probability: float = 1
    skip: int = 0  #: so many matching calls go through first
    times: int | None = None  #: strikes at most so often
    after_seconds: float = 0  #: window, counted from when the rule was set
    for_seconds: float | None = None
    generation_id: str | None = None
    client_request_id: str | None = None


class Script(_Config):
    """What happens to the next generation that matches; each script is used once, oldest first."""

    when: str | None = None  #: only for a prompt that contains this
    submit: Fault | None = None  #: on the POST itself
    #: One entry for each poll, the last one for all that follow: a status word, or an answer. Without entries the
    #: generation goes on by the clock.
    polls: tuple[str | Fault, ...] = ()
    generating_seconds: float | None = None  #: so long it takes by the clock; None: as the settings say
    error: Any = Field(default_factory=lambda: {"name": "Error", "message": "Downstream service error"})
    tracks: tuple[Fault, ...] = ()  #: one for each download of the file, the last one for all that follow
    track_missing_seconds: float = 0  #: 404 for so long after the first try


class Settings(_Config):
    """How the API behaves while nothing goes wrong."""

    key: str = "sandbox-key"
    is_key_revoked: bool = False
    songs_left: int | None = None  #: credits, counted in generations; None: no end
    #: Unfinished generations; more are answered with 429, or wait where the contract is a queue.
    most_at_once: int | None = None
    retry_after: str | None = None  #: sent with a 429; the real API documents none
    latency_seconds: float = 0  #: of every call
    submit_seconds: float = 0  #: of an accepted POST: the real one took 4.5 to 7 s
    queued_seconds: float = 0.05
    generating_seconds: float = 0.1
    #: Seconds after which a file's address answers 403; None: never. Some models' addresses last 24 hours.
    track_expires_seconds: float | None = None
    refused_words: tuple[str, ...] = ()  #: a prompt with one of these ends as refused content
    #: AIML's newer tracing: /v2/logs, x-inference-id, x-client-request-id. Apilaplas does not document it.
    has_tracing: bool = False
    without_models: tuple[str, ...] = ()  #: models of the contract that this account's service does not have
    has_model: bool = True  #: ACE-Step's server has loaded one
    has_history: bool = True  #: fal's history of requests; off: the key may not read it
    logs_delay_seconds: float = 0  #: a row appears so long after its request
    reference_hosts: tuple[str, ...] = DISCORD_CDN_HOSTS
    allow_loopback: bool = True  #: references on this machine too
    reference_most_bytes: int = 50_000_000
