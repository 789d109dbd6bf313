"""The one door: `python -m bot [run | check]`.

Exit codes: 0 after a clean stop, 1 when it cannot run here and now, 2 on unusable settings, 3 when Discord refuses the
token.
"""

import argparse
import asyncio
import logging
import os
import sys

from bot import check
from bot.app import run
from bot.errors import SettingsError
from bot.logs import set_up_logs
from bot.secrecy import close_memory
from bot.settings import load_settings

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments and the settings, do what was asked, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="A Discord bot that makes songs.")
    parser.add_argument("what", nargs="?", choices=("run", "check"), default="run", help="run it, or try the settings")
    what = parser.parse_args(arguments).what
    open_memory = close_memory()
    os.umask(0o077)  # lyrics, songs, the database: whatever this process and its children create is this user's alone
    try:
        settings = load_settings()
        if what == "check":
            return asyncio.run(check.run(settings, open_memory))
        set_up_logs(settings.log_format, settings.log_level)
        if open_memory:
            log.warning("the bot's memory and environment are open to this user's other processes: %s", open_memory)
        return asyncio.run(run(settings))
    except SettingsError as error:
        print("These settings cannot be used:", *error.problems, sep="\n- ", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
