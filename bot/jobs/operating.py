"""What operators do and ask: for one server, or (scope EVERYWHERE) for the whole bot. Who may is checked by callers.

Every act is written with its line in the audit table, in one transaction. Nothing here knows Discord, so commands and
the shell do the same.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.errors import NoSuchJobError, TooLateError
from bot.jobs.acting import OperatedStore
from bot.jobs.acts import Act, ActRefusedError, KeptRule, Notice, SongReport, SpentReport, What, notice_name
from bot.jobs.admission import EVERYWHERE, PAUSED, Pause, PlaceRequest, RuleKind, Rules, SubjectKind, Terms, Usage
from bot.jobs.model import RESTING, Job, JobState
from bot.jobs.notices import NoticeBoard

log = logging.getLogger(__name__)

MAX_DAYS = 366
MAX_GIFT = 100
MAX_WORDS = 500
MAX_WORD_CHARACTERS = 80
MAX_CHANNELS = 50
MAX_NOTE_CHARACTERS = 300

#: A late track gets so long to come when it is looked for again.
_LOOK_AGAIN = timedelta(minutes=2)


class Operating:
    """`by`: who acts (0: the shell); `scope`: a server's id, or EVERYWHERE."""

    def __init__(
        self, *, store: OperatedStore, clock: Clock, wake: Callable[[int], None], notices: NoticeBoard | None = None
    ) -> None:
        """`wake(job_id)` wakes the engine; where none runs it does nothing."""
        #: Has songs go on that waited for the end of a pause; in other processes they find out by themselves.
        self.resumed: Callable[[], None] = lambda: None
        self._store = store
        self._clock = clock
        self._wake = wake
        self.notices = notices or NoticeBoard()

    # -- pause and notice --------------------------------------------------------------------------------------------

    async def pause(self, scope: int, by: int, *, reason: str = "", until: datetime | None = None) -> None:
        """New orders are refused, and no POST begins; songs that wait keep their place, what is paid goes on."""
        act = Act(by=by, guild_id=scope, what=What.PAUSE, note=_told(reason, until))
        if scope == EVERYWHERE:
            await self._store.keep(PAUSED, Pause(reason=reason, until=until).written(), act, self._clock.now())
            return
        rule = KeptRule(**_pause_of(scope), until=until, note=reason, by=by)
        await self._store.lay_down(rule, act, self._clock.now())

    async def resume(self, scope: int, by: int) -> bool:
        """End the scope's pause. False: there was none."""
        act = Act(by=by, guild_id=scope, what=What.RESUME)
        now = self._clock.now()
        if scope != EVERYWHERE:
            was_paused = await self._store.take_back(KeptRule(**_pause_of(scope)), act, now)
        elif was_paused := bool(await self._store.get_value(PAUSED)):
            await self._store.keep(PAUSED, "", act, now)
        if was_paused:
            self.resumed()
        return was_paused

    async def paused(self) -> Pause | None:
        """The whole bot's pause, while it holds. What cannot be read counts as one."""
        try:
            pause = Pause.parsed(await self._store.get_value(PAUSED))
        except (ValueError, AttributeError, TypeError):
            pause = Pause()
        if pause is None or (pause.until is not None and pause.until <= self._clock.now()):
            return None
        return pause

    async def set_notice(self, scope: int, by: int, *, text: str, until: datetime | None = None) -> None:
        """Tell everybody; an empty text clears it."""
        text = _clipped(text)
        act = Act(by=by, guild_id=scope, what=What.NOTICE, note=_told(text, until))
        value = Notice(text=text, until=until).written() if text else ""
        await self._store.keep(notice_name(scope), value, act, self._clock.now())
        await self.refresh_notices()

    async def refresh_notices(self) -> None:
        """Read anew what is told."""
        self.notices.fill(await self._store.values_like("notice"))

    # -- members and limits ------------------------------------------------------------------------------------------

    async def block(
        self, scope: int, by: int, member_id: int, *, until: datetime | None = None, note: str = ""
    ) -> Sequence[Job]:
        """The member may order nothing more; their waiting songs end unpaid and are given back, paid ones arrive."""
        rule = KeptRule(**_block_of(scope, member_id), until=until, note=_clipped(note), by=by)
        act = Act(by=by, guild_id=scope, what=What.BLOCK, about=f"member {member_id}", note=_told(note, until))
        ended = await self._store.block(rule, act, self._clock.now())
        for job in ended:
            log.info("a waiting song ends: its member was blocked", extra={"job": job.id})
            self._wake(job.id)
        return ended

    async def unblock(self, scope: int, by: int, member_id: int) -> bool:
        """End a block of this scope. False: there was none."""
        act = Act(by=by, guild_id=scope, what=What.UNBLOCK, about=f"member {member_id}")
        return await self._store.take_back(KeptRule(**_block_of(scope, member_id)), act, self._clock.now())

    async def blocked(self, scope: int) -> Sequence[KeptRule]:
        """The blocks of this scope that hold, oldest first."""
        return self._holding(await self._store.rules_of(scope, SubjectKind.MEMBER, RuleKind.BLOCK))

    async def limit(
        self, scope: int, by: int, subject: SubjectKind, subject_id: int, *, limits: dict[RuleKind, int | None]
    ) -> None:
        """Set these limits; None takes one back, so that what holds otherwise holds again."""
        for kind, value in limits.items():
            shown = "-" if value is None else str(value)
            act = Act(by=by, guild_id=scope, what=What.LIMIT, about=f"{subject} {subject_id}", note=f"{kind} {shown}")
            rule = KeptRule(
                guild_id=scope,
                subject_kind=subject,
                subject_id=subject_id,
                kind=kind,
                value=None if value is None else str(value),
                by=by,
            )
            if value is None:
                await self._store.take_back(rule, act, self._clock.now())
            else:
                await self._store.lay_down(rule, act, self._clock.now())

    async def give(self, scope: int, by: int, member_id: int, songs: int, *, note: str = "") -> None:
        """So many songs more for this member within the next 24 hours, in this scope. Raises ActRefusedError."""
        if not 0 < songs <= MAX_GIFT:
            raise ActRefusedError("operators.give.range", limit=MAX_GIFT)
        act = Act(by=by, guild_id=scope, what=What.GIVE, about=f"member {member_id}", note=f"{songs} {note}".strip())
        await self._store.give(member_id, songs, act, self._clock.now())

    # -- lists -------------------------------------------------------------------------------------------------------

    async def add_channel(self, scope: int, by: int, channel_id: int) -> None:
        """Songs are ordered here, and in no channel that is not named so. Raises ActRefusedError."""
        if len(await self.channels(scope)) >= MAX_CHANNELS:
            raise ActRefusedError("operators.channels.full", limit=MAX_CHANNELS)
        act = Act(by=by, guild_id=scope, what=What.CHANNEL_ADD, about=f"channel {channel_id}")
        await self._store.lay_down(KeptRule(**_channel_of(scope, channel_id), by=by), act, self._clock.now())

    async def remove_channel(self, scope: int, by: int, channel_id: int) -> bool:
        """False: it was not named. Without any, songs are ordered everywhere."""
        act = Act(by=by, guild_id=scope, what=What.CHANNEL_REMOVE, about=f"channel {channel_id}")
        return await self._store.take_back(KeptRule(**_channel_of(scope, channel_id)), act, self._clock.now())

    async def channels(self, scope: int) -> list[int]:
        """Where songs are ordered; empty: everywhere."""
        return [rule.subject_id for rule in await self._store.rules_of(scope, SubjectKind.CHANNEL, RuleKind.ALLOW)]

    async def add_word(self, scope: int, by: int, word: str) -> str:
        """Refuse orders with this word or phrase from now on; how it is kept. Raises ActRefusedError."""
        kept = _word_of(word)
        if len(await self.words(scope)) >= MAX_WORDS:
            raise ActRefusedError("operators.words.full", limit=MAX_WORDS)
        act = Act(by=by, guild_id=scope, what=What.WORD_ADD, about=f"word {kept}")
        await self._store.lay_down(KeptRule(**_rule_of_word(scope, kept), by=by), act, self._clock.now())
        return kept

    async def remove_word(self, scope: int, by: int, word: str) -> bool:
        """False: it was not listed."""
        kept = _word_of(word)
        act = Act(by=by, guild_id=scope, what=What.WORD_REMOVE, about=f"word {kept}")
        return await self._store.take_back(KeptRule(**_rule_of_word(scope, kept)), act, self._clock.now())

    async def words(self, scope: int) -> list[str]:
        """The scope's own list, in order of the alphabet."""
        return sorted(rule.value or "" for rule in await self._store.rules_of(scope, SubjectKind.WORD, RuleKind.BLOCK))

    # -- reports and single songs ------------------------------------------------------------------------------------

    async def song(self, scope: int, job_id: int) -> SongReport:
        """All that is known of one song. Raises NoSuchJobError, for songs of another server as for none."""
        job = await self._store.get(job_id)
        if job is None or scope not in {EVERYWHERE, job.place.guild_id}:
            raise NoSuchJobError(f"job {job_id}")
        return SongReport(
            job=job,
            events=tuple(await self._store.history(job_id)),
            lines=tuple(await self._store.charges_of(job_id)),
        )

    async def spent(self, scope: int, days: int = 30) -> SpentReport:
        """What was spent on this UTC day and those before it, `days` in all. Raises ActRefusedError."""
        if not 0 < days <= MAX_DAYS:
            raise ActRefusedError("operators.spent.range", limit=MAX_DAYS)
        today = self._clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        named = [f"{today - timedelta(days=back):%Y-%m-%d}" for back in reversed(range(days))]
        since = today - timedelta(days=days - 1) - timedelta(microseconds=1)
        return await self._store.spent(scope, since, named)

    async def deliver_again(self, scope: int, by: int, job_id: int) -> Job:
        """Send a track once more that nobody could be given. Raises NoSuchJobError, TooLateError."""
        job = (await self.song(scope, job_id)).job
        if job.state is not JobState.UNDELIVERABLE:
            raise TooLateError(f"job {job_id} is {job.state}")
        act = Act(by=by, guild_id=scope, what=What.DELIVER_AGAIN, about=f"song {job_id}")
        now = self._clock.now()
        moved = await self._store.move_as_operator(
            job, JobState.DELIVERING, act, now, reason=None, deliver_started_at=now
        )
        return self._woken(job, moved)

    async def look_again(self, scope: int, by: int, job_id: int) -> Job:
        """Ask the music service once more for a track, or what became of a POST. Raises NoSuchJobError, TooLateError.

        It costs nothing.
        """
        job = (await self.song(scope, job_id)).job
        act = Act(by=by, guild_id=scope, what=What.LOOK_AGAIN, about=f"song {job_id}")
        now = self._clock.now()
        if job.state is JobState.UNKNOWN:
            await self._store.note_act(act, now)
            return self._woken(job, job)
        if job.state not in {JobState.EXPIRED, JobState.FAILED} or job.generation_id is None:
            raise TooLateError(f"job {job_id} is {job.state}")
        moved = await self._store.move_as_operator(
            job, JobState.GENERATING, act, now, reason=None, track=None, deadline_at=now + _LOOK_AGAIN
        )
        return self._woken(job, moved)

    async def give_back(self, scope: int, by: int, job_id: int) -> bool:
        """Give a resting song's place of the day back to its member. False: it was free already.

        Raises NoSuchJobError, TooLateError while it is worked on.
        """
        job = (await self.song(scope, job_id)).job
        if job.state not in RESTING:
            raise TooLateError(f"job {job_id} is {job.state}")
        act = Act(by=by, guild_id=scope, what=What.GIVE_BACK, about=f"song {job_id}")
        return await self._store.give_back(job, act, self._clock.now())

    async def posted_again(self, scope: int, by: int, job_id: int) -> None:
        """Write down that a delivered track is posted once more, before that is done."""
        act = Act(by=by, guild_id=scope, what=What.DELIVER_AGAIN, about=f"song {job_id}")
        await self._store.note_act(act, self._clock.now())

    async def standing_of(self, asked: PlaceRequest, terms: Terms) -> tuple[Rules, Usage]:
        """All that a verdict would be made of."""
        return await self._store.standing_of(asked, self._clock.now(), terms)

    async def allowed_per_day(self, guild_id: int, default: int | None) -> int | None:
        """How many songs a day the bot's operators allow a server; None: no limit. `default`: by the settings."""
        rules = await self._store.rules_of(EVERYWHERE, SubjectKind.GUILD, RuleKind.LIMIT_DAY)
        mine = [rule for rule in self._holding(rules) if rule.subject_id == guild_id]
        value = mine[-1].value if mine else None
        return default if value is None or not value.isdecimal() else int(value)

    async def deleted(self, scope: int, by: int, job_id: int) -> None:
        """Write down that a song was taken away, before that is done."""
        act = Act(by=by, guild_id=scope, what=What.DELETE, about=f"song {job_id}")
        await self._store.note_act(act, self._clock.now())

    def _woken(self, job: Job, moved: Job | None) -> Job:
        if moved is None:
            raise TooLateError(f"job {job.id} moved meanwhile")
        self._wake(job.id)
        return moved

    def _holding(self, rules: Sequence[KeptRule]) -> list[KeptRule]:
        now = self._clock.now()
        return [rule for rule in rules if rule.until is None or rule.until > now]


def _told(note: str, until: datetime | None) -> str:
    """An operator's words, and until when, for the audit table."""
    end = "" if until is None else f"until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return " · ".join(part for part in (_clipped(note), end) if part)


def _clipped(note: str) -> str:
    return note.strip()[:MAX_NOTE_CHARACTERS]


def _word_of(typed: str) -> str:
    """As it is kept: in small letters, blanks made one. Raises ActRefusedError."""
    word = " ".join(typed.casefold().split())
    if not word.rstrip("* "):
        raise ActRefusedError("operators.words.empty")
    if len(word) > MAX_WORD_CHARACTERS:
        raise ActRefusedError("operators.words.long", count=len(word), limit=MAX_WORD_CHARACTERS)
    return word


def _pause_of(scope: int) -> dict[str, Any]:
    return {"guild_id": scope, "subject_kind": SubjectKind.GUILD, "subject_id": scope, "kind": RuleKind.BLOCK}


def _block_of(scope: int, member_id: int) -> dict[str, Any]:
    return {"guild_id": scope, "subject_kind": SubjectKind.MEMBER, "subject_id": member_id, "kind": RuleKind.BLOCK}


def _channel_of(scope: int, channel_id: int) -> dict[str, Any]:
    return {"guild_id": scope, "subject_kind": SubjectKind.CHANNEL, "subject_id": channel_id, "kind": RuleKind.ALLOW}


def _rule_of_word(scope: int, word: str) -> dict[str, Any]:
    kinds = {"subject_kind": SubjectKind.WORD, "kind": RuleKind.BLOCK}
    return {"guild_id": scope, "subject_id": 0, "value": word, **kinds}
