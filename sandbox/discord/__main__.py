"""The sandbox Discord as its own process: prints one JSON line with its addresses and runs until it is stopped."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys

from aiohttp import web

from .control import control_application
from .doors import LOOPBACK, add_host_names, base_url
from .server import DEFAULT_APP_NAME, DEFAULT_TOKEN, FakeDiscord
from .world import Rules


def arguments(given: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.discord", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", choices=sorted(LOOPBACK), help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="REST, gateway and CDN (0: any free port)")
    parser.add_argument("--control-port", type=int, default=0, help="control API (0: any free port)")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the bot token that is accepted")
    parser.add_argument("--app-name", default=DEFAULT_APP_NAME, help="what the bot is called")
    add_host_names(parser)
    parser.add_argument("--rate-limits", action="store_true", help="enforce Discord's request budget")
    return parser.parse_args(given)


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends it without a farewell
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    rules = Rules(rate_limits=options.rate_limits)
    async with contextlib.AsyncExitStack() as stack:
        discord = await stack.enter_async_context(
            FakeDiscord(
                host=options.host,
                port=options.port,
                token=options.token,
                rules=rules,
                app_name=options.app_name,
                host_names=options.host_names,
            )
        )
        runner = web.AppRunner(control_application(discord), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, options.host, options.control_port).start()
        control_port = runner.addresses[0][1]
        addresses = {
            "api_url": discord.api_url,
            "gateway_url": discord.gateway_url,
            "control_url": base_url(options.host, control_port),
            "control_token": discord.control_token,
            "token": discord.token,
            "application_id": str(discord.world.application_id),
        }
        print(json.dumps(addresses), flush=True)
        await stopping.wait()


def main(given: list[str]) -> int:
    """Run until it is stopped; the exit code."""
    try:
        asyncio.run(serve(arguments(given)))
    except OSError as error:
        print(f"cannot listen: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
