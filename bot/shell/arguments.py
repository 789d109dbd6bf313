"""The command line: `python -m bot [COMMAND]`. What cannot be meant ends with a sentence and exit code 2."""

import argparse
import re
from pathlib import Path
from typing import Any

from bot.jobs.operating import MAX_DAYS

_ID = re.compile(r"[0-9]{15,20}")

#: Commands that open the database beside a running bot, or in its place.
SHELL_COMMANDS = ("song", "spent", "pause", "resume", "backup", "restore", "forget", "move-database")


def parsed(arguments: list[str] | None, *, version: str) -> argparse.Namespace:
    """Take the command line apart; `what` is the command."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="A Discord bot that makes songs.")
    parser.add_argument("--version", action="version", version=f"compose-bot {version}")
    parser.set_defaults(what="run", json=False, standby=False)
    commands = parser.add_subparsers(dest="what", metavar="COMMAND")
    run = commands.add_parser("run", help="run the bot (what happens without a command)")
    run.add_argument("--standby", action="store_true", help="if another runs on this database, wait until it ends")
    commands.add_parser("worker", help="run a process beside it that works on songs alone (PostgreSQL)")
    commands.add_parser("check", help="try the settings")
    _add_looking(commands)
    _add_stopping(commands)
    _add_keeping(commands)
    found = parser.parse_args(arguments)
    found.what = found.what or "run"
    return found


def _add(commands: Any, name: str, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}."
    )
    parser.add_argument("--json", action="store_true", help="answer for scripts")
    return parser


def _add_looking(commands: Any) -> None:
    song = _add(commands, "song", "what happened to a song: states, times, attempts, money")
    song.add_argument("song", type=_song, metavar="ID", help="its number, as its card says")
    spent = _add(commands, "spent", "what was spent, day by day, and by whom most")
    spent.add_argument("--days", type=_days, default=30, help="so many days back, 30 unless said (1 to 366)")


def _add_stopping(commands: Any) -> None:
    pause = _add(commands, "pause", "take no new orders and send nothing new; songs that are paid for go on")
    pause.add_argument("reason", nargs="*", help="for members, in your words")
    pause.add_argument("--until", metavar="TIME", help="2h, 30m, 3d, or 2026-12-31T18:00 (UTC)")
    _add(commands, "resume", "end a pause")


def _add_keeping(commands: Any) -> None:
    backup = _add(commands, "backup", "write database, references and tracks into one file or folder")
    backup.add_argument(
        "to", nargs="?", type=Path, help="NAME.tar, or a folder; unless said, a .tar in DATA_DIR/backups"
    )
    restore = _add(commands, "restore", "put a backup in the place of what is there; the bot must be stopped")
    restore.add_argument("source", type=Path, metavar="BACKUP", help="the file or folder that `backup` wrote")
    restore.add_argument(
        "--as-it-was",
        action="store_true",
        help="no bot has run since it was made: songs that waited are sent, instead of being asked about",
    )
    forget = _add(commands, "forget", "delete everything that is kept of a member")
    forget.add_argument("member", type=_member, metavar="MEMBER", help="their Discord id")
    move = _add(commands, "move-database", "copy everything into another database; the bot must be stopped")
    move.add_argument("to", metavar="ADDRESS", help="as DATABASE_URL has it; it must be empty")


def _song(typed: str) -> int:
    if not typed.isascii() or not typed.isdecimal() or len(typed) > 18:
        raise argparse.ArgumentTypeError(f"{typed[:40]!r} is no number of a song, such as 17")
    return int(typed)


def _days(typed: str) -> int:
    if not typed.isascii() or not typed.isdecimal() or not 1 <= int(typed[:9]) <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{typed[:40]!r} is no number of days from 1 to {MAX_DAYS}")
    return int(typed)


def _member(typed: str) -> int:
    if not _ID.fullmatch(typed):
        raise argparse.ArgumentTypeError(
            f"{typed[:40]!r} is no Discord id: those are 15 to 20 digits (Developer Mode, right click, Copy User ID)"
        )
    return int(typed)
