"""What each sub-command does, once it is certain that it may: the act, and its private answer."""

import asyncio
import io
from functools import partial

import discord

from bot.errors import NoSuchJobError
from bot.jobs.acts import ActRefusedError, SongReport
from bot.jobs.admission import EVERYWHERE, PlaceRequest, Refused, RuleKind, SubjectKind, limits_of, verdict
from bot.jobs.operating import MAX_NOTE_CHARACTERS
from bot.jobs.until import parse_until
from bot.operators.answers import (
    Answer,
    blocked_answer,
    channels_answer,
    channels_text,
    ended,
    limit_answer,
    song_answer,
    spent_answer,
    words_answer,
)
from bot.operators.buttons import song_view
from bot.operators.reasons import Why, why_answer
from bot.operators.replies import reply
from bot.operators.rights import Desk
from bot.operators.spent_files import draw_spent, table_of
from bot.texts import text
from bot.ui.formatting import foreign, mention
from bot.ui.orders import channel_ids_of

Subject = tuple[SubjectKind, int]


async def pause(desk: Desk, reason: str, until: str | None) -> None:
    """Pause, and show it."""
    end = parse_until(until, desk.ctx.clock.now())
    await desk.operating.pause(desk.scope, desk.by, reason=_short(reason), until=end)
    await reply(desk.ctx, ended("operators.pause.done", end, desk.ctx.locale))
    await _show_presence(desk)


async def resume(desk: Desk) -> None:
    """Resume, and show it."""
    was_paused = await desk.operating.resume(desk.scope, desk.by)
    sentences = [desk.ctx.text("operators.resume.done" if was_paused else "operators.resume.none")]
    if desk.scope != EVERYWHERE and await desk.operating.paused() is not None:
        sentences.append(desk.ctx.text("operators.resume.bot"))
    await reply(desk.ctx, Answer(body=" ".join(sentences)))
    await _show_presence(desk)


async def block(desk: Desk, member_id: int, until: str | None, note: str) -> None:
    """Block; what waits ends."""
    end = parse_until(until, desk.ctx.clock.now())
    over = await desk.operating.block(desk.scope, desk.by, member_id, until=end, note=note)
    answer = ended("operators.block.done", end, desk.ctx.locale, member=mention(member_id), count=len(over))
    await reply(desk.ctx, answer)


async def unblock(desk: Desk, member_id: int) -> None:
    """Unblock."""
    was_blocked = await desk.operating.unblock(desk.scope, desk.by, member_id)
    await _say(desk, "operators.unblock.done" if was_blocked else "operators.unblock.none", member=mention(member_id))


async def blocked(desk: Desk) -> None:
    """The list."""
    await reply(desk.ctx, blocked_answer(await desk.operating.blocked(desk.scope), desk.ctx.locale))


def named(role_id: int | None, member_id: int | None, server: str | None) -> Subject | None:
    """Whom a limit is about; None: nobody was named. Raises ActRefusedError for more than one."""
    found: list[Subject] = []
    if role_id is not None:
        found.append((SubjectKind.ROLE, role_id))
    if member_id is not None:
        found.append((SubjectKind.MEMBER, member_id))
    if server is not None:
        found.append((SubjectKind.GUILD, _server_id(server)))
    if len(found) > 1:
        raise ActRefusedError("operators.limit.two")
    return found[0] if found else None


def named_or_refused(role_id: int | None, member_id: int | None, server: str | None) -> Subject:
    """The same, but somebody must be named. Raises ActRefusedError."""
    subject = named(role_id, member_id, server)
    if subject is None:
        raise ActRefusedError("operators.limit.need")
    return subject


async def limit(desk: Desk, subject: Subject, per_day: int | None, at_once: int | None) -> None:
    """Set what is given, take back what is not."""
    kind, subject_id = subject
    limits = {RuleKind.LIMIT_DAY: per_day}
    if kind is SubjectKind.GUILD:
        if at_once is not None:
            raise ActRefusedError("operators.limit.no_at_once")
        await _check_server_limit(desk, per_day)
    else:
        limits[RuleKind.LIMIT_AT_ONCE] = at_once
    # roles are of the server where this is typed, whoever types it
    scope = desk.guild_id if kind is SubjectKind.ROLE else desk.scope
    await desk.operating.limit(scope, desk.by, kind, subject_id, limits=limits)
    locale = desk.ctx.locale
    is_server = kind is SubjectKind.GUILD
    await reply(
        desk.ctx, limit_answer(_named_subject(desk, subject), per_day, at_once, is_server=is_server, locale=locale)
    )


async def give(desk: Desk, member_id: int, songs: int, note: str) -> None:
    """A gift."""
    await desk.operating.give(desk.scope, desk.by, member_id, songs, note=note)
    await _say(desk, "operators.give.done", member=mention(member_id), count=songs)


async def add_channel(desk: Desk, channel_id: int) -> None:
    """A channel of the server where this is typed."""
    await desk.operating.add_channel(desk.guild_id, desk.by, channel_id)
    await _say(desk, "operators.channels.added", channel=f"<#{channel_id}>")


async def remove_channel(desk: Desk, channel_id: int) -> None:
    """Off the list."""
    if not await desk.operating.remove_channel(desk.guild_id, desk.by, channel_id):
        await _say(desk, "operators.channels.unknown", channel=f"<#{channel_id}>")
        return
    where = channels_text(await desk.operating.channels(desk.guild_id), desk.ctx.locale)
    await _say(desk, "operators.channels.removed", channel=f"<#{channel_id}>", where=where)


async def list_channels(desk: Desk) -> None:
    """The list."""
    await reply(desk.ctx, channels_answer(await desk.operating.channels(desk.guild_id), desk.ctx.locale))


async def add_word(desk: Desk, word: str) -> None:
    """On the list."""
    kept = await desk.operating.add_word(desk.scope, desk.by, word)
    await _say(desk, "operators.words.added", word=foreign(kept))


async def remove_word(desk: Desk, word: str) -> None:
    """Off the list."""
    was_there = await desk.operating.remove_word(desk.scope, desk.by, word)
    await _say(desk, "operators.words.removed" if was_there else "operators.words.unknown", word=foreign(word))


async def list_words(desk: Desk) -> None:
    """The list."""
    await reply(desk.ctx, words_answer(await desk.operating.words(desk.scope), desk.ctx.locale))


async def notice(desk: Desk, told: str, until: str | None) -> None:
    """Told, or cleared."""
    told = _short(told, "operators.notice.long")
    end = parse_until(until, desk.ctx.clock.now()) if told else None
    await desk.operating.set_notice(desk.scope, desk.by, text=told, until=end)
    if told:
        await reply(desk.ctx, ended("operators.notice.done", end, desk.ctx.locale, text=foreign(told)))
    else:
        await _say(desk, "operators.notice.cleared")


async def song_report(desk: Desk, job_id: int) -> SongReport:
    """Raises ActRefusedError: what is elsewhere does not exist here."""
    try:
        return await desk.operating.song(desk.scope, job_id)
    except NoSuchJobError:
        raise ActRefusedError("operators.no_song") from None


async def song(desk: Desk, job_id: int) -> None:
    """The report with its buttons."""
    report = await song_report(desk, job_id)
    answer = song_answer(report, requirements=desk.ctx.requirements, currency=desk.currency, locale=desk.ctx.locale)
    await reply(desk.ctx, answer, view=song_view(report.job, desk.scope, desk.ctx.locale))


async def spent(desk: Desk, days: int) -> None:
    """Sums, a picture and a table."""
    await desk.ctx.interaction.response.defer(ephemeral=True, thinking=True)
    report = await desk.operating.spent(desk.scope, days)
    heading = desk.ctx.text("operators.spent.picture")
    picture = await asyncio.to_thread(partial(draw_spent, report, heading))
    table = await asyncio.to_thread(partial(table_of, report, desk.currency))
    files = [
        discord.File(io.BytesIO(picture), filename="spent.png"),
        discord.File(io.BytesIO(table), filename="spent.csv"),
    ]
    await reply(desk.ctx, spent_answer(report, currency=desk.currency, locale=desk.ctx.locale), files=files)


async def why(desk: Desk, member_id: int, name: str, role_ids: frozenset[int]) -> None:
    """The verdict that they would get here, and what it is made of."""
    ctx = desk.ctx
    asked = PlaceRequest(
        member_id=member_id,
        guild_id=desk.guild_id,
        role_ids=role_ids,
        price_micros=ctx.requirements.lowest_price_micros,
        channel_ids=channel_ids_of(ctx.interaction),
    )
    now = ctx.clock.now()
    rules, usage = await desk.operating.standing_of(asked, ctx.jobs.admission.terms)
    said = verdict(asked, rules, usage, now)
    refused = said if isinstance(said, Refused) else None
    found = Why(asked=asked, rules=rules, limits=limits_of(asked, rules, now), usage=usage, refused=refused)
    sentence = ctx.refusal(refused.error()) if refused else ""
    await reply(ctx, why_answer(found, name=name, sentence=sentence, locale=ctx.locale))


async def _check_server_limit(desk: Desk, per_day: int | None) -> None:
    """A server's own limit may be lower than what the bot's operators allow it, never higher."""
    if desk.scope == EVERYWHERE or per_day is None:
        return
    default = desk.ctx.jobs.admission.terms.guild_per_day
    allowed = await desk.operating.allowed_per_day(desk.scope, default)
    if allowed is not None and per_day > allowed:
        raise ActRefusedError("operators.limit.over", limit=allowed)


def _named_subject(desk: Desk, subject: Subject) -> str:
    kind, subject_id = subject
    match kind:
        case SubjectKind.ROLE:
            return "@everyone" if subject_id == desk.guild_id else f"<@&{subject_id}>"
        case SubjectKind.MEMBER:
            return mention(subject_id)
        case _ if desk.scope == EVERYWHERE:
            return text("operators.limit.server", desk.ctx.locale, id=subject_id)
        case _:
            return text("operators.limit.this_server", desk.ctx.locale)


def _server_id(typed: str) -> int:
    if typed.isascii() and typed.isdecimal() and 0 < int(typed) < 2**63:
        return int(typed)
    raise ActRefusedError("operators.limit.bad_server", typed=typed[:40])


def _short(typed: str, key: str = "operators.notice.long") -> str:
    told = " ".join(typed.split())
    if len(told) > MAX_NOTE_CHARACTERS:
        raise ActRefusedError(key, count=len(told), limit=MAX_NOTE_CHARACTERS)
    return told


async def _say(desk: Desk, key: str, **values: object) -> None:
    await reply(desk.ctx, Answer(body=desk.ctx.text(key, **values)))


async def _show_presence(desk: Desk) -> None:
    show = desk.ctx.services.show_presence
    if desk.scope == EVERYWHERE and show is not None:
        await show()
