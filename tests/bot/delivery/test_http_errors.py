"""Which refusals are final, and that the page for operators lists the same."""

import re
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.delivery.http_errors import (
    FILTERED,
    FINAL,
    GONE,
    MISSING_PERMISSIONS,
    NO_HISTORY_FOR_REPLY,
    TOO_LARGE,
    is_final,
)

PAGE = (Path(__file__).parents[3] / "docs" / "discord.md").read_text(encoding="utf-8")
LISTED = {int(code): words for code, words in re.findall(r"^\| (\d{4,6}) \| ([^|]+?) \|", PAGE, re.MULTILINE)}


def test_every_final_code_is_listed_with_discords_words() -> None:
    assert dict(FINAL) == LISTED


class _Response:
    """As much of a response as an HTTPException looks at."""

    reason = "no"

    def __init__(self, status: int) -> None:
        self.status = status


@pytest.mark.parametrize(
    ("status", "code", "final"),
    [
        (400, MISSING_PERMISSIONS, True),
        (403, MISSING_PERMISSIONS, True),
        (499, MISSING_PERMISSIONS, True),
        (500, MISSING_PERMISSIONS, False),
        (399, MISSING_PERMISSIONS, False),
        (429, MISSING_PERMISSIONS, False),
        (403, 0, False),
    ],
)
def test_a_refusal_is_final_by_its_code_and_never_while_discord_is_busy_or_down(
    status: int, code: int, final: bool
) -> None:
    response: Any = _Response(status)
    assert is_final(discord.HTTPException(response, {"code": code, "message": "no"})) is final


def test_what_is_acted_on_by_itself_is_final_but_for_what_is_too_large() -> None:
    assert GONE | FILTERED | {MISSING_PERMISSIONS, NO_HISTORY_FOR_REPLY} <= FINAL.keys()
    assert not TOO_LARGE & FINAL.keys()
