"""`python -m sandbox.generation`: the stand-in as a process of its own, for a bot that is one too."""

import argparse
import asyncio
import contextlib
import ipaddress
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.discord.doors import add_host_names
from sandbox.generation.composer import PlainComposer
from sandbox.generation.config import Settings
from sandbox.generation.server import CONTRACTS, HOST, FakeGeneration
from sandbox.generation.sketching import SketchComposer

_DEFAULTS = Settings()


def _number(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.generation",
        description="The music API on loopback. Prints one line of JSON with its address; stops on SIGTERM or Ctrl-C.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--host",
        type=_number,
        default=HOST,
        help="where it listens; 0.0.0.0 in a container alone, with --host-name for what it is called there",
    )
    parser.add_argument("--key", default=_DEFAULTS.key, help="the API key that is accepted")
    parser.add_argument("--seed", type=int, default=0, help="for faults that strike by chance")
    parser.add_argument("--folder", type=Path, help="keep references and tracks here")
    parser.add_argument("--queued-seconds", type=float, default=1.0)
    parser.add_argument("--generating-seconds", type=float, default=3.0)
    parser.add_argument("--submit-seconds", type=float, default=0.0, help="how long a POST takes")
    parser.add_argument("--songs", type=int, help="credits, counted in songs")
    parser.add_argument("--most-at-once", type=int, help="more unfinished generations are answered with 429")
    parser.add_argument(
        "--composer",
        choices=("sketch", "plain"),
        default="sketch",
        help="sketch: an offline generator, no AI; plain: a few notes, at once",
    )
    parser.add_argument("--speaks", choices=tuple(CONTRACTS), default="aiml", help="whose contract")
    add_host_names(parser)
    parser.add_argument(
        "--control", action="store_true", help="offer faults, scripts and settings below /sandbox; prints their token"
    )
    parser.add_argument("--tracing", action="store_true", help="offer /v2/logs and the tracing headers")
    parser.add_argument(
        "--allow-loopback", action="store_true", help="fetch references from this machine too, not only from Discord"
    )
    return parser.parse_args(arguments)


async def _serve(options: argparse.Namespace) -> None:
    settings = Settings(
        key=options.key,
        queued_seconds=options.queued_seconds,
        generating_seconds=options.generating_seconds,
        submit_seconds=options.submit_seconds,
        songs_left=options.songs,
        most_at_once=options.most_at_once,
        has_tracing=options.tracing,
        allow_loopback=options.allow_loopback,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends it without a farewell
            loop.add_signal_handler(name, stop.set)
    composer = SketchComposer() if options.composer == "sketch" else PlainComposer()
    async with FakeGeneration(
        settings,
        composer=composer,
        host=options.host,
        port=options.port,
        seed=options.seed,
        folder=options.folder,
        host_names=options.host_names,
        has_control=options.control,
        speaks=options.speaks,
    ) as api:
        printed = {"url": api.url, "key": api.key, "pid": os.getpid()}
        if api.control_token is not None:
            printed["control_token"] = api.control_token
        print(json.dumps(printed), flush=True)
        await stop.wait()


def main(arguments: Sequence[str]) -> int:
    """Run until stopped; the exit code."""
    try:
        asyncio.run(_serve(_options(arguments)))
    except OSError as error:
        print(f"cannot listen: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass  # where signals cannot be handled in the loop
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
