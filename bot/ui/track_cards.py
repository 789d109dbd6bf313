"""The messages that carry a track: the one that ends its job, and copies of it. Pure, in the member's language."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.jobs.model import Job
from bot.texts import text
from bot.ui.buttons import JobAction, JobButton, LinkButton, job_button
from bot.ui.cards import Card
from bot.ui.formatting import clip, length, mention, titled
from bot.ui.links import offered, offered_in_words
from bot.ui.requirements import OrderRequirements

#: The provider keeps a track's address for 24 hours (its documents); an hour is kept back.
_LINK_LASTS = timedelta(hours=23)
_MAX_CONTENT_CHARACTERS = 2_000


class NoFile(StrEnum):
    """Why a track's message, or a copy of it, carries no file. Its value is the key of the sentence with a link."""

    TOO_LARGE = "track.link_alone"
    FILTERED = "track.link_alone_filtered"
    UNHEARD = "track.unheard"
    UNFETCHED = "track.unfetched"


def track_card(  # noqa: PLR0913 - each is a thing to be said
    job: Job,
    *,
    requirements: OrderRequirements,
    locale: str,
    with_file: bool,
    no_file: NoFile = NoFile.TOO_LARGE,
    linked: bool = True,
    direct: bool = False,
    sketch: bool = False,
    smaller: bool = False,
    filtered: bool = False,
) -> Card:
    """The message that carries the track; `direct`: it goes to the member because the channel could not be reached.

    `linked`: with its link, if there is one that Discord may take; it stands in the words where no button can carry
    it, and is left out where the words would not fit then. `sketch`: the file says that the offline generator made it,
    so the message says so too. `smaller`: it was encoded again to fit this channel. `no_file` says why there is none;
    `filtered`: because a filter of the server's stopped the message with it.
    """
    link, address = _links(job, requirements) if linked else (None, None)
    content = ""
    for in_words in (address, None):
        content = _content(
            job,
            link,
            in_words,
            locale,
            no_file=None if with_file else NoFile.FILTERED if filtered else no_file,
            direct=direct,
            sketch=sketch,
            smaller=smaller,
        )
        if len(content) <= _MAX_CONTENT_CHARACTERS:
            break  # else the link would be cut, and lead nowhere
    buttons: list[JobButton | LinkButton] = []
    if link:
        buttons.append(LinkButton(label=text("control.link", locale), url=link))
    actions = (JobAction.AGAIN, JobAction.EDIT, JobAction.LYRICS, JobAction.DELETE)
    buttons += [job_button(action, locale) for action in actions]
    return Card(job_id=job.id, content=clip(content, _MAX_CONTENT_CHARACTERS), buttons=tuple(buttons))


def has_link(job: Job, requirements: OrderRequirements) -> bool:
    """Whether the track's address can be offered, as a button or in words."""
    return any(_links(job, requirements))


def carries_link(card: Card, job: Job, requirements: OrderRequirements) -> bool:
    """Whether this card leads to the track: an address may be offered, and yet be too long for its message."""
    link, address = _links(job, requirements)
    return any(isinstance(one, LinkButton) and one.url == link for one in card.buttons) or bool(
        address and address in card.content
    )


def shared_card(
    job: Job,
    *,
    requirements: OrderRequirements,
    now: datetime,
    locale: str,
    private: bool,
    linked: bool = True,
    no_file: NoFile | None = None,
) -> Card:
    """The message that carries a kept track once more, where its owner asked for it.

    `private`: for the member alone, so that they can dismiss it themselves. `linked`: with the provider's link,
    while it leads somewhere and if Discord may take it. `no_file`: why the link has to do.
    """
    content = text("track.shared", locale, title=titled(job, locale), member=mention(job.member_id))
    buttons: list[JobButton | LinkButton] = []
    is_fresh = job.accepted_at is not None and now - job.accepted_at < _LINK_LASTS
    link, address = _links(job, requirements) if linked and is_fresh else (None, None)
    if link:
        buttons.append(LinkButton(label=text("control.link", locale), url=link))
    if no_file is not None:
        content += f"\n{text(no_file, locale)}"
        if address:
            content += "\n" + text("track.link", locale, url=address)
    buttons.append(job_button(JobAction.LYRICS, locale))
    if not private:
        buttons.append(job_button(JobAction.REMOVE, locale))
    return Card(job_id=job.id, content=clip(content, _MAX_CONTENT_CHARACTERS), buttons=tuple(buttons))


def _links(job: Job, requirements: OrderRequirements) -> tuple[str | None, str | None]:
    """The track's address for a button; else, for a message's text."""
    url = job.track.url if job.track else None
    link = offered(url, opens_loopback=requirements.opens_loopback)
    return link, None if link else offered_in_words(url, opens_loopback=requirements.opens_loopback)


def _content(
    job: Job,
    link: str | None,
    address: str | None,
    locale: str,
    *,
    no_file: NoFile | None,
    direct: bool,
    sketch: bool,
    smaller: bool,
) -> str:
    seconds = job.track.seconds if job.track else None
    key, values = ("track.ready", {}) if seconds is None else ("track.ready_length", {"length": length(seconds)})
    paragraphs = [text(key, locale, member=mention(job.member_id), title=titled(job, locale), **values)]
    if sketch:
        paragraphs.append(text("track.sketch", locale))
    if direct:
        paragraphs.append(text("track.direct", locale))
    if smaller:
        paragraphs.append(text("track.smaller" if link else "track.smaller_no_link", locale))
    if no_file is not None:
        paragraphs.append(text(no_file if link or address else "track.too_large_no_link", locale))
    if address:
        paragraphs.append(text("track.link", locale, url=address))
    return "\n".join(paragraphs)
