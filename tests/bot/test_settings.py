"""The environment and `.env` become one frozen value, or a list of sentences that an operator can act on."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot import env_file
from bot.errors import SettingsError
from bot.generation.traits import objection_to_models
from bot.settings import Settings, env_file_remarks, load_settings, setting_names, variable_names

TOKEN = "MTIzNDU2Nzg5.Gabcde.not-a-real-token"
KEY = "sk-not-a-real-key"

#: docs/design.md, "Names that others rely on".
PROMISED_DEFAULTS = {
    "discord_api_url": "https://discord.com/api/v10",
    "discord_gateway_url": "wss://gateway.discord.gg/",
    "generation_api_url": "https://api.apilaplas.com",
    "generation_model": "minimax-music",
    "database_url": "sqlite+aiosqlite:///data/compose.db",
    "poll_interval_seconds": 10,
    "generation_timeout_seconds": 900,
    "health_port": None,
    "health_host": "127.0.0.1",
    "log_format": "text",
    "log_level": "INFO",
}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting from the machine the test runs on, and a folder without `.env`."""
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("GENERATION_API_KEY", KEY)


def problems_of() -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.problems


@pytest.mark.usefixtures("secrets")
def test_the_promised_names_have_the_promised_defaults():
    settings = load_settings()
    assert {name: getattr(settings, name) for name in PROMISED_DEFAULTS} == PROMISED_DEFAULTS
    assert settings.discord_token.get_secret_value() == TOKEN
    assert settings.generation_api_key.get_secret_value() == KEY


def test_without_anything_both_needed_names_are_named_at_once():
    problems = problems_of()
    assert len(problems) == 2
    assert problems[0].startswith("DISCORD_TOKEN is not set.")
    assert problems[1].startswith("GENERATION_API_KEY is not set.")
    assert all(".env.example" in problem for problem in problems)


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch):
    wrong = {
        "DISCORD_API_URL": "discord.com",
        "DISCORD_GATEWAY_URL": "https://gateway.discord.gg",
        "GENERATION_API_URL": "ftp://api.example",
        "DATABASE_URL": "mysql://db",
        "POLL_INTERVAL_SECONDS": "soon",
        "GENERATION_TIMEOUT_SECONDS": "0",
        "POLLS_PER_SECOND": "-1",
        "HEALTH_PORT": "70000",
        "LOG_FORMAT": "xml",
        "LOG_LEVEL": "LOUD",
        "AUDIO_PROCESSES": "1.5",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    problems = problems_of()
    named = {problem.split(":")[0].split()[0] for problem in problems}
    assert named == {*wrong, "DISCORD_TOKEN", "GENERATION_API_KEY"}
    assert len(problems) == len(named)


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DISCORD_API_URL", "discord.com", "must be an address that begins with http:// or https://"),
        ("DISCORD_API_URL", "http://", "must be an address that begins with http:// or https://"),
        ("DISCORD_GATEWAY_URL", "https://g.example", "must be an address that begins with ws:// or wss://"),
        ("GENERATION_API_URL", "http://[bad", "must be an address that begins with http:// or https://"),
        ("GENERATION_API_URL", "http://host:port", "must be an address that begins with http:// or https://"),
        ("DISCORD_API_URL", "https://discord .com/api", "has a blank inside; remove it"),
        ("DISCORD_API_URL", "http://discord..com/api", "has a host that cannot exist; look at its dots"),
        ("GENERATION_API_URL", f"http://{'x' * 64}.example", "has a host that cannot exist; look at its dots"),
        ("DATABASE_URL", "sqlite:///x.db", "must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://"),
        ("DATABASE_URL", "postgresql+asyncpg://", "must be an address that begins with postgresql+asyncpg://"),
        ("POLL_INTERVAL_SECONDS", "soon", "Input should be a valid number, unable to parse string as a number"),
        ("POLL_INTERVAL_SECONDS", "nan", "Input should be less than or equal to 86400"),
        ("POLL_INTERVAL_SECONDS", "inf", "Input should be less than or equal to 86400"),
        ("GENERATION_TIMEOUT_SECONDS", "0", "Input should be greater than 0"),
        ("HEALTH_PORT", "70000", "Input should be less than or equal to 65535"),
        ("LOG_FORMAT", "xml", "Input should be 'text' or 'json'"),
        ("LOG_LEVEL", "loud", "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_wrong_value_gets_its_name_and_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
):
    monkeypatch.setenv(name, value)
    assert problems_of() == (f"{name}: {sentence}",)


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    "host", ["music_api:8000", "[::1]:8000", "münchen.example", "xn--mnchen-3ya.example", "api.example."]
)
def test_every_host_that_can_be_looked_up_is_taken(monkeypatch: pytest.MonkeyPatch, host: str):
    monkeypatch.setenv("GENERATION_API_URL", f"http://{host}")
    assert load_settings().generation_api_url == f"http://{host}"


@pytest.mark.usefixtures("secrets")
def test_a_deadline_shorter_than_one_pause_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENERATION_TIMEOUT_SECONDS", "5")
    assert problems_of() == ("GENERATION_TIMEOUT_SECONDS must not be smaller than POLL_INTERVAL_SECONDS",)


@pytest.mark.usefixtures("secrets")
def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch):
    Path(".env").write_text("GENERATION_MODEL=from-file\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("GENERATION_MODEL", "from-environment")
    settings = load_settings()
    assert settings.generation_model == "from-environment"
    assert settings.log_level == "DEBUG"


@pytest.mark.usefixtures("secrets")
def test_an_empty_variable_leaves_the_files_line_in_force(monkeypatch: pytest.MonkeyPatch):
    Path(".env").write_text("GENERATION_MODEL=from-file\n")
    monkeypatch.setenv("GENERATION_MODEL", "")
    assert load_settings().generation_model == "from-file"


def test_the_example_copied_and_filled_in_is_enough():
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    Path(".env").write_text(
        example.replace("DISCORD_TOKEN=\n", f"DISCORD_TOKEN={TOKEN}\n").replace(
            "GENERATION_API_KEY=\n", f"GENERATION_API_KEY={KEY}\n"
        ),
        encoding="utf-8",
    )
    assert load_settings() == Settings(discord_token=SecretStr(TOKEN), generation_api_key=SecretStr(KEY))


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("nothing", ["", "   ", "\t"])
def test_an_empty_line_means_the_default(monkeypatch: pytest.MonkeyPatch, nothing: str):
    for name in variable_names():
        if name not in {"DISCORD_TOKEN", "GENERATION_API_KEY"}:
            monkeypatch.setenv(name, nothing)
    assert load_settings() == Settings(discord_token=SecretStr(TOKEN), generation_api_key=SecretStr(KEY))


@pytest.mark.parametrize("nothing", ["", "  "])
def test_a_blank_secret_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch, nothing: str):
    monkeypatch.setenv("DISCORD_TOKEN", nothing)
    monkeypatch.setenv("GENERATION_API_KEY", KEY)
    (problem,) = problems_of()
    assert problem.startswith("DISCORD_TOKEN is not set.")


@pytest.mark.usefixtures("secrets")
def test_spaces_around_a_value_are_nobodys_intent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISCORD_TOKEN", f" {TOKEN}\n")
    monkeypatch.setenv("LOG_FORMAT", " json ")
    settings = load_settings()
    assert settings.discord_token.get_secret_value() == TOKEN
    assert settings.log_format == "json"


def test_a_file_with_a_byte_order_mark_is_read():
    Path(".env").write_bytes(f"\ufeffDISCORD_TOKEN={TOKEN}\nGENERATION_API_KEY={KEY}\n".encode())
    assert load_settings().discord_token.get_secret_value() == TOKEN


def test_a_file_that_is_no_text_is_named():
    Path(".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe\x00")
    assert problems_of() == (".env is not UTF-8 text (line 1); save it as UTF-8",)


@pytest.mark.usefixtures("secrets")
def test_a_slash_at_the_end_of_a_base_address_does_not_count(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENERATION_API_URL", "http://127.0.0.1:8080/")
    assert load_settings().generation_api_url == "http://127.0.0.1:8080"


@pytest.mark.usefixtures("secrets")
def test_attachments_come_from_discord_and_from_the_host_that_stands_in_for_it(monkeypatch: pytest.MonkeyPatch):
    assert load_settings().attachment_hosts == {"cdn.discordapp.com", "media.discordapp.net"}
    monkeypatch.setenv("DISCORD_API_URL", "http://127.0.0.1:8080/api/v10")
    assert load_settings().attachment_hosts == {"cdn.discordapp.com", "media.discordapp.net", "127.0.0.1"}


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("url", "opens"),
    [
        ("https://discord.com/api/v9", False),
        ("https://canary.discord.com/api/v10", False),
        ("https://DISCORDAPP.com/api/v10", False),
        ("http://127.0.0.1:8080/api/v10", True),
        ("http://sandbox:8080/api/v10", True),
        ("https://notdiscord.com/api/v10", True),
    ],
)
def test_a_link_to_this_machine_opens_where_discord_is_a_stand_in(
    monkeypatch: pytest.MonkeyPatch, url: str, opens: bool
):
    assert not load_settings().opens_loopback
    monkeypatch.setenv("DISCORD_API_URL", url)
    assert load_settings().opens_loopback is opens


@pytest.mark.usefixtures("secrets")
def test_settings_do_not_change_while_the_bot_runs():
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.log_level = "DEBUG"


# --- where values come from -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(setting_names().in_files))
@pytest.mark.parametrize("told_in", [".env", "the environment"])
@pytest.mark.usefixtures("secrets")
def test_every_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, name: str, told_in: str):
    monkeypatch.delenv(name, raising=False)
    values = {"DISCORD_TOKEN": TOKEN, "DATABASE_URL": "postgresql+asyncpg://bot:pass@db/compose"}
    value = values.get(name, "http://of-a.example/secret")
    Path("secret.txt").write_bytes(f"\ufeff{value}\r\n".encode())
    if told_in == ".env":
        Path(".env").write_text(f"{name}_FILE=secret.txt\n")
    else:
        monkeypatch.setenv(f"{name}_FILE", str(Path("secret.txt").absolute()))
    found = getattr(load_settings(), name.lower())
    assert (found.get_secret_value() if isinstance(found, SecretStr) else found) == value


def test_what_holds_a_secret_may_stand_in_a_file_and_nothing_else():
    names = setting_names()
    assert {"DISCORD_TOKEN", "GENERATION_API_KEY", "DATABASE_URL"} <= set(names.in_files)
    assert {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)} == {
        name.lower() for name in names.keys
    }
    assert "LOG_LEVEL" not in names.in_files


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("name", sorted(setting_names().in_files))
def test_a_secret_that_is_given_in_both_ways_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "postgresql+asyncpg://bot:pass@db/compose")
    monkeypatch.setenv(f"{name}_FILE", "secret.txt")
    Path("secret.txt").write_text("postgresql+asyncpg://bot:pass@db/compose")
    assert problems_of() == (f"{name} and {name}_FILE are both set; keep one of them.",)


def _odd_file(kind: str, path: Path, max_bytes: int) -> Path:
    """`path`, or what is there anyhow; read as a whole it would hold up the start, or fill the memory."""
    match kind:
        case "device":
            return Path("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.write_bytes(b"x" * (max_bytes + 1))
    return path


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("device", "is a device or a pipe, which may have no end; name a plain file"),
        ("pipe", "cannot be read (a pipe into which nobody writes)"),
        ("folder", "cannot be read (Is a directory)"),
        ("large", "is larger than 64 KiB"),
    ],
)
@pytest.mark.usefixtures("secrets")
def test_a_secret_in_what_is_no_plain_file_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, said: str
):
    monkeypatch.setattr(env_file, "_PIPE_TRIES", 5)
    path = _odd_file(kind, tmp_path / "token", 64 << 10)
    monkeypatch.delenv("DISCORD_TOKEN")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(path))
    (problem,) = problems_of()
    assert problem.startswith(f"DISCORD_TOKEN_FILE: {path} {said}")


@pytest.mark.usefixtures("secrets")
def test_a_secret_may_come_through_a_pipe(monkeypatch: pytest.MonkeyPatch):
    """As with DISCORD_TOKEN_FILE=<(pass show token) in a shell."""
    token = os.environ["DISCORD_TOKEN"]
    monkeypatch.delenv("DISCORD_TOKEN")
    reading, writing = os.pipe()
    os.write(writing, f"{token}\n".encode())
    os.close(writing)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", f"/dev/fd/{reading}")
    assert load_settings().discord_token.get_secret_value() == token
    os.close(reading)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "cannot be read (a pipe into which nobody writes)"),
        ("large", "is larger than 1 MiB"),
    ],
)
@pytest.mark.usefixtures("secrets")
def test_an_env_file_that_is_no_plain_file_is_told_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, kind: str, said: str
):
    monkeypatch.setattr(env_file, "_PIPE_TRIES", 5)
    _odd_file(kind, Path(".env"), 1 << 20)
    load_settings()
    assert any(f".env {said}" in remark for remark in env_file_remarks())
    monkeypatch.delenv("DISCORD_TOKEN")
    (problem,) = problems_of()
    assert said in problem


@pytest.mark.usefixtures("secrets")
def test_a_blank_name_beside_its_file_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENERATION_API_KEY", "  ")
    monkeypatch.setenv("GENERATION_API_KEY_FILE", "key.txt")
    Path("key.txt").write_text("from-a-file\n")
    assert load_settings().generation_api_key.get_secret_value() == "from-a-file"


@pytest.mark.usefixtures("secrets")
def test_a_tilde_is_the_home_folder_as_in_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    Path(".env").write_text(
        "DATA_DIR=~/data\nBLOCKED_WORDS_FILE=~/words.txt\nDATABASE_URL=sqlite+aiosqlite:///~/data/x.db\n"
    )
    settings = load_settings()
    assert settings.data_dir == tmp_path / "home/data"
    assert settings.blocked_words_file == tmp_path / "home/words.txt"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path / 'home/data/x.db'}"


@pytest.mark.usefixtures("secrets")
def test_a_folder_called_tilde_that_an_earlier_version_has_made_stays_in_use(monkeypatch: pytest.MonkeyPatch):
    Path("~/data").mkdir(parents=True)
    monkeypatch.setenv("DATA_DIR", "~/data")
    assert load_settings().data_dir == Path("~/data")


@pytest.mark.usefixtures("secrets")
def test_a_tilde_of_nobody_gets_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATA_DIR", "~nobody-of-this-name/data")
    (problem,) = problems_of()
    assert problem.startswith("DATA_DIR: begins with ~")


@pytest.mark.usefixtures("secrets")
def test_a_folder_called_env_harms_nobody_who_sets_everything_elsewhere():
    Path(".env").mkdir()
    assert load_settings().log_level == "INFO"
    (remark,) = env_file_remarks()
    assert remark.startswith(".env is a folder")


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    "other",
    ["COMPOSE_PROJECT_NAME=music", "TZ=Europe/Berlin", "POSTGRES_PASSWORD=x", "PORT=80", "HTTPS_PROXY=http://p:1"],
)
def test_what_other_programs_read_from_the_file_is_no_slip(other: str):
    Path(".env").write_text(f"{other}\n")
    load_settings()
    assert env_file_remarks() == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("DISCORD-TOKEN", "DISCORD_TOKEN"),
        ("BOT_TOKEN", "DISCORD_TOKEN"),
        ("DISCORD_TOKEN_FILES", "DISCORD_TOKEN_FILE"),
        ("GENERATION_APIKEY", "GENERATION_API_KEY"),
        ("API_KEY", "GENERATION_API_KEY"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("retention_day", "RETENTION_DAYS"),
        ("LOG_LEVEL\u200b", "LOG_LEVEL"),
    ],
)
@pytest.mark.usefixtures("secrets")
def test_a_name_that_nobody_reads_and_that_is_close_to_one_is_asked_about(written: str, meant: str):
    Path(".env").write_text(f"# a comment\n\n{written}=1\n", encoding="utf-8")
    load_settings()
    (remark,) = env_file_remarks()
    assert remark.startswith(".env, line 3: nothing reads ")
    assert remark.endswith(f"did you mean {meant}?")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(ending: str):
    Path(".env").write_bytes(ending.join([f"DISCORD_TOKEN={TOKEN}", f"GENERATION_API_KEY={KEY}", ""]).encode())
    settings = load_settings()
    assert settings.discord_token.get_secret_value() == TOKEN
    assert settings.generation_api_key.get_secret_value() == KEY


@pytest.mark.parametrize(
    "below", ["PROXY_URL=", "SOME_OTHER_NAME", "# a comment", "export TZ=UTC", "log_level=INFO", "NO_PROXY=a=b"]
)
def test_what_stands_below_a_key_is_not_taken_for_the_rest_of_it(below: str):
    Path(".env").write_text(f"DISCORD_TOKEN={TOKEN}\nGENERATION_API_KEY={KEY}\n{below}\n")
    assert load_settings().generation_api_key.get_secret_value() == KEY


@pytest.mark.parametrize(
    "value", ["sandbox-key", "offline", "k", "xx", "a-key-of-yours", "example-2", "eyJ0.eyJz.c2ln"]
)
def test_an_odd_key_is_no_placeholder(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("DISCORD_TOKEN", "sandbox.bot.token")
    monkeypatch.setenv("GENERATION_API_KEY", value)
    assert load_settings().generation_api_key.get_secret_value() == value


@pytest.mark.parametrize(
    "value",
    [
        *(
            "your-token-here",
            "YOUR_TOKEN",
            "<token>",
            "[key]",
            "{{ key }}",
            "${TOKEN}",
            "$TOKEN",
            "xxxxxxxx",
            "changeme",
        ),
        *(
            "********",
            "...",
            "paste_your_key_here",
            "put-it-here",
            "replace-me",
            "insert token here",
            "change-me",
            "undefined",
        ),
    ],
)
def test_a_placeholder_is_told(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("GENERATION_API_KEY", value)
    assert problems_of() == ("GENERATION_API_KEY: still holds a placeholder; put the real value there",)


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("secrets")
def test_no_secret_is_in_anything_that_prints():
    settings = load_settings()
    described = settings.described()
    for text in (repr(settings), str(settings), str(described), settings.model_dump_json()):
        assert TOKEN not in text
        assert KEY not in text
    assert described["DISCORD_TOKEN"] == described["GENERATION_API_KEY"] == "********"


@pytest.mark.usefixtures("secrets")
def test_every_setting_is_described_as_it_is_in_force(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("POLL_INTERVAL_SECONDS", "2.5")
    described = load_settings().described()
    assert list(described) == variable_names()
    assert described["POLL_INTERVAL_SECONDS"] == "2.5"
    assert described["HEALTH_PORT"] == "(unset)"
    assert described["DATABASE_URL"] == "sqlite+aiosqlite:///data/compose.db"


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+asyncpg://bot:hunter2@db/compose", "postgresql+asyncpg://bot:********@db/compose"),
        ("postgresql+asyncpg://bot:hunter%32@db:5432/compose", "postgresql+asyncpg://bot:********@db:5432/compose"),
        ("postgresql+asyncpg://bot:p%40ss%c3%a9@db/compose", "postgresql+asyncpg://bot:********@db/compose"),
        (
            "postgresql+asyncpg://db/compose?user=bot&password=hunter2",
            "postgresql+asyncpg://db/compose?user=bot&password=********",
        ),
        ("postgresql+asyncpg://bot@db/compose", "postgresql+asyncpg://bot@db/compose"),
    ],
)
def test_the_password_in_a_database_address_is_not_described(monkeypatch: pytest.MonkeyPatch, address: str, shown: str):
    monkeypatch.setenv("DATABASE_URL", address)
    settings = load_settings()
    assert settings.database_url == address
    assert settings.described()["DATABASE_URL"] == shown


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (name, f"{scheme}://{place}")
        for name, scheme in (
            ("GENERATION_API_URL", "https"),
            ("DISCORD_API_URL", "https"),
            ("DISCORD_GATEWAY_URL", "wss"),
            ("DATABASE_URL", "postgresql+asyncpg"),
        )
        for place in (
            "bot:hunter2@api.example.com/v1",
            "bot:with%40hunter2@api.example.com/v1",
            "api.example.com/v1?api_key=hunter2",
            "api.example.com/v1?v=10&Token=hunter2",
            "api.example.com/v1?hunter2",
            "api.example.com/v1?a=1;b=hunter2",
            "api.example.com/v1#hunter2",
        )
    ]
    + [
        ("GENERATION_API_URL", "https://hunter2@api.example.com/v1"),
        ("DISCORD_API_URL", "https://hunter2@api.example.com/v1"),
        ("DISCORD_GATEWAY_URL", "wss://hunter2@api.example.com/v1"),
        ("DATABASE_URL", "sqlite+aiosqlite:///data/api.example.com/v1?key=hunter2"),
    ],
)
@pytest.mark.usefixtures("secrets")
def test_a_key_in_an_address_is_not_shown_wherever_it_stands(monkeypatch: pytest.MonkeyPatch, name: str, address: str):
    monkeypatch.setenv(name, address)
    settings = load_settings()
    for text in (str(settings.described()), repr(settings), str(settings)):
        assert "hunter2" not in text
    assert "api.example.com/v1" in settings.described()[name]
    assert getattr(settings, name.lower()) == address


@pytest.mark.parametrize(
    "address", ["sqlite+aiosqlite:////srv/me@home/compose.db", "postgresql+asyncpg://bot@db:5432/compose?ssl=require"]
)
@pytest.mark.usefixtures("secrets")
def test_an_address_without_a_key_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch, address: str):
    monkeypatch.setenv("DATABASE_URL", address)
    assert load_settings().described()["DATABASE_URL"] == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://bot:hunter2@db/compose"),
        ("DATABASE_URL", "postgresql+asyncpg://bot:hunter2/3@db/compose"),
        ("GENERATION_API_URL", "https://me:hunter2@[bad"),
        ("LOG_LEVEL", "hunter2"),
        ("HEALTH_PORT", "hunter2"),
    ],
)
@pytest.mark.usefixtures("secrets")
def test_an_error_never_repeats_what_was_typed(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("", set()),
        ("cdn.example.com", {"cdn.example.com"}),
        (" CDN.example.com.,  files.example.org ", {"cdn.example.com", "files.example.org"}),
    ],
)
def test_hosts_of_tracks_are_a_list(monkeypatch: pytest.MonkeyPatch, given: str, hosts: set[str]):
    monkeypatch.setenv("TRACK_HOSTS", given)
    assert load_settings().track_host_names == hosts


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    "given", ["https://cdn.example.com", "cdn.example.com/x", "*.example.com", "localhost", "127.0.0.1", "a:1", "com"]
)
def test_what_is_no_public_host_is_not_taken_for_one_of_tracks(monkeypatch: pytest.MonkeyPatch, given: str):
    monkeypatch.setenv("TRACK_HOSTS", given)
    assert problems_of() == ("TRACK_HOSTS: must be host names such as cdn.example.com, with commas between them",)


@pytest.mark.usefixtures("secrets")
def test_who_may_order_is_closed_unless_it_is_opened(monkeypatch: pytest.MonkeyPatch):
    settings = load_settings()
    assert (settings.allowed_guild_ids, settings.allow_direct, settings.allow_user_install) == (
        frozenset(),
        "off",
        "off",
    )
    monkeypatch.setenv("ALLOWED_GUILDS", " 1094206712345678901, 5\t6,")
    monkeypatch.setenv("ALLOW_DIRECT", "On")
    monkeypatch.setenv("ALLOW_USER_INSTALL", "yes")
    settings = load_settings()
    assert settings.allowed_guild_ids == {1094206712345678901, 5, 6}
    assert (settings.allow_direct, settings.allow_user_install) == ("on", "on")
    assert settings.described()["ALLOW_DIRECT"] == "on"


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("ids", ["home", "12,home", "-5", "0", "1.5", "99999999999999999999999", "<@5>", ",", "\u0661"])
def test_what_is_no_servers_id_is_named_with_where_to_find_one(monkeypatch: pytest.MonkeyPatch, ids: str):
    monkeypatch.setenv("ALLOWED_GUILDS", ids)
    (problem,) = problems_of()
    assert problem.startswith("ALLOWED_GUILDS: ")
    assert "is no server's id" in problem
    assert "Copy Server ID" in problem


@pytest.mark.usefixtures("secrets")
def test_a_switch_that_is_neither_on_nor_off_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALLOW_DIRECT", "perhaps")
    assert problems_of() == ("ALLOW_DIRECT: must be on or off (yes or no, true or false, 1 or 0)",)


LIMIT_NAMES = (
    "LIMIT_MEMBER_PER_DAY",
    "LIMIT_MEMBER_AT_ONCE",
    "LIMIT_GUILD_PER_DAY",
    "BUDGET_PER_DAY",
    "BUDGET_PER_MONTH",
    "DATA_MAX_BYTES",
    "MEMBER_MAX_BYTES",
)


@pytest.mark.usefixtures("secrets")
def test_a_bot_on_discord_is_limited_by_default():
    settings = load_settings()
    assert (settings.limit_member_per_day, settings.limit_member_at_once, settings.limit_guild_per_day) == (5, 2, None)
    assert (settings.budget_per_day, settings.budget_per_month, settings.price_per_song) == (None, None, None)
    assert (settings.operator_ids, settings.show_price, settings.currency) == (frozenset(), "no", "USD")


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("name", LIMIT_NAMES)
def test_an_empty_limit_is_none_and_nought_is_nought(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for empty in ("", "  "):
        monkeypatch.setenv(name, empty)
        assert getattr(load_settings(), name.lower()) is None
        assert load_settings().described()[name] == "(no limit)"
    monkeypatch.setenv(name, "0")
    assert getattr(load_settings(), name.lower()) == 0
    monkeypatch.delenv(name)
    (tmp_path / ".env").write_text(f"{name}=\n")
    assert getattr(load_settings(), name.lower()) is None
    # the environment wins, as always
    monkeypatch.setenv(name, "3")
    assert getattr(load_settings(), name.lower()) == 3


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("LIMIT_MEMBER_PER_DAY", "five", "no number of songs"),
        ("LIMIT_GUILD_PER_DAY", "-1", "no number of songs"),
        ("BUDGET_PER_MONTH", "2,50", "no amount of money"),
        ("PRICE_PER_SONG", "cheap", "no amount of money"),
        ("OPERATORS", "12, ada", "is no id"),
        ("CURRENCY", "dollars", "no currency"),
        ("SHOW_PRICE", "sometimes", "neither yes nor no"),
    ],
)
@pytest.mark.usefixtures("secrets")
def test_what_cannot_be_counted_is_told_with_its_line(
    name: str, value: str, wanted: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, value)
    (problem,) = problems_of()
    assert problem.startswith(f"{name}: ")
    assert wanted in problem


@pytest.mark.usefixtures("secrets")
def test_what_songs_may_hold_is_written_as_people_write_sizes(monkeypatch: pytest.MonkeyPatch):
    settings = load_settings()
    assert (settings.data_max_bytes, settings.member_max_bytes, settings.data_min_free_bytes) == (
        None,
        500 * 2**20,
        2**28,
    )
    monkeypatch.setenv("DATA_MAX_BYTES", "2GB")
    monkeypatch.setenv("MEMBER_MAX_BYTES", "none")
    monkeypatch.setenv("DATA_MIN_FREE_BYTES", "0")
    monkeypatch.setenv("REFERENCE_MAX_BYTES", "20 MiB")
    settings = load_settings()
    assert (settings.data_max_bytes, settings.member_max_bytes, settings.data_min_free_bytes) == (2 * 10**9, None, 0)
    assert settings.reference_max_bytes == 20 * 2**20


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("typed", ["much", "1,5GB", "-1", "500 MiBs", "5 G i B", "1.5", "1e9"])
def test_what_is_no_size_is_named_with_how_to_write_one(typed: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEMBER_MAX_BYTES", typed)
    assert problems_of() == ("MEMBER_MAX_BYTES: must be a size in bytes, such as 524288000, 500MiB or 2GB",)


# --- several models ---------------------------------------------------------------------------------------------------


def test_without_a_model_that_needs_it_the_key_may_be_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("GENERATION_MODEL", "acestep")
    settings = load_settings()
    assert settings.models == ("acestep",)
    assert settings.generation_api_key.get_secret_value() == ""
    assert settings.described()["GENERATION_API_KEY"] == "(unset)"
    assert (settings.acestep_api_url, settings.acestep_api_key) == ("http://127.0.0.1:8001", None)


def test_every_key_that_is_needed_is_named_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENERATION_MODEL", "minimax-music, fal:ace-step")
    monkeypatch.setenv("ACESTEP_REFERENCE", "remix")
    problems = problems_of()
    assert [problem.split(" ")[0].rstrip(":") for problem in problems] == [
        "DISCORD_TOKEN",
        "GENERATION_API_KEY",
        "ACESTEP_REFERENCE",
        "FAL_API_KEY",
    ]


@pytest.mark.usefixtures("secrets")
def test_a_model_nobody_knows_is_told_with_all_other_problems(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENERATION_MODEL", "suno, minimax-music, music-9")
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(SettingsError) as caught:
        load_settings(judge_models=objection_to_models)
    first, second = caught.value.problems
    assert first.startswith("GENERATION_MODEL: no models 'suno', 'music-9' are known here; known: minimax-music")
    assert second.startswith("LOG_FORMAT")


@pytest.mark.usefixtures("secrets")
def test_a_model_named_twice_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENERATION_MODEL", "minimax-music, acestep,Minimax-Music")
    assert problems_of() == ("GENERATION_MODEL: names minimax-music more than once; keep one of each",)


def test_the_keys_of_all_services_come_from_files_and_are_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("GENERATION_MODEL", "fal:ace-step,acestep")
    Path("fal.txt").write_text("fal-hunter2\n")
    Path("own.txt").write_text("own-hunter3\n")
    monkeypatch.setenv("FAL_API_KEY_FILE", "fal.txt")
    monkeypatch.setenv("ACESTEP_API_KEY_FILE", "own.txt")
    settings = load_settings()
    assert settings.fal_api_key == SecretStr("fal-hunter2")
    assert settings.acestep_api_key == SecretStr("own-hunter3")
    assert "hunter" not in f"{settings!r} {settings} {settings.described()}"


@pytest.mark.parametrize("name", ["ACESTEP_API_URL", "FAL_API_URL"])
@pytest.mark.usefixtures("secrets")
def test_the_address_of_every_service_is_looked_at(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "queue.fal.run")
    (problem,) = problems_of()
    assert problem.startswith(f"{name}: ")


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("kind", ["device", "pipe", "large"])
def test_a_word_list_without_an_end_is_refused_with_a_sentence(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "words.txt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        path.write_bytes(b"word\n" * (2 << 20))
    settings = load_settings(blocked_words_file=str(path))
    with pytest.raises(SettingsError) as refused:
        settings.blocked_words()
    (said,) = refused.value.problems
    assert said.startswith(f"BLOCKED_WORDS_FILE {path}: is ")
    assert "plain file" in said if kind != "large" else "8 MiB" in said
