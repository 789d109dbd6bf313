"""Which function does what a command of the shell says."""

import argparse

from bot.clock import SystemClock
from bot.errors import DiskError, StartError, StoreError
from bot.settings import Settings
from bot.shell.answer import CommandOutput
from bot.shell.backing_up import back_up
from bot.shell.forgetting import forget
from bot.shell.moving import move_database
from bot.shell.pausing import pause, resume
from bot.shell.reporting import song, spent
from bot.shell.restoring import restore
from bot.store.db import refuse_unusable


async def run_command(settings: Settings, given: argparse.Namespace) -> CommandOutput:
    """Do it. What keeps it from being done is an answer too: one sentence, exit code 1. Raises SettingsError."""
    refuse_unusable(settings.database_url)
    try:
        return await _done(settings, given)
    except (StartError, DiskError) as error:
        return _refused(str(error))
    except StoreError as error:
        return _refused(f"The database did not answer as it should ({error}). Try again; nothing was left half done.")


async def _done(settings: Settings, given: argparse.Namespace) -> CommandOutput:
    clock = SystemClock()
    match given.what:
        case "song":
            return await song(settings, clock, given.song)
        case "spent":
            return await spent(settings, clock, given.days)
        case "pause":
            return await pause(settings, clock, " ".join(given.reason), given.until)
        case "resume":
            return await resume(settings, clock)
        case "backup":
            return await back_up(settings, clock, given.to)
        case "restore":
            return await restore(settings, clock, given.source, as_it_was=given.as_it_was)
        case "forget":
            return await forget(settings, clock, given.member)
        case _:
            return await move_database(settings, given.to)


def _refused(sentence: str) -> CommandOutput:
    return CommandOutput(text=sentence, values={"error": sentence}, code=1)
