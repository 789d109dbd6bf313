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
    OperatorReply,
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
from bot.operators.rights import ActingOperator
from bot.operators.spent_files import draw_spent, table_of
from bot.texts import text
from bot.ui.formatting import foreign, mention
from bot.ui.orders import channel_ids_of

Subject = tuple[SubjectKind, int]


async def pause(operator: ActingOperator, reason: str, until: str | None) -> None:
    """Pause, and show it."""
    end = parse_until(until, operator.ctx.clock.now())
    await operator.operating.pause(operator.scope, operator.by, reason=_short(reason), until=end)
    await reply(operator.ctx, ended("operators.pause.done", end, operator.ctx.locale))
    await _show_presence(operator)


async def resume(operator: ActingOperator) -> None:
    """Resume, and show it."""
    was_paused = await operator.operating.resume(operator.scope, operator.by)
    sentences = [operator.ctx.text("operators.resume.done" if was_paused else "operators.resume.none")]
    if operator.scope != EVERYWHERE and await operator.operating.paused() is not None:
        sentences.append(operator.ctx.text("operators.resume.bot"))
    await reply(operator.ctx, OperatorReply(body=" ".join(sentences)))
    await _show_presence(operator)


async def block(operator: ActingOperator, member_id: int, until: str | None, note: str) -> None:
    """Block; what waits ends."""
    end = parse_until(until, operator.ctx.clock.now())
    over = await operator.operating.block(operator.scope, operator.by, member_id, until=end, note=note)
    answer = ended("operators.block.done", end, operator.ctx.locale, member=mention(member_id), count=len(over))
    await reply(operator.ctx, answer)


async def unblock(operator: ActingOperator, member_id: int) -> None:
    """Unblock."""
    was_blocked = await operator.operating.unblock(operator.scope, operator.by, member_id)
    await _say(
        operator, "operators.unblock.done" if was_blocked else "operators.unblock.none", member=mention(member_id)
    )


async def blocked(operator: ActingOperator) -> None:
    """The list."""
    await reply(operator.ctx, blocked_answer(await operator.operating.blocked(operator.scope), operator.ctx.locale))


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


async def limit(operator: ActingOperator, subject: Subject, per_day: int | None, at_once: int | None) -> None:
    """Set what is given, take back what is not."""
    kind, subject_id = subject
    limits = {RuleKind.LIMIT_DAY: per_day}
    if kind is SubjectKind.GUILD:
        if at_once is not None:
            raise ActRefusedError("operators.limit.no_at_once")
        await _check_server_limit(operator, per_day)
    else:
        limits[RuleKind.LIMIT_AT_ONCE] = at_once
    # roles are of the server where this is typed, whoever types it
    scope = operator.guild_id if kind is SubjectKind.ROLE else operator.scope
    await operator.operating.limit(scope, operator.by, kind, subject_id, limits=limits)
    locale = operator.ctx.locale
    is_server = kind is SubjectKind.GUILD
    await reply(
        operator.ctx,
        limit_answer(_named_subject(operator, subject), per_day, at_once, is_server=is_server, locale=locale),
    )


async def give(operator: ActingOperator, member_id: int, songs: int, note: str) -> None:
    """A gift."""
    await operator.operating.give(operator.scope, operator.by, member_id, songs, note=note)
    await _say(operator, "operators.give.done", member=mention(member_id), count=songs)


async def add_channel(operator: ActingOperator, channel_id: int) -> None:
    """A channel of the server where this is typed."""
    await operator.operating.add_channel(operator.guild_id, operator.by, channel_id)
    await _say(operator, "operators.channels.added", channel=f"<#{channel_id}>")


async def remove_channel(operator: ActingOperator, channel_id: int) -> None:
    """Off the list."""
    if not await operator.operating.remove_channel(operator.guild_id, operator.by, channel_id):
        await _say(operator, "operators.channels.unknown", channel=f"<#{channel_id}>")
        return
    where = channels_text(await operator.operating.channels(operator.guild_id), operator.ctx.locale)
    await _say(operator, "operators.channels.removed", channel=f"<#{channel_id}>", where=where)


async def list_channels(operator: ActingOperator) -> None:
    """The list."""
    await reply(
        operator.ctx, channels_answer(await operator.operating.channels(operator.guild_id), operator.ctx.locale)
    )


async def add_word(operator: ActingOperator, word: str) -> None:
    """On the list."""
    kept = await operator.operating.add_word(operator.scope, operator.by, word)
    await _say(operator, "operators.words.added", word=foreign(kept))


async def remove_word(operator: ActingOperator, word: str) -> None:
    """Off the list."""
    was_there = await operator.operating.remove_word(operator.scope, operator.by, word)
    await _say(operator, "operators.words.removed" if was_there else "operators.words.unknown", word=foreign(word))


async def list_words(operator: ActingOperator) -> None:
    """The list."""
    await reply(operator.ctx, words_answer(await operator.operating.words(operator.scope), operator.ctx.locale))


async def notice(operator: ActingOperator, told: str, until: str | None) -> None:
    """Told, or cleared."""
    told = _short(told, "operators.notice.long")
    end = parse_until(until, operator.ctx.clock.now()) if told else None
    await operator.operating.set_notice(operator.scope, operator.by, text=told, until=end)
    if told:
        await reply(operator.ctx, ended("operators.notice.done", end, operator.ctx.locale, text=foreign(told)))
    else:
        await _say(operator, "operators.notice.cleared")


async def song_report(operator: ActingOperator, job_id: int) -> SongReport:
    """Raises ActRefusedError: what is elsewhere does not exist here."""
    try:
        return await operator.operating.song(operator.scope, job_id)
    except NoSuchJobError:
        raise ActRefusedError("operators.no_song") from None


async def song(operator: ActingOperator, job_id: int) -> None:
    """The report with its buttons."""
    report = await song_report(operator, job_id)
    answer = song_answer(
        report, requirements=operator.ctx.requirements, currency=operator.currency, locale=operator.ctx.locale
    )
    await reply(operator.ctx, answer, view=song_view(report.job, operator.scope, operator.ctx.locale))


async def spent(operator: ActingOperator, days: int) -> None:
    """Sums, a picture and a table."""
    await operator.ctx.interaction.response.defer(ephemeral=True, thinking=True)
    report = await operator.operating.spent(operator.scope, days)
    heading = operator.ctx.text("operators.spent.picture")
    picture = await asyncio.to_thread(partial(draw_spent, report, heading))
    table = await asyncio.to_thread(partial(table_of, report, operator.currency))
    files = [
        discord.File(io.BytesIO(picture), filename="spent.png"),
        discord.File(io.BytesIO(table), filename="spent.csv"),
    ]
    await reply(operator.ctx, spent_answer(report, currency=operator.currency, locale=operator.ctx.locale), files=files)


async def why(operator: ActingOperator, member_id: int, name: str, role_ids: frozenset[int]) -> None:
    """The verdict that they would get here, and what it is made of."""
    ctx = operator.ctx
    asked = PlaceRequest(
        member_id=member_id,
        guild_id=operator.guild_id,
        role_ids=role_ids,
        price_micros=ctx.requirements.lowest_price_micros,
        channel_ids=channel_ids_of(ctx.interaction),
    )
    now = ctx.clock.now()
    rules, usage = await operator.operating.standing_of(asked, ctx.jobs.admission.terms)
    said = verdict(asked, rules, usage, now)
    refused = said if isinstance(said, Refused) else None
    found = Why(asked=asked, rules=rules, limits=limits_of(asked, rules, now), usage=usage, refused=refused)
    sentence = ctx.refusal(refused.error()) if refused else ""
    await reply(ctx, why_answer(found, name=name, sentence=sentence, locale=ctx.locale))


async def _check_server_limit(operator: ActingOperator, per_day: int | None) -> None:
    """A server's own limit may be lower than what the bot's operators allow it, never higher."""
    if operator.scope == EVERYWHERE or per_day is None:
        return
    default = operator.ctx.jobs.admission.terms.guild_per_day
    allowed = await operator.operating.allowed_per_day(operator.scope, default)
    if allowed is not None and per_day > allowed:
        raise ActRefusedError("operators.limit.over", limit=allowed)


def _named_subject(operator: ActingOperator, subject: Subject) -> str:
    kind, subject_id = subject
    match kind:
        case SubjectKind.ROLE:
            return "@everyone" if subject_id == operator.guild_id else f"<@&{subject_id}>"
        case SubjectKind.MEMBER:
            return mention(subject_id)
        case _ if operator.scope == EVERYWHERE:
            return text("operators.limit.server", operator.ctx.locale, id=subject_id)
        case _:
            return text("operators.limit.this_server", operator.ctx.locale)


def _server_id(typed: str) -> int:
    if typed.isascii() and typed.isdecimal() and 0 < int(typed) < 2**63:
        return int(typed)
    raise ActRefusedError("operators.limit.bad_server", typed=typed[:40])


def _short(typed: str, key: str = "operators.notice.long") -> str:
    told = " ".join(typed.split())
    if len(told) > MAX_NOTE_CHARACTERS:
        raise ActRefusedError(key, count=len(told), limit=MAX_NOTE_CHARACTERS)
    return told


async def _say(operator: ActingOperator, key: str, **values: object) -> None:
    await reply(operator.ctx, OperatorReply(body=operator.ctx.text(key, **values)))


async def _show_presence(operator: ActingOperator) -> None:
    show = operator.ctx.services.show_presence
    if operator.scope == EVERYWHERE and show is not None:
        await show()
