"""From what a member typed and attached to an order: every check that needs neither network nor database. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import discord

from bot.errors import OrderError, Reason
from bot.foreign_text import cleaned
from bot.jobs.admission import PlaceRequest
from bot.jobs.lyrics import Prompt, made_title, to_prompt
from bot.jobs.model import Order, Place, Reference
from bot.ui.requirements import OrderedModel, OrderRequirements

#: What a song is called when Discord gives no name.
_UNNAMED_FILE = "song"


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """An attachment: what is known of it before anybody has listened."""

    url: str  #: signed: never in a log or a message
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInput:
    """What a member would like; nothing in it has been checked, and all of it comes back if it cannot be had."""

    lyrics: str = ""
    title: str = ""
    song: Song | None = None
    style: str = ""  #: empty: as the model has it by itself
    model: str | None = None  #: None: the usual one
    again_of: int | None = None
    is_repeat: bool = False  #: a press of *Again*: nothing was changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who orders, and where."""

    member_id: int
    member_name: str
    place: Place
    role_ids: frozenset[int] = frozenset()
    channel_ids: frozenset[int] = frozenset()  #: see Order


def to_order(order_input: OrderInput, requester: Requester, requirements: OrderRequirements) -> Order:
    """The order, or OrderError with the first thing that is in its way; REFERENCE_GONE when there is no song."""
    requirements.doors.check(requester.place.origin, requester.place.guild_id)
    if order_input.song is None:
        raise OrderError(Reason.REFERENCE_GONE)
    check_song(order_input.song, requirements)
    model = chosen_model(order_input, requirements)
    prompt = _prompt(order_input.lyrics, model, requirements)
    style = _style(order_input.style, model)
    title = cleaned(order_input.title)
    if len(title) > requirements.title_max_characters:
        raise OrderError(Reason.TITLE_TOO_LONG, count=len(title), limit=requirements.title_max_characters)
    if requirements.blocklist.find(title, order_input.lyrics, prompt.sung, order_input.style) is not None:
        raise OrderError(Reason.WORDS_REFUSED)
    return Order(
        member_id=requester.member_id,
        member_name=requester.member_name,
        place=requester.place,
        title=title or made_title(order_input.lyrics, order_input.song.name),
        lyrics=order_input.lyrics,
        prompt=prompt.text,
        reference=Reference(
            url=order_input.song.url,
            name=order_input.song.name,
            size_bytes=order_input.song.size_bytes,
            expires_at=expiry_of(order_input.song.url),
        ),
        provider=model.provider,
        model=model.name,
        style=style,
        price_micros=model.price_micros,
        again_of=order_input.again_of,
        is_repeat=order_input.is_repeat,
        role_ids=requester.role_ids,
        channel_ids=requester.channel_ids,
    )


def chosen_model(order_input: OrderInput, requirements: OrderRequirements) -> OrderedModel:
    """The model that is asked for. Raises OrderError MODEL_GONE."""
    model = requirements.offered(order_input.model)
    if model is None:
        offered = ", ".join(each.name for each in requirements.models)
        raise OrderError(Reason.MODEL_GONE, model=order_input.model or "", offered=offered)
    return model


def _prompt(lyrics: str, model: OrderedModel, requirements: OrderRequirements) -> Prompt:
    """Raises OrderError; what another model would take is said with its name."""
    rules = requirements.prompt if model is requirements.model else model.prompt
    try:
        return to_prompt(lyrics, rules)
    except OrderError as error:
        other = _taker(lyrics, model, requirements) if error.reason is Reason.LYRICS_TOO_LONG else None
        if other is None:
            raise
        told = {**error.values, "model": model.name, "other": other.name, "other_limit": other.prompt.max_characters}
        raise OrderError(Reason.LYRICS_FIT_ELSEWHERE, "", **told) from None


def _taker(lyrics: str, model: OrderedModel, requirements: OrderRequirements) -> OrderedModel | None:
    for other in requirements.others_than(model.name):
        try:
            to_prompt(lyrics, requirements.prompt if other is requirements.model else other.prompt)
        except OrderError:
            continue
        return other
    return None


def _style(typed: str, model: OrderedModel) -> str | None:
    """What is sent as style. Raises OrderError STYLE_NOT_TAKEN, STYLE_TOO_SHORT or STYLE_TOO_LONG."""
    style = " ".join(cleaned(typed).split())
    if not style:
        return model.style
    if not model.takes_style:
        raise OrderError(Reason.STYLE_NOT_TAKEN, model=model.name)
    if len(style) < model.style_min_characters:
        raise OrderError(Reason.STYLE_TOO_SHORT, count=len(style), limit=model.style_min_characters)
    if len(style) > model.style_max_characters:
        raise OrderError(Reason.STYLE_TOO_LONG, count=len(style), limit=model.style_max_characters)
    return style


def style_for(style: str | None, before: OrderedModel, after: OrderedModel) -> str:
    """A song's style for another model than its own: what was chosen, if that one takes it, and else its own."""
    if style is None or style == before.style or not after.takes_style:
        return ""
    return style if after.style_min_characters <= len(style) <= after.style_max_characters else ""


def check_song(song: Song, requirements: OrderRequirements) -> None:
    """Where it comes from and how large it claims to be. Raises OrderError."""
    if urlsplit(song.url).hostname not in requirements.attachment_hosts:
        raise OrderError(Reason.FOREIGN_URL)
    if song.size_bytes <= 0:
        raise OrderError(Reason.FILE_EMPTY)
    if song.size_bytes > requirements.reference_max_bytes:
        raise OrderError(Reason.FILE_TOO_LARGE)


def expiry_of(url: str) -> datetime | None:
    """When a signed attachment URL ends: its `ex`, Unix seconds in hexadecimal; None when it has none."""
    try:
        values = parse_qs(urlsplit(url).query).get("ex")
        return datetime.fromtimestamp(int(values[0], 16), UTC) if values else None
    except (ValueError, OverflowError, OSError):
        return None


def song_of(attachment: discord.Attachment) -> Song:
    """What Discord says about an attachment."""
    return Song(url=attachment.url, name=attachment.filename or _UNNAMED_FILE, size_bytes=attachment.size)


def asked_by(
    interaction: discord.Interaction, requirements: OrderRequirements, model: str | None = None
) -> PlaceRequest:
    """One more song for whoever typed or pressed, as limits and budgets see it; of the cheapest model without one."""
    chosen = None if model is None else requirements.offered(model)
    return PlaceRequest(
        member_id=interaction.user.id,
        guild_id=interaction.guild_id,
        role_ids=role_ids_of(interaction),
        price_micros=requirements.lowest_price_micros if chosen is None else chosen.price_micros,
        channel_ids=channel_ids_of(interaction),
    )


def channel_ids_of(interaction: discord.Interaction) -> frozenset[int]:
    """The channel where they typed or pressed, and of a thread also the channel that it hangs on."""
    ids = (interaction.channel_id, getattr(interaction.channel, "parent_id", None))
    return frozenset(one for one in ids if one)


def role_ids_of(interaction: discord.Interaction) -> frozenset[int]:
    """Their roles in the server where they typed or pressed; they come with every interaction."""
    return frozenset(role.id for role in getattr(interaction.user, "roles", ()))
