"""The one door: `python -m bot [COMMAND | --version]`, or `python bot/__main__.py` where a panel starts a file.

Commands are `run`, which is meant without one, `worker`, `check`, and those of `bot.shell`. Exit codes: 0 after a clean
stop or when a command was done, 1 when it cannot be done here and now, 2 on unusable settings or arguments, 3 when
Discord refuses the token.
"""

import sys
from pathlib import Path

if not __package__:  # started as a file: its own folder is on the path then, the project's is not
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts it with an older one shall be told, not shown a trace
    sys.exit("Compose needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031 - as above

import argparse
import asyncio
import gc
import io
import logging
import os
import platform
from collections.abc import Sequence

gc.disable()  # modules stay: looking through them for rubbish, again and again while they load, finds none
try:
    from bot import __version__
    from bot.app import ProcessRole, run
    from bot.errors import SettingsError
    from bot.generation.traits import objection_to_models
    from bot.jobs.sharing import ProcessKind
    from bot.logs import set_up_logs
    from bot.memory import keep_one_heap
    from bot.secrecy import close_memory
    from bot.settings import Settings, env_file_remarks, load_settings
    from bot.shell.arguments import SHELL_COMMANDS, parsed
except ModuleNotFoundError as missing:
    if (missing.name or "bot").partition(".")[0] in {"bot", "cogs"}:
        raise
    sys.exit(
        f"The package {missing.name} is not installed for {sys.executable}. In the project's folder:\n"
        f"  {sys.executable} -m pip install --require-hashes -r requirements/run.lock"
    )

gc.freeze()  # nor does it later, and each full look would stop the event loop for longer
gc.enable()

log = logging.getLogger("bot")  # started by its file, this module has no name of the project


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments and the settings, do what was asked, return the exit code."""
    given = parsed(arguments, version=__version__)
    _print_what_can_be()
    keep_one_heap()
    open_memory = close_memory()
    os.umask(0o077)  # lyrics, songs, the database: whatever this process and its children create is this user's alone
    remarks = env_file_remarks()
    try:
        settings = load_settings(judge_models=objection_to_models)
        if given.what == "check":
            return _check(settings, open_memory, remarks)
        if given.what in SHELL_COMMANDS:
            return _say(settings, given)
        set_up_logs(settings.log_format, settings.log_level)
        log.info("compose-bot %s on Python %s, %s", __version__, platform.python_version(), _system())
        for remark in remarks:
            log.warning("%s", remark)
        if open_memory:
            log.warning("the bot's memory and environment are open to this user's other processes: %s", open_memory)
        return asyncio.run(run(settings, ProcessRole(kind=ProcessKind(given.what), standby=given.standby)))
    except SettingsError as error:
        print("These settings cannot be used:", *error.problems, sep="\n- ", file=sys.stderr)
        if further := [remark for remark in remarks if remark not in error.problems]:
            print("Look at this too:", *further, sep="\n- ", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # during a check; a running bot hears it by itself
        return 130
    except BrokenPipeError:  # `check | head`: whoever reads has had enough, and the rest goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _check(settings: Settings, open_memory: str, remarks: Sequence[str]) -> int:
    from bot import check  # a bot that runs has no use for it

    return asyncio.run(check.run(settings, open_memory, remarks))


def _say(settings: Settings, given: argparse.Namespace) -> int:
    """What went well is an answer; what did not goes where errors go, but for a script, which reads one place."""
    from bot.shell.commands import run_command  # a bot that runs has no use for it, nor for the archives it packs

    answer = asyncio.run(run_command(settings, given))
    print(answer.written(as_json=given.json), file=sys.stderr if answer.code and not given.json else sys.stdout)
    return answer.code


def _system() -> str:
    return f"{platform.system()} {platform.machine()}".strip()


def _print_what_can_be() -> None:
    """A console that is not UTF-8 (Windows, LANG=C) shows what it has no sign for spelled out, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
