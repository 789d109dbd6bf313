"""Takes the pictures of docs/pictures: the real bot on the page, in the moments one likes to show.

`python -m tests.browser.pictures [FOLDER]`; fonts with emoji make them nicer (Debian: fonts-noto-color-emoji).
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from sandbox.generation import Settings
from sandbox.generation.sketching import SketchComposer
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage
from sandbox.up import open_page as open_server

from .browsing import open_browser, open_page

TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDE = ViewportSize(width=1180, height=800)
PHONE = ViewportSize(width=360, height=740)
LYRICS = """\
We left the harbour lights behind
With nothing but a song to find
And every wave that carried on
Was singing us into the dawn"""
_TRACK_MS = 120_000
_MAX_BYTES = 300_000


async def take(folder: Path) -> None:
    """All of them, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    async with _playing() as (stage, address, song), open_browser() as browser:
        async with open_page(browser, address, viewport=WIDE, color_scheme="light") as page:
            await _day(page, stage, song, folder)
        await _pocket(browser, address, folder)
        async with open_page(browser, address, viewport=WIDE, color_scheme="dark") as page:
            await _night(page, folder)
        async with open_page(browser, address, viewport=WIDE, color_scheme="light") as page:
            await _operators(page, stage, folder)
    for path in sorted(folder.glob("*.png")):
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes{'' if size < _MAX_BYTES else ', too large'}")


@asynccontextmanager
async def _playing() -> AsyncIterator[tuple[Stage, str, Path]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        song = folder / "harbour.mp3"
        write_sample(song)
        settings = Settings(allow_loopback=True, queued_seconds=0.5, generating_seconds=14)
        poll = {"POLL_INTERVAL_SECONDS": "1"}
        async with (
            open_stage(folder / "bot", composer=SketchComposer(), generation=settings, bot_settings=poll) as stage,
            open_server(stage) as server,
        ):
            yield stage, server.url, song


async def _day(page: Page, stage: Stage, song: Path, folder: Path) -> None:
    """A command being typed, its card, the track."""
    await page.keyboard.type("Has anybody got a tune for tonight?")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Member Two", exact=True).click()
    await page.locator(".bar input[type=file]").set_input_files(song)
    await page.get_by_role("textbox", name="Message").fill(
        "This one has been in my head all day. Make something of it?"
    )
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Member One", exact=True).click()
    await expect(page.locator(".message .player")).to_be_visible()
    await page.get_by_role("textbox", name="Message").press_sequentially("/")
    await _shoot(page, folder / "commands.png")
    await page.keyboard.type("compose")
    await page.keyboard.press("Enter")
    await page.locator(".command input[type=file]").set_input_files(song)
    await page.get_by_role("button", name="+ lyrics").click()
    await page.get_by_label("lyrics", exact=True).fill(LYRICS)
    await page.get_by_role("button", name="+ title").click()
    await page.get_by_label("title", exact=True).fill("Into the dawn")
    await _shoot(page, folder / "typing.png")
    await page.keyboard.press("Enter")
    card = page.locator(".message", has_text="used /compose").last
    await expect(card.get_by_role("button")).not_to_have_count(1)
    await expect(card).to_contain_text("Into the dawn")
    await asyncio.sleep(8)
    await _shoot(page, folder / "card.png")
    track = await _track(page)
    await track.get_by_role("button", name="Play").click()
    await page.wait_for_function("() => [...document.querySelectorAll('audio')].some((one) => one.currentTime > 4)")
    await _shoot(page, folder / "track-light.png")
    waveform = await page.request.get(str(await track.locator(".embed img").get_attribute("src")))
    (folder / "waveform.png").write_bytes(await waveform.body())


async def _track(page: Page) -> Locator:
    track = page.locator(".message.by-bot", has=page.locator(".player")).last
    await expect(track).to_be_visible(timeout=_TRACK_MS)
    await expect(track.locator(".player-time")).not_to_contain_text("–")
    await expect(page.get_by_role("link", name="Go to the track")).to_be_visible(timeout=_TRACK_MS)
    return track


async def _night(page: Page, folder: Path) -> None:
    """The track in the dark, a form, the panel."""
    track = await _track(page)
    await page.mouse.move(600, 60)
    await _shoot(page, folder / "track-dark.png")
    await track.get_by_role("button", name="Edit lyrics").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.mouse.move(600, 60)
    await _shoot(page, folder / "form-dark.png")
    await page.keyboard.press("Escape")
    await page.emulate_media(color_scheme="light")
    await page.get_by_role("button", name="Faults").click()
    await page.get_by_role("button", name="Lose the next answer").click()
    await track.get_by_role("button", name="Again").click()
    await expect(page.get_by_role("button", name="Try again")).to_be_visible(timeout=_TRACK_MS)
    await page.mouse.move(600, 60)
    await page.get_by_role("heading", name="Music API").evaluate("title => title.scrollIntoView()")
    await page.locator("#panel").evaluate("panel => panel.scrollBy(0, -70)")
    await _shoot(page, folder / "faults.png")
    await page.get_by_role("button", name="Everything works again").click()


async def _operators(page: Page, stage: Stage, folder: Path) -> None:
    """What a manager of the server reads: the report of a song, and the log channel with a report."""
    discord = stage.discord
    place = discord.add_channel("mod-log")
    for channel in ("general", place):
        discord.grant("manage_guild", "manage_messages", member="Moderator", channel=channel)
    asked = await discord.slash("compose-admin log-channel", {"channel": place.name}, member="Moderator")
    await discord.until(lambda: asked.messages)
    song = next(one for one in discord.messages if one.author.bot and one.attachments)
    asked = await discord.message_command("Report this song", song, member="Member Two")
    form = await discord.until(lambda: asked.modal)
    await discord.submit(form, {"reason": "It mocks somebody from our school."})
    await discord.slash(
        "compose-admin block", {"member": "Member Two", "until": "3d", "note": "spam"}, member="Moderator"
    )
    await discord.slash("compose-admin limit", {"per_day": 50}, member="Moderator")
    await page.get_by_role("button", name="Moderator", exact=True).click()
    await discord.slash("compose-admin song", {"id": 1}, member="Moderator")
    await expect(page.get_by_role("button", name="Give back").last).to_be_visible()
    await _shoot(page, folder / "operator-song.png")
    await discord.until(lambda: sum(one.channel_id == place.id for one in discord.messages) >= 4)
    await page.get_by_role("button", name="mod-log").click()
    await expect(page.get_by_role("button", name="Dismiss")).to_be_visible()
    await _shoot(page, folder / "log-channel.png")


async def _pocket(browser: Browser, address: str, folder: Path) -> None:
    """Phone width."""
    for scheme in ("light", "dark"):
        async with open_page(
            browser, address, viewport=PHONE, color_scheme=scheme, device_scale_factor=2, has_touch=True, is_mobile=True
        ) as page:
            track = await _track(page)
            await _shoot(page, folder / f"phone-{scheme}.png")
            if scheme == "light":
                await track.get_by_role("button", name="Edit lyrics").click()
                await expect(page.get_by_role("dialog")).to_be_visible()
                await _shoot(page, folder / "phone-form.png")
                await page.get_by_role("button", name="Cancel").click()


async def _shoot(page: Page, path: Path) -> None:
    await asyncio.sleep(0.7)  # waveforms are drawn, pictures are there
    await page.screenshot(path=path)


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET))
