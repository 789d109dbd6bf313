"""A bot that has nothing in common with this project but discord.py, driven over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
import yarl

from sandbox.discord import ClientRefusedError, FakeDiscord, Message, Rules
from tests.sandbox.discord.conftest import handled

from .pollbot import PollBot


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    rules = Rules(ack_deadline_seconds=60.0)  # a busy machine may take longer to answer than Discord waits
    async with FakeDiscord(rules=rules) as fake, PollBot(guild_ready_timeout=0.05) as bot:
        monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
        await bot.login(fake.token)
        running = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        yield fake
        await bot.close()
        await running
    assert fake.violations == []


async def asked(fake: FakeDiscord) -> Message:
    done = await fake.slash("poll", {"question": "Tea?"}, member="Member One")
    poll = await fake.until(lambda: done.original)
    await handled(fake)
    return poll


async def test_a_command_a_button_and_a_form_change_one_message(fake: FakeDiscord) -> None:
    poll = await asked(fake)
    assert (poll.content, poll.author.display_name) == ("Tea?", "Sandbox Bot")
    await fake.click(poll, "Yes", member="Member Two")
    await fake.until(lambda: poll.content == "Tea? Yes: 1")
    pressed = await fake.click(poll, "Something else", member="Member Two")
    form = await fake.until(lambda: pressed.modal)
    await handled(fake)
    assert (form.title, form.open) == ("Your own answer", True)
    await fake.submit(form, {"answer": "Coffee"})
    await fake.until(lambda: poll.content == "Tea? Coffee: 1")
    assert not form.open
    assert [one.id for one in fake.messages] == [poll.id]


async def test_what_a_client_would_not_send_is_refused_before_the_bot_sees_it(fake: FakeDiscord) -> None:
    poll = await asked(fake)
    with pytest.raises(ClientRefusedError):
        await fake.slash("poll")
    with pytest.raises(ClientRefusedError):
        await fake.click(poll, "No")
    pressed = await fake.click(poll, "Something else")
    form = await fake.until(lambda: pressed.modal)
    await handled(fake)
    with pytest.raises(ClientRefusedError):
        await fake.submit(form, {"answer": "x" * 41})
    assert len(fake.interactions) == 2


async def test_a_bot_that_was_cut_off_hears_the_next_press(fake: FakeDiscord) -> None:
    poll = await asked(fake)
    await fake.gateway.drop(4000)
    await fake.until(lambda: fake.gateway.resumes == 1 and fake.gateway.connected)
    await fake.click(poll, "Yes")
    await fake.until(lambda: poll.content == "Tea? Yes: 1")
