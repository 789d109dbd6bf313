"""The page on phones: nothing leaves the screen of the narrowest, whatever is open and however long its name."""

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize, expect

from .browsing import open_page
from .conftest import Sandbox
from .views import VIEWS, fill_channel, opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

#: What can be seen and ends beyond the screen, on either side; what is only for screen readers takes no place.
BEYOND = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".sr, .skip, option"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.right > innerWidth + 0.5 || box.left < -0.5))
    .map(([one, box]) => `${one.tagName}.${one.className.baseVal ?? one.className}: ${box.left} to ${box.right}`)"""


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def _filled(sandbox: Sandbox) -> None:
    await fill_channel(sandbox)


@pytest.mark.parametrize("width", [320, 360, 390])
async def test_nothing_leaves_the_screen_of_a_phone(browser: Browser, sandbox: Sandbox, width: int) -> None:
    size = ViewportSize(width=width, height=700)
    beyond: dict[str, list[str]] = {}
    async with open_page(browser, sandbox.url, viewport=size, has_touch=True, is_mobile=True) as page:
        for name in VIEWS:
            await opened(page, sandbox, name)
            found: list[str] = await page.evaluate(BEYOND)
            if found or await page.evaluate("document.documentElement.scrollWidth") > width:
                beyond[name] = found
    assert beyond == {}


async def test_a_long_sentence_in_the_head_stays_on_the_narrowest_screen(browser: Browser, sandbox: Sandbox) -> None:
    context = await browser.new_context(locale="de-DE", viewport=ViewportSize(width=320, height=700), is_mobile=True)
    page = await context.new_page()
    await page.goto(sandbox.url)
    await expect(page.get_by_text("Sandbox Bot ist online")).to_be_visible()
    await context.set_offline(offline=True)
    await expect(page.get_by_text("Keine Verbindung zur Sandbox")).to_be_visible(timeout=15_000)
    assert await page.evaluate(BEYOND) == []
    await context.close()
