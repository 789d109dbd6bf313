"""How log lines look: text for people, JSON for machines; the job's id on every line that has one, secrets on none."""

import json
import logging
import math
import re
import sys
from datetime import UTC, datetime

#: A URL's login and query (which signs it), a bearer key, an interaction's or webhook's token: whatever slips into a
#: message is cut out here. "Bot" counts only in Discord's own spelling, for the word is common in prose.
_SECRETS = re.compile(
    r"(?P<login>(?<=://)[^/?#\s\"']+(?=@))|(?P<query>\?[^\s\"'>)]*)"
    r"|(?P<bearer>(?:(?i:Bearer)|Bot)\s+)\S+|(?P<path>/(?:webhooks|interactions)/\d+/)[^/\s\"'?>)]+"
)

#: What moves a terminal's cursor, breaks a line, turns a text's direction round, or cannot be encoded: names, titles,
#: file names and answers come from strangers, and one of them must not be able to write a line of its own.
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

#: What LogRecord has by itself; everything else came through `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def masked(text: str) -> str:
    """`text` without queries of URLs, bearer keys and interaction tokens."""
    return _SECRETS.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    if found["query"] is not None:
        # a question mark in prose has no "=" behind it; a query has
        return "?…" if "=" in found["query"] else found["query"]
    return f"{found['bearer'] or found['path'] or ''}…"


def one_line(text: str) -> str:
    """`text` with every character that is not seen, or ends a line, spelled out: safe for a terminal and a log."""
    return _HIDDEN.sub(lambda found: _SHORT.get(found[0]) or _spelled(found[0]), text)


def counted(count: int, noun: str) -> str:
    """`1 server`, `2 servers`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _spelled(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"


def _indented(trace: str) -> str:
    """A trace as lines that nobody takes for lines of the log, whatever stands in its exceptions' messages."""
    return "".join(f"\n  {one_line(line)}" for line in trace.split("\n"))


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _harmless(value: object) -> object:
    """Numbers stay numbers; anything else is text (an exception's, a path's, a URL's), masked."""
    return _rounded(value) if value is None or isinstance(value, bool | int | float) else masked(str(value))


def _rounded(value: object) -> object:
    """Seconds and the like to the thousandth: nothing here is measured better."""
    return round(value, 3) if isinstance(value, float) and math.isfinite(value) else value


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00 INFO bot.jobs.steps: job moved job=17 state=ready`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the trace below it, indented, if there is one; no value can add a line or a colour."""
        said = {name: _rounded(value) for name, value in _extras(record).items() if value is not None and value != ""}
        extras = "".join(f" {name}={value}" for name, value in said.items())
        when = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        line = f"{when} {record.levelname} {record.name}: {record.getMessage()}{extras}"
        trace = _indented(masked(self.formatException(record.exc_info))) if record.exc_info else ""
        return one_line(masked(line)) + trace


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then whatever came as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, with the trace as one string if there is one."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": masked(record.getMessage()),
            **{name: _harmless(value) for name, value in _extras(record).items()},
        }
        if record.exc_info:
            fields["trace"] = masked(self.formatException(record.exc_info))
        # what JSON itself lets stand, a terminal may still obey; spelled so, it is the same JSON
        return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(fields, ensure_ascii=False))


def shorten_reconnects(record: logging.LogRecord) -> bool:
    """discord.py prints a trace for every lost connection that it is about to mend: the kind of error is enough."""
    if record.name == "discord.client" and record.exc_info and "reconnect" in str(record.msg):
        kind = record.exc_info[0]
        record.msg = f"{record.msg} ({kind.__name__ if kind else 'lost'})"
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    return True


def set_up_logs(log_format: str, level: str) -> None:
    """Send everything to standard error in the given format; libraries say less than the bot does."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    handler.addFilter(shorten_reconnects)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("INFO" if level == "DEBUG" else "ERROR" if level == "ERROR" else "WARNING")
    for name in ("bot", "cogs"):
        logging.getLogger(name).setLevel(level)
