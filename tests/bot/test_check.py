"""`python -m bot check`: every setting is tried, each problem is told with what to do, nothing is spent."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import insert

from bot import check
from bot.__main__ import main
from bot.audio.capacity import capacity
from bot.audio.fence import LAYERS
from bot.clock import SystemClock
from bot.settings import Settings, load_settings
from bot.store.db import open_store
from bot.store.tables import rules
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration
from sandbox.stage import settings_for

NOWHERE = "http://127.0.0.1:1"
KEY = "a-key-that-nobody-may-read"


def settings_at(folder: Path, **more: str) -> Settings:
    values = {
        "discord_token": KEY,
        "generation_api_key": KEY,
        "discord_api_url": NOWHERE,
        "generation_api_url": NOWHERE,
        "database_url": f"sqlite+aiosqlite:///{folder}/compose.db",
        "data_dir": str(folder),
    }
    return load_settings(_env_file=None, **{**values, **more})


async def test_good_settings_end_with_0_and_spend_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with FakeDiscord() as discord, FakeGeneration() as api:
        pointed = {name.lower(): value for name, value in settings_for(discord, api).items()}
        assert await check.run(settings_at(tmp_path, **pointed)) == 0
        assert not api.ledger.submissions
    said = capsys.readouterr().out
    assert said.count("  ok: ") == 5
    found = capacity()
    assert f" At most {found.processes} at once: AUDIO_PROCESSES is unset, and there are {found.sentence}." in said
    assert all(f"\n    {layer}: " in said for layer in ("the bot's memory", *LAYERS)), "the fence, layer by layer"
    assert discord.token not in said
    assert api.key not in said
    assert not list(tmp_path.iterdir())


async def test_what_cannot_be_reached_is_named_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await check.run(settings_at(tmp_path, audio_processes="3")) == 1
    said = capsys.readouterr().out
    assert " At most 3 at once, as AUDIO_PROCESSES says." in said
    assert "Look at DISCORD_API_URL" in said
    assert "Look at GENERATION_API_URL" in said
    assert KEY not in said


@pytest.mark.skipif(sys.platform == "win32", reason="tampers with a POSIX child")
async def test_sound_that_does_not_work_here_is_told_with_the_step_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "av.py").write_text("raise ImportError('libavcodec.so.62: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    async with FakeDiscord() as discord, FakeGeneration() as api:
        pointed = {name.lower(): value for name, value in settings_for(discord, api).items()}
        assert await check.run(settings_at(tmp_path, **pointed)) == 1
    sound = capsys.readouterr().out.partition("Sound ...")[2].partition("Music API ...")[0]
    assert "PROBLEM: The built-in sample cannot be decoded (internal)." in sound
    assert "requirements/run.lock" in sound


async def test_a_refused_token_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with FakeDiscord() as discord:
        assert await check.run(settings_at(tmp_path, discord_api_url=discord.api_url)) == 3
    assert "Reset Token" in capsys.readouterr().out


async def test_a_mangled_key_a_missing_word_list_and_a_closed_folder_are_told_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    words = {"blocked_words_file": str(tmp_path / "nowhere.txt")}
    assert await check.run(settings_at(tmp_path, generation_api_key="k\u201cey", **words)) == 1
    said = capsys.readouterr().out
    assert "GENERATION_API_KEY" in said.partition("Music API ...")[2]
    assert "k\u201cey" not in said
    assert "nowhere.txt" in said.partition("Files ...")[2]
    assert await check.run(settings_at(tmp_path, data_dir=str(tmp_path / "taken/data"))) == 1
    assert "DATA_DIR" in capsys.readouterr().out.partition("Files ...")[2]


async def test_a_key_in_an_address_is_neither_shown_nor_repeated_and_a_name_moves_no_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def named_badly(_: web.Request) -> web.Response:
        return web.json_response({"username": "song\x1b[2K\n  ok: all is well"})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", named_badly)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pointed = {
            "discord_api_url": f"http://127.0.0.1:{runner.addresses[0][1]}",
            "discord_gateway_url": "wss://gateway.example.com/?v=10&token=hunter2",
            "generation_api_url": "http://hunter1@127.0.0.1:1/v1?api_key=hunter3",
            "database_url": "postgresql+asyncpg://bot:hunter4@127.0.0.1:1/compose?password=hunter5",
        }
        assert await check.run(settings_at(tmp_path, **pointed)) == 1
    finally:
        await runner.cleanup()
    said = capsys.readouterr().out
    assert "hunter" not in said
    assert "\x1b" not in said
    assert r"song\x1b[2K\n  ok: all is well" in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_whatever_the_process_creates_is_its_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISCORD_TOKEN", "GENERATION_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    before = os.umask(0o022)
    try:
        assert main(["run"]) == 2
    finally:
        in_force = os.umask(before)
    assert in_force == 0o077


async def test_what_is_odd_about_limits_and_rules_is_told_with_what_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with FakeDiscord() as discord:
        guild = next(iter(discord.world.guilds.values()))
        settings = settings_at(
            tmp_path, discord_api_url=discord.api_url, discord_token=discord.token, limit_member_at_once="9"
        )
        row = {
            "guild_id": guild.id,
            "subject_kind": "role",
            "kind": "limit_day",
            "note": "",
            "by": 1,
            "at": datetime.now(UTC),
        }
        async with (
            open_store(settings.database_url, clock=SystemClock()) as store,
            store.database.writing() as connection,
        ):
            for value, role_id, guild_id in (("many", 1, guild.id), ("3", 2, guild.id), ("3", 3, 4)):
                await connection.execute(
                    insert(rules).values({**row, "value": value, "subject_id": role_id, "guild_id": guild_id})
                )
        await check.run(settings)
    said = capsys.readouterr().out.partition("Limits and budgets:")[2].partition("Discord ...")[0]
    assert "one song is counted as 0.037 USD" in said
    assert "LIMIT_MEMBER_AT_ONCE=9 is more than LIMIT_MEMBER_PER_DAY=5" in said
    assert "rule 1: its limit 'many' is no whole number" in said
    assert f"rule 2 is about role 2, and server {guild.id} has no such role any more" in said
    assert "rule 3 is about server 4, and this bot is no member of such a server" in said
