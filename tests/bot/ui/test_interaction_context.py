"""An interaction has one context, in the language of whoever typed, for its command and for its error."""

import discord

from bot.texts import text
from bot.ui.interaction_context import InteractionContext
from tests.client_kit import LYRICS, SONG, ClientKit, client_kit, fake

__all__ = ["client_kit", "fake"]


async def test_an_interaction_has_one_context_that_speaks_its_members_language(client_kit: ClientKit) -> None:
    seen: list[discord.Interaction] = []

    async def on_interaction(interaction: discord.Interaction) -> None:
        seen.append(interaction)

    client_kit.client.add_listener(on_interaction)
    client_kit.fake.member("Member Two").locale = "de"
    for member in ("Member One", "Member Two"):
        done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, member=member)
        await client_kit.fake.until(lambda done=done: done.original)
    english, german = (InteractionContext.of(interaction) for interaction in seen)
    assert InteractionContext.of(seen[0]) is english is not german
    assert english.requirements is german.requirements is client_kit.client.services.requirements
    assert german.text("answer.song_missing") == text("answer.song_missing", "de") != text("answer.song_missing")
    assert english.text("answer.song_missing") == text("answer.song_missing")
    assert german.member_id == client_kit.fake.member("Member Two").id
    assert not german.is_first(), "the command tree has taken it up already"
