"""The music API as the jobs see it: submit once, poll, look a lost POST up, fetch the track."""

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import Clock
from bot.errors import AccountError, BusyError, OutcomeUnknownError, Reason, RefusedError
from bot.generation.aiml import request_log
from bot.generation.aiml.error_bodies import error_body_in
from bot.generation.aiml.error_mapping import poll_error, submit_error
from bot.generation.aiml.profiles import RequestProfile
from bot.generation.aiml.request_log import RequestLog
from bot.generation.aiml.wire import accepted_id, progress_in
from bot.generation.tracks import TrackSources, fetch_track
from bot.generation.transport import Answer, Exchange, HttpLimits, Observer, Sessions, Transport
from bot.jobs.ports import GaveUp, GenerationRequest, ProbeReport, ProbeResult, Progress

log = logging.getLogger(__name__)

PATH = "v2/generate/audio"
#: No generation has this id: the API checks the key before it looks for one, and nothing is spent.
_PROBE_ID = "compose-check"
_ACCOUNT_RESULTS = {
    Reason.KEY_REFUSED: ProbeResult.KEY_REFUSED,
    Reason.NO_CREDITS: ProbeResult.NO_CREDITS,
    Reason.ADDRESS_WRONG: ProbeResult.NOT_THE_API,
}
_REFUSALS = frozenset({401, 402, 403})
_NOT_NOW = frozenset({408, 425, 429})


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
            base_url=base_url, api_key=api_key, clock=clock, limits=self._limits, observe=observe or _log_exchange
        )
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
            raise submit_error(answer, self._clock.now(), secrets=_secrets_of(request))
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

    async def look_up(self, client_request_id: str, since: datetime) -> str | None:
        """The generation id that this POST got, if the provider keeps a log we may read; else None.

        None proves nothing: a row may come late. Raises BusyError when asking again may help.
        """
        return await self._request_log.find(client_request_id, since)

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
        """Ask for a generation that cannot exist: spends nothing, and shows whether address and key are right.

        What seems to let the key in is asked once more without it: only a server that then refuses has looked at it. A
        wrong address says "not found" to everybody.
        """
        params = {"generation_id": _PROBE_ID}
        try:
            answer = await self._get("probe", PATH, params)
            report = _judged(answer, self._clock.now())
            if report.result is not ProbeResult.KEY_ACCEPTED:
                return report
            return _confirmed(report, answer, await self._get("probe", PATH, params, with_key=False))
        except BusyError as error:
            return ProbeReport(result=ProbeResult.NOT_REACHABLE, detail=str(error), by_proxy=error.by_proxy)

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


def _secrets_of(request: GenerationRequest) -> list[str]:
    return [request.reference_url, request.prompt, *request.prompt.replace("#", "\n").splitlines()]


def _judged(answer: Answer, now: datetime) -> ProbeReport:
    is_json = isinstance(answer.data, dict)
    if answer.is_good:
        result = ProbeResult.KEY_ACCEPTED if is_json else ProbeResult.NOT_THE_API
        return ProbeReport(result=result, detail=f"HTTP {answer.status}")
    outcome = poll_error(answer, now)
    detail = outcome.detail if isinstance(outcome, GaveUp) else str(outcome)
    if isinstance(outcome, AccountError):
        return ProbeReport(result=_ACCOUNT_RESULTS[outcome.reason], detail=detail)
    if isinstance(outcome, RefusedError | GaveUp):  # it looked for the generation, so it had let the key in
        return ProbeReport(result=ProbeResult.KEY_ACCEPTED if is_json else ProbeResult.NOT_THE_API, detail=detail)
    if answer.status >= 500 or answer.status in _NOT_NOW:
        return ProbeReport(result=ProbeResult.IN_TROUBLE, detail=detail)
    return ProbeReport(result=ProbeResult.NOT_THE_API, detail=detail)


def _confirmed(report: ProbeReport, answer: Answer, unkeyed: Answer) -> ProbeReport:
    """`report` says that the key was let in; `unkeyed` is what the same question got without it."""
    if unkeyed.status in _REFUSALS:
        return report
    if unkeyed.status >= 500 or unkeyed.status in _NOT_NOW:
        return ProbeReport(result=ProbeResult.IN_TROUBLE, detail=f"HTTP {unkeyed.status}")
    if not answer.is_good and error_body_in(answer.data).speaks_of_no_generation:
        said = f"{report.detail}; it says the same without a key, so the key was not tried"
        return ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail=said)
    return ProbeReport(result=ProbeResult.NOT_THE_API, detail=f"{report.detail}, with a key and without")
