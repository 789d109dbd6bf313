"""What an operator can get wrong, and what they read then: docs/mistakes.md is written from it.

`python -m tests.bot.mistakes` writes the page; tests/bot/test_mistakes.py holds it to the bot.
"""

import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.__main__ import main
from bot.settings import env_file_remarks, load_settings, variable_names

#: Shaped as Discord's, and nobody's.
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789-_"
KEY = "0123456789abcdef0123456789abcdef"
GOOD = f"DISCORD_TOKEN={TOKEN}\nGENERATION_API_KEY={KEY}\n"

#: Should a mistake not be seen, nothing of it leaves this machine.
NOWHERE = {"DISCORD_API_URL": "http://127.0.0.1:1", "GENERATION_API_URL": "http://127.0.0.1:1"}

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/mistakes.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One, in an otherwise empty folder: `.env` as it stands there, more files, and who reads what of it."""

    what: str
    env: str | bytes | None = None
    environment: tuple[tuple[str, str], ...] = ()
    prepare: Callable[[Path], object] | None = None
    works: bool = False  #: it is told, and the bot runs all the same
    never: str = ""  #: what must not be printed, beside token and key


def _token(value: str) -> str:
    return f"DISCORD_TOKEN={value}\nGENERATION_API_KEY={KEY}\n"


def _key(value: str) -> str:
    return f"DISCORD_TOKEN={TOKEN}\nGENERATION_API_KEY={value}\n"


def _folder(name: str) -> Callable[[Path], object]:
    return lambda here: (here / name).mkdir()


def _file(name: str, text: str) -> Callable[[Path], object]:
    return lambda here: (here / name).write_text(text, encoding="utf-8")


SWAPPED = f"DISCORD_TOKEN={KEY}\nGENERATION_API_KEY={TOKEN}\n"
HALF = len(TOKEN) // 2

MISTAKES: tuple[Mistake, ...] = (
    Mistake(what="no `.env` at all"),
    Mistake(what="the example copied, nothing filled in", env=(ROOT / ".env.example").read_text(encoding="utf-8")),
    Mistake(what="token and key swapped", env=SWAPPED),
    Mistake(what="the token in both lines", env=_key(TOKEN)),
    Mistake(what="`Bot ` in front of the token", env=_token(f"Bot {TOKEN}")),
    Mistake(what="`Bearer ` in front of the key", env=_key(f"Bearer {KEY}")),
    Mistake(what="the line pasted where its value belongs", env=_token(f"DISCORD_TOKEN={TOKEN}")),
    Mistake(what="quotes kept, as `docker --env-file` does", environment=(("DISCORD_TOKEN", f'"{TOKEN}"'),), env=GOOD),
    Mistake(what="quotes of a text processor", env=_token(f"\u201c{TOKEN}\u201d")),
    Mistake(what="one quote too many at the end", env=_token(f'{TOKEN}"')),
    Mistake(what="quotes around another value", environment=(("LOG_LEVEL", "'INFO'"),), env=GOOD),
    Mistake(what="a quote that is not closed", env=f'DISCORD_TOKEN="{TOKEN}\nGENERATION_API_KEY="{KEY}"\n'),
    Mistake(what="a blank inside", env=_key(f"{KEY[:9]} {KEY[9:]}")),
    Mistake(what="a blank that does not break", env=_key(f"{KEY[:9]}\u00a0{KEY[9:]}")),
    Mistake(what="a zero-width sign", env=_token(f"{TOKEN}\u200b")),
    Mistake(what="a byte order mark inside", env=_key(f"\ufeff{KEY}")),
    Mistake(what="a token over two lines", env=_token(f"{TOKEN[:HALF]}\n{TOKEN[HALF:]}"), never=TOKEN[HALF:]),
    Mistake(what="the same within quotes", env=_token(f'"{TOKEN[:HALF]}\n{TOKEN[HALF:]}"'), never=TOKEN[HALF:]),
    Mistake(what="a placeholder left", env=_token("your-token-here")),
    Mistake(what="another placeholder", env=_key("<API KEY>")),
    Mistake(what="the application's id as token", env=_token("123456789012345678")),
    Mistake(what="the public key as token", env=_token("0f" * 32)),
    Mistake(what="a music API's key as token", env=_token("sk-abcdefghijklmnop")),
    Mistake(what="letters that look alike", env=_token(TOKEN.replace("a", "\u0430"))),
    Mistake(what="a misspelt name", env=GOOD.replace("DISCORD_TOKEN", "DISCORD_TOKN")),
    Mistake(what="a misspelt name of something optional", env=f"{GOOD}LOG_LEVLE=DEBUG\n", works=True),
    Mistake(what="a colon instead of `=`", env=f"DISCORD_TOKEN: {TOKEN}\nGENERATION_API_KEY={KEY}\n"),
    Mistake(what="a value given twice", env=f"{GOOD}LOG_LEVEL=DEBUG\nLOG_LEVEL=INFO\n", works=True),
    Mistake(what="filled in above, empty below", env=f"{GOOD}DISCORD_TOKEN=\n"),
    Mistake(what="`.env` saved as `.env.txt`", prepare=_file(".env.txt", GOOD)),
    Mistake(what="`.env` is a folder", prepare=_folder(".env")),
    Mistake(what="`.env` is a link that leads nowhere", prepare=lambda here: (here / ".env").symlink_to("gone")),
    Mistake(what="`.env` saved as UTF-16", env=GOOD.encode("utf-16")),
    Mistake(what="`.env` saved as Latin-1", env=f"# Schl\u00fcssel\n{GOOD}".encode("latin-1")),
    Mistake(what="NAME and NAME_FILE", env=GOOD, environment=(("DISCORD_TOKEN_FILE", "token.txt"),)),
    Mistake(what="NAME_FILE names no file", env=f"DISCORD_TOKEN_FILE=token.txt\nGENERATION_API_KEY={KEY}\n"),
    Mistake(
        what="NAME_FILE names an empty file",
        env=f"DISCORD_TOKEN_FILE=token.txt\nGENERATION_API_KEY={KEY}\n",
        prepare=_file("token.txt", "\n"),
    ),
    Mistake(
        what="NAME_FILE names the other secret's file",
        env=f"DISCORD_TOKEN={TOKEN}\nGENERATION_API_KEY_FILE=token.txt\n",
        prepare=_file("token.txt", f"{TOKEN}\n"),
    ),
    Mistake(what="DATABASE_URL is nonsense", env=f"{GOOD}DATABASE_URL=my database\n"),
    Mistake(what="a port that does not exist", env=f"{GOOD}HEALTH_PORT=80800\n"),
    Mistake(what="a shard that does not exist", env=f"{GOOD}SHARD_COUNT=2\nSHARD_IDS=2\n"),
    Mistake(what="a number in words", env=f"{GOOD}GENERATION_CONCURRENCY=twenty\n"),
    Mistake(what="an unknown model", env=f"{GOOD}GENERATION_MODEL=music-9\n"),
    Mistake(
        what="a key in DISCORD_API_URL",
        environment=(("DISCORD_API_URL", f"https://{KEY}@discord.com/api/v10"),),
        env=GOOD,
    ),
    Mistake(what="BLOCKED_WORDS_FILE is a folder", env=f"{GOOD}BLOCKED_WORDS_FILE=words\n", prepare=_folder("words")),
    Mistake(what="BLOCKED_WORDS_FILE has no end", env=f"{GOOD}BLOCKED_WORDS_FILE=/dev/zero\n"),
    Mistake(what="DATA_DIR is a file", env=f"{GOOD}DATA_DIR=taken\n", prepare=_file("taken", "")),
    Mistake(what="HEALTH_HOST is no host", env=f"{GOOD}HEALTH_PORT=8080\nHEALTH_HOST=no..host\n"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of one mistake."""

    code: int | None  #: None where the bot would run
    printed: str  #: everything, as it was printed
    sentences: list[str]


def made(mistake: Mistake, here: Path) -> Reading:
    """Make the mistake in an empty folder and start the bot there. Nothing is sent anywhere."""
    if mistake.env is not None:
        content = mistake.env if isinstance(mistake.env, bytes) else mistake.env.encode()
        (here / ".env").write_bytes(content)
    if mistake.prepare is not None:
        mistake.prepare(here)
    before = dict(os.environ)
    os.environ.update({**NOWHERE, **dict(mistake.environment)})
    # a file, for what a stopping bot leaves to do for the worst case writes past Python
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        try:
            os.chdir(here)
            with contextlib.redirect_stderr(output), contextlib.redirect_stdout(output):
                code = None
                if mistake.works:
                    load_settings()
                    print(*env_file_remarks(), sep="\n")
                else:
                    code = main(["run"])
        finally:
            os.environ.clear()
            os.environ.update(before)
        output.seek(0)
        printed = output.read()
    return Reading(code=code, printed=printed, sentences=_sentences(printed))


def _sentences(printed: str) -> list[str]:
    """Without what the log puts before a message, and without lines that complain of nothing."""
    lines = [re.sub(r"^\S+ \S+ ERROR \S+: ", "", line) for line in printed.splitlines()]
    return [
        line.removeprefix("- ")
        for line in lines
        if not re.match(r"\S+ \S+ (?:INFO|WARNING) |These settings cannot be used:|Look at this too:", line)
    ]


def all_made() -> dict[str, Reading]:
    """Every mistake, each in a folder of its own."""
    for name in variable_names():
        os.environ.pop(name, None)
    found: dict[str, Reading] = {}
    for mistake in MISTAKES:
        with tempfile.TemporaryDirectory() as folder:
            found[mistake.what] = made(mistake, Path(folder))
            os.chdir(ROOT)
    return found


def page(read: dict[str, Reading]) -> str:
    """The whole page."""
    lines = [
        "# Mistakes, and what you read then",
        "",
        "Written by `make docs` from what the bot printed; a test makes each of these mistakes anew. The bot ends with",
        "2, or with 1 where this machine is in the way, before anything has left it. What is marked † is a warning",
        "alone: the bot runs.",
        "",
        "| mistake | what `python -m bot` says |",
        "|---|---|",
    ]
    for mistake in MISTAKES:
        said = "<br>".join(line.replace("|", "\\|").replace("<", "&lt;") for line in read[mistake.what].sentences)
        lines.append(f"| {mistake.what}{' †' if mistake.works else ''} | {said} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    readings = all_made()
    if "--print" in sys.argv:
        json.dump({what: asdict(reading) for what, reading in readings.items()}, sys.stdout)
    else:
        PAGE.write_text(page(readings), encoding="utf-8")
