"""Takes the sheets of docs/cards.md: every card there is, light and dark, on a desk and on a phone.

`python -m tests.browser.card_sheet [FOLDER]`; `now-desk-light.png` and so on. Fonts with emoji make them nicer.
"""

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image
from playwright.async_api import Browser, ViewportSize

from bot.jobs.model import JobState
from bot.ui.render import to_parts
from bot.ui.track_cards import track_card
from sandbox.discord import FakeDiscord
from sandbox.page import Page as Channel
from tests.bot.ui.examples import MEMBER, NOW, REQUIREMENTS, example_job
from tests.bot.ui.gallery import card_examples

from .browsing import open_browser, open_page

TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "cards"
_DESK, _PHONE = ViewportSize(width=900, height=1000), ViewportSize(width=390, height=844)
#: How many stand beside each other.
_COLUMNS = {"desk": 3, "phone": 5}
_GAP = 8
_TIME = re.compile(r"<t:(\d+):")
_COLOURS = 256


async def take(folder: Path, payloads: list[dict[str, Any]], name: str) -> None:
    """Four sheets of these messages into a folder, called after `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    async with FakeDiscord() as fake, Channel(fake) as channel, open_browser() as browser:
        channel_id = fake.channel.id
        await _post(fake, channel_id, payloads)
        for width, viewport in {"desk": _DESK, "phone": _PHONE}.items():
            for scheme in ("light", "dark"):
                shots = await _shots(browser, channel.url, viewport, scheme, len(payloads))
                path = folder / f"{name}-{width}-{scheme}.png"
                _sheet(shots, _COLUMNS[width]).quantize(
                    _COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE
                ).save(path, optimize=True)
                print(f"{path.name}: {path.stat().st_size:,} bytes")


def messages() -> list[dict[str, Any]]:
    """Every card, and the message of a track, as they are posted."""
    cards = [card for _, card in card_examples("en")]
    cards.append(track_card(example_job(JobState.DELIVERING), requirements=REQUIREMENTS, locale="en", with_file=True))
    parts = [to_parts(card) for card in cards]
    return [
        {
            "content": part["content"],
            "embeds": [embed.to_dict() for embed in part["embeds"]],
            "components": part["view"].to_components(),
        }
        for part in parts
    ]


async def _post(fake: FakeDiscord, channel_id: int, payloads: list[dict[str, Any]]) -> None:
    """As if they were of just now, and for somebody who is there."""
    later = int((datetime.now(UTC) - NOW).total_seconds())
    member = str(fake.member("Member One").id)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {fake.token}"}) as session:
        for payload in payloads:
            words = json.dumps(payload, ensure_ascii=False).replace(str(MEMBER), member)
            words = _TIME.sub(lambda found: f"<t:{int(found[1]) + later}:", words)
            url = f"{fake.api_url}/channels/{channel_id}/messages"
            async with session.post(url, json=json.loads(words)) as answer:
                answer.raise_for_status()


async def _shots(browser: Browser, url: str, viewport: ViewportSize, scheme: str, count: int) -> list[Image.Image]:
    async with open_page(browser, url, viewport=viewport, color_scheme=scheme) as page:
        found = page.locator(".message.by-bot")
        await found.nth(count - 1).wait_for()
        return [Image.open(BytesIO(await found.nth(at).screenshot())).convert("RGB") for at in range(count)]


def _sheet(shots: list[Image.Image], columns: int) -> Image.Image:
    """One below the other, column by column, each as high as the others."""
    width = max(shot.width for shot in shots)
    most = sum(shot.height + _GAP for shot in shots) / columns
    places: list[tuple[int, int, Image.Image]] = []
    column, y = 0, 0
    for shot in shots:
        if y and y + shot.height / 2 > most and column < columns - 1:
            column, y = column + 1, 0
        places.append((column * (width + _GAP), y, shot))
        y += shot.height + _GAP
    height = max(y + shot.height for _, y, shot in places)
    sheet = Image.new("RGB", (columns * (width + _GAP) - _GAP, height), shots[0].getpixel((2, 2)))
    for x, y, shot in places:
        sheet.paste(shot, (x, y))
    return sheet


async def main(folder: Path) -> None:
    """The sheets of today."""
    await take(folder, messages(), "now")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET))
