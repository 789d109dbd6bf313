"""`python -m bot check`: shows the settings in force and tries each thing they point at, without spending anything."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiolimiter import AsyncLimiter
from yarl import URL

import bot
from bot.admission_check import limits_described
from bot.audio import AudioPool
from bot.audio.capacity import capacity
from bot.audio.confinement import limits_in_words
from bot.audio.model import FenceLayer
from bot.audio.sample import try_sample
from bot.clock import SystemClock
from bot.connections import RoutingConnector
from bot.discord_account import MAX_SERVERS, Account, AnswerError, account_of
from bot.discord_time import seconds_ahead, skew_sentence
from bot.disk import is_open
from bot.download import USER_AGENT
from bot.errors import SettingsError, StartError
from bot.generation.contracts import Surroundings
from bot.generation.opening import (
    SERVICE_SETTINGS,
    all_traits_in_use,
    all_traits_opened,
    drive_of,
    open_model,
    traits_in_use,
)
from bot.generation.trait_kinds import ModelTraits
from bot.generation.transport import Sessions
from bot.jobs.brake import LOOK_SECONDS, Held, advice_for
from bot.jobs.files import JobFiles
from bot.jobs.ports import ProbeResult
from bot.logs import counted, masked, one_line
from bot.masking import shown
from bot.processes import ProcessRole, refuse_lonely_database
from bot.proxies import ProxyError
from bot.settings import Settings
from bot.store.db import describe, kept_value_in, refuse_unusable, songs_under_way
from bot.value_shapes import looks_like_discord_token

_ANSWER_SECONDS = 15.0
_MAX_SERVERS_SHOWN = 20
_UNLIKELY = " What is there now does not look like a bot token, which has three parts with dots between them."

#: With what the names of the service's settings begin with.
_ADVICE = {
    ProbeResult.KEY_REFUSED: ("{key} is refused. Copy it again from the provider's page, or make a new one."),
    ProbeResult.NO_CREDITS: "The key is right, but the account is empty. Top it up at the provider.",
    ProbeResult.MODEL_MISSING: "It accepts the key, and does not have this model. Look at GENERATION_MODEL.",
    ProbeResult.IN_TROUBLE: "It answers with errors or limits just now. Try again in a few minutes.",
    ProbeResult.NOT_THE_API: "No music API answers at this address. Look at {url}.",
    ProbeResult.NOT_REACHABLE: "No connection. Look at {url} and at this machine's network.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one trial found."""

    good: bool
    sentence: str
    token_refused: bool = False
    #: Printed below it, a line each.
    details: tuple[str, ...] = ()


async def run(settings: Settings, open_memory: str = "", remarks: Sequence[str] = ()) -> int:
    """Print everything; 0 when all is well, 3 when Discord refuses the token, else 1.

    `open_memory`: why this process's memory is not closed to others of its user; empty when it is. `remarks`: on
    `.env`, shown below the settings.
    """
    offered = all_traits_in_use(settings)
    refuse_unusable(settings.database_url)
    print(f"compose-bot {bot.__version__}\n\nSettings in force:")
    for name, value in settings.described().items():
        print(f"  {name}={one_line(value)}")
    for remark in remarks:
        print(f"  LOOK: {one_line(remark)}")
    for number, traits in enumerate(offered):
        print("\nThe model:" if number == 0 else "\nAnother model:")
        for line in _described(traits, settings):
            print(f"  {line}")
    print("\nThe way out:")
    for line in _ways_out(settings):
        print(f"  {line}")
    print("\nLimits and budgets:")
    for line in await limits_described(settings, offered):
        print(f"  {one_line(line)}")
    trials: dict[str, Callable[[Settings], Awaitable[CheckResult]]] = {
        "Discord": _discord,
        "Database": _database,
        "Files": _files,
        "Sound": partial(_sound, open_memory=open_memory),
        **{name: partial(_music_api, traits=traits) for name, traits in _models(offered).items()},
    }
    findings: dict[str, CheckResult] = {}
    for name, trial in trials.items():
        print(f"\n{name} ...", flush=True)
        findings[name] = await trial(settings)
        print(f"  {'ok' if findings[name].good else 'PROBLEM'}: {one_line(masked(findings[name].sentence))}")
        for detail in findings[name].details:
            print(f"    {one_line(detail)}")
    if all(finding.good for finding in findings.values()):
        print("\nEverything is in order. Start the bot with: make run, or python -m bot run")
        return 0
    return 3 if findings["Discord"].token_refused else 1


def _described(traits: ModelTraits, settings: Settings) -> list[str]:
    pace, deadline_seconds, concurrency = drive_of(traits, settings)
    looks = f"every {pace.poll_interval_seconds:g} s"
    if settings.learn_polls == "yes":
        looks = f"as was learned, at least {looks} until ten songs were seen"
    driven = (
        f"in force: looked at {looks}, given up after {deadline_seconds:g} s, {counted(concurrency, 'song')} at once"
    )
    return [*traits.described(), driven]


def _ways_out(settings: Settings) -> list[str]:
    """Which addresses go through a proxy."""
    if not settings.proxy_rules.any:
        return ["straight: no proxy is set"]
    services = _services(all_traits_in_use(settings))
    addresses = {
        "Discord": settings.discord_api_url,
        "Discord's gateway": settings.discord_gateway_url,
        "Discord's files": "https://cdn.discordapp.com",
        **{name: SERVICE_SETTINGS[traits.provider].address(settings) for name, traits in services.items()},
    }
    ways = {name: settings.proxy_rules(URL(address)) for name, address in addresses.items()}
    lines = [f"{name}: {f'through {way.url}' if way else 'straight'}" for name, way in ways.items()]
    judged = "tracks behind it: a proxy looks names up itself, so whether they lead to public addresses is its to judge"
    return [*lines, judged]


def _session(settings: Settings, **more: Any) -> aiohttp.ClientSession:
    connector = RoutingConnector(route=settings.proxy_rules, user_agent=USER_AGENT)
    return aiohttp.ClientSession(connector=connector, **more)


async def _discord(settings: Settings) -> CheckResult:
    if objection := settings.discord_api_objection:
        return CheckResult(good=False, sentence=f"{objection}.")
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}", "User-Agent": USER_AGENT}
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    try:
        async with _session(settings, headers=headers, timeout=timeout) as session:
            account = await account_of(session, settings.discord_api_url)
            warnings = [f"WARNING: {warning}" async for warning in _open_doors(settings, session)]
    except AnswerError as error:
        return _not_discord(error.status, settings)
    except ProxyError as error:
        return CheckResult(good=False, sentence=f"Not reached: {error.sentence}.")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return CheckResult(
            good=False,
            sentence=f"No usable answer ({type(error).__name__}). Look at DISCORD_API_URL and this machine's network.",
        )
    if skew := skew_sentence(seconds_ahead(account.date, SystemClock().now())):
        warnings.append(f"WARNING: {skew}")
    details = (f"invite link: {account.invite}", *_servers_told(account), *warnings)
    return CheckResult(good=True, sentence=f"The token belongs to {account.name}.", details=details)


def _not_discord(status: int, settings: Settings) -> CheckResult:
    if status == 401:
        odd = "" if looks_like_discord_token(settings.discord_token.get_secret_value()) else _UNLIKELY
        return CheckResult(
            good=False,
            sentence=f"DISCORD_TOKEN is refused. Developer portal, your application, Bot, Reset Token.{odd}",
            token_refused=True,
        )
    if status == 429:
        return CheckResult(
            good=False,
            sentence="Discord's edge has shut this address out for a while (429, Cloudflare 1015). Wait, then retry.",
        )
    if status < 400 or status in {404, 405}:
        return CheckResult(good=False, sentence=f"No Discord answers there (status {status}). Look at DISCORD_API_URL.")
    return CheckResult(good=False, sentence=f"It answers with status {status}. Try again later.")


def _servers_told(account: Account) -> list[str]:
    """The servers, those first where something is missing; a screenful at the most."""
    if account.servers is None:
        return ["its servers: Discord did not list them just now"]
    if not account.servers:
        return ["it is in no server yet: open the invite link"]
    many = len(account.servers)
    lines = [f"it is in {'at least ' if many == MAX_SERVERS else ''}{counted(many, 'server')}:"]
    for server in sorted(account.servers, key=lambda server: not server.missing)[:_MAX_SERVERS_SHOWN]:
        lacks = (
            f"MISSING {', '.join(server.missing)}; give them to its role" if server.missing else "nothing is missing"
        )
        lines.append(f"  {server.name} ({server.id}): {lacks}")
    return [*lines, *([f"  and {many - _MAX_SERVERS_SHOWN} more"] if many > _MAX_SERVERS_SHOWN else [])]


async def _open_doors(settings: Settings, session: aiohttp.ClientSession) -> AsyncGenerator[str]:
    """What is open to strangers although nobody said so, and servers that are named and never seen."""
    if not settings.allowed_guild_ids and await _is_public(settings, session):
        yield (
            "anybody may invite this bot, and its songs are paid by you: ALLOWED_GUILDS is empty and the application "
            "is public. Name your servers there, or switch Public Bot off (Developer portal, your application, Bot)."
        )
    for guild_id in sorted(settings.allowed_guild_ids):
        async with session.get(f"{settings.discord_api_url}/guilds/{guild_id}") as answer:
            if answer.status in (403, 404):
                yield (
                    f"ALLOWED_GUILDS names {guild_id}, and this bot is no member of such a server. Invite it there, or "
                    "copy the id again."
                )


async def _is_public(settings: Settings, session: aiohttp.ClientSession) -> bool:
    async with session.get(f"{settings.discord_api_url}/applications/@me") as answer:
        application: Any = await answer.json(content_type=None) if answer.status == 200 else {}
    return bool(application.get("bot_public"))


async def _database(settings: Settings) -> CheckResult:
    try:
        refuse_lonely_database(settings.database_url, ProcessRole(), settings.shards)
        sentence = await describe(settings.database_url)
        return CheckResult(good=True, sentence=sentence, details=await _songs_that_wait(settings))
    except StartError as error:
        return CheckResult(good=False, sentence=str(error))


async def _files(settings: Settings) -> CheckResult:
    return await asyncio.to_thread(_try_files, settings)


def _try_files(settings: Settings) -> CheckResult:
    """The word list can be read, and what is kept can be written; makes nothing."""
    try:
        settings.blocked_words()
    except SettingsError as error:
        return CheckResult(good=False, sentence=f"{error}.")
    folder = settings.data_dir.absolute()
    try:
        place = next(path for path in (folder, *folder.parents) if path.exists())
    except OSError as error:
        return CheckResult(good=False, sentence=f"DATA_DIR {folder}: {error.strerror}.")
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return CheckResult(
            good=False, sentence=f"DATA_DIR {folder}: {place} is not a folder that this user may write to."
        )
    others = " Other users of this machine can look into it: chmod 700 would end that." if is_open(folder) else ""
    return CheckResult(good=True, sentence=f"{folder} can be written to.{others}")


async def _sound(settings: Settings, open_memory: str) -> CheckResult:
    """The built-in sample, through the same processes that members' songs go through; where it can, in their folder."""
    work = JobFiles(settings.data_dir).work
    async with AudioPool(processes=1, work_dir=work if await asyncio.to_thread(_is_folder, work) else None) as pool:
        result = await try_sample(pool)
        fence = _fence(pool, open_memory)
        peak = f" Its processes needed {pool.peak_bytes / 1024**2:.0f} MiB at most." if pool.peak_bytes else ""
    if not result.good:
        return CheckResult(good=False, sentence=result.sentence)
    sentence = f"{result.sentence}{peak}{_at_once(settings)} The fence around each:"
    return CheckResult(good=True, sentence=sentence, details=fence)


def _is_folder(path: Path) -> bool:
    with suppress(OSError):  # a name too long, or a folder above that may not be looked into
        return path.is_dir()
    return False


def _at_once(settings: Settings) -> str:
    """How many sound processes run side by side, and why so many."""
    if settings.audio_processes is not None:
        return f" At most {settings.audio_processes} at once, as AUDIO_PROCESSES says."
    found = capacity()
    return f" At most {found.processes} at once: AUDIO_PROCESSES is unset, and there are {found.sentence}."


def _fence(pool: AudioPool, open_memory: str) -> tuple[str, ...]:
    """What keeps a file that has taken its decoder over from the bot's secrets. A layer that lacks is no problem."""
    own = FenceLayer(name="the bot's memory", holds=not open_memory, detail=open_memory or "closed to its children")
    layers = (f"{each.name}: {'' if each.holds else 'MISSING, '}{each.detail}" for each in (own, *pool.fence))
    return (*layers, f"limits: {limits_in_words()}")


def _models(offered: Sequence[ModelTraits]) -> dict[str, ModelTraits]:
    """Each model with what its trial is called; a single one needs no further name."""
    if len(offered) == 1:
        return {"Music API": offered[0]}
    return {f"Music API ({traits.model})": traits for traits in offered}


def _services(offered: Sequence[ModelTraits]) -> dict[str, ModelTraits]:
    """Each service once, with the first model that is made there; a single one needs no further name."""
    firsts: dict[str, ModelTraits] = {}
    for traits in offered:
        firsts.setdefault(traits.provider, traits)
    if len(firsts) == 1:
        return {"Music API": offered[0]}
    return {f"Music API ({provider})": traits for provider, traits in firsts.items()}


async def _songs_that_wait(settings: Settings) -> tuple[str, ...]:
    """Songs that nothing in these settings can go on with; nothing where the database cannot be read, or is older."""
    opened = {(traits.provider, traits.model) for traits in all_traits_opened(settings)}
    try:
        found = await songs_under_way(settings.database_url)
    except StartError:
        return ()
    waiting: list[str] = []
    for one in found:
        songs = f"{counted(one.songs, 'song')} of {one.model} ({one.provider})"
        if (one.provider, one.model) not in opened:
            waiting.append(
                f"WARNING: {songs} under way, and that is not configured any more: they wait. Name it in "
                "GENERATION_MODEL, or give its service's key (for acestep its address), to bring them home; none goes "
                "to another service."
            )
        elif one.address and one.address != SERVICE_SETTINGS[one.provider].address(settings):
            waiting.append(
                f"WARNING: {songs} begun at {shown(one.address)}; they are looked for at "
                f"{SERVICE_SETTINGS[one.provider].url}, and wait where that does not know them. The former address "
                "brings them home."
            )
    return tuple(waiting)


async def _music_api(settings: Settings, traits: ModelTraits | None = None) -> CheckResult:
    """The service of this model, the usual one without one."""
    traits = traits or traits_in_use(settings)
    async with _session(settings) as session:
        sessions = Sessions(calls=session, files=session, submit=session)
        around = Surroundings(settings=settings, sessions=sessions, clock=SystemClock(), budget=AsyncLimiter(1, 1))
        try:
            model = open_model(traits, around)
        except SettingsError as error:
            return CheckResult(good=False, sentence=f"{error}.")
        found = await model.generator.probe()
    details = await _brake(settings, traits.provider)
    if found.result is ProbeResult.KEY_ACCEPTED:
        learned = f" ({found.detail})" if not found.detail.startswith("HTTP ") or ";" in found.detail else ""
        key = "" if "asks for no key" in found.detail else " and accepts the key"
        sentence = f"It answers{key}; nothing was spent.{learned}"
        return CheckResult(good=True, sentence=sentence, details=details)
    if found.by_proxy:
        return CheckResult(good=False, sentence=f"Not reached: {found.detail}.", details=details)
    hint = f" {found.hint}" if found.hint else ""
    names = SERVICE_SETTINGS[traits.provider]
    advice = _ADVICE[found.result].format(key=names.key, url=names.url)
    return CheckResult(good=False, sentence=f"{advice}{hint} ({found.detail})", details=details)


async def _brake(settings: Settings, provider: str) -> tuple[str, ...]:
    """Whether songs wait because the account was refused; nothing where the database, tried before, cannot be read."""
    try:
        held = Held.parsed(await kept_value_in(settings.database_url, Held.name_of(provider)))
    except StartError:
        return ()
    if held is None:
        return ()
    look = f"a running bot looks again every {LOOK_SECONDS // 60:g} minutes, and at once after a start"
    return (f"WARNING: songs wait, for {held.in_words(provider)}. {advice_for(held.reason, provider)}", f"{look}.")
