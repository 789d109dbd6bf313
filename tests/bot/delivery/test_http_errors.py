"""Which refusals are final, and that the page for operators lists the same."""

import re
from pathlib import Path

from bot.delivery.http_errors import FILTERED, FINAL, GONE, MISSING_PERMISSIONS, NO_HISTORY_FOR_REPLY, TOO_LARGE

PAGE = (Path(__file__).parents[3] / "docs" / "discord.md").read_text(encoding="utf-8")
LISTED = {int(code): words for code, words in re.findall(r"^\| (\d{4,6}) \| ([^|]+?) \|", PAGE, re.MULTILINE)}


def test_every_final_code_is_listed_with_discords_words() -> None:
    assert dict(FINAL) == LISTED


def test_what_is_acted_on_by_itself_is_final_but_for_what_is_too_large() -> None:
    assert GONE | FILTERED | {MISSING_PERMISSIONS, NO_HISTORY_FOR_REPLY} <= FINAL.keys()
    assert not TOO_LARGE & FINAL.keys()
