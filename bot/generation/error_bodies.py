"""Finds out what a provider complains about, in whatever shape it says so, and what a member is to be told."""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from bot.errors import Reason
from bot.generation.transport import Answer

#: Keys under which providers put sentences. `input` and `ctx` are left out on purpose: they echo the request.
_TEXT_KEYS = (
    "name",
    "type",
    "error_type",
    "code",
    "message",
    "msg",
    "error",
    "errors",
    "detail",
    "details",
    "description",
    "reason",
    "title",
    "issues",
    "meta",
    "base_resp",
    "status_msg",
)
_FIELD_KEYS = ("loc", "path")
_KIND_KEYS = frozenset({"name", "type", "error_type", "code"})
_MAX_DEPTH = 6
_MAX_PARTS = 40
#: Values that are looked at, words or not; a real error has a dozen.
_MAX_VALUES = 1000
_MAX_TEXT = 2000

#: fal.ai's error types, https://fal.ai/docs/documentation/model-apis/errors.md; AIML passes them on.
_KINDS: Mapping[str, Reason] = MappingProxyType(
    {
        "audio_duration_too_short": Reason.REFERENCE_UNREADABLE,
        "audio_duration_too_long": Reason.REFERENCE_UNREADABLE,
        "unsupported_audio_format": Reason.REFERENCE_UNREADABLE,
        "file_download_error": Reason.REFERENCE_UNREADABLE,
        "file_too_large": Reason.REFERENCE_UNREADABLE,
        "content_policy_violation": Reason.CONTENT_REFUSED,
        "sequence_too_long": Reason.LYRICS_TOO_LONG,
        "downstream_service_error": Reason.PROVIDER_FAILED,
        "downstream_service_unavailable": Reason.PROVIDER_FAILED,
        "generation_timeout": Reason.PROVIDER_FAILED,
        "internal_server_error": Reason.PROVIDER_FAILED,
        "request_timeout": Reason.PROVIDER_FAILED,
    }
)

#: Read top to bottom: "audio duration is too long" is about the reference, not about the lyrics.
_PATTERNS: Sequence[tuple[re.Pattern[str], Reason]] = (
    (
        re.compile(
            r"content[_ ]?(?:policy|filter)|moderat|sensitive|prohibited|inappropriate|nsfw|copyright"
            r"|safety (?:system|filter|check|polic)|usage polic|violates"
        ),
        Reason.CONTENT_REFUSED,
    ),
    (
        re.compile(
            r"reference_audio|audio_url|reference (?:audio|song|track|file)|audio[_ ](?:file|duration|format|length)"
            r"|(?:download|fetch|retriev|decod|load|read|open)\w{0,16}\b.{0,40}\b(?:audio|file|url|reference|media)"
            r"|(?:audio|file|url|reference|media)\b.{0,40}\b(?:download|fetch|retriev|decod|load|read)"
            r"|fetch failed|unsupported .{0,20}(?:audio|format)|(?:invalid|corrupt\w{0,4}) (?:audio|file)"
            r"|duration is too (?:short|long)|no vocals"
        ),
        Reason.REFERENCE_UNREADABLE,
    ),
    (
        re.compile(
            r"(?:prompt|lyrics|text|string|sequence)\b.{0,60}\b(?:too long|at most|maximum|exceed|longer than)"
            r"|too_big|sequence_too_long|maximum length|\b\d+ characters or (?:less|fewer)"
        ),
        Reason.LYRICS_TOO_LONG,
    ),
    (
        re.compile(r"downstream service|generation time-?out|tim(?:ed|e)[ -]?out|internal (?:server )?error"),
        Reason.PROVIDER_FAILED,
    ),
)
_CREDITS = re.compile(
    r"credit|balance|top[ -]?up|billing|payment|insufficient (?:funds|quota)|out of (?:funds|quota)|quota exceeded"
    r"|\b(?:user|account)\b.{0,40}\blocked\b"  # fal: "User is locked. Reason: ..."
)
#: What web frameworks say where nothing is served: Nest's "Cannot GET /v2/x", "Invalid URL (GET /x)", "Unknown route".
_NO_ROUTE = re.compile(
    r"\bcannot (?:get|post|head)\b|\b(?:no|no such|unknown|invalid|unexpected|unrecognized) (?:request )?"
    r"(?:route|endpoint|url|path)\b|\b(?:route|endpoint|page|path)\b.{0,80}\b(?:not found|not exist)"
)
_WHAT_IS_ASKED_FOR = r"(?:generation|task|job|inference|audio|track|song)(?:[ _]?id)?"
_NO_GENERATION = re.compile(
    rf"\b{_WHAT_IS_ASKED_FOR}\b.{{0,80}}\b(?:not found|not exist|unknown|invalid|expired)"
    rf"|\b(?:no|no such|unknown|invalid|(?:can|could) ?not find|couldn't find) (?:the |a |any )?{_WHAT_IS_ASKED_FOR}\b"
)
#: An echoed path holds words of its own: "Cannot GET /v2/generate/audio".
_PATH = re.compile(r"/\S*")
#: AIML's documented 500: "The model is under maintenance, please contact us at ..." - nothing was begun.
_NOT_BEGUN = re.compile(r"under maintenance")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """A provider's error, taken apart. `text` is raw: match on it, never show it without `sanitised`."""

    text: str
    kinds: tuple[str, ...] = ()  #: machine words such as `audio_duration_too_short`, lower case
    fields: tuple[str, ...] = ()  #: request fields it points at, lower case

    @property
    def reason(self) -> Reason | None:
        """What the member is told; None when nothing in it is known."""
        for kind in self.kinds:
            if kind in _KINDS:
                return _KINDS[kind]
        if "reference_audio_url" in self.fields or "audio_url" in self.fields:
            return Reason.REFERENCE_UNREADABLE
        text = self.text.lower()
        return next((reason for pattern, reason in _PATTERNS if pattern.search(text)), None)

    @property
    def speaks_of_credits(self) -> bool:
        """Whether the account has run dry: AIML says so with a 403."""
        return _CREDITS.search(self.text.lower()) is not None

    @property
    def speaks_of_no_route(self) -> bool:
        """Whether nothing is served under this address: the operator's to mend."""
        return _NO_ROUTE.search(self.text.lower()) is not None

    @property
    def speaks_of_no_generation(self) -> bool:
        """Whether the call is served, and the id is not known to it."""
        text = _PATH.sub("", self.text.lower())
        return not self.speaks_of_no_route and _NO_GENERATION.search(text) is not None

    @property
    def says_nothing_was_begun(self) -> bool:
        """Whether it documents that the request was not taken, whatever its status."""
        return _NOT_BEGUN.search(self.text.lower()) is not None


def error_body_of(answer: Answer) -> ErrorBody:
    """What an answer that is no good says, in JSON or in plain text."""
    data = answer.data
    return error_body_in(answer.text if data is None else data)


def error_body_in(data: object) -> ErrorBody:
    """What any JSON value says: text, an object, a list of objects, an envelope around one of these."""
    texts: list[str] = []
    kinds: list[str] = []
    fields: list[str] = []
    waiting: deque[tuple[object, str, int]] = deque([(data, "", 0)])
    looked_at = 0
    while waiting and len(texts) + len(fields) < _MAX_PARTS and looked_at < _MAX_VALUES:
        looked_at += 1
        value, key, depth = waiting.popleft()
        if isinstance(value, str):
            _sort_text(value, key, texts, kinds, fields)
        elif depth < _MAX_DEPTH:
            waiting.extend((part, part_key, depth + 1) for part, part_key in _parts(value, key))
    return ErrorBody(
        text="; ".join(dict.fromkeys(texts))[:_MAX_TEXT], kinds=tuple(kinds), fields=tuple(dict.fromkeys(fields))
    )


def _sort_text(text: str, key: str, texts: list[str], kinds: list[str], fields: list[str]) -> None:
    text = text.strip()[:_MAX_TEXT]
    if not text:
        return
    if key in _FIELD_KEYS:
        if not text.startswith("/"):  # the envelope's `path` is the URL's
            fields.append(text.lower())
        return
    if key in _KIND_KEYS:
        kinds.append(text.lower())
    texts.append(text)


def _parts(value: object, key: str) -> list[tuple[object, str]]:
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        return [(found[name], name) for name in (*_FIELD_KEYS, *_TEXT_KEYS) if name in found]
    if isinstance(value, list):
        return [(part, key) for part in cast("list[object]", value)[:_MAX_PARTS]]
    return []
