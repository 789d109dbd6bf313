"""What a flow test does and sees: orders, cards, tracks, rows."""

import asyncio
from pathlib import Path

from bot.jobs.model import Job
from sandbox.bot_process import READY_SECONDS
from sandbox.discord import FakeDiscord, Interaction, Message
from sandbox.generation import FakeGeneration
from sandbox.stage import Stage, wait_until_ready
from sandbox.transcript import custom_ids, rendered
from tests.chaos.invariants import rows, unrested

LYRICS = "The tide came in and took my name\nand brought it back as someone else"
#: A loaded machine decodes slowly; nothing waits this long when all is well.
PATIENCE_SECONDS = 100.0
_SOUNDS = (".mp3", ".wav", ".ogg", ".m4a")


class Scenario:
    """One stage with its member.

    Discord's three seconds are thirty here: on a loaded machine they would be the only thing that is tested.
    """

    def __init__(self, stage: Stage, folder: Path, song: bytes) -> None:
        stage.discord.rules.ack_deadline_seconds = 30.0
        self.stage = stage
        self.folder = folder
        self.song = song

    @property
    def discord(self) -> FakeDiscord:
        """Discord."""
        return self.stage.discord

    @property
    def api(self) -> FakeGeneration:
        """The music API."""
        return self.stage.generation

    async def order(
        self, lyrics: str = LYRICS, *, title: str = "Tide", file: bytes | None = None, name: str = "song.mp3"
    ) -> Interaction:
        """Type /compose."""
        data = self.song if file is None else file
        return await self.discord.slash(
            "compose", {"lyrics": lyrics, "title": title}, files={"reference": (name, data)}
        )

    async def restart(self, **settings: str) -> None:
        """Start the bot again and wait until it is connected, by a session of its own."""
        gateway, bot = self.discord.gateway, self.stage.bot
        # other processes have theirs, and that of the bot's last process may end a moment after it
        earlier = set(gateway.connected)
        await bot.start(**settings)
        await self.discord.until(lambda: set(gateway.connected) - earlier or not bot.is_running, READY_SECONDS)
        await wait_until_ready(self.discord, bot)

    async def track(self, title: str = "Tide") -> Message:
        """Wait for the one message with this title's track."""
        await self.discord.until(lambda: self.tracks(title), PATIENCE_SECONDS)
        return self.tracks(title)[0]

    def tracks(self, title: str = "Tide") -> list[Message]:
        """All messages of the bot with a sound file and this title."""
        return [
            message
            for message in self.discord.messages
            if message.author.bot
            and title in message.content
            and any(file.filename.lower().endswith(_SOUNDS) for file in message.attachments)
            and any(":again:" in custom_id for custom_id in custom_ids(message.components))
        ]

    async def card_says(self, text: str, title: str = "Tide") -> Message:
        """Wait until a message of the bot with this title says `text`."""

        def saying() -> Message | None:
            for message in self.discord.messages:
                seen = rendered(self.discord, message)
                if message.author.bot and title in seen and text in seen:
                    return message
            return None

        try:
            return await self.discord.until(saying, PATIENCE_SECONDS)
        except TimeoutError:
            raise AssertionError(f"nobody said {text!r}; there is:\n{self.seen()}") from None

    async def private_answer(self, asked: Interaction) -> Message:
        """Wait for the private answer to an interaction."""

        def private() -> Message | None:
            said = (message for message in asked.messages if not message.loading)
            return next((message for message in said if message.ephemeral), None)

        try:
            return await self.discord.until(private, PATIENCE_SECONDS)
        except TimeoutError:
            raise AssertionError(f"no private answer; there is:\n{self.seen()}") from None

    def seen(self) -> str:
        """Everything in the channel, as text."""
        return "\n".join(rendered(self.discord, message) for message in self.discord.messages)

    async def rows(self) -> list[Job]:
        """Wait until every job rests and its member knows, stop the bot, and read what is in its database."""
        if self.stage.bot.is_running:
            await self.rest()
            await self.stage.bot.stop()
        return await rows(self.folder)

    async def rest(self) -> None:
        """Wait until every job rests and its member knows."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while any(await unrested(self.folder)):  # noqa: ASYNC110 - another process moves it
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"jobs do not come to rest; there is:\n{self.seen()}") from None

    def button(self, message: Message, action: str) -> str:
        """The custom_id of a button, by its action."""
        for custom_id in custom_ids(message.components):
            if f":{action}:" in custom_id:
                return custom_id
        raise AssertionError(f"no button {action!r} under:\n{rendered(self.discord, message)}")
