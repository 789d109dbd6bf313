"""`python -m bot check`: every setting is tried, each problem is told with what to do, nothing is spent."""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import discord as discord_py
import pytest
from aiohttp import web
from sqlalchemy import insert

from bot import app, check
from bot.__main__ import main
from bot.audio.capacity import capacity
from bot.audio.fence import LAYERS
from bot.clock import SystemClock
from bot.discord_account import NEEDED_PERMISSIONS
from bot.errors import Reason, SettingsError
from bot.jobs.brake import Held
from bot.settings import Settings, load_settings
from bot.store.db import open_store
from bot.store.tables import rules
from sandbox.bot_process import ROOT
from sandbox.discord import FakeDiscord
from sandbox.discord.objects import Guild
from sandbox.discord.permissions import EVERYBODY, Permission
from sandbox.generation import FakeGeneration
from sandbox.generation import Settings as GenerationSettings
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


def like(guild: Guild, number: int, name: str, permissions: Permission) -> Guild:
    """One more server, where the bot has what everybody has."""
    everybody = replace(guild.roles[guild.id], permissions=permissions)
    return replace(guild, id=guild.id + number, name=name, roles={guild.id + number: everybody}, members={})


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


async def test_a_part_of_the_shards_on_a_file_is_found_before_the_start(tmp_path: Path) -> None:
    found = await check._database(settings_at(tmp_path, shard_count="4", shard_ids="0,1"))
    assert not found.good
    assert "which takes one process; SHARD_IDS needs PostgreSQL" in found.sentence
    assert (await check._database(settings_at(tmp_path, shard_count="4"))).good


async def test_songs_that_wait_for_the_account_are_told_with_what_to_do(tmp_path: Path) -> None:
    async with FakeGeneration() as api:
        settings = settings_at(tmp_path, generation_api_url=api.url, generation_api_key=api.key)
        async with open_store(settings.database_url, clock=SystemClock()) as store:
            assert not (await check._music_api(settings)).details
            held = Held(reason=Reason.NO_CREDITS, since=datetime(2026, 1, 31, 12, tzinfo=UTC))
            await store.set_value("brake.aiml", held.written())
            found = await check._music_api(settings)
    assert found.good
    assert (
        "WARNING: songs wait, for aiml refuses the account (no_credits) since 2026-01-31 12:00 UTC" in found.details[0]
    )
    assert "Top the account up" in found.details[0]


async def told_of(settings: Settings) -> str:
    """What is found out about Discord, without the trials of everything else, which take their time."""
    found = await check._discord(settings)
    return "\n".join([f"{'ok' if found.good else 'PROBLEM'}: {found.sentence}", *found.details, ""])


async def test_the_bots_name_its_invite_link_and_what_is_missing_in_which_server_are_told(tmp_path: Path) -> None:
    async with FakeDiscord(app_name="Compose") as discord:
        world = discord.world
        full = next(guild for guild in world.guilds.values() if guild.bot_present)
        poor = like(full, 1, "Poor", Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
        ruled = like(full, 2, "Ruled", Permission.ADMINISTRATOR)
        world.guilds |= {poor.id: poor, ruled.id: ruled}
        said = await told_of(settings_at(tmp_path, discord_api_url=discord.api_url, discord_token=discord.token))
    assert "ok: The token belongs to Compose." in said
    assert f"client_id={world.application_id}&scope=bot+applications.commands&permissions=274878024704\n" in said
    assert "it is in 3 servers:" in said
    lacking = "Send Messages in Threads, Embed Links, Attach Files, Read Message History"
    assert f"Poor ({poor.id}): MISSING {lacking}" in said
    assert f"Ruled ({ruled.id}): nothing is missing" in said
    assert f"{full.name} ({full.id}): nothing is missing" in said
    assert said.index("Poor") < said.index("Ruled"), "what lacks something comes first"
    assert "Elsewhere" not in said, "there the bot is not"


async def test_of_many_servers_a_screenful_is_named_and_of_none_the_link(tmp_path: Path) -> None:
    async with FakeDiscord() as discord:
        pointed = settings_at(tmp_path, discord_api_url=discord.api_url, discord_token=discord.token)
        world = discord.world
        first = next(guild for guild in world.guilds.values() if guild.bot_present)
        for number in range(1, 30):
            copy = like(first, number, f"No. {number}", EVERYBODY)
            world.guilds[copy.id] = copy
        said = await told_of(pointed)
        assert "it is in 30 servers:" in said
        assert said.count(": nothing is missing") == 20
        assert "and 10 more" in said
        for guild in world.guilds.values():
            guild.bot_present = False
        assert "it is in no server yet: open the invite link" in await told_of(pointed)


def test_the_permissions_asked_for_are_the_readmes_and_discords() -> None:
    names = discord_py.Permissions(sum(NEEDED_PERMISSIONS.values()))
    assert {name for name, granted in names if granted} == {
        *("view_channel", "read_messages", "send_messages", "send_messages_in_threads", "embed_links"),
        *("attach_files", "read_message_history"),
    } & {name for name, _ in names}
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"permissions={names.value}\n" in readme
    assert all(name in " ".join(readme.split()) for name in NEEDED_PERMISSIONS)


@pytest.mark.parametrize(("path", "key"), [("/v2", "wrong"), ("/api/v2/generate/audio", "right")])
async def test_a_wrong_address_of_the_music_api_is_never_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, key: str
) -> None:
    async with FakeGeneration() as api:
        right = {"generation_api_key": api.key} if key == "right" else {}
        assert await check.run(settings_at(tmp_path, generation_api_url=api.url + path, **right)) == 1
        said = capsys.readouterr().out.partition("Music API ...")[2]
        assert "PROBLEM: No music API answers at this address. Look at GENERATION_API_URL." in said
        assert f"is it {api.url}{path.partition('/v2')[0]}?" in said


async def test_where_something_else_than_discord_answers_the_address_is_named(tmp_path: Path) -> None:
    async with FakeGeneration() as api:
        said = await told_of(settings_at(tmp_path, discord_api_url=f"{api.url}/v2"))
    assert "PROBLEM: No Discord answers there (status 404). Look at DISCORD_API_URL." in said


@pytest.mark.parametrize("address", ["https://hunter2@127.0.0.1:1", "https://127.0.0.1:1/api?token=hunter2"])
async def test_a_key_in_discords_address_is_named_and_sent_nowhere(tmp_path: Path, address: str) -> None:
    settings = settings_at(tmp_path, discord_api_url=address)
    said = await told_of(settings)
    assert "PROBLEM: DISCORD_API_URL: holds " in said
    assert "remove" in said
    assert "hunter2" not in said
    with pytest.raises(SettingsError, match="DISCORD_API_URL: holds"):
        await app.run(settings)


@pytest.mark.heavy
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
async def test_a_console_that_is_not_utf_8_shows_what_it_can(tmp_path: Path, encoding: str) -> None:
    async with FakeDiscord(app_name="M\u00fcsik \U0001f3b6") as discord, FakeGeneration() as api:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "check"),
            cwd=tmp_path,
            env={**os.environ, **settings_for(discord, api), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await process.communicate()
    assert (process.returncode, complaint) == (0, b"")
    name = "M\u00fcsik \U0001f3b6".encode(encoding, "backslashreplace")
    assert b"ok: The token belongs to " + name + b"." in said


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


@pytest.mark.heavy
async def test_open_doors_and_servers_where_the_bot_is_not_are_warned_of_and_no_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with FakeDiscord() as discord, FakeGeneration() as api:
        pointed = {name.lower(): value for name, value in settings_for(discord, api).items()}
        here, elsewhere = discord.world.guilds

        async def said(**more: str) -> str:
            assert await check.run(settings_at(tmp_path, **pointed, **more)) == 0
            return capsys.readouterr().out.partition("Discord ...")[2].partition("Database ...")[0]

        assert "WARNING: anybody may invite this bot" in await said()
        listed = await said(allowed_guilds=f"{here}, {elsewhere} 4711")
        assert "anybody may invite" not in listed
        assert f"names {here}" not in listed
        assert f"names {elsewhere}, and this bot is no member" in listed
        assert "names 4711, and this bot is no member" in listed
        discord.rules.bot_public = False
        assert "WARNING" not in await said()


async def test_a_refused_token_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with FakeDiscord() as discord:
        assert await check.run(settings_at(tmp_path, discord_api_url=discord.api_url)) == 3
    assert "Reset Token" in capsys.readouterr().out


@pytest.mark.heavy
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


@pytest.mark.parametrize(
    ("asked_for", "given", "words"),
    [
        (
            "its-own",
            "its-own",
            "ok: It answers and accepts the key; nothing was spent. (the key is the right one; its models",
        ),
        ("", "", "ok: It answers; nothing was spent. (it asks for no key; its models: acestep-v15-turbo)"),
        ("its-own", "", "PROBLEM: ACESTEP_API_KEY is refused."),
        ("its-own", "another", "PROBLEM: ACESTEP_API_KEY is refused."),
    ],
)
async def test_ones_own_server_is_tried_by_its_own_settings(
    tmp_path: Path, asked_for: str, given: str, words: str
) -> None:
    async with FakeGeneration(GenerationSettings(key=asked_for), speaks="acestep") as server:
        key = {"acestep_api_key": given} if given else {}
        settings = settings_at(tmp_path, generation_model="acestep", acestep_api_url=server.url, **key)
        found = await check._music_api(settings)
        assert f"{'ok' if found.good else 'PROBLEM'}: {found.sentence}".startswith(words)
        assert server.ledger.submissions == []
        settings = settings_at(tmp_path, generation_model="acestep", acestep_api_url=f"{server.url}/elsewhere")
        found = await check._music_api(settings)
    assert found.sentence.startswith("No music API answers at this address. Look at ACESTEP_API_URL.")


@pytest.mark.waits
async def test_each_model_is_tried_and_a_model_that_is_not_there_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api_settings = GenerationSettings(has_tracing=True, without_models=("minimax/music-cover",))
    async with FakeGeneration(api_settings) as api, FakeGeneration(GenerationSettings(key=""), speaks="acestep") as own:
        settings = settings_at(
            tmp_path,
            generation_model="minimax-music, minimax/music-cover, acestep",
            generation_api_url=api.url,
            generation_api_key=api.key,
            acestep_api_url=own.url,
        )
        assert await check.run(settings) == 1
    said = capsys.readouterr().out
    assert "minimax/music-cover, by the contract of aiml" in said
    assert "a cover is made of it" in said
    first, cover, acestep = (
        said.partition(f"\nMusic API ({name}) ...\n")[2].partition("\n\n")[0].strip()
        for name in ("minimax-music", "minimax/music-cover", "acestep")
    )
    assert first == "ok: It answers and accepts the key; nothing was spent."
    assert cover.startswith("PROBLEM: It accepts the key, and does not have this model. Look at GENERATION_MODEL.")
    assert acestep.startswith("ok: It answers; nothing was spent.")
    assert (len(api.ledger.submissions), len(own.ledger.submissions)) == (0, 0)


@pytest.mark.parametrize(("has_tracing", "words"), [(True, "it has minimax/music-cover"), (False, "is not told by")])
async def test_whether_the_cover_model_is_there_is_told_where_the_service_tells(
    tmp_path: Path, has_tracing: bool, words: str
) -> None:
    async with FakeGeneration(GenerationSettings(has_tracing=has_tracing)) as api:
        settings = settings_at(
            tmp_path,
            generation_model="minimax/music-cover",
            generation_api_url=api.url,
            generation_api_key=api.key,
        )
        found = await check._music_api(settings)
    assert found.good
    assert words in found.sentence
