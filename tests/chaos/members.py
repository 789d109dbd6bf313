"""Members in a storm: they order songs, and decide when the bot asks them about an outcome nobody knows."""

import asyncio
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.discord import FakeDiscord, Interaction, Message
from sandbox.discord.objects import JSON

_MENTION = re.compile(r"<@(\d+)>")
_PEOPLE = ("Member One", "Member Two", "Moderator", "Owner")


@dataclass(slots=True)
class Ordered:
    """What was asked for."""

    interaction: Interaction
    title: str
    lyrics: str


@dataclass(slots=True)
class Members:
    """Order `max_songs` songs, each with words of its own."""

    discord: FakeDiscord
    song: Path
    max_songs: int
    seed: int
    pause_seconds: float = 0.25
    ordered: list[Ordered] = field(default_factory=list)
    risked: int = 0
    dismissed: int = 0
    _pressed: set[tuple[int, str]] = field(default_factory=set)

    async def order(self) -> None:
        """Order one song after the other, whenever the bot is there."""
        rng = random.Random(f"orders {self.seed}")
        song = (self.song.name, self.song.read_bytes())
        for number in range(self.max_songs):
            await self.discord.until(lambda: self.discord.gateway.connected, 120)
            title, lyrics = f"Song {number}", f"This is the song of number {number}\nand nobody else will sing it"
            asked = await self.discord.slash(
                "compose",
                {"lyrics": lyrics, "title": title},
                member=_PEOPLE[number % len(_PEOPLE)],
                files={"reference": song},
            )
            self.ordered.append(Ordered(asked, title, lyrics))
            await asyncio.sleep(rng.uniform(0, 2 * self.pause_seconds))

    async def decide(self) -> None:
        """Press one of the two buttons under every unknown outcome; for ever."""
        rng = random.Random(f"decisions {self.seed}")
        while True:
            await asyncio.sleep(0.5)
            if not self.discord.gateway.connected:
                continue
            for message in self.discord.messages:
                risk = _button(message.components, ":risk:")
                if risk is None or (message.id, risk) in self._pressed:
                    continue
                choice = rng.choice([risk, _button(message.components, ":dismiss:") or risk])
                owner = _owner_of(message)
                done = await self.discord.click(message, choice, member=owner)
                await asyncio.sleep(0.5)
                if done.answered:
                    self._pressed.add((message.id, risk))
                    self.risked += choice == risk
                    self.dismissed += choice != risk


def _owner_of(message: Message) -> int:
    """Whose song a card is: a card that came without an interaction and without a ping still names its member."""
    if message.interaction:
        return message.interaction.user.id
    named = _MENTION.search(f"{message.content} {message.embeds}")
    if message.pinged_user_ids or named is None:
        return message.pinged_user_ids[0]
    return int(named[1])


def _button(components: list[JSON], part: str) -> str | None:
    for component in components:
        if part in str(component.get("custom_id", "")) and not component.get("disabled"):
            return str(component["custom_id"])
        if found := _button(component.get("components", []), part):
            return found
    return None
