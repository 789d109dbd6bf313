"""How many servers one connection to Discord's gateway may hear of, told before Discord closes it."""

import logging

from bot.errors import StartError

log = logging.getLogger(__name__)

#: What Discord takes on one connection; with more it closes that with the code 4011.
MAX_GUILDS = 2500
#: It takes one greeting of each group of shards in five seconds.
GREETING_SECONDS = 6.0
#: From so many on it is told, and so many are advised.
_CROWDED, _ADVISED = 2000, 1000


def shards_for(guilds: int) -> int:
    """So many connections are advised for so many servers, where Discord itself does not say."""
    return max(1, -(-guilds // _ADVISED))


def crowd_advice(guilds: int | None) -> str:
    """What to do with so many servers in all; None: nobody knows how many."""
    count = f"SHARD_COUNT={max(2, shards_for(guilds))}" if guilds else "a larger SHARD_COUNT"
    return (
        f"It takes {MAX_GUILDS} on one connection. Leave SHARD_COUNT out and start again: then one process takes as "
        f"many connections as Discord recommends. Or, for several processes on PostgreSQL, give each {count} and its "
        "own SHARD_IDS."
    )


def refuse_crowd(guilds: int, shards: int) -> None:
    """At the login, for so many servers on so many shards. Raises StartError."""
    if guilds > MAX_GUILDS * shards:
        raise StartError(f"Discord will not take {guilds} servers on {shards} connection(s). {crowd_advice(guilds)}")


def tell_of_crowd(guilds: int, shards: int) -> None:
    """When a connection has been told of so many servers, one of so many connections."""
    if guilds >= _CROWDED:
        log.warning("Discord tells this connection of %d servers. %s", guilds, crowd_advice(guilds * shards))
