"""Whether Discord took our answer to an order: by its code, or by a mark that the answer itself carries."""

import logging
from urllib.parse import urlsplit

import discord

from bot.jobs.model import Job
from bot.ui.render import Parts

log = logging.getLogger(__name__)

#: Somebody has answered this interaction before.
ALREADY_ANSWERED = 40060
#: 10062: too late, or a replay after a reconnect; 50027, 10015: its token has ended. Nothing that is sent to such an
#: interaction arrives.
UNANSWERABLE = frozenset({10062, ALREADY_ANSWERED, 50027, 10015})

#: A component's id is a positive 32-bit number (Discord).
_MARK_BITS = 30


def marked(parts: Parts, job: Job) -> Parts:
    """The answer to an order, so that it is told from the answer of another instance to the same order."""
    for item in parts["view"].children[:1]:
        item.id = _mark_of(job)
    return parts


def is_marked(message: discord.Message, job: Job) -> bool:
    """Whether a message is the answer that this very job was given, as `marked` made it."""
    return any(
        child.id == _mark_of(job)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
    )


def promises(message: discord.Message, job: Job) -> bool:
    """Whether a message is the job's answer, or stands for it yet: with the job's own song, posted for this order.

    Where the order was given back after all, as one of which nobody knew whether it was kept, the song was taken away.
    """
    song = urlsplit(job.reference.url).path
    return is_marked(message, job) or any(urlsplit(attached.url).path == song for attached in message.attachments)


def report_second_instance(job: Job | None = None) -> None:
    """Tell the operator what a 40060 means that we did not bring about ourselves."""
    log.error(
        "Discord says that somebody else has answered already (40060): a second instance of this bot seems to run with "
        "the same DISCORD_TOKEN. Stop one of them: both take every order.",
        extra={"job": job.id} if job else {},
    )


def _mark_of(job: Job) -> int:
    """From the random key, above the small numbers that Discord gives to components without one."""
    return (1 << _MARK_BITS) | int(job.key, 16) % (1 << _MARK_BITS)
