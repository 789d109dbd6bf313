from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration
from sandbox.music_levers import MusicLevers
from sandbox.page import Backstage, Page
from tests.sandbox.page.panel import Panel


@pytest.fixture
async def api() -> AsyncIterator[FakeGeneration]:
    async with FakeGeneration() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def panel(api: FakeGeneration, session: aiohttp.ClientSession) -> AsyncIterator[Panel]:
    async with (
        FakeDiscord() as fake,
        Page(fake, backstage=Backstage(fake, extras=[MusicLevers(api)])) as page,
    ):
        yield Panel(session, page.url)


async def test_the_music_api_is_broken_and_mended(panel: Panel, api: FakeGeneration) -> None:
    for name in ("slow", "refuses", "file_gone", "busy", "broke", "locked", "long"):
        await panel.pull(name, True)
        assert await panel.value(name) is True
    for name in ("lost", "spoil", "outage"):
        await panel.pull(name)
    usual = api.world.settings.key
    await panel.restore()
    for name in ("slow", "refuses", "file_gone", "busy", "broke", "locked", "long"):
        assert await panel.value(name) is False
    assert api.world.scripts == []
    assert api.world.settings.key == usual


async def test_a_switched_off_fault_of_the_music_api_is_gone_and_the_others_stay(
    panel: Panel, api: FakeGeneration, session: aiohttp.ClientSession
) -> None:
    await panel.pull("refuses", True)
    await panel.pull("locked", True)
    await panel.pull("refuses", False)
    async with session.post(f"{api.url}/v2/generate/audio", headers={"Authorization": f"Bearer {api.key}"}) as answer:
        assert answer.status == 401


async def test_what_the_music_api_was_asked_is_noted(
    panel: Panel, api: FakeGeneration, session: aiohttp.ClientSession
) -> None:
    assert (await panel.look())["notes"] == []
    await panel.pull("locked", True)
    for _ in range(2):
        async with session.get(f"{api.url}/v2/generate/audio?generation_id=1") as answer:
            assert answer.status == 401
    assert (await panel.look())["notes"] == ["Music API: poll 401 × 2"]
