"""Whatever an operator gets wrong is told in a sentence, before anything leaves the machine: docs/mistakes.md."""

import asyncio
import json
import os
import sys

import pytest

from tests.bot.mistakes import KEY, MISTAKES, PAGE, ROOT, TOKEN, Mistake, Reading, page

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the page holds what POSIX says of files")


@pytest.fixture(scope="module")
def readings() -> dict[str, Reading]:
    """All of them, made by one process: each start of its own would cost a second."""
    return asyncio.run(_made())


async def _made() -> dict[str, Reading]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.bot.mistakes", "--print"),
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C"},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return {what: Reading(**reading) for what, reading in json.loads(said).items()}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_a_mistake_is_told_without_a_trace_and_without_the_secret(
    readings: dict[str, Reading], mistake: Mistake
) -> None:
    reading = readings[mistake.what]
    assert reading.sentences
    assert "Traceback" not in reading.printed
    assert "could not be reached" not in reading.printed, "something was sent"
    for secret in (TOKEN, KEY, KEY[9:], TOKEN[-20:], *([mistake.never] if mistake.never else [])):
        assert secret not in reading.printed
    assert reading.code is None if mistake.works else reading.code in {1, 2}


def test_the_page_says_what_the_bot_says(readings: dict[str, Reading]) -> None:
    assert page(readings) == PAGE.read_text(encoding="utf-8"), "make docs writes it anew"
