"""Debian's Chromium under Playwright, with a page that may not complain and may not leave this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
#: A loaded machine needs its time for a process to start, a page to be drawn; nothing waits this long when all is well.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--mute-audio"),
)
#: Every word of a message stands in an element of its own; one beside them is a "null" or "false" that was written out.
_STRAY_WORDS = """() => [...document.querySelectorAll(".message")].flatMap((message) =>
    [...message.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => `stray: ${node.data}`))"""
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(browser: Browser, url: str, **context: Any) -> AsyncIterator[Page]:
    """The page at `url`, ready to be used; afterwards its console must be clean and every request local."""
    opened = await browser.new_context(locale="en-GB", **context)
    problems = watch(opened)
    page = await opened.new_page()
    page.set_default_timeout(PATIENCE_MS)
    # from the beginning: switched on only when a test waits for one, it would race against the key that opens it
    page.on("filechooser", lambda _: None)
    await page.goto(url)
    await page.locator("#messages .beginning").wait_for()
    try:
        yield page
        problems += await page.evaluate(_STRAY_WORDS)
    finally:
        await opened.close()
    assert problems == []


def watch(context: BrowserContext) -> list[str]:
    """What must not happen, collected while the context lives."""
    problems: list[str] = []

    def look(page: Page) -> None:
        page.on("console", lambda said: problems.append(said.text) if _is_problem(said) else None)
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))

    context.on("page", look)
    context.on("request", lambda asked: _check_host(asked.url, problems))
    return problems


def _is_problem(said: ConsoleMessage) -> bool:
    """A refusal of the control API is an answer that the page shows in words; Chromium notes it by itself."""
    return said.type in ("error", "warning") and "the server responded with a status of 422" not in said.text


def _check_host(url: str, problems: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOOPBACK:
        problems.append(f"left the machine: {url}")
