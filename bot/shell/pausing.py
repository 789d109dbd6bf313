"""`pause` and `resume`: kept in the database, where a running bot reads it with every order and before every POST."""

from bot.clock import Clock
from bot.jobs.admission import PAUSED, Pause
from bot.settings import Settings
from bot.shell.answer import Answer
from bot.shell.moments import moment_of
from bot.store.beside import is_running, open_beside
from bot.store.reports import note_act


async def pause(settings: Settings, clock: Clock, reason: str, until: str | None) -> Answer:
    """Take no new orders, send nothing new. Raises StartError, StoreError."""
    now = clock.now()
    try:
        end = None if until is None else moment_of(until, now)
    except ValueError as error:
        return Answer(text=str(error), values={"error": str(error)}, code=2)
    async with open_beside(settings.database_url) as store:
        await store.set_value(PAUSED, Pause(reason=reason, until=end).written())
        await note_act(store, now, what="pause", about="everywhere, from a shell", note=reason)
    told = "until it is resumed" if end is None else f"until {end:%Y-%m-%d %H:%M} UTC"
    running = await is_running(settings.database_url)
    state = (
        "Songs that are paid for go on." if running else "No bot runs at the moment; the pause holds when one starts."
    )
    values = {"paused": True, "reason": reason, "until": None if end is None else end.isoformat(), "running": running}
    return Answer(text=f"Paused {told}. {state}", values=values)


async def resume(settings: Settings, clock: Clock) -> Answer:
    """End a pause. Raises StartError, StoreError."""
    async with open_beside(settings.database_url) as store:
        was_paused = bool(await store.get_value(PAUSED))
        if was_paused:
            await store.set_value(PAUSED, "")
            await note_act(store, clock.now(), what="resume", about="everywhere, from a shell", note="")
    text = "Resumed: songs that waited are sent within 15 seconds." if was_paused else "It was not paused."
    return Answer(text=text, values={"paused": False, "was_paused": was_paused})
