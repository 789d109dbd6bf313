"""A log line is read by people or machines, and by whoever gets to see the log: it holds no secret."""

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
from yarl import URL

from bot.logs import JsonFormatter, TextFormatter, counted, masked, set_up_logs

SONG = "https://cdn.discordapp.com/attachments/1/2/song.mp3"
SIGNED = f"{SONG}?ex=68aa&is=68bb&hm=0123456789abcdef"
TOKEN = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OTA6c2VjcmV0"
KEY = "sk-live-0123456789"

SECRET_TEXTS = [
    (f"fetching {SIGNED} now", f"fetching {SONG}?… now", "hm="),
    (f'{{"url": "{SIGNED}"}}', f'{{"url": "{SONG}?…"}}', "hm="),
    (f"<{SIGNED}> ({SIGNED})", f"<{SONG}?…> ({SONG}?…)", "hm="),
    (f"Authorization: Bearer {KEY}", "Authorization: Bearer …", KEY),
    (f"authorization: bearer {KEY}", "authorization: bearer …", KEY),
    (f"Authorization: Bot {KEY}.Gabc.def", "Authorization: Bot …", KEY),
    (f"POST /api/v10/interactions/123/{TOKEN}/callback", "POST /api/v10/interactions/123/…/callback", TOKEN),
    (f"PATCH /webhooks/123/{TOKEN}/messages/@original", "PATCH /webhooks/123/…/messages/@original", TOKEN),
    (f"/webhooks/123/{TOKEN}?thread_id=1", "/webhooks/123/…?…", TOKEN),
    ("/webhooks/123/short", "/webhooks/123/…", "short"),
    ("postgresql+asyncpg://bot:hunter2@db/compose", "postgresql+asyncpg://…@db/compose", "hunter2"),
    ("postgresql+asyncpg://bot:a@hunter2@db/compose", "postgresql+asyncpg://…@db/compose", "hunter2"),
    (f"https://{KEY}@api.example.com/v2", "https://…@api.example.com/v2", KEY),
    (f"https://api.example.com/v2?api_key={KEY}", "https://api.example.com/v2?…", KEY),
    (f"wss://gateway.example.com/?token={KEY}", "wss://gateway.example.com/?…", KEY),
]


@pytest.mark.parametrize(("text", "shown", "secret"), SECRET_TEXTS)
def test_secrets_are_cut_out_of_any_text(text: str, shown: str, secret: str):
    assert masked(text) == shown
    assert secret not in shown


@pytest.mark.parametrize("text", ["ready?", "why? because 1 + 1 = 2", "a robot sings", "https://example.org/a/b"])
def test_prose_stays_as_it_is(text: str):
    assert masked(text) == text


def record(message: str, *args: object, exc_info: object = None, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("bot.jobs.steps").makeRecord(
        "bot.jobs.steps",
        logging.INFO,
        "steps.py",
        1,
        message,
        args,
        exc_info,
        extra=extra or None,  # type: ignore[arg-type]
    )
    made.created = 1_769_860_800.25
    return made


def test_a_text_line_has_time_level_name_and_what_was_added():
    line = TextFormatter().format(record("job %s", "moved", job=17, state="ready"))
    assert line == "2026-01-31 12:00:00 INFO bot.jobs.steps: job moved job=17 state=ready"


def test_a_json_line_is_one_object_with_numbers_as_numbers():
    line = JsonFormatter().format(record("job\n%s ♪", "moved", job=17, seconds=1.5, late=True, nothing=None))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-01-31T12:00:00.250+00:00",
        "level": "INFO",
        "logger": "bot.jobs.steps",
        "message": "job\nmoved ♪",
        "job": 17,
        "seconds": 1.5,
        "late": True,
        "nothing": None,
    }


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_what_was_added_is_masked_whatever_it_is(formatter: logging.Formatter):
    line = formatter.format(
        record("x", url=SIGNED, address=URL(SIGNED), error=ValueError(SIGNED), listed=[SIGNED, f"Bearer {KEY}"])
    )
    assert "hm=" not in line
    assert KEY not in line


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_arguments_of_a_message_are_masked(formatter: logging.Formatter):
    assert "hm=" not in formatter.format(record("cannot fetch %s", SIGNED))


FORGED = "2026-01-31 12:00:00 INFO bot.app: all is well"
#: Each ends a line or moves the cursor somewhere: in a terminal, a pager, an editor, or Python's own splitlines.
BREAKS = [
    "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029",
    "\x1b[2K\x1b[1G", "\x1b]0;title\x07", "\x9b2K", "\x08" * 9, "\0", "\x7f", "\u202e", "\u2066", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize("character", BREAKS)
def test_no_value_from_outside_writes_a_line_of_its_own_or_moves_the_cursor(
    formatter: logging.Formatter, character: str
):
    evil = f"song{character}{FORGED}"
    line = formatter.format(record("a file named %s", evil, title=evil, error=ValueError(evil)))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert line.count("all is well") == 3


def test_what_json_says_is_unchanged_by_it():
    line = JsonFormatter().format(record("a\x9b\u202eb\u2028 ä ♪"))
    assert json.loads(line)["message"] == "a\x9b\u202eb\u2028 ä ♪"
    assert "ä ♪" in line


@pytest.mark.parametrize("character", BREAKS)
def test_a_trace_stays_readable_and_none_of_its_lines_begins_like_one_of_the_log(character: str):
    evil = f"song{character}{FORGED}"
    trace = trace_of(cause=ConnectionError(evil), error=RuntimeError(evil))
    first, *rest = TextFormatter().format(record("a step failed", exc_info=trace)).split("\n")
    assert first.endswith("a step failed")
    assert "  Traceback (most recent call last):" in rest
    assert any("in trace_of" in line for line in rest)
    assert all(line.startswith("  ") and line.isprintable() for line in rest)


def trace_of(*, cause: Exception, error: Exception) -> object:
    """What `sys.exc_info()` gives while `error`, which came from `cause`, is handled."""
    error.__cause__ = cause
    try:
        raise error
    except RuntimeError:
        return sys.exc_info()


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_trace_is_kept_and_masked_with_its_causes(formatter: logging.Formatter):
    trace = trace_of(cause=ConnectionError(f"no answer from {SIGNED}"), error=RuntimeError(f"Bearer {KEY}"))
    line = formatter.format(record("a step failed", exc_info=trace))
    assert "RuntimeError: Bearer …" in line
    assert f"ConnectionError: no answer from {SONG}?…" in line
    assert "hm=" not in line
    assert KEY not in line


def test_a_trace_in_json_is_one_string_on_the_same_line():
    line = JsonFormatter().format(record("failed", exc_info=trace_of(cause=OSError(), error=RuntimeError("oh"))))
    assert "\n" not in line
    assert json.loads(line)["trace"].endswith("RuntimeError: oh")


@pytest.fixture
def restored() -> Iterator[None]:
    """The test runner's own handlers and levels, afterwards."""
    loggers = [logging.getLogger(name) for name in ("", "bot", "cogs")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("DEBUG", {"bot": "DEBUG", "library": "INFO"}),
        ("INFO", {"bot": "INFO", "library": "WARNING"}),
        ("WARNING", {"bot": "WARNING", "library": "WARNING"}),
        ("ERROR", {"bot": "ERROR", "library": "ERROR"}),
    ],
)
def test_libraries_say_less_than_the_bot(level: str, heard: dict[str, str]):
    set_up_logs("text", level)
    for name in ("bot", "cogs"):
        assert logging.getLogger(f"{name}.part").getEffectiveLevel() == logging.getLevelName(heard["bot"])
    assert logging.getLogger("discord.http").getEffectiveLevel() == logging.getLevelName(heard["library"])


@pytest.mark.usefixtures("restored")
def test_everything_goes_to_standard_error_once_even_when_set_up_twice(monkeypatch: pytest.MonkeyPatch):
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logs("text", "INFO")
    set_up_logs("json", "INFO")
    logging.getLogger("bot.app").info("ready")
    logging.getLogger("discord.http").info("not heard")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["ready"]


@pytest.mark.usefixtures("restored")
def test_a_reconnect_of_discords_library_is_one_line_without_a_trace(monkeypatch: pytest.MonkeyPatch):
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logs("text", "INFO")
    lost = ConnectionResetError("gone")
    logging.getLogger("discord.client").error("Attempting a reconnect in %.2fs", 1.5, exc_info=lost)
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("WARNING discord.client: Attempting a reconnect in 1.50s (ConnectionResetError)")


def test_a_line_has_no_blots():
    made = record("track kept", why="", status=None, seconds=26.04081632653061, share=0.5, bytes=0, is_new=False)
    assert TextFormatter().format(made).endswith(": track kept seconds=26.041 share=0.5 bytes=0 is_new=False")
    assert json.loads(JsonFormatter().format(made))["seconds"] == 26.041


@pytest.mark.parametrize(("count", "words"), [(0, "0 servers"), (1, "1 server"), (2, "2 servers")])
def test_one_is_not_many(count: int, words: str):
    assert counted(count, "server") == words
