"""`python -m bot check`: shows the settings in force and tries each thing they point at, without spending anything."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from aiolimiter import AsyncLimiter

from bot.audio import AudioPool
from bot.audio.sample import try_sample
from bot.clock import SystemClock
from bot.disk import is_open
from bot.errors import SettingsError, StartError
from bot.generation.client import GenerationClient, ProbeResult, Sessions
from bot.generation.profiles import profile_named
from bot.jobs.files import JobFiles
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


async def run(settings: Settings) -> int:
    """Print everything; 0 when all is well, 3 when Discord refuses the token, else 1."""
    profile_named(settings.generation_model)
    print("Settings in force:")
    for name, value in settings.described().items():
        print(f"  {name}={one_line(value)}")
    trials: dict[str, Callable[[Settings], Awaitable[Finding]]] = {
        "Discord": _discord,
        "Database": _database,
        "Files": _files,
        "Sound": _sound,
        "Music API": _music_api,
    }
    findings: dict[str, Finding] = {}
    for name, trial in trials.items():
        print(f"\n{name} ...", flush=True)
        findings[name] = await trial(settings)
        print(f"  {'ok' if findings[name].good else 'PROBLEM'}: {one_line(masked(findings[name].sentence))}")
    if all(finding.good for finding in findings.values()):
        print("\nEverything is in order. Start the bot with: make run")
        return 0
    return 3 if findings["Discord"].token_refused else 1


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


async def _sound(settings: Settings) -> Finding:
    """The built-in sample, through the same processes that members' songs go through; where it can, in their folder."""
    work = JobFiles(settings.data_dir).work
    async with AudioPool(processes=1, work_dir=work if await asyncio.to_thread(work.is_dir) else None) as pool:
        result = await try_sample(pool)
        most = f" Its processes needed {pool.peak_bytes / 1024**2:.0f} MiB at most." if pool.peak_bytes else ""
    return Finding(good=result.good, sentence=result.sentence + (most if result.good else ""))


async def _music_api(settings: Settings) -> Finding:
    async with aiohttp.ClientSession() as session:
        try:
            client = GenerationClient(
                sessions=Sessions(calls=session, files=session, submit=session),
                base_url=settings.generation_api_url,
                api_key=settings.generation_api_key,
                profile=profile_named(settings.generation_model),
                clock=SystemClock(),
                budget=AsyncLimiter(1, 1),
            )
        except SettingsError as error:
            return Finding(good=False, sentence=f"{error}. Copy it again from the provider's page.")
        found = await client.probe()
    if found.result is ProbeResult.KEY_ACCEPTED:
        return Finding(good=True, sentence="It answers and accepts the key; nothing was spent.")
    return Finding(good=False, sentence=f"{_ADVICE[found.result]} ({found.detail})")
