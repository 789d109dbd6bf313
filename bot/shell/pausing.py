"""`pause` and `resume`: kept in the database, where a running bot reads it with every order and before every POST."""

from datetime import datetime

from bot.clock import Clock
from bot.jobs.acts import ActRefusedError
from bot.jobs.admission import EVERYWHERE
from bot.jobs.until import parse_until
from bot.settings import Settings
from bot.shell.answer import CommandOutput
from bot.shell.operating import SHELL, operating_on
from bot.store.beside import is_running, open_beside


async def pause(settings: Settings, clock: Clock, reason: str, until: str | None) -> CommandOutput:
    """Take no new orders, send nothing new. Raises StartError, StoreError."""
    now = clock.now()
    try:
        end = parse_until(until, now)
    except ActRefusedError as error:
        sentence = _not_a_time(error, until or "", now)
        return CommandOutput(text=sentence, values={"error": sentence}, code=2)
    async with open_beside(settings.database_url) as store:
        await operating_on(store, clock).pause(EVERYWHERE, SHELL, reason=reason, until=end)
    told = "until it is resumed" if end is None else f"until {end:%Y-%m-%d %H:%M} UTC"
    running = await is_running(settings.database_url)
    state = (
        "Songs that are paid for go on." if running else "No bot runs at the moment; the pause holds when one starts."
    )
    values = {"paused": True, "reason": reason, "until": None if end is None else end.isoformat(), "running": running}
    return CommandOutput(text=f"Paused {told}. {state}", values=values)


async def resume(settings: Settings, clock: Clock) -> CommandOutput:
    """End a pause. Raises StartError, StoreError."""
    async with open_beside(settings.database_url) as store:
        was_paused = await operating_on(store, clock).resume(EVERYWHERE, SHELL)
    text = "Resumed: songs that waited are sent within 15 seconds." if was_paused else "It was not paused."
    return CommandOutput(text=text, values={"paused": False, "was_paused": was_paused})


def _not_a_time(error: ActRefusedError, typed: str, now: datetime) -> str:
    match error.key.rpartition(".")[2]:
        case "past":
            return f"{typed[:40]!r} is over: it is {now:%Y-%m-%dT%H:%M} (UTC)."
        case "far":
            return f"{typed[:40]!r} is too far away; without --until it holds until it is resumed."
        case _:
            return f"{typed[:40]!r} is no time: write 30m, 2h, 3d, 1d12h, or 2026-12-31T18:00 (UTC)."
