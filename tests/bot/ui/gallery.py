"""Writes docs/conversation.md: every card, form and answer as text. `python -m tests.bot.ui.gallery`."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.errors import OrderError, Reason
from bot.jobs.admission import Taken
from bot.jobs.lyrics import to_prompt
from bot.jobs.model import Job, JobState, Origin
from bot.jobs.overview import Running
from bot.jobs.ports import Eta
from bot.jobs.service import Quota
from bot.texts import text
from bot.texts.remarks import noted
from bot.ui.buttons import LinkButton
from bot.ui.cards import Card, job_card
from bot.ui.formatting import fenced, refusal
from bot.ui.forms import Filled, order_form
from bot.ui.library import Page, page_text, queue_text, song_buttons, song_text
from bot.ui.limits import admission_refusal, quota_text
from bot.ui.replies import with_lyrics_note
from bot.ui.track_cards import NoFile, shared_card, track_card
from tests.bot.ui.examples import LYRICS, NOW, REQUIREMENTS, example_job, example_place

TARGET = Path(__file__).parents[3] / "docs" / "conversation.md"

LONG = "la la la la\n" * 60


def conversation() -> str:
    """The whole page."""
    sections = [_head(), *_cards("en"), *_track("en"), *_refusals("en"), *_forms("en"), *_lists("en"), *_german()]
    return "\n".join([*sections, _another_language()]).rstrip() + "\n"


def _head() -> str:
    return """# The conversation

What members read and press, as text. This page is written by `python -m tests.bot.ui.gallery` from the code that runs;
a test fails when it is out of date. `<t:…:R>` are Discord's own times: they count by themselves, in the reader's
language. Buttons stand in brackets; ↗ leads somewhere. Every button and every form works after a restart of the bot.

Who may press: *Cancel* and *Delete* the owner and moderators (Manage Messages) of the server; *Lyrics* everybody; all
others the owner alone. It is read from the job, never from the message.
"""


def _cards(locale: str) -> list[str]:
    return ["## The card\n", *(_shown(name, card) for name, card in card_examples(locale))]


def card_examples(locale: str) -> list[tuple[str, Card]]:
    """Every card, with what it is an example of."""

    def card(state: JobState, eta: Eta | None = None, **changes: Any) -> Card:
        return job_card(example_job(state, **changes), eta or Eta(), now=NOW, requirements=REQUIREMENTS, locale=locale)

    soon = Eta(expected_at=NOW + timedelta(seconds=60))
    usual = Eta(usually_at=NOW + timedelta(seconds=60))
    long = to_prompt(LYRICS + "\n" + "la la la la\n" * 30, REQUIREMENTS.prompt).text
    abroad = example_place(origin=Origin.USER_INSTALL)
    too_short = noted("sound.too_short", seconds=8.0, needed=15.0)
    return [
        ("Just ordered", card(JobState.CHECKING)),
        ("Just ordered, with others in line", card(JobState.CHECKING, Eta(in_line=2))),
        ("In line", card(JobState.QUEUED, Eta(ahead=3))),
        ("Held, because only the operator can mend what is wrong", card(JobState.QUEUED, Eta(held=Reason.NO_CREDITS))),
        ("Being sent", card(JobState.SUBMITTING)),
        ("Being made, nothing learned yet", card(JobState.GENERATING, usual)),
        ("Being made, with an estimate from recent songs", card(JobState.GENERATING, soon)),
        (
            "Taking longer than usual, with long lyrics",
            card(JobState.GENERATING, Eta(expected_at=NOW), prompt=long),
        ),
        ("As a user-installed app", card(JobState.GENERATING, place=abroad)),
        ("Finished, on its way", card(JobState.DELIVERING)),
        ("Done", card(JobState.DELIVERED)),
        ("Done, but sent directly because the channel was closed", card(JobState.DELIVERED, track_channel_id=9)),
        ("A song that cannot be used", card(JobState.REFUSED, reason=Reason.SOUND, detail=too_short)),
        ("The music service gave up", card(JobState.FAILED)),
        (
            "The music service refuses words or song: the reason is told privately",
            card(JobState.FAILED, reason=Reason.CONTENT_REFUSED),
        ),
        (
            "An order that was never answered (told as a message of its own, with these buttons)",
            card(JobState.FAILED, reason=Reason.UNANSWERED, generation_id=None, attempt=0),
        ),
        ("Our own disk", card(JobState.FAILED, reason=Reason.DISK, generation_id=None, attempt=0)),
        ("The operator must act", card(JobState.FAILED, reason=Reason.NO_CREDITS, generation_id=None)),
        ("Nobody knows whether it was accepted", card(JobState.UNKNOWN)),
        ("Too late", card(JobState.EXPIRED)),
        ("Cancelled before it cost anything", card(JobState.CANCELLED, attempt=0)),
        ("Cancelled after it was sent", card(JobState.CANCELLED, attempt=1)),
        ("Nobody could be reached", card(JobState.UNDELIVERABLE)),
        (
            "Nobody could decide whether the file is sound, and it has no link",
            card(JobState.UNDELIVERABLE, reason=Reason.TRACK_UNHEARD),
        ),
        ("Too large for the channel, without a link", card(JobState.UNDELIVERABLE, reason=Reason.TRACK_TOO_LARGE)),
    ]


def _track(locale: str) -> list[str]:
    job = example_job(JobState.DELIVERING)
    return [
        "## The track\n",
        _shown("A reply to the card, with the file `Side_by_side.mp3` and a picture of its waveform",
               track_card(job, requirements=REQUIREMENTS, locale=locale, with_file=True)),
        _shown("Too large for the channel", track_card(job, requirements=REQUIREMENTS, locale=locale, with_file=False)),
        _shown("Nobody could decide whether the file is sound",
               track_card(job, requirements=REQUIREMENTS, locale=locale, with_file=False, no_file=NoFile.UNHEARD)),
        _shown("The file could not be fetched",
               track_card(job, requirements=REQUIREMENTS, locale=locale, with_file=False, no_file=NoFile.UNFETCHED)),
        _shown("By direct message",
               track_card(job, requirements=REQUIREMENTS, locale=locale, with_file=True, direct=True)),
        _shown("*Post it here*, from `/tracks`",
               shared_card(job, requirements=REQUIREMENTS, now=NOW, locale=locale, private=False)),
        _block("*Lyrics*, privately to whoever presses", _told("answer.lyrics_of", locale) + "\n" + fenced(LYRICS)),
        _block("*Again*, privately, after the card", text("quota.used", locale, left=2)),
        _block("*Again*, before it takes the last song of the day",
               _told("quota.last_ask", locale) + f"\n[{text('control.again_sure', locale)}]"),
        _block("*Delete*, privately",
               _told("control.delete_ask", locale) + f"\n[{text('control.delete_sure', locale)}]"),
    ]  # fmt: skip


def _refusals(locale: str) -> list[str]:
    errors = [
        OrderError(Reason.LYRICS_TOO_SHORT, count=7, limit=10),
        OrderError(Reason.LYRICS_TOO_LONG, count=723, limit=600),
        OrderError(Reason.LYRICS_EMPTY),
        OrderError(Reason.TITLE_TOO_LONG, count=93, limit=80),
        OrderError(Reason.WORDS_REFUSED),
        OrderError(Reason.FILE_TOO_LARGE),
        OrderError(Reason.FILE_EMPTY),
        OrderError(Reason.FOREIGN_URL),
        OrderError(Reason.NO_PERMISSION, "attach_files"),
        OrderError(Reason.GUILD_CLOSED),
        OrderError(Reason.DIRECT_CLOSED),
        OrderError(Reason.USER_INSTALL_CLOSED),
        OrderError(Reason.STORE_BUSY),
    ]
    first, *others = [refusal(error, REQUIREMENTS, locale) for error in errors]
    button = text("control.edit_draft", locale)
    keys = [
        *("answer.restarted", "answer.no_song", "answer.song_missing", "answer.song_expired", "control.not_yours"),
        *("control.not_yours_moderator", "control.too_late", "control.too_late_live", "control.gone", "control.old"),
    ]
    failed = text("answer.failed", locale, reference="80f01d2a6")
    return [
        "## What cannot be done, told privately\n",
        _block("An order that cannot be taken comes back whole; the button opens the form with everything in it",
               with_lyrics_note(first, LONG, "", locale) + f"\n{fenced('la la la la' + chr(10) + '…')}\n[{button}]"),
        _listed("The other reasons, each with the text below it and the same button", others),
        _listed("To presses and forms", [text(key, locale) for key in keys] + [failed]),
    ]  # fmt: skip


def _forms(locale: str) -> list[str]:
    chosen = Filled(title="Side by side", song_name="demo.mp3")
    full = Filled(title="Side by side", lyrics=LYRICS)
    return [
        "## The forms\n",
        _form(
            "`/compose` without lyrics, and *Compose from this* on a message with a song",
            "form.compose",
            chosen,
            locale,
        ),
        _form("*Edit lyrics*", "form.edit", replace(full, song_name="demo.mp3"), locale),
        _form(
            "*Another song*; and *Again*, when neither Discord nor the bot has the song any more",
            "form.other_song",
            full,
            locale,
        ),
    ]


def _lists(locale: str) -> list[str]:
    states = [JobState.GENERATING, JobState.DELIVERED, JobState.FAILED, JobState.UNDELIVERABLE]
    jobs = [example_job(state, id=20 - at, title=f"Song {at}") for at, state in enumerate(states)]
    page = Page(number=0, jobs=jobs, count=12)
    footer = text("tracks.page", locale, page=1, pages=2, count=12)
    menu = f"[{text('control.choose', locale)} ▾]\n[{text('control.older', locale)}]"
    buttons = " ".join(f"[{button.label}]" for button in song_buttons(jobs[1], has_file=True, locale=locale))
    return [
        "## The lists\n",
        _block("`/tracks`, privately, ten to a page", f"{page_text(page, locale)}\n{footer}\n{menu}"),
        _block(
            "One song of it", f"{song_text(jobs[1], REQUIREMENTS, locale)}\n{buttons} [{text('control.back', locale)}]"
        ),
        _block(
            "`/queue`, privately; other channels are only counted",
            queue_text(Running(jobs=[jobs[0]], here=1, elsewhere=1), locale),
        ),
        _block(
            "The same while the line is held",
            queue_text(
                Running(jobs=[example_job(JobState.QUEUED)], here=1, elsewhere=1),
                locale,
                lambda _job: Reason.KEY_REFUSED,
            ),
        ),
        _block("`/quota`, privately", quota_text(_quota(jobs[0]), REQUIREMENTS, locale)),
        *_limits(jobs[0], locale),
    ]


def _quota(job: Job) -> Quota:
    return Quota(
        per_day=5,
        left=1,
        next_at=NOW + timedelta(hours=3),
        at_once=2,
        live=1,
        under_way=(job,),
        said=Taken(left=0, next_at=NOW + timedelta(hours=3)),
    )


def _limits(job: Job, locale: str) -> list[str]:
    """What keeps an order out; below each stand the words, for copying, and the button *Change and send again*."""
    until = NOW + timedelta(hours=3)
    told = {
        "The songs of the day are used up": OrderError(Reason.LIMIT_DAY, limit=5, until=until, under_way=(job,)),
        "Too many songs under way": OrderError(Reason.LIMIT_AT_ONCE, limit=1, under_way=(job,)),
        "The server's songs are used up": OrderError(Reason.LIMIT_GUILD, limit=50, until=until),
        "Three checks were burnt": OrderError(Reason.HEARING_WAITS, until=until),
        "The budget is used up": OrderError(Reason.BUDGET, until=until),
        "A limit of 0": OrderError(Reason.NOT_ALLOWED),
        "The bot is paused": OrderError(Reason.PAUSED, until=until, note="back after the concert"),
        "The member is blocked": OrderError(Reason.BLOCKED, until=until),
    }
    return [_block(name, admission_refusal(error, locale) or "") for name, error in told.items()]


def _german() -> list[str]:
    name = "Being made, with an estimate from recent songs"
    card = dict(card_examples("de"))[name]
    job = example_job(JobState.DELIVERING)
    return [
        "## In German\n",
        _shown(name, card),
        _shown("The track", track_card(job, requirements=REQUIREMENTS, locale="de", with_file=True)),
        _form("`/compose` without lyrics", "form.compose", Filled(song_name="demo.mp3"), "de"),
    ]


def _another_language() -> str:
    return """## Another language

Every sentence is in `bot/texts/en`, one module for each subject, by key. Copy the folder under Discord's code of the
language (`bot/texts/fr`), translate the values, and add the language to `CATALOGS` in `bot/texts/__init__.py`.
`tests/bot/texts` then names every missing key, every value that a translation forgot, and every text that is longer
than Discord takes. Members read the language that their own Discord is set to; what is missing is read in English.
"""


def _told(key: str, locale: str) -> str:
    return text(key, locale, title="Side by side")


def _shown(name: str, card: Card) -> str:
    lines = [card.content]
    if card.description:
        lines += [f"│ {line}".rstrip() for line in card.description.split("\n")]
    lines += [f"│ {line.name}: {line.value}" for line in card.lines]
    lines += [f"│ {card.footer}"] if card.footer else []
    labels = [f"[{one.label} ↗]" if isinstance(one, LinkButton) else f"[{one.label}]" for one in card.buttons]
    return _block(name, "\n".join([*lines, *([" ".join(labels)] if labels else [])]))


def _form(name: str, heading: str, filled: Filled, locale: str) -> str:
    form = order_form("form:v1:draft:0", heading, filled, requirements=REQUIREMENTS, locale=locale)
    lines = [form.title]
    for label in form.to_components():
        field = label["component"]
        value = field.get("value") or ("⇪" if field["type"] == 19 else "")
        needed = "*" if field.get("required") else ""
        lines += [f"┌ {label['label']}{needed}  ({label['description']})"]
        lines += [f"│ {line}".rstrip() for line in str(value).split("\n")]
    return _block(name, "\n".join(lines))


def _block(name: str, shown: str) -> str:
    return f"**{name}**\n\n````text\n{shown}\n````\n"


def _listed(name: str, sentences: list[str]) -> str:
    return f"**{name}**\n\n" + "\n".join(f"- {sentence}" for sentence in sentences) + "\n"


if __name__ == "__main__":
    TARGET.write_text(conversation(), encoding="utf-8")
