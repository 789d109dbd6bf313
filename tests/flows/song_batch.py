"""Many songs beside each other in one running bot, each with a fate of its own: what the flows about faults look at."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.jobs.model import RESTING, JobState
from bot.store.tables import job_events, jobs
from bot.texts import text
from sandbox.discord import Interaction, Message
from sandbox.discord.lookups import Where, Who
from sandbox.discord.objects import Install
from sandbox.generation import Settings
from sandbox.generation.composer import Composer
from sandbox.generation.ledger import Generation, Submission
from sandbox.stage import Stage, open_stage
from sandbox.transcript import rendered
from tests.flows.conftest import QUICK
from tests.flows.scenario import PATIENCE_SECONDS, Scenario
from tests.warm_bots import WarmBotProcess

#: Violations that only say how slow this machine was.
_OF_TIME = frozenset({"late answer", "unacknowledged"})
#: A script: it is made until `go_on` lets it go, however long a test takes for what it does meanwhile.
HELD: dict[str, Any] = {"polls": ["generating"]}
#: What must never stand in a log: interaction tokens, URL signatures, the keys.
_SECRET = re.compile(r"sbx-[A-Za-z0-9_-]{20}|hm=[0-9a-f]{16}|Signature=|sandbox-key|sandbox\.bot\.token")

#: bot.jobs.card_updates.MIN_PAUSE_SECONDS, less what two clocks may differ by.
_MIN_SECONDS = 9.5
#: What a field is called that tells everybody something, in each language.
_NOTICE = frozenset(text("operators.notice.name", locale) for locale in ("en", "de"))
#: An exception that nobody foresaw.
_FAULT_OF_OURS = re.compile(r"[^\n]*\n  Traceback.*?(?=\n\d{4}-)", re.DOTALL)


class SongBatch(Scenario):
    """A stage on which songs are told apart by their names; names are plain words, none the beginning of another."""

    def __init__(self, stage: Stage, folder: Path, song: bytes) -> None:
        super().__init__(stage, folder, song)
        self._forgiven: set[str] = set()
        #: When the bot was started again: a new process knows nothing of what the last one drew.
        self._restarts: list[float] = []

    async def restart(self, **settings: str) -> None:
        """See Scenario.restart."""
        self._restarts.append(self.discord.world.clock.time())
        await super().restart(**settings)

    async def order_song(
        self,
        name: str,
        *,
        channel: Where = None,
        member: Who = None,
        install: Install = Install.GUILD,
        script: dict[str, Any] | None = None,
    ) -> Interaction:
        """Order a song; `script` is what the music API does with it, see `sandbox.generation.Script`."""
        if script is not None:
            self.api.script(when=_words(name), **script)
        return await self.discord.slash(
            "compose",
            {"lyrics": lyrics(name), "title": title(name)},
            files={"reference": ("song.mp3", self.song)},
            channel=channel,
            member=member,
            install=install,
        )

    def _judge_edits(self) -> None:
        """No card is drawn again within ten seconds unless its song has moved on, or everybody is told news.

        A press moves it on, and it may have come back to where it was before that could be drawn.
        """
        presses = [(one.message.id, one.created_at) for one in self.discord.world.interactions.values() if one.message]
        drawn: dict[str, tuple[object, float]] = {}
        for call in self.discord.calls_to("PATCH", r"^/channels/\d+/messages/\d+$"):
            if not call.applied or call.fault or not isinstance(call.payload, dict):
                continue  # what the bot was told had failed, it may well do again
            headline, at = str(call.payload.get("content")), call.at
            fields = [field for embed in call.payload.get("embeds") or () for field in embed.get("fields") or ()]
            news = (headline, [field["value"] for field in fields if field["name"] in _NOTICE])
            before, earlier = drawn.get(call.path, (None, 0.0))
            drawn[call.path] = (news, at)
            pressed = [then for message_id, then in presses if call.path.endswith(f"/{message_id}")]
            if any(earlier <= moved <= at for moved in (*self._restarts, *pressed)):
                continue
            assert news != before or at - earlier >= _MIN_SECONDS, f"{headline}: again after {at - earlier:.1f} s"

    def row(self, name: str) -> dict[str, Any]:
        """The job's row as it is now; empty before there is one."""
        found = self._select(f"SELECT * FROM {jobs.name} WHERE title = ?", title(name))
        assert len(found) <= 1, f"{len(found)} jobs of one order"
        return found[0] if found else {}

    def history(self, name: str) -> list[dict[str, Any]]:
        """The lines of its history, oldest first."""
        query = f"SELECT * FROM {job_events.name} WHERE job_id = ? ORDER BY id"
        return self._select(query, self.row(name).get("id", 0))

    def went_through(self, name: str) -> list[str]:
        """The states it came to, oldest first."""
        return [str(event["after"]) for event in self.history(name)]

    def _select(self, query: str, value: object) -> list[dict[str, Any]]:
        path = self.folder / "data" / "compose.db"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query, (value,)).fetchall()]
        finally:
            connection.close()

    def _account(self, name: str) -> str:
        """What is known of a song, for a test that failed."""
        row = self.row(name)
        past = [f"{event['at']} {event['after']} {event['detail']}" for event in self.history(name)]
        head = f"{row.get('state')}, told {row.get('told')}, reason {row.get('reason')}"
        return "\n".join([head, *past, self.seen(), self.stage.bot.log[-3000:]])

    async def reached(self, name: str, *states: JobState, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until the job is in one of these states; its row."""
        try:
            async with asyncio.timeout(patience_seconds):
                while True:
                    row = await asyncio.to_thread(self.row, name)
                    if row and row["state"] in states:
                        return row
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{name} is not {' or '.join(states)}:\n{self._account(name)}") from None

    async def ended(self, name: str, *, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until the job rests and its member was told; its row."""
        try:
            async with asyncio.timeout(patience_seconds):
                while True:
                    row = await asyncio.to_thread(self.row, name)
                    if row and row["state"] in RESTING and row["told"] == row["state"]:
                        return row
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{name} does not come to rest:\n{self._account(name)}") from None

    async def delivered(self, name: str, *, posts: int = 1, patience_seconds: float = PATIENCE_SECONDS) -> Message:
        """The song came to its end as it should: one track, one card that says so, `posts` POSTs, words untouched."""
        row = await self.ended(name, patience_seconds=patience_seconds)
        assert row["state"] == JobState.DELIVERED, (row["state"], row["reason"], row["detail"])
        assert row["lyrics"] == lyrics(name)
        assert len(self.posts(name)) == posts
        (track,) = self.tracks(title(name))
        assert track.id == row["track_message_id"]
        return track

    async def ended_with(self, name: str, state: JobState, text: str) -> Message:
        """The song ended so, without a track, and its card says why; the card."""
        row = await self.ended(name)
        assert row["state"] == state, (row["state"], row["reason"], row["detail"])
        assert row["lyrics"] == lyrics(name)
        assert not self.tracks(title(name))
        return await self.card_says(text, title(name))

    def posts(self, name: str) -> list[Submission]:
        """The POSTs with this song's words."""
        return [
            posted
            for posted in self.api.ledger.submissions
            if isinstance(posted.body, dict) and _words(name) in str(posted.body.get("prompt"))
        ]

    def generations(self, name: str) -> list[Generation]:
        """What the music API made of them."""
        return [made for made in self.api.ledger.generations.values() if _words(name) in made.prompt]

    def go_on(self, name: str) -> None:
        """Let go what a script held: from now on it goes by the clock."""
        for made in self.generations(name):
            made.script = made.script.model_copy(update={"polls": ()})

    def card(self, name: str) -> Message:
        """The message of the row's card."""
        return self.discord.message(self.row(name)["card_message_id"])

    def look_of(self, message: Message) -> str:
        """A message as its member sees it."""
        return rendered(self.discord, message)

    def forgive_second_answers_to(self, interaction: Interaction) -> None:
        """A process that never saw an interaction cannot know that an earlier one answered it; Discord refuses that."""
        self._forgiven.add(f"interaction {interaction.id} was answered twice")

    async def metric(self, line: str) -> float:
        """The figure behind a line of /metrics, such as `compose_late_answers_total`; 0 when it is not there."""
        found = re.findall(r"health at (http://[0-9.:]+)/healthz", self.stage.bot.log)
        async with aiohttp.ClientSession() as session, session.get(f"{found[-1]}/metrics") as answer:
            text = await answer.text()
        figures = [row.rpartition(" ")[2] for row in text.splitlines() if row.startswith(line + " ")]
        return float(figures[0]) if figures else 0.0

    async def metric_reaches(self, line: str, least: float) -> None:
        """Wait until the figure is at least that: what the bot has asked for, it counts once it was answered."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await self.metric(line) < least:  # noqa: ASYNC110 - another process counts
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{line} is {await self.metric(line)}, not {least}") from None

    def judge(self) -> None:
        """What holds whatever happened: no POST repeated, no message without its nonce, no second answer, no secret."""
        assert not self.api.ledger.repeated_posts
        assert not self.api.ledger.paid_twice
        assert not self.api.ledger.keys_leaked
        violations = [
            f"{found.kind}: {found.detail}"
            for found in self.discord.violations
            if found.kind not in _OF_TIME and found.detail not in self._forgiven
        ]
        assert not violations, "\n".join(violations)
        assert _SECRET.findall(self.stage.bot.log) == []
        self._judge_edits()
        assert _FAULT_OF_OURS.findall(self.stage.bot.log) == []


def title(name: str) -> str:
    """The title of a song."""
    return f"“{name}”"


def lyrics(name: str) -> str:
    """Its words, which nobody else's begin with."""
    return f"This is the {_words(name)}\nand nobody else will sing it"


def _words(name: str) -> str:
    return f"song of {name} alone"


@asynccontextmanager
async def open_song_batch(
    folder: Path,
    song: bytes,
    *,
    api: dict[str, Any] | None = None,
    composer: Composer | None = None,
    **bot_settings: str,
) -> AsyncGenerator[SongBatch]:
    """Start a stage; `api` are settings of the music API, `bot_settings` of the bot. Judged at the end."""
    settings = Settings.model_validate({"generating_seconds": 0.3, **(api or {})})
    more = {"HEALTH_PORT": "0", "GENERATION_CONCURRENCY": "200", **bot_settings}
    async with open_stage(
        folder,
        composer=composer,
        generation=settings,
        bot_settings={**QUICK, **more},
        make_bot=WarmBotProcess,
    ) as stage:
        batch = SongBatch(stage, folder, song)
        yield batch
        if stage.bot.is_running:
            assert await stage.bot.stop() == 0, stage.bot.log[-2000:]
        batch.judge()
