"""Discord, the music API and the bot together, on loopback: what a demo, a page and a flow test start from."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.bot_process import READY_SECONDS, BotProcess
from sandbox.contracts import contracts_of, settings_at
from sandbox.discord import FakeDiscord
from sandbox.generation import FakeGeneration, Settings
from sandbox.generation.composer import Composer

#: A bot on Discord limits its members unless its operator says otherwise; what plays here plays on and on, on a disk of
#: whatever size.
NO_LIMITS = {
    "LIMIT_MEMBER_PER_DAY": "",
    "LIMIT_MEMBER_AT_ONCE": "",
    "MEMBER_MAX_BYTES": "none",
    "DATA_MIN_FREE_BYTES": "0",
}
#: A bot on Discord is closed to strangers unless its operator opens it; what plays here is wanted in every place.
OPEN_DOORS = {"ALLOW_DIRECT": "on", "ALLOW_USER_INSTALL": "on"}
#: What plays here is made in seconds, each time in others: looks keep the interval, unless learning is what is tried.
NO_LEARNING = {"LEARN_POLLS": "no"}

#: What the bot is called here.
BOT_NAME = "Compose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that plays."""

    discord: FakeDiscord
    generation: FakeGeneration  #: of the first model
    bot: BotProcess
    services: Mapping[str, FakeGeneration] = field(default_factory=dict[str, FakeGeneration])  #: all, by contract


def settings_for(discord: FakeDiscord, generation: FakeGeneration) -> dict[str, str]:
    """The settings that point a bot at the two stand-ins."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "GENERATION_API_URL": generation.url,
        "GENERATION_API_KEY": generation.key,
    }


@asynccontextmanager
async def open_stage(
    folder: Path,
    *,
    composer: Composer | None = None,
    generation: Settings | None = None,
    bot_settings: dict[str, str] | None = None,
    discord_port: int = 0,
    make_bot: Callable[[Path, dict[str, str]], BotProcess] = BotProcess,
    model: str = "",
) -> AsyncGenerator[Stage]:
    """Start all three and wait until the bot is connected. Raises RuntimeError with its log if it does not.

    Members' limits are off, both ALLOW_* on and looks not learned unless `bot_settings` say otherwise.
    `make_bot` is given the folder and the settings; another one runs the bot elsewhere, in its image for one.
    `model`: as GENERATION_MODEL, with a server for each contract that is needed; empty: the usual one alone. Raises
    ValueError for a model that no server here makes.
    """
    chosen = generation or Settings(allow_loopback=True)
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(FakeDiscord(port=discord_port, app_name=BOT_NAME))
        services: dict[str, FakeGeneration] = {}
        for contract in contracts_of(model):
            server = FakeGeneration(chosen.model_copy(), composer=composer, speaks=contract)
            services[contract] = await stack.enter_async_context(server)
        usual = {**NO_LIMITS, **OPEN_DOORS, **NO_LEARNING}
        api = next(iter(services.values()))
        pointed = settings_for(discord, api) | settings_at(services, model)
        bot = make_bot(folder, {**pointed, **usual, **(bot_settings or {})})
        async with bot:
            await wait_until_ready(discord, bot)
            yield Stage(discord=discord, generation=api, bot=bot, services=services)


async def wait_until_ready(discord: FakeDiscord, bot: BotProcess) -> None:
    """Return once the bot is connected. Raises RuntimeError with the end of its log when it ended or took too long."""
    try:
        await discord.until(lambda: discord.gateway.connected or not bot.is_running, READY_SECONDS)
    except TimeoutError:
        raise RuntimeError(f"the bot did not connect:\n{bot.log[-2000:]}") from None
    if not bot.is_running:
        raise RuntimeError(f"the bot ended:\n{bot.log[-2000:]}")
