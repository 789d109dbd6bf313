"""Which of Discord's failures are worth another try: discord.py retries some by itself, and on Linux no connection.

A refusal is final only if its code is one of `FINAL`. Whatever else comes, an edge's page without JSON and a code that
Discord may invent tomorrow among it, is later: what is called final costs a member the way to their track.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import aiohttp
import discord

from bot.errors import DeliveryLaterError
from bot.proxies import ProxyError

#: Discord's JSON error codes, as far as we act on single ones.
UNKNOWN_MESSAGE = 10008
MISSING_PERMISSIONS = 50013
NO_HISTORY_FOR_REPLY = 160002
TOO_LARGE = frozenset({40005, 50045})
#: A filter of the server's read the message and did not let it through.
FILTERED = frozenset({200000, 200001, 240000})
#: What is meant is there no more, and nothing that anybody grants brings it back.
GONE = frozenset({10003, 10004, UNKNOWN_MESSAGE})

#: Codes with which the same message is refused as long as nobody changes anything, each with Discord's words for it
#: (docs, "Opcodes and Status Codes"); docs/discord.md says what follows from each.
FINAL: Mapping[int, str] = MappingProxyType(
    {
        10003: "Unknown channel",
        10004: "Unknown guild",
        10008: "Unknown message",
        10013: "Unknown user",
        10015: "Unknown webhook",
        20009: "Explicit content cannot be sent to the desired recipient(s)",
        40094: "This interaction has hit the maximum number of follow up messages",
        50001: "Missing access",
        50005: "Cannot edit a message authored by another user",
        50006: "Cannot send an empty message",
        50007: "Cannot send messages to this user",
        50008: "Cannot send messages in a non-text channel",
        50009: "Channel verification level is too high for you to gain access",
        50013: "You lack permissions to perform that action",
        50024: "Cannot execute action on this channel type",
        50027: "Invalid webhook token provided",
        50033: "Invalid Recipient(s)",
        50035: "Invalid form body",
        50083: "Tried to perform an operation on an archived thread",
        50278: "Cannot send messages to this user due to having no mutual guilds",
        160002: "Cannot reply without permission to read message history",
        160005: "Thread is locked",
        200000: "Message was blocked by automatic moderation",
        200001: "Title was blocked by automatic moderation",
        240000: "Message blocked by harmful links filter",
    }
)


@contextmanager
def outages_are_later() -> Generator[None]:
    """Turn what may pass by itself into DeliveryLaterError; what is final, or too large, is for the caller to judge.

    The message of the error names the kind alone: aiohttp's own words hold addresses, and those hold tokens.
    """
    try:
        yield
    except discord.RateLimited as error:
        raise DeliveryLaterError("rate limited", retry_after_seconds=error.retry_after) from None
    except discord.HTTPException as error:
        if is_final(error) or is_too_large(error):
            raise
        raise DeliveryLaterError(f"Discord answered {error.status} ({error.code})") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        words = error.sentence if isinstance(error, ProxyError) else type(error).__name__
        raise DeliveryLaterError(f"no connection ({words})") from None


def is_final(error: discord.HTTPException) -> bool:
    """Whether the same message will be refused as long as nobody changes anything; outages are not."""
    # a 401 without 50027: the bot's token was renewed a moment ago; the operator must act, the track waits
    return error.code in FINAL and 400 <= error.status < 500 and error.status != 429


def is_too_large(error: discord.HTTPException) -> bool:
    """Whether Discord did not take a file for its size."""
    return error.status == 413 or error.code in TOO_LARGE
