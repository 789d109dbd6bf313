"""Logging in at Discord: done, refused for good, or not yet, with why and how long to stay away."""

import math
from dataclasses import dataclass

import aiohttp
import discord

from bot.errors import TokenRefusedError
from bot.proxies import ProxyError

_TOO_MANY_REQUESTS = 429
#: How long a ban of Cloudflare lasts where it does not say so, and what is believed at most.
_BAN_SECONDS, _LONGEST_BAN_SECONDS = 900.0, 86_400.0

#: What may pass by itself.
UNREACHABLE = (
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.RateLimited,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefusal:
    """Why a login did not succeed."""

    trouble: str
    stay_away_seconds: float | None = None  #: as Discord asks; each knock before that prolongs it


async def refusal_of_login(client: discord.Client, token: str) -> LoginRefusal | None:
    """Log in; None when that is done. Raises TokenRefusedError."""
    try:
        await client.login(token)
    except discord.LoginFailure:
        raise TokenRefusedError("Discord refuses DISCORD_TOKEN; copy it anew from the application's page Bot") from None
    except discord.RateLimited as error:
        seconds = min(error.retry_after, _LONGEST_BAN_SECONDS)
        return LoginRefusal(trouble=f"Discord asks for {seconds:.0f} s of patience (429)", stay_away_seconds=seconds)
    except discord.HTTPException as error:
        if error.status != _TOO_MANY_REQUESTS:
            return _unreachable(error)
        seconds = _retry_after_seconds(error)
        return LoginRefusal(
            trouble=f"Discord's edge has banned this address for {seconds:.0f} s (Cloudflare 1015)",
            stay_away_seconds=seconds,
        )
    except UNREACHABLE as error:
        return _unreachable(error)
    except (KeyError, TypeError, ValueError) as error:
        if client.application is not None:  # it answered as Discord does: whatever this is, it is of our own making
            raise
        return _unreachable(error)
    return None


def _unreachable(error: BaseException) -> LoginRefusal:
    if isinstance(error, ProxyError):
        return LoginRefusal(trouble=f"Discord could not be reached: {error.words}")
    return LoginRefusal(
        trouble=f"Discord could not be reached ({kind_of(error)}); check the network and DISCORD_API_URL"
    )


def _retry_after_seconds(error: discord.HTTPException) -> float:
    try:
        asked = float(error.response.headers.get("Retry-After", ""))
    except ValueError:
        return _BAN_SECONDS
    return min(max(asked, 1.0), _LONGEST_BAN_SECONDS) if math.isfinite(asked) else _BAN_SECONDS


def kind_of(error: BaseException) -> str:
    """Its type, with the status where Discord gave one."""
    status = getattr(error, "status", None)
    return f"{type(error).__name__} {status}" if status else type(error).__name__
