"""The music API as the jobs see it: submit once, poll, look a lost POST up, fetch the track."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from aiolimiter import AsyncLimiter
from pydantic import SecretStr
from yarl import URL

from bot.clock import Clock
from bot.errors import BusyError, OutcomeUnknownError
from bot.generation.aiml import request_log
from bot.generation.aiml.profiles import RequestProfile
from bot.generation.aiml.request_log import RequestLog
from bot.generation.aiml.wire import accepted_id, is_catalogued, progress_in
from bot.generation.error_mapping import poll_error, submit_error
from bot.generation.probing import probed
from bot.generation.redaction import secrets_of
from bot.generation.tracks import TrackSources, fetch_track
from bot.generation.transport import Answer, Exchange, HttpLimits, Observer, Sessions, SettingNames, Transport
from bot.jobs.ports import GaveUp, GenerationRequest, ProbeReport, ProbeResult, Progress

log = logging.getLogger(__name__)

PATH = "v2/generate/audio"
#: AIML's list of models: "a list, possibly empty" when it is asked for one.
CATALOGUE = "v1/models"
#: No generation has this id: the API checks the key before it looks for one, and nothing is spent.
_PROBE_ID = "compose-check"
SETTING = SettingNames(url="GENERATION_API_URL", key="GENERATION_API_KEY", usual_url="https://api.apilaplas.com")


class GenerationClient:
    """Implements `Generator` and `LookUp` of `bot.jobs.ports`. Keeps only what it learned of the request log."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        base_url: str,
        api_key: SecretStr,
        profile: RequestProfile,
        clock: Clock,
        budget: AsyncLimiter,
        limits: HttpLimits | None = None,
        observe: Observer | None = None,
    ) -> None:
        """`budget`: shared by polls, look-ups and probes; POSTs have their own slots, which the caller keeps.

        `observe` sees every exchange, for metrics. Raises SettingsError for an unusable address or key.
        """
        self._sessions = sessions
        self._profile = profile
        self._clock = clock
        self._budget = budget
        self._limits = limits or HttpLimits()
        self._transport = Transport(
            base_url=base_url,
            api_key=api_key,
            clock=clock,
            limits=self._limits,
            observe=observe or _log_exchange,
            setting=SETTING,
        )
        self._base_url = base_url
        self._tracks = TrackSources(
            base_url=base_url,
            own=sessions.calls,
            public=sessions.files,
            proxied=sessions.proxied,
            route=sessions.route,
            hosts=self._limits.track_hosts,
        )
        self._request_log = RequestLog(ask=self._ask_log, clock=clock)

    async def submit(self, request: GenerationRequest) -> str:
        """POST once and return the generation id.

        Raises RefusedError, BusyError and AccountError, after all of which nothing was accepted, and
        OutcomeUnknownError, after which only `look_up` or a person may decide.
        """
        answer = await self._transport.post(
            self._sessions.submit,
            "submit",
            PATH,
            self._profile.body(request),
            headers={"X-Client-Request-Id": request.client_request_id},
            lost=OutcomeUnknownError,
        )
        if not answer.is_good:
            raise submit_error(answer, self._clock.now(), secrets=secrets_of(request), url_setting=SETTING.url)
        # AIML documents that this header holds the same id: it saves a POST whose body broke off.
        generation_id = accepted_id(answer.data) or accepted_id({"id": answer.headers.get("x-inference-id")})
        if generation_id is None:
            raise OutcomeUnknownError(
                f"HTTP {answer.status} without a generation id", status=answer.status, request_id=answer.request_id
            )
        log.debug("accepted", extra={"generation": generation_id, "client_request": request.client_request_id})
        return generation_id

    async def poll(self, generation_id: str) -> Progress:
        """GET once, within the budget. Raises BusyError, AccountError, or RefusedError(GENERATION_LOST)."""
        answer = await self._get("poll", PATH, {"generation_id": generation_id})
        if not answer.is_good:
            outcome = poll_error(answer, self._clock.now())
            if isinstance(outcome, GaveUp):
                return outcome
            raise outcome
        progress = progress_in(answer.data)
        if progress is None:
            raise BusyError("an answer that cannot be read", status=answer.status, request_id=answer.request_id)
        return progress

    async def look_up(self, request: GenerationRequest, since: datetime) -> Sequence[str]:
        """The generation id that this POST got, if the provider keeps a log we may read; else nothing.

        Nothing proves nothing: a row may come late. Raises BusyError when asking again may help.
        """
        found = await self._request_log.find(request.client_request_id, since)
        return [] if found is None else [found]

    @property
    def can_look_up(self) -> bool:
        """False once the provider has shown that it has no request log."""
        return self._request_log.is_offered

    async def fetch(self, track_url: str, into: Path) -> int:
        """Stream the track into a new file; returns its size in bytes.

        Raises TrackNotReadyError, TrackLostError, DiskError.
        A 404 is tried again for about 8 seconds. The key is not sent, wherever the file lies.
        """
        return await fetch_track(
            self._tracks.session_for,
            track_url,
            into,
            max_bytes=self._limits.track_bytes,
            timeouts=self._limits.timeouts.track,
            clock=self._clock,
        )

    async def probe(self) -> ProbeReport:
        """Ask for a generation that cannot exist: spends nothing, and shows whether address and key are right."""
        params = {"generation_id": _PROBE_ID}
        report = await probed(lambda with_key: self._get("probe", PATH, params, with_key=with_key), self._clock)
        if report.result is ProbeResult.KEY_ACCEPTED and self._profile.is_catalogued:
            return await self._with_model(report)
        is_wrong = report.result is ProbeResult.NOT_THE_API
        return replace(report, hint=_address_hint(self._base_url)) if is_wrong else report

    async def _with_model(self, report: ProbeReport) -> ProbeReport:
        """The same, with what the catalogue says of the model. Only AIML documents one, and it asks for no key."""
        name = self._profile.model
        try:
            answer = await self._get("probe", CATALOGUE, {"id": name}, with_key=False)
        except BusyError:
            answer = None
        is_there = None if answer is None or not answer.is_good else is_catalogued(answer.data, name)
        if is_there is None:
            said = f"{report.detail}; whether it has {name} is not told by this service"
            return ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail=said)
        if is_there:
            return ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail=f"{report.detail}; it has {name}")
        return ProbeReport(result=ProbeResult.MODEL_MISSING, detail=f"its list of models has no {name}")

    async def _get(self, call: str, path: str, params: Mapping[str, str | int], *, with_key: bool = True) -> Answer:
        await self._budget.acquire()
        return await self._transport.get(self._sessions.calls, call, path, params, with_key=with_key)

    async def _ask_log(self, params: dict[str, str | int]) -> Answer:
        return await self._get("look_up", request_log.PATH, params)


def _log_exchange(exchange: Exchange) -> None:
    log.debug(
        "music API: %s",
        exchange.call,
        extra={"call": exchange.call, "status": exchange.status, "seconds": round(exchange.seconds, 3)},
    )


def _address_hint(address: str) -> str:
    """For who wrote down more of the address than its base."""
    url = URL(address)
    if url.path == "/":
        return ""
    base = url.with_path(url.path.partition("/v2")[0] if "/v2" in url.path else "/")
    return f"The bot itself adds {PATH}: is it {str(base).rstrip('/')}?"
