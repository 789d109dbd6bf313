"""`python -m bot check`: shows the settings in force and tries each thing they point at, without spending anything."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import aiohttp
from aiolimiter import AsyncLimiter

from bot.admission_check import limits_described
from bot.audio import AudioPool
from bot.audio.capacity import capacity
from bot.audio.model import FenceLayer
from bot.audio.sample import try_sample
from bot.clock import SystemClock
from bot.disk import is_open
from bot.errors import SettingsError, StartError
from bot.generation.opening import Surroundings, drive_of, open_model, traits_in_use
from bot.generation.traits import ModelTraits
from bot.generation.transport import Sessions
from bot.jobs.files import JobFiles
from bot.jobs.ports import ProbeResult
from bot.logs import masked, one_line
from bot.settings import Settings
from bot.store.db import describe

_ANSWER_SECONDS = 15.0

_ADVICE = {
    ProbeResult.KEY_REFUSED: (
        "GENERATION_API_KEY is refused. Copy it again from the provider's page, or make a new one."
    ),
    ProbeResult.NO_CREDITS: "The key is right, but the account is empty. Top it up at the provider.",
    ProbeResult.IN_TROUBLE: "It answers with errors or limits just now. Try again in a few minutes.",
    ProbeResult.NOT_THE_API: "Something else answers there. Look at GENERATION_API_URL.",
    ProbeResult.NOT_REACHABLE: "No connection. Look at GENERATION_API_URL and at this machine's network.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one trial found."""

    good: bool
    sentence: str
    token_refused: bool = False
    #: Printed below it, a line each.
    details: tuple[str, ...] = ()


async def run(settings: Settings, open_memory: str = "") -> int:
    """Print everything; 0 when all is well, 3 when Discord refuses the token, else 1.

    `open_memory`: why this process's memory is not closed to others of its user; empty when it is.
    """
    traits = traits_in_use(settings)
    print("Settings in force:")
    for name, value in settings.described().items():
        print(f"  {name}={one_line(value)}")
    print("\nThe model:")
    for line in _described(traits, settings):
        print(f"  {line}")
    print("\nLimits and budgets:")
    for line in await limits_described(settings, traits):
        print(f"  {one_line(line)}")
    trials: dict[str, Callable[[Settings], Awaitable[Finding]]] = {
        "Discord": _discord,
        "Database": _database,
        "Files": _files,
        "Sound": partial(_sound, open_memory=open_memory),
        "Music API": _music_api,
    }
    findings: dict[str, Finding] = {}
    for name, trial in trials.items():
        print(f"\n{name} ...", flush=True)
        findings[name] = await trial(settings)
        print(f"  {'ok' if findings[name].good else 'PROBLEM'}: {one_line(masked(findings[name].sentence))}")
        for detail in findings[name].details:
            print(f"    {one_line(detail)}")
    if all(finding.good for finding in findings.values()):
        print("\nEverything is in order. Start the bot with: make run")
        return 0
    return 3 if findings["Discord"].token_refused else 1


def _described(traits: ModelTraits, settings: Settings) -> list[str]:
    pace, deadline_seconds, concurrency = drive_of(traits, settings)
    driven = (
        f"in force: looked at every {pace.poll_interval_seconds:g} s, given up after {deadline_seconds:g} s, "
        f"{concurrency} songs at once"
    )
    return [*traits.described(), driven]


async def _discord(settings: Settings) -> Finding:
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.get(f"{settings.discord_api_url}/users/@me") as answer,
        ):
            if answer.status == 401:
                return Finding(
                    good=False,
                    sentence="DISCORD_TOKEN is refused. Developer portal, your application, Bot, Reset Token.",
                    token_refused=True,
                )
            if answer.status != 200:
                return Finding(good=False, sentence=f"It answers with status {answer.status}. Try again later.")
            name = (await answer.json(content_type=None)).get("username", "?")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return Finding(
            good=False,
            sentence=f"No usable answer ({type(error).__name__}). Look at DISCORD_API_URL and this machine's network.",
        )
    return Finding(good=True, sentence=f"The token belongs to {name}.")


async def _database(settings: Settings) -> Finding:
    try:
        return Finding(good=True, sentence=await describe(settings.database_url))
    except StartError as error:
        return Finding(good=False, sentence=str(error))


async def _files(settings: Settings) -> Finding:
    return await asyncio.to_thread(_try_files, settings)


def _try_files(settings: Settings) -> Finding:
    """The word list can be read, and what is kept can be written; makes nothing."""
    try:
        settings.blocked_words()
    except SettingsError as error:
        return Finding(good=False, sentence=f"{error}.")
    folder = settings.data_dir.absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Finding(good=False, sentence=f"DATA_DIR {folder}: {place} is not a folder that this user may write to.")
    others = " Other users of this machine can look into it: chmod 700 would end that." if is_open(folder) else ""
    return Finding(good=True, sentence=f"{folder} can be written to.{others}")


async def _sound(settings: Settings, open_memory: str) -> Finding:
    """The built-in sample, through the same processes that members' songs go through; where it can, in their folder."""
    work = JobFiles(settings.data_dir).work
    async with AudioPool(processes=1, work_dir=work if await asyncio.to_thread(work.is_dir) else None) as pool:
        result = await try_sample(pool)
        fence = _fence(pool, open_memory)
        most = f" Its processes needed {pool.peak_bytes / 1024**2:.0f} MiB at most." if pool.peak_bytes else ""
    if not result.good:
        return Finding(good=False, sentence=result.sentence)
    sentence = f"{result.sentence}{most}{_at_once(settings)} The fence around each:"
    return Finding(good=True, sentence=sentence, details=fence)


def _at_once(settings: Settings) -> str:
    """How many sound processes run side by side, and why so many."""
    if settings.audio_processes is not None:
        return f" At most {settings.audio_processes} at once, as AUDIO_PROCESSES says."
    found = capacity()
    return f" At most {found.processes} at once: AUDIO_PROCESSES is unset, and there are {found.sentence}."


def _fence(pool: AudioPool, open_memory: str) -> tuple[str, ...]:
    """What keeps a file that has taken its decoder over from the bot's secrets. A layer that lacks is no problem."""
    own = FenceLayer(name="the bot's memory", holds=not open_memory, detail=open_memory or "closed to its children")
    return tuple(f"{each.name}: {'' if each.holds else 'MISSING, '}{each.detail}" for each in (own, *pool.fence))


async def _music_api(settings: Settings) -> Finding:
    async with aiohttp.ClientSession() as session:
        sessions = Sessions(calls=session, files=session, submit=session)
        around = Surroundings(settings=settings, sessions=sessions, clock=SystemClock(), budget=AsyncLimiter(1, 1))
        try:
            model = open_model(traits_in_use(settings), around)
        except SettingsError as error:
            return Finding(good=False, sentence=f"{error}. Copy it again from the provider's page.")
        found = await model.generator.probe()
    if found.result is ProbeResult.KEY_ACCEPTED:
        return Finding(good=True, sentence="It answers and accepts the key; nothing was spent.")
    return Finding(good=False, sentence=f"{_ADVICE[found.result]} ({found.detail})")
