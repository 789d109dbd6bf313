"""`forget`: by the bot that runs, else by this very process."""

from bot.clock import Clock
from bot.disk import Disk
from bot.jobs.files import JobFiles
from bot.jobs.people import People
from bot.metrics import Metrics
from bot.settings import Settings
from bot.shell.answer import CommandOutput
from bot.store.beside import is_running, open_beside, owned
from bot.store.jobs import SqlJobStore

#: The bot looks every four seconds.
_PATIENCE_SECONDS = 12.0
_LOOK_SECONDS = 0.25


async def forget(settings: Settings, clock: Clock, member_id: int) -> CommandOutput:
    """Delete everything of a member. Raises StartError, StoreError."""
    async with open_beside(settings.database_url) as store:
        people = _people(settings, store, clock)
        songs = await store.count_of_member(member_id)
        if not songs and not await store.ledger_of(member_id):
            rules = await store.rules_about(member_id)
            more = " They are blocked; that stays until it is lifted." if rules else ""
            return _told(f"Nothing is kept of the songs of member {member_id}.{more}", member_id, "nothing", code=1)
        if await is_running(settings.database_url):
            return await _ask(people, clock, member_id)
        async with owned(settings.database_url):
            done = await people.forget(member_id)
    text = (
        f"Deleted: {len(done.deleted)} songs with words, files and names. Still to be finished when the bot runs: "
        f"{done.finishing}. The ledger forgets the id by {done.ids_until:%Y-%m-%d %H:%M} UTC, if the bot runs then. "
        "It does not run now, so its messages with the songs stay on Discord."
    )
    return _told(text, member_id, "done", deleted=len(done.deleted), finishing=done.finishing)


async def _ask(people: People, clock: Clock, member_id: int) -> CommandOutput:
    await people.ask(member_id, is_begun=False)
    waited = 0.0
    while waited < _PATIENCE_SECONDS:
        if await people.is_begun(member_id):
            text = (
                f"The running bot has deleted what it keeps of member {member_id}: songs, words, files, names; it "
                "takes its messages away now. What is paid for is finished first; the ledger forgets the id within 25 "
                "hours."
            )
            return _told(text, member_id, "done")
        await clock.sleep(_LOOK_SECONDS)
        waited += _LOOK_SECONDS
    text = "The wish is noted, but the running bot has not taken it up yet; it will, at the latest when it starts anew."
    return _told(text, member_id, "noted")


def _people(settings: Settings, store: SqlJobStore, clock: Clock) -> People:
    files = JobFiles(settings.data_dir)
    disk = Disk(files.folders, clock)
    return People(store=store, files=files, clock=clock, disk=disk, metrics=Metrics())


def _told(text: str, member_id: int, state: str, *, code: int = 0, **values: int) -> CommandOutput:
    return CommandOutput(text=text, values={"member_id": str(member_id), "state": state, **values}, code=code)
