"""fal's queue as the jobs see it: submit once, ask how it stands, fetch the result, stop it, look a lost POST up.

A generation is known by `owner/application/requests/id`, the path below which the queue answers for it: without the
sub-path of the model that was asked.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import yarl
from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import Clock
from bot.errors import AccountError, BusyError, OutcomeUnknownError, Reason
from bot.generation.error_bodies import error_body_of
from bot.generation.error_mapping import poll_error, submit_error
from bot.generation.fal import history
from bot.generation.fal.history import History
from bot.generation.fal.profiles import RequestProfile
from bot.generation.fal.wire import accepted_request_id, cancellation_in, status_in, track_url_in
from bot.generation.probing import probed
from bot.generation.redaction import sanitised
from bot.generation.tracks import TrackSources, fetch_track
from bot.generation.transport import Answer, Exchange, HttpLimits, Observer, Sessions, SettingNames, Transport
from bot.jobs.ports import Cancellation, Finished, GaveUp, GenerationRequest, ProbeReport, Progress, StillWorking

log = logging.getLogger(__name__)

SETTING = SettingNames(url="FAL_API_URL", key="FAL_API_KEY", usual_url="https://queue.fal.run")
#: The queue and its documented second name; the history of requests lies elsewhere.
_QUEUE_HOSTS = frozenset({"queue.fal.run", "queue.falrun.com"})
_HISTORY_URL = "https://api.fal.ai"
#: No request has this id: the queue checks the key before it looks for one, and nothing is spent.
_PROBE_ID = "00000000-0000-0000-0000-000000000000"
#: So long a result must last at least, in seconds: an account may have them removed after minutes.
_RESULT_SECONDS = 172_800
#: Answers to the question for a result that are not the application's own.
_NOT_NOW = frozenset({408, 425, 429})
_GONE = frozenset({404, 410})
_INVALID = frozenset({400, 422})


class FalClient:
    """Implements `Generator`, `LookUp` and `Canceller`. Keeps only what it learned of the history."""

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
        """As `bot.generation.aiml.client.GenerationClient`. Raises SettingsError for an unusable address or key."""
        self._sessions = sessions
        self._profile = profile
        self._clock = clock
        self._budget = budget
        self._limits = limits or HttpLimits()

        def transport(url: str) -> Transport:
            return Transport(
                base_url=url,
                api_key=api_key,
                clock=clock,
                limits=self._limits,
                observe=observe or _log_exchange,
                scheme="Key",
                setting=SETTING,
            )

        self._queue = transport(base_url)
        self._platform = transport(history_url(base_url))
        self._tracks = TrackSources(
            base_url=base_url,
            own=sessions.calls,
            public=sessions.files,
            proxied=sessions.proxied,
            route=sessions.route,
            hosts=self._limits.track_hosts,
        )
        self._history = History(ask=self._ask_history, clock=clock, profile=profile)

    async def submit(self, request: GenerationRequest) -> str:
        """POST once and return the generation's path.

        Raises RefusedError, BusyError and AccountError, after all of which nothing was accepted, and
        OutcomeUnknownError, after which only `look_up` or a person may decide.
        """
        answer = await self._queue.post(
            self._sessions.submit,
            "submit",
            self._profile.endpoint,
            self._profile.body(request),
            headers={
                "X-Client-Request-Id": request.client_request_id,
                "X-Fal-Object-Lifecycle-Preference": f'{{"expiration_duration_seconds": {_RESULT_SECONDS}}}',
            },
            lost=OutcomeUnknownError,
        )
        if not answer.is_good:
            raise submit_error(answer, self._clock.now(), secrets=_secrets_of(request), url_setting=SETTING.url)
        request_id = accepted_request_id(answer.data)
        if request_id is None:
            raise OutcomeUnknownError(
                f"HTTP {answer.status} without a request id", status=answer.status, request_id=answer.request_id
            )
        log.debug("accepted", extra={"generation": request_id, "client_request": request.client_request_id})
        return self._generation_id(request_id)

    async def poll(self, generation_id: str) -> Progress:
        """One GET, and a second one for the result. Raises BusyError, AccountError, RefusedError(GENERATION_LOST)."""
        answer = await self._get("poll", f"{generation_id}/status", {})
        if not answer.is_good:
            return self._no_answer(answer)
        status = status_in(answer.data)
        if status is None:
            raise _unreadable(answer)
        if not status.is_completed:
            return status.progress()
        result = await self._get("poll", generation_id, {})
        if not result.is_good:
            return self._ended(result)
        if result.data is None:
            raise _unreadable(result)
        track_url = track_url_in(result.data)
        # completed without a file is not finished: the deadline ends it
        return StillWorking(status=status.status) if track_url is None else Finished(track_url=track_url)

    async def cancel(self, generation_id: str) -> Cancellation:
        """PUT; may be repeated. Raises BusyError, AccountError."""
        answer = await self._put(f"{generation_id}/cancel")
        said = cancellation_in(answer.text if answer.data is None else answer.data)
        if said is not None:
            return said
        if answer.is_good and not answer.is_whole:
            raise _unreadable(answer)
        if answer.is_good:
            return Cancellation.ASKED  # taken in words that nobody knows: nothing may be promised
        error = poll_error(answer, self._clock.now())
        if isinstance(error, BusyError | AccountError):
            raise error
        if answer.status in _GONE:
            return Cancellation.LOST
        raise BusyError(f"HTTP {answer.status} to a cancel", status=answer.status, request_id=answer.request_id)

    async def look_up(self, request: GenerationRequest, since: datetime) -> Sequence[str]:
        """The generations that this very request may have begun, newest first, as far as the account's history says.

        None proves nothing: it may be shown late. Raises BusyError when asking again may help.
        """
        return [self._generation_id(found) for found in await self._history.find(request, since)]

    @property
    def can_look_up(self) -> bool:
        """False once fal has shown that this key may not read the history."""
        return self._history.is_offered

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
        """Ask for a request that cannot exist: spends nothing, and shows whether address and key are right."""
        path = f"{self._generation_id(_PROBE_ID)}/status"
        return await probed(lambda with_key: self._get("probe", path, {}, with_key=with_key), self._clock)

    def _generation_id(self, request_id: str) -> str:
        return f"{self._profile.application}/requests/{request_id}"

    def _no_answer(self, answer: Answer) -> GaveUp:
        outcome = poll_error(answer, self._clock.now())
        if isinstance(outcome, GaveUp):
            return outcome
        raise outcome

    def _ended(self, result: Answer) -> GaveUp:
        """What the result of a completed request says when it is none: the queue hands on what the application said."""
        outcome = poll_error(result, self._clock.now())
        said = error_body_of(result)
        is_own = isinstance(result.data, dict) and said.text and result.status not in _NOT_NOW | _GONE
        if isinstance(outcome, AccountError | GaveUp) or not is_own:
            return self._no_answer(result)
        usual = Reason.REQUEST_REFUSED if result.status in _INVALID else Reason.PROVIDER_FAILED
        return GaveUp(reason=said.reason or usual, detail=sanitised(f"HTTP {result.status}: {said.text}"))

    async def _get(self, call: str, path: str, params: Mapping[str, str | int], *, with_key: bool = True) -> Answer:
        await self._budget.acquire()
        return await self._queue.get(self._sessions.calls, call, path, params, with_key=with_key)

    async def _put(self, path: str) -> Answer:
        await self._budget.acquire()
        return await self._queue.put(self._sessions.calls, "cancel", path)

    async def _ask_history(self, params: dict[str, str | int]) -> Answer:
        await self._budget.acquire()
        return await self._platform.get(self._sessions.calls, "look_up", history.PATH, params)


def history_url(base_url: str) -> str:
    """Where the history of requests is: beside the queue at fal, below the same address anywhere else."""
    try:
        host = yarl.URL(base_url.strip()).host
    except ValueError:
        host = None
    return _HISTORY_URL if host in _QUEUE_HOSTS else base_url


def _unreadable(answer: Answer) -> BusyError:
    return BusyError("an answer that cannot be read", status=answer.status, request_id=answer.request_id)


def _log_exchange(exchange: Exchange) -> None:
    log.debug(
        "fal: %s",
        exchange.call,
        extra={"call": exchange.call, "status": exchange.status, "seconds": round(exchange.seconds, 3)},
    )


def _secrets_of(request: GenerationRequest) -> list[str]:
    words = request.prompt.replace("#", "\n").splitlines()
    return [request.reference_url, request.prompt, *words, *([request.style] if request.style else [])]
