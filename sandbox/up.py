"""`make sandbox`: a Discord, a music API, the bot and the channel as a web page, on this machine until Ctrl-C."""

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.bot_process import BotProcess
from sandbox.contracts import MODELS
from sandbox.generation import Settings
from sandbox.generation.sketching import SketchComposer
from sandbox.music_levers import MusicLevers
from sandbox.page import Backstage, Page
from sandbox.stage import Stage, open_stage

#: Bookmarks and shell history work from one day to the next; a free port is taken when this one is not.
PORT = 8750
#: Long enough to see the card change, short enough not to wait for.
_QUEUED_SECONDS = 2.0
_GENERATING_SECONDS = 8.0
_LOOK_SECONDS = 0.3


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C; 0 then, 1 if it could not be started."""
    options = _options(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="compose-sandbox-") as folder:
            asyncio.run(_run(options.port, Path(folder), options.model))
    except (RuntimeError, OSError, ValueError) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass  # where signals cannot be handled in the loop
    print("\nThe sandbox is closed; nothing of it is left.")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox up", description="The whole thing on one machine.")
    parser.add_argument(
        "--port", type=int, default=None, help=f"of the page (default {PORT}, or a free one if it is taken)"
    )
    parser.add_argument("--model", default="", help=f"models with commas between them: {', '.join(MODELS)}")
    return parser.parse_args(arguments)


async def _run(port: int | None, folder: Path, model: str) -> None:
    print("Starting a Discord and a music API on this machine, and the bot as its own process ...", flush=True)
    stopping = _stop_signal()
    settings = Settings(allow_loopback=True, queued_seconds=_QUEUED_SECONDS, generating_seconds=_GENERATING_SECONDS)
    async with (
        open_stage(
            folder / "bot",
            composer=SketchComposer(),
            generation=settings,
            bot_settings={"POLL_INTERVAL_SECONDS": "2"},
            model=model,
        ) as stage,
        open_page(stage, port) as page,
    ):
        print(
            f"\n  The channel:  {page.url}\n\nType / in it for the bot's commands. Ctrl-C ends everything.\n",
            flush=True,
        )
        following = asyncio.create_task(_follow(stage.bot))
        await stopping.wait()
        print("\nClosing ...", flush=True)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


@asynccontextmanager
async def open_page(stage: Stage, port: int | None = 0) -> AsyncIterator[Page]:
    """The page for a stage; `port` None prefers the usual one. Raises OSError when a given port is taken."""
    backstage = Backstage(stage.discord, bot=stage.bot, extras=[MusicLevers(stage.generation)])
    async with contextlib.AsyncExitStack() as stack:
        try:
            page = await stack.enter_async_context(
                Page(stage.discord, backstage=backstage, port=PORT if port is None else port)
            )
        except OSError:
            if port is not None:
                raise
            page = await stack.enter_async_context(Page(stage.discord, backstage=backstage))
        yield page


def _stop_signal() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopping.set)
    return stopping


async def _follow(bot: BotProcess) -> None:
    """Show the bot's log as it grows, over its restarts, and say when it is gone."""
    was_running = True
    with bot.log_path.open(encoding="utf-8", errors="replace") as log:
        while True:
            is_running = bot.is_running
            for line in log:
                print(f"bot | {line}", end="", flush=True)
            if was_running and not is_running:
                print("The bot has ended; under Faults it can be started again.", flush=True)
            was_running = is_running
            await asyncio.sleep(_LOOK_SECONDS)
