"""`python -m bot check`: every setting is tried, each problem is told with what to do, nothing is spent."""

import sys
from pathlib import Path

import pytest

from bot import check
from bot.audio.capacity import capacity
from bot.settings import Settings, load_settings
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
