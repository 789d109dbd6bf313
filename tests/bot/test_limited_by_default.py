"""Members are limited where nobody said anything: said once, at the first start after an upgrade."""

import logging
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.new_defaults import announce_new_defaults
from bot.settings import load_settings
from bot.store.db import open_store


@pytest.mark.parametrize(
    ("is_old", "more", "is_told"),
    [
        (True, {}, True),
        (True, {"limit_member_per_day": "9"}, True),
        (True, {"limit_member_per_day": "9", "limit_member_at_once": ""}, False),
        (False, {}, False),
    ],
    ids=["old", "old, one set", "old, both set", "new"],
)
async def test_who_knew_no_limit_is_told_once(
    is_old: bool, more: dict[str, str], is_told: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "bot.new_defaults")
    settings = load_settings(_env_file=None, discord_token="t" * 30, generation_api_key="k" * 30, **more)
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'compose.db'}", clock=SystemClock()) as store:
        if is_old:
            await store.set_value("commands.hash", "abc")
        await announce_new_defaults(store, settings)
        assert ("LIMIT_MEMBER_PER_DAY" in caplog.text) is is_told
        caplog.clear()
        await announce_new_defaults(store, settings)
        assert "LIMIT_MEMBER_PER_DAY" not in caplog.text
