"""The real bot on the page: a song ordered by keyboard and by mouse, heard, and its buttons used, over a restart."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from sandbox.generation import Settings
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage
from sandbox.up import open_page as open_server

from .browsing import open_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

LYRICS = "We left the harbour lights behind\nWith nothing but a song to find"
#: A loaded machine needs its time for the bot's steps; the page itself waits for nothing.
TRACK_MS = 60_000


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    settings = Settings(allow_loopback=True, queued_seconds=0.5, generating_seconds=1.5)
    folder = tmp_path_factory.mktemp("stage")
    async with open_stage(folder, generation=settings, bot_settings={"POLL_INTERVAL_SECONDS": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "harbour.mp3"
    write_sample(path)
    return path


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(stage: Stage) -> AsyncIterator[str]:
    async with open_server(stage) as server:
        yield server.url


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    async with open_page(browser, address) as opened:
        yield opened


def track_of(page: Page, words: str) -> Locator:
    """The message with the player whose text has these words."""
    return page.locator(".message", has=page.locator(".player")).filter(has_text=words).last


async def compose(page: Page, reference: Path, title: str) -> Locator:
    """Order a song by keyboard alone; its card."""
    await page.get_by_role("textbox", name="Message").press_sequentially("/comp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("form", name="Command")).to_contain_text("/compose")
    async with page.expect_file_chooser() as dialog:
        await page.keyboard.press("Enter")
    await (await dialog.value).set_files(reference)
    await page.get_by_role("button", name="+ lyrics").focus()
    await page.keyboard.press("Enter")
    for number, line in enumerate(LYRICS.split("\n")):
        if number:
            await page.keyboard.press("Shift+Enter")
        await page.keyboard.type(line)
    await page.get_by_role("button", name="+ title").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.type(title)
    await page.keyboard.press("Enter")
    card = page.locator(".message").filter(has_text="used /compose").filter(has_text=title)
    await expect(card).to_contain_text("We left the harbour")
    return card


async def test_a_song_is_ordered_by_keyboard_its_card_changes_and_the_track_plays(
    page: Page, reference: Path, stage: Stage
) -> None:
    stage.generation.change(generating_seconds=600)
    try:
        card = await compose(page, reference, "Voyage")
        first = await card.inner_text()
    finally:
        stage.generation.change(generating_seconds=1.5)
    track = track_of(page, "Voyage")
    await expect(track.locator(".player-time")).to_have_text(re.compile(r"0:00 / \d+:\d\d"), timeout=TRACK_MS)
    await expect(card.get_by_role("link", name="Go to the track")).to_be_visible(timeout=TRACK_MS)
    assert await card.inner_text() != first
    await track.get_by_role("button", name="Play").click()
    await page.wait_for_function("() => [...document.querySelectorAll('audio')].some((one) => one.currentTime > 0.3)")
    decoded = await page.evaluate(
        """async () => {
            const bytes = await (await fetch([...document.querySelectorAll("audio")].at(-1).src)).arrayBuffer();
            const sound = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(bytes);
            const peak = sound.getChannelData(0).reduce((most, one) => Math.max(most, one), 0);
            return {seconds: sound.duration, peak};
        }"""
    )
    assert decoded["seconds"] > 1
    assert decoded["peak"] > 0.05


async def test_each_button_of_a_track_does_its_own(page: Page, reference: Path) -> None:
    await compose(page, reference, "Buttons")
    track = track_of(page, "Buttons")
    await expect(track).to_be_visible(timeout=TRACK_MS)
    await track.get_by_role("button", name="Lyrics", exact=True).click()
    private = page.locator(".message.private").last
    await expect(private).to_contain_text("With nothing but a song to find")
    await private.get_by_role("button", name="Dismiss").click()
    await track.get_by_role("button", name="Edit lyrics").click()
    form = page.get_by_role("dialog")
    await expect(form.get_by_role("textbox").last).to_have_value(LYRICS)
    await form.get_by_role("button", name="Cancel").click()
    tracks = page.locator(".player")
    before = await tracks.count()
    await track.get_by_role("button", name="Again").click()
    await expect(tracks).to_have_count(before + 1, timeout=TRACK_MS)
    card = page.locator(".message").filter(has_text="used /compose").filter(has_text="Buttons")
    await card.get_by_role("link", name="Go to the track").click()
    await expect(track_of(page, "Buttons").nth(0)).to_be_visible()
    again = track_of(page, "Buttons")
    assert "noreferrer" in (await again.get_by_role("link", name="Open the track").get_attribute("rel") or "")
    await again.get_by_role("button", name="Delete", exact=True).click()
    await page.locator(".message.private").last.get_by_role("button", name="Yes, delete it").click()
    await expect(tracks).to_have_count(before, timeout=TRACK_MS)


async def test_a_song_is_cancelled_on_its_card(page: Page, reference: Path, stage: Stage) -> None:
    stage.generation.change(generating_seconds=600)
    try:
        card = await compose(page, reference, "Cancelled")
        # pressed while it is sent it would come too late, as the member is told; now it is made, and stays so
        await card.get_by_role("button", name="Cancel (still charged)").click(timeout=TRACK_MS)
        await expect(card).to_contain_text("cancelled", timeout=TRACK_MS, ignore_case=True)
    finally:
        stage.generation.change(generating_seconds=1.5)
    await expect(card.get_by_role("button", name=re.compile("Cancel"))).to_have_count(0)


async def test_a_song_is_ordered_by_mouse_through_the_form_from_a_message(page: Page, reference: Path) -> None:
    await page.locator(".bar input[type=file]").set_input_files(reference)
    await expect(page.locator(".bar .file-chip")).to_contain_text("harbour.mp3")
    await page.get_by_role("button", name="Send message").click()
    mine = page.locator(".message:not(.by-bot)").last
    await expect(mine.locator(".player")).to_be_visible()
    await mine.click(button="right")
    await page.get_by_role("menuitem", name="Compose from this").click()
    form = page.get_by_role("dialog")
    await expect(form).to_contain_text("harbour.mp3")
    await form.locator("textarea").fill(LYRICS + "\nby mouse")
    await form.get_by_label("Title").fill("Mouse")
    await form.get_by_role("button", name="Submit").click()
    await expect(track_of(page, "Mouse")).to_be_visible(timeout=TRACK_MS)


async def test_after_a_file_was_chosen_enter_sends_and_typing_goes_on(page: Page, reference: Path) -> None:
    await page.locator(".bar input[type=file]").set_input_files(reference)
    message = page.get_by_role("textbox", name="Message")
    await expect(message).to_be_focused()
    await page.get_by_role("button", name="Remove harbour.mp3").click()
    await message.press_sequentially("/comp")
    await page.keyboard.press("Enter")
    async with page.expect_file_chooser() as dialog:
        await page.keyboard.press("Enter")
    await (await dialog.value).set_files(reference)
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog")
    await expect(form).to_contain_text("Leave this empty to keep harbour.mp3")
    await form.get_by_role("button", name="Cancel").click()


async def test_whoever_begins_to_type_means_the_message_box(page: Page, stage: Stage) -> None:
    await stage.discord.post("what the focus was left on", member="Member Two")
    await page.get_by_role("button", name="Actions for the message").last.focus()
    await page.keyboard.type("/tracks")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("/tracks")
    await expect(page.get_by_role("option", selected=True)).to_contain_text("/tracks")


async def test_on_a_phone_every_button_has_a_name(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="Faults").click()
    await expect(page.get_by_role("heading", name="Faults by hand")).to_be_visible()
    nameless = """() => [...document.querySelectorAll("button")].filter((one) =>
        one.checkVisibility({visibilityProperty: true}) && !one.ariaLabel && !one.innerText.trim()
    ).map((one) => one.outerHTML)"""
    assert await page.evaluate(nameless) == []


#: As the panel does it, which is closed while a form is open.
PULL = """(lever) => import("/static/api.js").then(({ post }) => post(`/backstage/levers/${lever}`))"""


async def test_buttons_and_an_open_form_outlive_a_restart_of_the_bot(page: Page, reference: Path) -> None:
    await compose(page, reference, "Restart")
    track = track_of(page, "Restart")
    await expect(track).to_be_visible(timeout=TRACK_MS)
    await track.get_by_role("button", name="Edit lyrics").click()
    form = page.get_by_role("dialog")
    await form.locator("textarea").fill("typed before the restart")
    await page.evaluate(PULL, "kill")
    await expect(page.get_by_text("Compose is offline")).to_be_visible()
    await page.evaluate(PULL, "start")
    await expect(page.get_by_text("Compose is online")).to_be_visible(timeout=TRACK_MS)
    await form.get_by_role("button", name="Submit").click()
    await expect(page.locator(".message", has_text="typed before the restart").last).to_be_visible()
    await track.get_by_role("button", name="Lyrics", exact=True).click()
    await expect(page.locator(".message.private").last).to_contain_text("With nothing but a song to find")


async def test_no_call_of_the_bot_broke_a_rule(stage: Stage) -> None:
    assert [violation.view() for violation in stage.discord.violations] == []
    assert stage.generation.ledger.repeated_posts == {}
