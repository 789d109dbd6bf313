"""The page and the sandbox's Discord for any bot: prints one JSON line with their addresses and runs until stopped."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence

from sandbox.discord import DEFAULT_APP_NAME, DEFAULT_TOKEN, FakeDiscord
from sandbox.discord.doors import add_host_names

from .server import Page


def main(arguments: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.page", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the page and the control API (0: any free port)")
    parser.add_argument("--discord-port", type=int, default=0, help="REST, gateway and CDN (0: any free port)")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the bot token that is accepted")
    parser.add_argument("--app-name", default=DEFAULT_APP_NAME, help="what the bot is called")
    add_host_names(parser)
    try:
        asyncio.run(_serve(parser.parse_args(arguments)))
    except OSError as error:
        print(f"cannot listen: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with (
        FakeDiscord(
            port=options.discord_port,
            token=options.token,
            app_name=options.app_name,
            host_names=options.host_names,
        ) as discord,
        Page(discord, port=options.port) as page,
    ):
        addresses = {
            "page_url": page.url,
            "api_url": discord.api_url,
            "gateway_url": discord.gateway_url,
            "control_url": page.url.rstrip("/"),
            "control_token": discord.control_token,
            "token": discord.token,
        }
        print(json.dumps(addresses), flush=True)
        await stopping.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
