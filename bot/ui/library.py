"""A member's own songs, in pages of ten, and what is being made in a place: pure lists, and how they are shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.errors import Reason
from bot.foreign_text import cleaned, isolated
from bot.jobs.model import Job, JobState
from bot.jobs.overview import Running
from bot.texts import text
from bot.ui.buttons import JobAction, JobButton, LinkButton, job_button
from bot.ui.cards import card_buttons, track_link
from bot.ui.custom_ids import choice_id, page_id
from bot.ui.formatting import ICONS, ago, clip, fenced, foreign, length, mention, titled, why
from bot.ui.interaction_context import InteractionContext
from bot.ui.my_data import my_data_buttons
from bot.ui.render import Parts, finished, to_button
from bot.ui.requirements import OrderRequirements

PAGE_SIZE = 10
#: A list longer than this says how many more there are.
MAX_QUEUE_LINES = 15
_COLOUR = 0x5865F2
#: Why the account's brake holds songs.
_HELD = {
    Reason.NO_CREDITS: "tracks.queue.held.no_credits",
    Reason.KEY_REFUSED: "tracks.queue.held.key_refused",
    Reason.ADDRESS_WRONG: "tracks.queue.held.address_wrong",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a member's songs; `number` counts from 0."""

    number: int
    jobs: Sequence[Job]
    count: int

    @property
    def pages(self) -> int:
        """How many there are; at least one."""
        return max(1, -(-self.count // PAGE_SIZE))


async def page_of(ctx: InteractionContext, number: int) -> Page:
    """That page, or the last one if there are fewer."""
    jobs, count = await ctx.jobs.tracks_of(ctx.member_id, limit=PAGE_SIZE, offset=number * PAGE_SIZE)
    if not jobs and number > 0:
        return await page_of(ctx, min(number, max(0, -(-count // PAGE_SIZE))) - 1)
    return Page(number=number, jobs=jobs, count=count)


def page_text(page: Page, locale: str) -> str:
    """The lines of a page: state, title, age, and where it is."""
    return "\n".join(_own_line(job, locale) for job in page.jobs) or text("tracks.empty", locale)


def queue_text(running: Running, locale: str, held: Callable[[Job], Reason | None] = lambda _job: None) -> str:
    """What is being made. Titles of other channels stay there: not everybody who reads here may read there.

    `held`: why a job is held, None when it is not.
    """
    lines = [
        text(
            "tracks.queue.line",
            locale,
            icon=ICONS[job.state],
            title=clip(titled(job, locale), 120),
            member=mention(job.member_id),
            state=text("tracks.queue.held" if held(job) else f"state.{job.state}", locale),
            age=ago(job.created_at),
        )
        for job in running.jobs[:MAX_QUEUE_LINES]
    ]
    if running.here > len(lines):
        lines.append(text("tracks.queue.more", locale, count=running.here - len(lines)))
    if running.elsewhere:
        lines.append(text("tracks.queue.elsewhere", locale, count=running.elsewhere))
    why_held = dict.fromkeys(reason for job in running.jobs if (reason := held(job)))
    lines += [text(_HELD[reason], locale) for reason in why_held]
    return "\n".join(lines) or text("tracks.queue.empty", locale)


def notices_above(ctx: InteractionContext, shown: str) -> str:
    """What operators tell everybody here, above what else is shown."""
    of_brake = ctx.text("operators.notice.brake")
    told = ctx.requirements.notices.told_in(ctx.interaction.guild_id, ctx.clock.now(), of_brake=of_brake)
    return "\n".join([*(f"📣 {foreign(notice)}" for notice in told), shown])


def song_text(job: Job, requirements: OrderRequirements, locale: str) -> str:
    """One song: its state, its length, and its lyrics."""
    head = [f"{ICONS[job.state]} {text(f'state.{job.state}', locale)} · {ago(job.created_at)}"]
    if job.track is not None and job.track.seconds is not None:
        head.append(length(job.track.seconds))
    reason = "" if job.state is JobState.DELIVERED else why(job, requirements, locale)
    lyrics = fenced(job.lyrics) if job.lyrics.strip() else text("tracks.no_lyrics", locale)
    return clip("\n".join(part for part in (" · ".join(head), reason) if part) + "\n" + lyrics, 4096)


def song_buttons(job: Job, *, has_file: bool, locale: str) -> list[JobButton | LinkButton]:
    """What its owner can do with a song; at most two rows of five."""
    buttons: list[JobButton | LinkButton] = []
    if link := track_link(job):
        buttons.append(LinkButton(label=text("control.jump", locale), url=link))
    if has_file:
        buttons += [job_button(JobAction.POST, locale), job_button(JobAction.FILE, locale)]
    decisions = [one for one in card_buttons(job, locale) if isinstance(one, JobButton) and one.action in _DECISIONS]
    if job.is_live:
        return [*buttons, *decisions]
    again = "control.after_all" if job.reason is Reason.UNANSWERED else ""
    usual = [job_button(JobAction.AGAIN, locale, again), *(job_button(one, locale) for one in _ALWAYS)]
    return [*buttons, *decisions, *usual]


#: Offered for whatever rests, besides making it again.
_ALWAYS = (JobAction.EDIT, JobAction.DELETE)
#: What the card offers and may be decided from the list as well: the card may be gone.
_DECISIONS = frozenset({JobAction.CANCEL, JobAction.RISK, JobAction.DISMISS, JobAction.LOOK})


def page_parts(page: Page, locale: str) -> Parts:
    """A page as a message: the list, a menu to choose from, and buttons to turn."""
    embed = discord.Embed(title=text("tracks.heading", locale), description=page_text(page, locale), colour=_COLOUR)
    if page.count:
        footer = text("tracks.page", locale, page=page.number + 1, pages=page.pages, count=page.count)
        embed.set_footer(text=footer)
    items: list[ui.Item[ui.View]] = []
    if page.jobs:
        items.append(_menu(page, locale))
    if page.number > 0:
        items.append(ui.Button(label=text("control.newer", locale), custom_id=page_id(page.number - 1, "n")))
    if page.number + 1 < page.pages:
        items.append(ui.Button(label=text("control.older", locale), custom_id=page_id(page.number + 1, "o")))
    items += my_data_buttons(locale)
    return {"content": "", "embeds": [embed], "view": finished(*items)}


def song_parts(ctx: InteractionContext, job: Job, page_number: int) -> Parts:
    """One song as a message, with a way back to its page."""
    embed = discord.Embed(
        title=clip(titled(job, ctx.locale), 256),
        description=song_text(job, ctx.requirements, ctx.locale),
        colour=_COLOUR,
    )
    buttons = song_buttons(job, has_file=ctx.jobs.track_file(job) is not None, locale=ctx.locale)
    items = [to_button(job.id, button) for button in buttons]
    items.append(ui.Button(label=ctx.text("control.back"), custom_id=page_id(page_number, "b")))
    return {"content": "", "embeds": [embed], "view": finished(*items)}


async def show_page(ctx: InteractionContext, number: int) -> None:
    """Answer a command with a page, or turn the page under a button."""
    await ctx.show_privately(page_parts(await page_of(ctx, number), ctx.locale))


async def show_song(ctx: InteractionContext, job: Job | None, page_number: int = 0) -> None:
    """Answer with one of the member's own songs; what is not theirs does not exist."""
    if job is None or job.member_id != ctx.member_id:
        await ctx.reply_privately(ctx.text("tracks.unknown"))
        return
    await ctx.show_privately(song_parts(ctx, job, page_number))


def choice_label(job: Job, locale: str) -> str:
    """A song in a menu or in the list that appears while typing; at most 100 characters (Discord)."""
    return clip(
        text(
            "tracks.choice",
            locale,
            title=clip(isolated(cleaned(job.title)), 60) or "?",
            state=text(f"state.{job.state}", locale),
        ),
        100,
    )


def _own_line(job: Job, locale: str) -> str:
    values = {
        "icon": ICONS[job.state],
        "title": clip(titled(job, locale), 160),
        "state": text(f"state.{job.state}", locale),
        "age": ago(job.created_at),
    }
    if link := track_link(job):
        label = text("tracks.link", locale)
        return text("tracks.line_linked", locale, **values, link=f"[{label}]({link})")
    return text("tracks.line", locale, **values)


def _menu(page: Page, locale: str) -> ui.Select[ui.View]:
    options = [
        discord.SelectOption(label=choice_label(job, locale), value=str(job.id), emoji=ICONS[job.state])
        for job in page.jobs
    ]
    return ui.Select(custom_id=choice_id(page.number), placeholder=text("control.choose", locale), options=options)
