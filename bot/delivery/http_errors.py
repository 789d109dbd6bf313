"""Which of Discord's failures are worth another try: discord.py retries some by itself, and on Linux no connection."""

from collections.abc import Generator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import DeliveryLaterError
from bot.proxies import ProxyError

#: Discord's JSON error codes (docs, "Opcodes and Status Codes"), as far as we act on them.
UNKNOWN_MESSAGE = 10008
MISSING_PERMISSIONS = 50013
TOKEN_ENDED = 50027
NO_HISTORY_FOR_REPLY = 160002
#: Too many messages here just now: slow mode, a channel's own write limit, an overloaded guild.
_CROWDED = frozenset({20016, 20028, 130000})


@contextmanager
def outages_are_later() -> Generator[None]:
    """Turn what may pass by itself into DeliveryLaterError; every other HTTPException is for the caller to judge.

    The message of the error names the kind alone: aiohttp's own words hold addresses, and those hold tokens.
    """
    try:
        yield
    except discord.RateLimited as error:
        raise DeliveryLaterError("rate limited", retry_after_seconds=error.retry_after) from None
    except discord.HTTPException as error:
        if _may_pass(error):
            raise DeliveryLaterError(f"Discord answered {error.status} ({error.code})") from None
        raise
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        words = error.words if isinstance(error, ProxyError) else type(error).__name__
        raise DeliveryLaterError(f"no connection ({words})") from None


def _may_pass(error: discord.HTTPException) -> bool:
    if error.code == TOKEN_ENDED:
        return False
    # 401: the bot's token was renewed a moment ago; the operator must act, the track waits
    return error.status >= 500 or error.status in {401, 429} or error.code in _CROWDED


def is_final(error: discord.HTTPException) -> bool:
    """Whether the same message will be refused as long as nobody changes anything; outages are not."""
    return not _may_pass(error)
