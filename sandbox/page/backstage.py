"""Behind the page: the levers of whatever is there (Discord always, a bot's process and other things if given)."""

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from sandbox.discord import Call, Channel, FakeDiscord
from sandbox.discord.clock import iso
from sandbox.discord.objects import JSON

from .levers import Extra, Group, Lever, LeverError, connection_levers, permission_levers, restore

#: Enough to see what came of one command; the panel is no log viewer.
_CALLS_SHOWN = 40


class Process(Protocol):
    """A bot that can be killed and started again."""

    @property
    def is_running(self) -> bool:
        """Whether it is there."""
        ...

    async def start(self) -> None:
        """Start it again."""
        ...

    async def stop(self) -> int:
        """End it politely."""
        ...

    async def kill(self) -> None:
        """End it at once."""
        ...


class Backstage:
    """The panel's content and what its levers do."""

    def __init__(self, discord: FakeDiscord, *, bot: Process | None = None, extras: Sequence[Extra] = ()) -> None:
        """`bot` and `extras`: without them their levers are missing. Raises ValueError when two levers have one id."""
        self._discord = discord
        self._extras = extras
        groups = [_bot_levers(bot)] if bot is not None else []
        groups += [connection_levers(discord), permission_levers(discord)]
        groups += [group for extra in extras for group in extra.groups]
        self._groups = groups
        self._levers = _by_id(groups)

    def view(self, channel: Channel) -> JSON:
        """The levers as they stand for a channel, and what the bot called lately, newest first."""
        calls = self._discord.calls[-_CALLS_SHOWN:]
        return {
            "groups": [group.view(channel) for group in self._groups],
            "calls": [_call(call) for call in reversed(calls)],
            "notes": [note for extra in self._extras for note in extra.notes()],
            "violations": [violation.view() for violation in self._discord.violations[-_CALLS_SHOWN:]],
        }

    async def pull(self, name: str, channel: Channel, value: Any) -> None:
        """Pull a lever. Raises LookupError if there is none of that name, LeverError if it cannot be pulled now."""
        if name not in self._levers:
            raise LookupError(f"lever {name!r}")
        done = self._levers[name].pull(channel, value)
        if isinstance(done, Awaitable):
            await done

    async def restore(self) -> None:
        """Everything works again, the bot's process excepted."""
        await self._discord.accept_connections()
        restore(self._discord)
        for extra in self._extras:
            extra.restore()


def _by_id(groups: Sequence[Group]) -> dict[str, Lever]:
    levers: dict[str, Lever] = {}
    for group in groups:
        for lever in group.levers:
            if lever.id in levers:
                raise ValueError(f"two levers are called {lever.id!r}: {levers[lever.id].label!r} and {lever.label!r}")
            levers[lever.id] = lever
    return levers


def _bot_levers(bot: Process) -> Group:
    async def kill(*_: Any) -> None:
        _expect(bot, running=True)
        await bot.kill()

    async def stop(*_: Any) -> None:
        _expect(bot, running=True)
        await bot.stop()

    async def start(*_: Any) -> None:
        _expect(bot, running=False)
        await bot.start()

    return Group(
        title="The bot's process",
        levers=(
            Lever(id="kill", label="Kill it", about="SIGKILL, in the middle of whatever it does.", pull=kill),
            Lever(id="stop", label="Stop it", about="SIGTERM: it may finish what it must.", pull=stop),
            Lever(id="start", label="Start it again", about="On the same data.", pull=start),
        ),
    )


def _expect(bot: Process, *, running: bool) -> None:
    if bot.is_running != running:
        raise LeverError("The bot is not running." if running else "The bot is running already.")


def _call(call: Call) -> JSON:
    """One line: no bodies, so that nothing a member wrote is in it; the books mask tokens by themselves."""
    return {
        "at": iso(call.at),
        "method": call.method,
        "path": call.path,
        "status": call.status,
        "code": call.code,
        "fault": call.fault,
        "milliseconds": round(call.seconds * 1000),
    }
