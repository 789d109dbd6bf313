"""What an upgrade closes is said once, and only to those who knew it open."""

import logging
from pathlib import Path

import pytest

from bot.new_defaults import announce_new_defaults
from bot.settings import Settings, load_settings

WHO_KNOWS: dict[str, object] = {
    "allow_direct": "off",
    "allow_user_install": "on",
    "limit_member_per_day": "5",
    "limit_member_at_once": "2",
}


class Memory:
    def __init__(self, **kept: str) -> None:
        self.kept = kept

    async def get_value(self, name: str) -> str | None:
        return self.kept.get(name)

    async def set_value(self, name: str, value: str) -> None:
        self.kept[name] = value


def settings(**more: object) -> Settings:
    return load_settings(_env_file=None, discord_token="t", generation_api_key="k", data_dir=Path(), **more)


def old_installation() -> Memory:
    return Memory(**{"commands.hash": "abc"})


async def test_an_old_installation_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    memory = old_installation()
    await announce_new_defaults(memory, settings())
    assert "ALLOW_DIRECT=on" in caplog.text
    assert "ALLOW_USER_INSTALL=on" in caplog.text
    assert "LIMIT_MEMBER_PER_DAY" in caplog.text
    caplog.clear()
    await announce_new_defaults(memory, settings())
    assert not caplog.records


@pytest.mark.parametrize(
    ("memory", "more"),
    [(Memory(), {}), (old_installation(), WHO_KNOWS)],
    ids=["a new installation", "who set both knows"],
)
async def test_who_has_nothing_to_learn_is_told_nothing(
    memory: Memory, more: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await announce_new_defaults(memory, settings(**more))
    await announce_new_defaults(memory, settings())
    assert not caplog.records


async def test_an_installation_that_began_with_this_version_is_told_of_the_next_change(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    memory = Memory()
    await announce_new_defaults(memory, settings())
    del memory.kept["told.doors"]
    await announce_new_defaults(memory, settings())
    assert "ALLOW_DIRECT=on" in caplog.text
