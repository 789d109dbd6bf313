"""Every view the page has, opened one after another: what is asserted of one is asserted of all."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from playwright.async_api import Page, expect

from sandbox.discord import Upload

from .conftest import Sandbox
from .showcase import song

#: As phones name recordings: longer than any screen, and no place to break it.
LONG_NAME = "voice_memo_" + "of_the_harbour_lights_and_the_song_behind_" * 2 + "final.mp3"
View: TypeAlias = Callable[[Page, Sandbox], Awaitable[None]]


async def fill_channel(sandbox: Sandbox) -> None:
    """Messages of every kind in the channel: sound and a file with long names, cards, buttons, a private answer."""
    fake = sandbox.fake
    await fake.post("one more " * 40 + "https://example.org/" + "a" * 120, member="Member Two")
    await fake.post("listen", member="Member One", files=[Upload(filename=LONG_NAME, data=song())])
    await fake.post("read", member="Member Two", files=[Upload(filename=LONG_NAME + ".txt", data=b"words")])
    for command in ("card", "buttons", "layout", "song", "think"):
        asked = await fake.slash(command, member="Member One")
        await fake.until(lambda asked=asked: asked.original and not asked.original.loading)
    await fake.until(lambda: any(message.content == "The song" for message in fake.messages))


async def channel(page: Page, _: Sandbox) -> None:
    await expect(page.locator(".player")).to_have_count(2)
    await expect(page.locator(".player-time").last).to_have_text("0:00 / 0:03")


async def suggestions(page: Page, _: Sandbox) -> None:
    await page.get_by_role("textbox", name="Message").press_sequentially("/")
    await expect(page.locator(".composer [role=option]").first).to_be_visible()


async def command(page: Page, _: Sandbox) -> None:
    """With all its options, and a file."""
    await page.get_by_role("textbox", name="Message").press_sequentially("/everything")
    await page.keyboard.press("Enter")
    for name in ("mood", "loud", "speed", "who", "file"):
        await page.get_by_role("button", name=f"+ {name}").click()
    await expect(page.locator(".command .file-pick")).to_be_visible()


async def command_wanting_a_file(page: Page, _: Sandbox) -> None:
    await page.get_by_role("textbox", name="Message").press_sequentially("/hand")
    await page.keyboard.press("Enter")
    await expect(page.locator(".command .file-pick")).to_be_visible()


async def command_with_file(page: Page, sandbox: Sandbox) -> None:
    await command(page, sandbox)
    await page.locator(".command input[type=file]").set_input_files(
        {"name": LONG_NAME, "mimeType": "audio/mpeg", "buffer": song()}
    )
    await page.get_by_label("text", exact=True).fill("x")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".command .error")).not_to_be_empty()


async def completion(page: Page, _: Sandbox) -> None:
    await page.get_by_role("textbox", name="Message").press_sequentially("/city")
    await page.keyboard.press("Enter")
    await page.keyboard.type("ber")
    await expect(page.locator(".composer [role=option]")).to_have_count(3)


async def message_with_files(page: Page, _: Sandbox) -> None:
    await page.locator(".bar input[type=file]").set_input_files(
        [{"name": name, "mimeType": "", "buffer": b"x"} for name in (LONG_NAME, "a.txt")]
    )
    await expect(page.locator(".bar .file-chip")).to_have_count(2)


async def form(page: Page, _: Sandbox) -> None:
    """With a file of a long name, and what is wrong with it said."""
    await page.get_by_role("button", name="Form").last.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.locator("dialog input[type=file]").set_input_files(
        {"name": LONG_NAME, "mimeType": "", "buffer": b"words"}
    )
    await page.get_by_role("button", name="Submit").click()
    await expect(page.locator("dialog .error")).not_to_be_empty()


async def places(page: Page, _: Sandbox) -> None:
    opener = page.get_by_role("button", name="Channels and people")
    if await opener.is_visible():
        await opener.click()
    await expect(page.get_by_role("button", name="music")).to_be_visible()
    await page.wait_for_function("() => !document.querySelector('.rail').getAnimations().length")


async def panel(page: Page, _: Sandbox) -> None:
    await page.get_by_role("button", name="Faults").click()
    await expect(page.get_by_role("row").nth(1)).to_be_visible()


async def menu(page: Page, _: Sandbox) -> None:
    await page.get_by_role("button", name="Actions for the message").last.click()
    await expect(page.get_by_role("menuitem").first).to_be_visible()


async def unanswered(page: Page, sandbox: Sandbox) -> None:
    """A notice, and an error in words."""
    await page.get_by_role("button", name="Sulk").last.click()
    await expect(page.locator(".notice")).to_be_visible()
    await page.evaluate("() => import('/static/toasts.js').then(({ say }) => say('An error in words. '.repeat(9)))")
    await expect(page.locator(".toast")).to_be_visible()


VIEWS: dict[str, View] = {
    view.__name__: view
    for view in (
        *(channel, suggestions, command, command_wanting_a_file, command_with_file, completion, message_with_files),
        *(form, places, panel, menu, unanswered),
    )
}


async def closed(page: Page, sandbox: Sandbox) -> None:
    """Take back what outlives loading anew: an open form, which stays open until the sandbox has heard of it."""
    for cancel in await page.get_by_role("dialog").get_by_role("button", name="Cancel").all():
        await cancel.click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    await sandbox.fake.until(lambda: not any(one.modal and one.modal.open for one in sandbox.fake.interactions))


async def opened(page: Page, sandbox: Sandbox, name: str) -> None:
    """Show one view, from a page that was loaded anew."""
    await closed(page, sandbox)
    await page.reload()
    await page.locator("#messages .beginning").wait_for()
    await VIEWS[name](page, sandbox)
