"""The page in a real browser, with a bot that shows one of everything; by keyboard, by mouse, and through a restart."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from sandbox.page import Page as PageServer

from .browsing import open_page
from .conftest import Sandbox
from .showcase import song

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def type_command(page: Page, words: str) -> None:
    await page.get_by_role("textbox", name="Message").press_sequentially(words)
    await page.keyboard.press("Enter")


async def newest(page: Page) -> str:
    """The id of the last message, or 0."""
    return await page.evaluate("() => document.querySelector('#messages').lastElementChild?.dataset.id ?? '0'")


async def use(page: Page, words: str) -> Locator:
    """Type a command without options and send it; the message that comes of it, once the message box has the focus."""
    before = await newest(page)
    await type_command(page, words)
    await page.keyboard.press("Enter")
    await page.wait_for_function(
        "before => (document.querySelector('#messages').lastElementChild?.dataset.id ?? '0') !== before", arg=before
    )
    # the message may be there before the page has heard that its command was taken, which gives the focus back
    await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    return page.locator(f'#messages > [data-id="{await newest(page)}"]')


def suggestions(page: Page, *, selected: bool | None = None) -> Locator:
    """What stands above the message box; menus of messages have options as well."""
    return page.locator("#composer").get_by_role("option", selected=selected)


def last_message(page: Page) -> Locator:
    return page.locator("#messages > .message").last


async def test_a_command_is_typed_completed_and_sent_by_keyboard_alone(page: Page) -> None:
    await page.keyboard.type("/c")
    await expect(suggestions(page)).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await expect(suggestions(page, selected=True)).to_contain_text("/city")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("form", name="Command")).to_contain_text("/card")
    await page.keyboard.press("Enter")
    card = last_message(page)
    await expect(card).to_contain_text("used /card")
    await expect(card.locator("strong")).to_have_text("bold")
    await expect(card.locator("blockquote")).to_have_text("quoted")
    await expect(card.locator(".text .mention")).to_have_text("@Member One")
    await expect(card).to_contain_text("<b>not bold</b>")
    await expect(card.get_by_role("link", name="https://example.org/a_b_c")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()


async def test_who_left_the_message_box_and_is_back_at_once_keeps_what_is_suggested(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.evaluate("box => { box.focus(); box.blur(); }")
    await page.keyboard.type("/c")
    await expect(suggestions(page)).to_have_count(2)
    await page.wait_for_timeout(300)
    await expect(suggestions(page)).to_have_count(2)
    await suggestions(page).filter(has_text="/card").click()
    await expect(page.get_by_role("form", name="Command")).to_contain_text("/card")


async def test_a_relative_time_counts_by_itself(page: Page) -> None:
    card = await use(page, "/card")
    stamp = card.locator("time[data-relative]")
    before = await stamp.inner_text()
    assert re.fullmatch(r"in (1 minute|\d+ seconds)", before)
    await stamp.evaluate("node => { node.dataset.relative = String(Date.now() / 1000 + 42.9) }")
    # looked at in the page, second by second: a test that was kept waiting would ask too late
    await page.wait_for_function(
        """node => {
            const left = Number(node.dataset.relative) - Date.now() / 1000;
            const [, seconds] = /^in (\\d+) seconds$/.exec(node.textContent) ?? [];
            return Math.abs(seconds - left) < 3;
        }""",
        arg=await stamp.element_handle(),
    )


async def test_every_kind_of_option_reaches_the_bot(page: Page, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("la")
    await type_command(page, "/everything")
    await page.get_by_label("text", exact=True).fill("two\nlines")
    await page.get_by_label("count", exact=True).fill("4")
    for name in ("mood", "loud", "speed", "who", "file"):
        await page.get_by_role("button", name=f"+ {name}").click()
    await page.get_by_label("mood", exact=True).select_option("Sad")
    await page.get_by_label("loud", exact=True).select_option("True")
    await page.get_by_label("speed", exact=True).fill("1.5")
    await page.get_by_label("who", exact=True).select_option("Member Two")
    async with page.expect_file_chooser() as dialog:
        await page.get_by_role("button", name="file: choose a file").click()
    await (await dialog.value).set_files(tmp_path / "notes.txt")
    await page.get_by_role("button", name="Send", exact=True).click()
    two = sandbox.fake.member("Member Two").id
    words = rf"text='two\\nlines' count=4 mood='s' loud=True speed=1.5 who={two} file='notes.txt'"
    await expect(last_message(page)).to_contain_text(words.replace("\\\\", "\\"))


async def test_what_a_client_would_refuse_is_said_and_the_input_stays(page: Page) -> None:
    await type_command(page, "/everything")
    await page.get_by_label("text", exact=True).fill("x")
    await page.get_by_label("count", exact=True).fill("3")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="2 to 30 characters")).to_be_visible()
    await expect(page.get_by_label("text", exact=True)).to_have_value("x")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    await type_command(page, "/everything")
    await expect(page.get_by_label("text", exact=True)).to_have_value("x")


async def test_the_bot_completes_an_option_while_one_types(page: Page) -> None:
    await type_command(page, "/city")
    await page.keyboard.type("ber")
    await expect(suggestions(page)).to_have_text(["Bergen", "Berlin", "Bern"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="name")).to_have_value("Berlin")
    await page.keyboard.press("Enter")
    await expect(last_message(page)).to_contain_text("to BERLIN")


async def test_a_sound_plays_and_goes_on_while_its_message_is_edited(page: Page, sandbox: Sandbox) -> None:
    await type_command(page, "/song")
    await page.keyboard.press("Enter")
    reply = last_message(page)
    await expect(reply.locator(".player")).to_be_visible()
    await reply.locator("audio").evaluate("sound => { sound.loop = true; }")  # it lasts as long as the test looks
    await expect(reply.locator(".origin")).to_contain_text("Here it comes")
    await expect(reply.locator(".player-time")).to_have_text("0:00 / 0:03")
    await reply.get_by_role("button", name="Play").click()
    await page.wait_for_function("() => [...document.querySelectorAll('audio')].some((one) => one.currentTime > 0.2)")
    message = sandbox.fake.messages[-1]
    await sandbox.bot.edit(message.channel_id, message.id, "The song, edited")
    await expect(reply).to_contain_text("edited")
    playing = "() => [...document.querySelectorAll('audio')].some((one) => !one.paused && one.currentTime > 0.4)"
    await page.wait_for_function(playing)
    decoded = await page.evaluate(
        """async () => {
            const bytes = await (await fetch([...document.querySelectorAll("audio")].at(-1).src)).arrayBuffer();
            const sound = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(bytes);
            return {seconds: sound.duration, peak: Math.max(...sound.getChannelData(0))};
        }"""
    )
    assert decoded["seconds"] == pytest.approx(3.2, abs=0.1)
    assert decoded["peak"] > 0.1


async def test_each_button_does_its_own(page: Page) -> None:
    card = await use(page, "/buttons")
    await expect(card.get_by_role("button", name="Off")).to_be_disabled()
    link = card.get_by_role("link", name="Docs")
    assert await link.get_attribute("rel") == "noreferrer noopener"
    await card.get_by_role("button", name="Count").focus()
    await page.keyboard.press("Enter")
    await expect(card).to_contain_text("pressed: Count 1")
    await expect(card.get_by_role("button", name="Count 1")).to_be_focused()
    await card.get_by_role("combobox", name="A colour").select_option("blue")
    await expect(card).to_contain_text("colour: blue")
    await card.get_by_role("button", name="Whisper").click()
    whisper = page.locator(".message.private").last
    await expect(whisper).to_contain_text("psst")
    await expect(whisper).to_contain_text("Only you can see this")
    await whisper.get_by_role("button", name="Dismiss").click()
    await expect(whisper.get_by_text("psst")).to_have_count(0)


async def test_a_button_without_an_answer_is_told_privately(
    page: Page, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await use(page, "/buttons")
    monkeypatch.setattr(sandbox.fake.rules, "ack_deadline_seconds", 600.0)
    await card.get_by_role("button", name="Sulk").click()
    await expect(card.get_by_role("button", name="Sulk")).to_be_disabled()
    monkeypatch.setattr(sandbox.fake.rules, "ack_deadline_seconds", 0.0)
    sandbox.fake.advance(0.0)
    await expect(page.get_by_text("did not answer “Sulk” in time")).to_be_visible()
    await expect(card.get_by_role("button", name="Sulk")).to_be_enabled()
    notice = page.locator(".notice")
    await notice.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await notice.get_by_role("button", name="Dismiss").click()
    await expect(notice).to_have_count(0)


async def test_a_form_is_filled_with_text_a_choice_and_files(page: Page, tmp_path: Path) -> None:
    await type_command(page, "/order")
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Order something")
    await expect(form.locator("strong")).to_have_text("everything")
    await expect(form.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Ada")
    await expect(form.get_by_text("3 / 20")).to_be_visible()
    await form.get_by_label("Words").fill("one\ntwo")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_role("alert")).to_contain_text("values chosen")
    await form.get_by_label("Size").select_option("large")
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    async with page.expect_file_chooser() as dialog:
        await form.get_by_role("button", name="File: choose a file").click()
    await (await dialog.value).set_files([tmp_path / "a.txt", tmp_path / "b.txt"])
    await form.get_by_role("button", name="Remove a.txt").click()
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_have_count(0)
    await expect(last_message(page)).to_contain_text("Ada: 'one\\ntwo', large, b.txt")


async def test_a_form_is_closed_with_escape_and_the_focus_comes_back(page: Page, sandbox: Sandbox) -> None:
    await type_command(page, "/order")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await sandbox.fake.until(lambda: not sandbox.fake.interactions[-1].modal.open)
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()


async def test_a_message_with_a_file_is_written_and_a_message_command_used_by_keyboard(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message")
    await page.locator(".bar input[type=file]").set_input_files({"name": "tune.mp3", "mimeType": "", "buffer": song()})
    await box.fill("listen")
    await page.keyboard.press("Enter")
    mine = last_message(page)
    await expect(mine.locator(".player-name")).to_have_text("tune.mp3")
    await mine.focus()
    await page.keyboard.press("Shift+F10")
    await expect(page.get_by_role("menuitem", name="Quote this")).to_be_focused()
    await page.keyboard.press("Enter")
    quote = last_message(page)
    await expect(quote).to_contain_text("listen (1 files)")
    await expect(quote.locator(".origin")).to_contain_text("Quote this")


async def test_the_menu_of_a_message_closes_with_escape_and_deletes_an_own_message(page: Page) -> None:
    await page.get_by_role("textbox", name="Message").fill("to be deleted")
    await page.keyboard.press("Enter")
    mine = page.locator(".message", has_text="to be deleted")
    await mine.click(button="right")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await mine.hover()
    await mine.get_by_role("button", name=re.compile("Actions")).click()
    await page.get_by_role("menuitem", name="Delete message").click()
    await expect(mine).to_have_count(0)


async def test_a_hostile_text_stays_text(page: Page) -> None:
    text = '<img src=x onerror="document.title=1"> **&lt;b&gt;** <style>*{display:none}</style>'
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.keyboard.press("Enter")
    await expect(last_message(page)).to_contain_text('<img src=x onerror="document.title=1">')
    await expect(last_message(page)).to_contain_text("<style>")
    assert await page.title() != "1"


async def test_dropped_files_go_to_the_command_that_wants_one(page: Page) -> None:
    await type_command(page, "/everything")
    await page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File(["la"], "dropped.txt"));
            document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true}));
        }"""
    )
    await expect(page.locator(".command .file-chip")).to_contain_text("dropped.txt")


async def test_private_answers_and_thinking_are_seen_by_one_member_alone(page: Page, sandbox: Sandbox) -> None:
    with sandbox.bot.lost_in_thought():
        await type_command(page, "/think")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Sandbox Bot is thinking…")).to_be_visible()
    await expect(last_message(page)).to_contain_text("a thought")
    await page.get_by_role("button", name="Member Two", exact=True).click()
    await expect(page.get_by_role("button", name="Member Two", exact=True)).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".message", has_text="a thought")).to_have_count(0)
    await page.get_by_role("button", name="Member One", exact=True).click()
    await expect(page.locator(".message", has_text="a thought")).to_be_visible()


async def test_direct_messages_are_a_channel_of_their_own(page: Page) -> None:
    await page.get_by_role("navigation").get_by_role("button", name="Sandbox Bot").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sandbox Bot")
    await type_command(page, "/card")
    await page.keyboard.press("Enter")
    await expect(last_message(page)).to_contain_text("used /card")
    await page.get_by_role("navigation").get_by_role("button", name="music").click()
    await expect(page.locator(".message")).to_have_count(0)


async def test_layout_components_are_shown(page: Page) -> None:
    await type_command(page, "/layout")
    await page.keyboard.press("Enter")
    box = last_message(page).locator(".container")
    await expect(box).to_contain_text("A layout")
    await expect(box.get_by_role("button", name="Aside")).to_be_visible()


async def test_the_bot_is_stopped_and_started_from_the_panel_and_old_buttons_work(page: Page, sandbox: Sandbox) -> None:
    card = await use(page, "/buttons")
    await page.get_by_role("button", name="Faults").click()
    panel = page.get_by_role("complementary", name="Faults by hand")
    await panel.get_by_role("button", name="Kill it").click()
    await expect(page.get_by_text("Sandbox Bot is offline")).to_be_visible()
    await type_command(page, "/card")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("did not answer /card in time")).to_be_visible()
    await panel.get_by_role("button", name="Start it again").click()
    await expect(page.get_by_text("Sandbox Bot is online")).to_be_visible()
    await panel.get_by_role("button", name="Start it again").click()
    await expect(page.get_by_text("The bot is running already.")).to_be_visible()
    await card.get_by_role("button", name="Count").click()
    await expect(card).to_contain_text("pressed: Count 1")
    await page.locator(".notice").get_by_role("button", name="Try again").click()
    await page.keyboard.press("Enter")
    await expect(last_message(page)).to_contain_text("used /card")
    await expect(panel.get_by_role("row").nth(1)).to_contain_text("/interactions/")


async def test_permissions_are_taken_and_given_back_in_the_panel(page: Page, sandbox: Sandbox) -> None:
    await page.get_by_role("button", name="Faults").click()
    attach = page.get_by_role("switch", name="Attach files here")
    await expect(attach).to_have_attribute("aria-checked", "true")
    await attach.click()
    await expect(attach).to_have_attribute("aria-checked", "false")
    await page.get_by_role("button", name="Everything works again").click()
    await expect(attach).to_have_attribute("aria-checked", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Faults")).to_be_focused()


async def test_the_link_to_the_message_box_leads_there_and_keeps_the_address(page: Page) -> None:
    await page.get_by_role("link", name="Skip to the message box").focus()
    address = page.url
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    assert page.url == address
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("general")


async def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, sandbox: Sandbox) -> None:
    async with open_page(browser, sandbox.url, viewport={"width": 360, "height": 740}, has_touch=True) as phone:
        await type_command(phone, "/buttons")
        await phone.keyboard.press("Enter")
        await expect(last_message(phone)).to_contain_text("Press something")
        assert await phone.evaluate("document.documentElement.scrollWidth") == 360
        await phone.get_by_role("button", name="Channels and people").click()
        await phone.touchscreen.tap(340, 400)
        await expect(phone.get_by_role("button", name="music")).to_be_hidden()
        await phone.get_by_role("button", name="Channels and people").click()
        await phone.get_by_role("button", name="music").click()
        await expect(phone.get_by_role("heading", level=1)).to_have_text("music")


async def test_a_thread_is_started_from_a_message_and_is_a_channel_of_its_own(page: Page) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.fill("let us talk")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("")  # what is typed before that is added to it
    await page.locator(".message", has_text="let us talk").click(button="right")
    await page.get_by_role("menuitem", name="Start a thread").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("let us talk")
    card = await use(page, "/card")
    await expect(card).to_contain_text("used /card")


async def test_the_page_finds_back_when_the_sandbox_was_away(browser: Browser, sandbox: Sandbox) -> None:
    context = await browser.new_context()  # its console does complain, about connections that are refused
    page = await context.new_page()
    async with PageServer(sandbox.fake) as server:
        port = int(server.url.rsplit(":", 1)[1].strip("/"))
        await page.goto(server.url)
        await expect(page.get_by_text("Sandbox Bot is online")).to_be_visible()
    await expect(page.get_by_text("The sandbox is away")).to_be_visible()
    async with PageServer(sandbox.fake, port=port):
        await expect(page.get_by_text("Sandbox Bot is online")).to_be_visible()
        await sandbox.fake.post("back again", member="Member Two")
        await expect(last_message(page)).to_contain_text("back again")
        await context.close()
