"""The account's brake, one for each music service: while its account is refused the line is held, and no song fails.

It comes on with the first answer that only the operator can mend, and is durable. While it is on the free call is made
every five minutes, and at once after a start; if that does not complain, ONE waiting song is sent: accepted, and the
brake is off; refused once more, and it stays on.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from bot.clock import Clock
from bot.errors import AccountError, Reason, StoreBusyError
from bot.jobs.model import Job
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import ProbeResult, ValueStore
from bot.jobs.trials import TrialTurns
from bot.metrics import Metrics

log = logging.getLogger(__name__)

#: The free call is made so often while the brake is on.
LOOK_SECONDS = 300.0
#: What another process kept is seen after so long.
_REFRESH_SECONDS = 15.0
#: The same, where there is another one.
_SHARED_REFRESH_SECONDS = 3.0
#: Under this name, followed by the provider's, the store keeps what `Held` says; an empty text: the brake is off.
_KEPT = "brake."

#: Answers that also keep a paid song from being looked at.
_KEEPS_POLLS = frozenset({Reason.KEY_REFUSED, Reason.ADDRESS_WRONG})
#: What the free call can say for certain of an account.
_FOUND = {ProbeResult.KEY_REFUSED: Reason.KEY_REFUSED, ProbeResult.NO_CREDITS: Reason.NO_CREDITS}
_ADVICE = {
    Reason.NO_CREDITS: "Top the account up at the provider.",
    Reason.KEY_REFUSED: "Put a key that is valid into {name}_API_KEY and start the bot again.",
    Reason.ADDRESS_WRONG: "Look at {name}_API_URL and start the bot again.",
}
#: How the settings of a service begin, where not as the service is called.
_SETTINGS = {"aiml": "GENERATION"}


def advice_for(reason: Reason, provider: str) -> str:
    """What the operator does about it, with the settings of that service."""
    return _ADVICE[reason].format(name=_SETTINGS.get(provider, provider.upper()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The line of one provider is held."""

    reason: Reason  #: NO_CREDITS, KEY_REFUSED or ADDRESS_WRONG
    since: datetime

    @staticmethod
    def name_of(provider: str) -> str:
        """Under which name it is kept."""
        return _KEPT + provider

    @classmethod
    def parsed(cls, kept: str | None) -> "Held | None":
        """What is kept; None while the brake is off, and for what nobody can read: a song finds out."""
        if not kept:
            return None
        try:
            values = json.loads(kept)
            since = datetime.fromisoformat(values["since"]).astimezone(UTC)
            return cls(reason={str(reason): reason for reason in _ADVICE}[values["reason"]], since=since)
        except (ValueError, TypeError, KeyError, OverflowError):
            log.warning("what is kept of a brake cannot be read; it counts as off")
            return None

    def written(self) -> str:
        """What is kept."""
        return json.dumps({"reason": self.reason, "since": self.since.astimezone(UTC).isoformat()})

    def in_words(self, provider: str) -> str:
        """For the operator."""
        return f"{provider} refuses the account ({self.reason}) since {self.since:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeChange:
    """What those are told who asked to hear of it: it came on, went on for another reason, or went off."""

    provider: str
    held: Held | None  #: None: it is off
    before: Held | None


class _Trial(Enum):
    """Whether ONE song may be sent although the brake is on; the third possibility is the id of that song."""

    CLOSED = "closed"
    OPEN = "open"


class _Line:
    """What is remembered of one provider."""

    def __init__(self) -> None:
        self.held: Held | None = None
        self.trial: _Trial | int = _Trial.CLOSED
        #: When the free call is made next, on the monotonic clock.
        self.look_at = 0.0
        #: The store does not know it yet.
        self.is_unkept = False
        self.polls_refused_at: datetime | None = None  #: when a paid song could last not be looked at
        self.accepted_at: datetime | None = None  #: when the last song was accepted
        self.is_new = True  #: nobody has looked since it came on, or since this process was started
        self.is_turn_over = False  #: which the store does not know yet
        self.trial_until = float("inf")  #: until when a trial here counts, on the monotonic clock


class Brake:
    """One for all providers of a process. What decides is in memory; what outlives it is kept by `keep`."""

    def __init__(
        self,
        *,
        store: ValueStore,
        models: MusicModels,
        clock: Clock,
        metrics: Metrics,
        wake: Callable[[int], None],
        is_shared: bool = False,
    ) -> None:
        """`models`: whose free calls are made. `wake(job_id)` has a waiting song looked at; it returns at once.

        `is_shared`: other processes send songs to the same accounts.
        """
        self._turns = TrialTurns(store, clock, is_shared=is_shared)
        self._store = store
        self._models = models
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._lines: dict[str, _Line] = {provider: _Line() for provider in models.providers}
        self._waiting: dict[str, set[int]] = {}
        #: Paid songs refused while others were accepted: no line is held for them again, after their end neither.
        self._alone: set[int] = set()
        self._listeners: list[Callable[[BrakeChange], None]] = []
        self._changed = asyncio.Event()
        self._kept = asyncio.Lock()
        for provider in self._lines:
            metrics.brake.labels(provider).set(0)

    def on_brake(self, changed: Callable[[BrakeChange], None]) -> None:
        """Have `changed` called, from the event loop, whenever a brake comes on or goes off; it must return at once."""
        self._listeners.append(changed)

    # what there is to see

    def held(self, provider: str) -> Held | None:
        """Why this provider's songs wait; None while its brake is off."""
        line = self._lines.get(provider)
        return None if line is None else line.held

    def reason_of(self, provider: str) -> Reason | None:
        """The same, as cards say it."""
        held = self.held(provider)
        return None if held is None else held.reason

    def all_held(self) -> dict[str, Held]:
        """Every provider whose brake is on."""
        return {provider: line.held for provider, line in self._lines.items() if line.held is not None}

    def polls_refused_at(self, provider: str) -> datetime | None:
        """When a paid song could last not be looked at for the account's sake; None when that never happened."""
        line = self._line(provider)
        refused_at = line.polls_refused_at
        if line.held is not None and refused_at is not None and refused_at >= line.held.since:
            return self._clock.now()
        return refused_at

    # what steps do

    def holds(self, job: Job) -> bool:
        """Whether this waiting song must go on waiting; it is woken when it may go."""
        line = self._line(job.provider)
        waiting = self._waiting.setdefault(job.provider, set())
        if line.held is None:
            waiting.discard(job.id)
            return False
        if self._turns.is_shared and not waiting and line.look_at <= self._clock.monotonic():
            self._changed.set()  # whoever has no waiting songs looks for nobody
        waiting.add(job.id)
        return line.trial is not _Trial.OPEN and line.trial != job.id

    def take_turn(self, job: Job) -> bool:
        """Whether this song may be sent now; if it is the one of a trial, no other may until `end_turn`."""
        line = self._line(job.provider)
        if line.trial is _Trial.OPEN and self._clock.monotonic() >= line.trial_until:
            line.trial = _Trial.CLOSED
        if line.held is not None and line.trial is _Trial.OPEN:
            line.trial = job.id
            log.info("the account is tried with one song", extra={"job": job.id, "provider": job.provider})
        return self.may_go(job)

    def may_go(self, job: Job) -> bool:
        """Whether the brake has not come on since `take_turn`."""
        line = self._line(job.provider)
        return line.held is None or line.trial == job.id

    def end_turn(self, job: Job, *, was_sent: bool) -> None:
        """The song is no longer the one of a trial: what its POST told has been told, or it was not sent at all."""
        line = self._line(job.provider)
        if line.held is None or line.trial != job.id:
            return
        # an answer that says nothing of the account: the next look decides when another song is risked
        line.trial = _Trial.CLOSED if was_sent else _Trial.OPEN
        if was_sent:
            self._end_turn(line)

    def accepted(self, job: Job) -> None:
        """Its POST was accepted: of the one song of a trial that lets all others go. To be kept."""
        line = self._line(job.provider)
        line.accepted_at = self._clock.now()
        if line.held is not None and line.trial == job.id:
            self._set(job.provider, None)

    def refused(self, provider: str, error: AccountError) -> None:
        """The account was refused: hold the line, and look again in five minutes. To be kept."""
        line = self._line(provider)
        line.trial = _Trial.CLOSED
        self._end_turn(line)
        line.look_at = self._clock.monotonic() + LOOK_SECONDS
        self._set(provider, Held(reason=error.reason, since=self._clock.now()), said=str(error))

    def refused_poll(self, job: Job, error: AccountError, *, since: datetime) -> bool:
        """The account was refused to a paid song, first at `since`; whether the line is held for it.

        Not for one song alone, such as one that another account paid for: songs are accepted meanwhile. To be kept.
        """
        line = self._line(job.provider)
        if line.held is None:
            if line.accepted_at is not None and line.accepted_at > since:
                self._alone.add(job.id)
            if job.id in self._alone:
                return False
        line.polls_refused_at = self._clock.now()
        if line.held is None:
            self.refused(job.provider, error)
        return True

    async def keep(self) -> None:
        """Make durable what has changed. Raises StoreBusyError; then ask again."""
        async with self._kept:
            for provider, line in list(self._lines.items()):
                if line.is_turn_over:
                    await self._turns.end(provider)
                    line.is_turn_over = False
                if line.is_unkept:
                    line.is_unkept = False
                    try:
                        await self._store.set_value(Held.name_of(provider), line.held.written() if line.held else "")
                    except BaseException:
                        line.is_unkept = True
                        raise

    # what goes on by itself

    async def load(self) -> None:
        """Take up what was kept, before any song is looked at. Raises StoreBusyError."""
        async with self._kept:
            for provider in list(self._lines):
                await self._refresh(provider)

    async def run(self) -> None:
        """Look again, for ever; nothing is asked of a provider whose brake is off."""
        while True:
            self._changed.clear()
            try:
                await self.keep()
                await self.load()
            except StoreBusyError as error:
                log.warning("the database is busy: %s", error)
            for provider in self._due():
                await self._look(provider)
            await self._clock.wait(self._changed, self._pause_seconds())

    def _due(self) -> Iterable[str]:
        now = self._clock.monotonic()
        return [name for name, line in self._looked_at() if line.look_at <= now]

    def _looked_at(self) -> list[tuple[str, _Line]]:
        """Of several processes those look that have a song to send."""
        shared = self._turns.is_shared
        return [
            (name, line)
            for name, line in self._lines.items()
            if line.held is not None and not (shared and not self._waiting.get(name))
        ]

    def _pause_seconds(self) -> float:
        looks = [line.look_at for _, line in self._looked_at()]
        refresh = _SHARED_REFRESH_SECONDS if self._turns.is_shared else _REFRESH_SECONDS
        return max(0.0, min([refresh, *(at - self._clock.monotonic() for at in looks)]))

    async def _refresh(self, provider: str) -> None:
        """What is kept counts, also that of another process; but for what is not kept yet."""
        found = Held.parsed(await self._store.get_value(Held.name_of(provider)))
        line = self._lines[provider]
        if line.is_unkept or found == line.held:
            return
        if found is not None and line.held is None:
            line.look_at, line.is_new = self._clock.monotonic(), True
            if found.reason in _KEEPS_POLLS:
                line.polls_refused_at = self._clock.now()  # nobody looked while this process was down
        self._set(provider, found)
        line.is_unkept = False

    async def _look(self, provider: str) -> None:
        """The free call, and what it says about one song."""
        line = self._lines[provider]
        line.look_at = next_look_at = self._clock.monotonic() + LOOK_SECONDS
        model = next(iter(self._models.of_provider(provider)), None)
        if model is None:
            return  # nothing of it is configured: its songs wait for that
        if not await self._has_turn(provider, line):
            return
        report = await model.generator.probe()
        if line.held is None or isinstance(line.trial, int) or line.look_at != next_look_at:
            return  # a song was quicker to find out
        log.info("the account was looked at: %s", report.result, extra={"provider": provider, "said": report.detail})
        if report.lets_in:
            line.trial, line.trial_until = _Trial.OPEN, self._clock.monotonic() + self._turns.lasts_seconds
            self._wake_first(provider)
            return
        line.trial = _Trial.CLOSED
        self._end_turn(line)
        reason = _FOUND.get(report.result, line.held.reason)
        if reason is not line.held.reason:
            self._set(provider, replace(line.held, reason=reason), said=report.detail)

    async def _has_turn(self, provider: str, line: _Line) -> bool:
        try:
            # a start looks at once, as far as others let it
            if await self._turns.take(provider, every_seconds=0.0 if line.is_new else LOOK_SECONDS - _REFRESH_SECONDS):
                line.is_new = False
                return True
        except StoreBusyError as error:
            log.warning("the database is busy: %s", error)
        line.look_at = self._clock.monotonic() + _REFRESH_SECONDS
        return False

    def _end_turn(self, line: _Line) -> None:
        if self._turns.is_shared:
            line.is_turn_over = True
            self._changed.set()

    def _line(self, provider: str) -> _Line:
        return self._lines.setdefault(provider, _Line())

    def _set(self, provider: str, held: Held | None, *, said: str = "") -> None:
        line = self._line(provider)
        before = line.held
        if held is not None and before is not None and held.reason is before.reason:
            return  # the same refusal once more
        line.held, line.is_unkept = held, True
        self._metrics.brake.labels(provider).set(0 if held is None else 1)
        self._changed.set()
        if held is None:
            line.trial = _Trial.CLOSED
            log.info("songs are accepted again: the brake is off", extra={"provider": provider})
            for job_id in self._waiting.pop(provider, ()):
                self._wake(job_id)
        else:
            _tell_operator(provider, held, said)
        change = BrakeChange(provider=provider, held=held, before=before)
        for listener in self._listeners:
            listener(change)

    def _wake_first(self, provider: str) -> None:
        waiting = self._waiting.get(provider, set())
        if waiting:
            first = min(waiting)
            waiting.discard(first)  # it may be gone by now; if not, it stands here again when it has looked
            self._wake(first)


def _tell_operator(provider: str, held: Held, said: str) -> None:
    what = (
        "the music API has no such call at the address it was given"
        if held.reason is Reason.ADDRESS_WRONG
        else f"the music API refuses the operator's account: {held.reason}"
    )
    log.error(
        "%s. %s Until then the brake is on: songs wait, none fails for it and nothing is paid. It is looked at again "
        "every %d minutes, and at once after a start.",
        f"{what}: {said}" if said and held.reason is Reason.ADDRESS_WRONG else what,
        advice_for(held.reason, provider),
        LOOK_SECONDS // 60,
        extra={"provider": provider, "reason": held.reason, "since": held.since.isoformat()},
    )
