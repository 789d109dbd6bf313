"""What the page tells in words: to a screen reader, of the connection, of an upload, and in which language."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from .conftest import Sandbox
from .showcase import song
from .test_showcase import last_message, use

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

BIG_BYTES = 300_000
OPEN = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": -1}
SLOW = {**OPEN, "uploadThroughput": 2_000}


async def test_the_live_region_hears_words_and_what_an_edit_made_another_one(page: Page, sandbox: Sandbox) -> None:
    heard = page.locator("#announcer")
    card = await use(page, "/card")
    await expect(heard).to_contain_text("bold and code")
    await expect(heard).not_to_contain_text("**")
    message = sandbox.fake.messages[-1]
    await page.evaluate(
        """() => {
            window.heard = [];
            new MutationObserver((changes) => {
                for (const {addedNodes} of changes) for (const line of addedNodes) window.heard.push(line.textContent);
            }).observe(document.querySelector("#announcer"), {childList: true});
        }"""
    )
    for words in ("**Being made** ▓░░ 12 % <t:1700000000:R>", "**Being made** ▓▓░ 58 % <t:1700000000:R>", "## Done"):
        await sandbox.bot.edit(message.channel_id, message.id, words)
        await expect(card).to_contain_text(words.split("**")[-1].split("<")[0].strip("# "))
    await expect(heard).to_contain_text("Done")
    lines: list[str] = await page.evaluate("window.heard")
    assert len(lines) == 2, lines  # a number that counts is no news
    assert lines[0].startswith("Sandbox Bot: Being made 12 %")
    assert lines[1] == "Sandbox Bot: Done"


async def test_a_waveform_has_its_course_as_text(page: Page, sandbox: Sandbox) -> None:
    await page.locator(".bar input[type=file]").set_input_files({"name": "tune.mp3", "mimeType": "", "buffer": song()})
    await page.keyboard.press("Enter")
    wave = last_message(page).get_by_role("img", name="Waveform of tune.mp3")
    await expect(wave).to_have_accessible_name(re.compile(r"tune\.mp3, 0:03: \w+ at the beginning, .*loudest at 0:0"))


async def test_an_upload_on_a_slow_line_says_how_far_it_is(page: Page, sandbox: Sandbox) -> None:
    line = await page.context.new_cdp_session(page)
    await line.send("Network.emulateNetworkConditions", SLOW)
    # told by the page itself, for the bar is there only as long as the upload
    await page.evaluate(
        """() => {
            window.shares = [];
            const bar = document.querySelector(".bar .progress-bar");
            new MutationObserver(() => window.shares.push(bar.value)).observe(bar, {attributes: true});
        }"""
    )
    await page.locator(".bar input[type=file]").set_input_files(
        {"name": "long.bin", "mimeType": "", "buffer": b"x" * BIG_BYTES}
    )
    await page.get_by_role("button", name="Send message").click()
    await expect(page.locator(".bar .progress")).to_contain_text("Sending long.bin")
    await expect(page.get_by_role("button", name="Send message")).to_be_disabled()
    await page.wait_for_function("() => window.shares.some((share) => 0 < share && share < 1)")
    await line.send("Network.emulateNetworkConditions", OPEN)  # it was slow for as long as anybody looked
    await expect(last_message(page)).to_contain_text("long.bin", timeout=30_000)
    await expect(page.locator(".bar .progress")).to_be_hidden()
    shares: list[float] = await page.evaluate("window.shares")
    assert shares == sorted(shares)
    assert any(0 < share < 1 for share in shares)


async def test_the_head_says_when_the_line_is_cut_and_when_it_is_back(browser: Browser, sandbox: Sandbox) -> None:
    context = await browser.new_context()  # its console does complain, about connections that are refused
    page = await context.new_page()
    await page.goto(sandbox.url)
    await expect(page.get_by_text("Sandbox Bot is online")).to_be_visible()
    await context.set_offline(offline=True)
    await expect(page.get_by_text("The sandbox is away")).to_be_visible(timeout=15_000)
    await expect(page.get_by_text("Sandbox Bot is online")).to_have_count(0)
    await context.set_offline(offline=False)
    await expect(page.get_by_text("Sandbox Bot is online")).to_be_visible(timeout=15_000)
    await context.close()


async def test_the_newest_message_is_in_view_after_loading_anew(page: Page, sandbox: Sandbox) -> None:
    for number in range(30):
        await sandbox.fake.post(f"line {number}\nand more", member="Member Two")
    await expect(last_message(page)).to_contain_text("line 29")
    for _ in range(3):
        await page.reload()
        await expect(last_message(page)).to_contain_text("line 29")
        await expect(last_message(page)).to_be_in_viewport(ratio=0.9)
    await page.locator("#scroll").evaluate("one => { one.scrollTop = 0; }")
    await page.wait_for_function("() => document.querySelector('#scroll').scrollTop === 0")
    await sandbox.fake.post("unseen", member="Member Two")
    await expect(last_message(page)).to_contain_text("unseen")
    await expect(last_message(page)).not_to_be_in_viewport()


async def test_a_file_that_is_sent_is_in_view_at_the_end_of_a_full_channel(page: Page, sandbox: Sandbox) -> None:
    for number in range(20):
        await sandbox.fake.post(f"row {number}\nand more", member="Member Two")
    await expect(last_message(page)).to_contain_text("row 19")
    for name in ("one.mp3", "two.mp3", "three.mp3"):
        await page.locator(".bar input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": song()})
        await page.keyboard.press("Enter")
        await expect(last_message(page)).to_contain_text(name)
        await expect(last_message(page)).to_be_in_viewport(ratio=0.9)


async def test_a_german_browser_gets_a_german_page_and_a_german_member(browser: Browser, sandbox: Sandbox) -> None:
    context = await browser.new_context(locale="de-DE")
    page = await context.new_page()
    await page.goto(sandbox.url)
    await expect(page.get_by_text("Sandbox Bot ist online")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "de"
    await sandbox.fake.post("<t:1700000000:R>", member="Member Two")
    await expect(last_message(page).locator("time.stamp")).to_have_text(re.compile("^vor"))
    assert sandbox.fake.member("Member One").locale == "de"
    said = {"type": 1, "name": "a", "description": "it", "description_localizations": {"de": "es"}}
    typed = "(said) => import('/static/commands.js').then(({ typed }) => typed([said])[0].description)"
    assert await page.evaluate(typed, said) == "es"
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_text("Sandbox Bot is online")).to_be_visible()
    await expect(last_message(page).locator("time.stamp")).to_have_text(re.compile("ago$"))
    assert sandbox.fake.member("Member One").locale.startswith("en")
    assert await page.evaluate(typed, said) == "it"
    await context.close()
