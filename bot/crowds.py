"""How many servers one connection to Discord's gateway may hear of, told before Discord closes it."""

import logging

from bot.errors import StartError

log = logging.getLogger(__name__)

#: What Discord takes on one connection; with more it closes that with the code 4011.
MAX_GUILDS = 2500
#: From so many on it is told, and so many are advised.
_CROWDED, _ADVISED = 2000, 1000


def crowd_advice(guilds: int | None) -> str:
    """What to do with so many servers in all; None: nobody knows how many."""
    count = f"SHARD_COUNT={max(2, -(-guilds // _ADVISED))}" if guilds else "SHARD_COUNT"
    return f"It takes {MAX_GUILDS} on one connection. On PostgreSQL, give each process {count} and its own SHARD_IDS."


def refuse_crowd(guilds: int, shards: int) -> None:
    """At the login, for so many servers on so many shards. Raises StartError."""
    if guilds > MAX_GUILDS * shards:
        raise StartError(f"Discord will not take {guilds} servers on {shards} connection(s). {crowd_advice(guilds)}")


def tell_of_crowd(guilds: int, shards: int) -> None:
    """When a connection has been told of so many servers, one of so many connections."""
    if guilds >= _CROWDED:
        log.warning("Discord tells this connection of %d servers. %s", guilds, crowd_advice(guilds * shards))
