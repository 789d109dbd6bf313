"""One's own ACE-Step server as the jobs see it: send the song along, ask how it stands, fetch the track."""

import logging
from pathlib import Path

from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import Clock
from bot.errors import AccountError, BusyError, OutcomeUnknownError, Reason, RefusedError
from bot.generation.acestep.asking import ReferenceUse, form_for
from bot.generation.acestep.error_mapping import query_error, submit_error
from bot.generation.acestep.own_tracks import OwnTracks
from bot.generation.acestep.stalling import DOUBTED_AFTER_SECONDS, Stalling, is_lost
from bot.generation.acestep.wire import AtWork, Lost, Stats, accepted_id, data_of, models_in, seen_in, stats_in
from bot.generation.redaction import secrets_of
from bot.generation.tracks import fetch_track
from bot.generation.transport import Answer, Exchange, HttpLimits, Observer, Sessions, SettingNames, Transport
from bot.jobs.ports import GenerationRequest, ProbeReport, ProbeResult, Progress

log = logging.getLogger(__name__)

SUBMIT = "release_task"
QUERY = "query_result"
STATS = "v1/stats"
MODELS = "v1/models"
SETTINGS = SettingNames(url="ACESTEP_API_URL", key="ACESTEP_API_KEY", usual_url="http://127.0.0.1:8001")

_ACCOUNT_RESULTS = {Reason.KEY_REFUSED: ProbeResult.KEY_REFUSED, Reason.ADDRESS_WRONG: ProbeResult.NOT_THE_API}
_NOT_NOW = frozenset({408, 425, 429})


class AceStepClient:
    """Implements `Generator` of `bot.jobs.ports`. Keeps only when each running job last said something new."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        base_url: str,
        api_key: SecretStr | None,
        reference_use: ReferenceUse,
        clock: Clock,
        budget: AsyncLimiter,
        limits: HttpLimits | None = None,
        observe: Observer | None = None,
    ) -> None:
        """`api_key`: None for a server that asks for none. `budget`: shared by all looks; songs have their own slots.

        `observe` sees every exchange, for metrics. Raises SettingsError for an unusable address or key.
        """
        self._sessions = sessions
        self._has_key = api_key is not None
        self._reference_use = reference_use
        self._clock = clock
        self._budget = budget
        self._limits = limits or HttpLimits()
        self._transport = Transport(
            base_url=base_url,
            api_key=api_key,
            clock=clock,
            limits=self._limits,
            observe=observe or _log_exchange,
            setting=SETTINGS,
        )
        self._tracks = OwnTracks(base_url=base_url, session=sessions.calls, key_header=self._transport.key_header())
        self._stalling = Stalling()

    async def submit(self, request: GenerationRequest) -> str:
        """Send the song once and return the job's id.

        Raises RefusedError, BusyError and AccountError, after all of which nothing was queued, and
        OutcomeUnknownError, after which it may be sent again: that costs nothing but time.
        """
        async with form_for(request, self._reference_use) as form:
            answer = await self._transport.upload(
                self._sessions.submit, "submit", SUBMIT, form, lost=OutcomeUnknownError
            )
        if not answer.is_good:
            raise submit_error(answer, self._clock.now(), secrets=secrets_of(request))
        task_id = accepted_id(answer.data)
        if task_id is None:
            raise OutcomeUnknownError(f"HTTP {answer.status} without a job's id", status=answer.status)
        log.debug("accepted", extra={"generation": task_id, "client_request": request.client_request_id})
        return task_id

    async def poll(self, generation_id: str) -> Progress:
        """Ask once, within the budget. Raises BusyError, AccountError, or RefusedError(GENERATION_LOST).

        Lost is what the server does not know, and what it has long said nothing new of: it was restarted.
        """
        answer = await self._ask("poll", [generation_id])
        if not answer.is_good:
            raise query_error(answer, self._clock.now())
        seen = seen_in(answer.data, generation_id)
        if seen is None:
            raise BusyError("an answer that cannot be read", status=answer.status)
        if isinstance(seen, Lost):
            self._stalling.forget(generation_id)
            raise RefusedError("the server does not know this job: it was restarted", reason=Reason.GENERATION_LOST)
        if isinstance(seen, AtWork):
            await self._doubt(generation_id, seen)
            return seen.working
        self._stalling.forget(generation_id)
        return seen

    async def fetch(self, track_url: str, into: Path) -> int:
        """Stream the track into a new file; returns its size in bytes.

        The key goes along, and to no other server. Raises TrackNotReadyError, TrackLostError, DiskError.
        """
        return await fetch_track(
            self._tracks.session_for,
            self._tracks.address_of(track_url),
            into,
            max_bytes=self._limits.track_bytes,
            timeouts=self._limits.timeouts.track,
            clock=self._clock,
            headers=self._tracks.headers_for,
        )

    async def probe(self) -> ProbeReport:
        """Ask after no job at all, and which models there are: begins nothing."""
        try:
            answer = await self._ask("probe", [])
            if not answer.is_good:
                return self._complaint(answer)
            if not isinstance(data_of(answer.data), list):
                return ProbeReport(result=ProbeResult.NOT_THE_API, detail=f"HTTP {answer.status}")
            said = [await self._of_key(), await self._of_models()]
        except BusyError as error:
            return ProbeReport(result=ProbeResult.NOT_REACHABLE, detail=str(error), by_proxy=error.by_proxy)
        return ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail="; ".join(said))

    async def _doubt(self, task_id: str, seen: AtWork) -> None:
        quiet_seconds = self._stalling.seconds_since_news(task_id, seen, self._clock.monotonic())
        if quiet_seconds < DOUBTED_AFTER_SECONDS or not is_lost(quiet_seconds, await self._stats()):
            return
        again = await self._ask("poll", [task_id])  # it may have ended between the two questions
        if seen_in(again.data, task_id) == seen:
            self._stalling.forget(task_id)
            raise RefusedError(
                f"the server has said nothing new of this job for {quiet_seconds:.0f} s: it was restarted",
                reason=Reason.GENERATION_LOST,
            )

    async def _stats(self) -> Stats | None:
        try:
            answer = await self._get("poll", STATS)
        except BusyError:
            return None
        return stats_in(answer.data) if answer.is_good else None

    async def _of_key(self) -> str:
        if not self._has_key:
            return "it asks for no key"
        await self._budget.acquire()
        unkeyed = await self._transport.ask(self._sessions.calls, "probe", QUERY, {"task_id_list": []}, with_key=False)
        return "it asks for no key, ACESTEP_API_KEY is not needed" if unkeyed.is_good else "the key is the right one"

    async def _of_models(self) -> str:
        answer = await self._get("probe", MODELS)
        names = models_in(answer.data) if answer.is_good else None
        if names is None:
            return "it does not say which models it has"
        if not names:
            return "no model is loaded yet: the first song waits until one is"
        return f"its models: {', '.join(names[:5])}"

    def _complaint(self, answer: Answer) -> ProbeReport:
        error = query_error(answer, self._clock.now())
        if isinstance(error, AccountError):
            unasked = "" if self._has_key or error.reason is not Reason.KEY_REFUSED else " (ACESTEP_API_KEY is empty)"
            return ProbeReport(result=_ACCOUNT_RESULTS[error.reason], detail=f"{error}{unasked}")
        is_in_trouble = answer.status >= 500 or answer.status in _NOT_NOW
        result = ProbeResult.IN_TROUBLE if is_in_trouble else ProbeResult.NOT_THE_API
        return ProbeReport(result=result, detail=str(error))

    async def _ask(self, call: str, task_ids: list[str]) -> Answer:
        await self._budget.acquire()
        return await self._transport.ask(self._sessions.calls, call, QUERY, {"task_id_list": task_ids})

    async def _get(self, call: str, path: str) -> Answer:
        await self._budget.acquire()
        return await self._transport.get(self._sessions.calls, call, path, {})


def _log_exchange(exchange: Exchange) -> None:
    log.debug(
        "ACE-Step: %s",
        exchange.call,
        extra={"call": exchange.call, "status": exchange.status, "seconds": round(exchange.seconds, 3)},
    )
