"""Writing, editing and deleting messages, whoever asks for it: the bot's routes, interactions and members."""

import copy
import mimetypes
from dataclasses import dataclass, field
from typing import Any

from . import payloads
from .cdn import signed_url
from .component_rules import TEXT_DISPLAY, numbered, walk
from .link_rules import check_hosts
from .mentions import EVERYTHING, USERS_ONLY, Writing, compute_mentions, pinged
from .message_rules import check, refuse_empty
from .objects import JSON, Attachment, Channel, Interaction, Message, MessageFlag, MessageType, Upload, User
from .refusals import Form, RefusedError
from .world import World

#: Discord types a bot's file by its extension; these are the ones its clients play (docs, "File Type Filtering").
_AUDIO_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/x-wav",
    "ogg": "audio/ogg",
    "opus": "audio/opus",
    "m4a": "audio/mp4",
    "flac": "audio/x-flac",
}


@dataclass(slots=True, kw_only=True)
class Body:
    """A request body: its JSON (an object; a list for the overwrite of commands) and its files by `n` of `files[n]`."""

    payload: Any = field(default_factory=dict)
    files: dict[int, Upload] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a new message comes from: its author, type, the interaction it answers, what it replies to."""

    author: User
    type: int = MessageType.DEFAULT
    interaction: Interaction | None = None
    flags: int = 0
    visible_to: int | None = None
    reference: JSON | None = None
    upload_limit_bytes: int | None = None
    age_seconds: float = 0.0


def content_type_of(filename: str) -> str | None:
    """The type Discord derives from a file's extension."""
    extension = filename.rpartition(".")[2].lower()
    return _AUDIO_TYPES.get(extension) or mimetypes.guess_type(filename)[0]


def check_sizes(files: dict[int, Upload], limit_bytes: int) -> None:
    """413/40005 if one file is larger than allowed; Discord counts each file for itself."""
    if any(len(upload.data) > limit_bytes for upload in files.values()):
        raise RefusedError(40005)


def create(world: World, place: Channel, body: Body, origin: Origin) -> Message:
    """A new message, announced and sent to the gateway; refuses as Discord does."""
    payload = body.payload
    limit = origin.upload_limit_bytes
    check_sizes(body.files, world.upload_limit(place) if limit is None else limit)
    flags = int(payload.get("flags") or 0) & ~int(MessageFlag.EPHEMERAL) | origin.flags
    v2 = bool(flags & MessageFlag.COMPONENTS_V2)
    notice(world, check(payload, v2=v2, files=_names(body.files)))
    _check_words(world, place, payload)
    _check_hosts(world, payload.get("components") or [])
    refuse_empty(
        content=payload.get("content") or "",
        embeds=payload.get("embeds") or [],
        components=payload.get("components") or [],
        files=len(body.files),
    )
    posted = Message(
        id=world.clock.mint(age_seconds=origin.age_seconds),
        channel_id=place.id,
        author=origin.author,
        created_at=world.clock.time() - origin.age_seconds,
        type=origin.type,
        flags=flags,
        nonce=str(payload["nonce"]) if payload.get("nonce") is not None else None,
        reference=origin.reference,
        interaction=origin.interaction,
        webhook_id=world.application_id if origin.interaction else None,
        visible_to=origin.visible_to,
        content=payload.get("content") or "",
        embeds=copy.deepcopy(payload.get("embeds") or []),
        components=numbered(copy.deepcopy(payload.get("components") or [])),
    )
    _show_files(posted, _attachments(world, place, posted, body))
    writing = _writing(world, place, posted)
    posted.mentions = compute_mentions(world, writing, payload.get("allowed_mentions"), _default(posted))
    posted.pinged_user_ids = pinged(world, posted.mentions, writing)
    place.messages[posted.id] = posted
    tell(world, "create", posted)
    return posted


def edit(world: World, posted: Message, body: Body, *, upload_limit_bytes: int | None = None) -> Message:
    """Change what the payload names and leave the rest; clears the loading state of a deferred answer."""
    payload = body.payload
    place = world.channels[posted.channel_id]
    check_sizes(body.files, world.upload_limit(place) if upload_limit_bytes is None else upload_limit_bytes)
    wanted = int(payload.get("flags") or 0)
    v2 = posted.components_v2 or bool(wanted & MessageFlag.COMPONENTS_V2)
    after = {
        "content": posted.content if "content" not in payload else payload["content"] or "",
        "embeds": posted.embeds if "embeds" not in payload else payload["embeds"] or [],
        "components": posted.components if "components" not in payload else payload["components"] or [],
    }
    kept = _kept(posted, payload)
    names = _names(body.files) | {stored.filename for stored in kept}
    notice(world, check({**payload, **after}, v2=v2, files=names))
    _check_words(world, place, after)
    _check_hosts(world, payload.get("components") or [])
    refuse_empty(**after, files=len(kept) + len(body.files))
    posted.content = after["content"]
    posted.embeds = copy.deepcopy(after["embeds"])
    _replace_attachments(world, posted, kept, body)
    posted.components = numbered(copy.deepcopy(after["components"]))
    _set_flags(posted, payload, wanted, v2=v2)
    writing = _writing(world, place, posted)
    posted.mentions = compute_mentions(world, writing, payload.get("allowed_mentions"), _default(posted))
    posted.edited_at = world.clock.time()
    posted.edit_times.append(posted.edited_at)
    tell(world, "update", posted)
    return posted


def delete(world: World, posted: Message) -> None:
    """Remove a message and its files."""
    posted.deleted = True
    for stored in [*posted.attachments, *posted.embedded]:
        stored.removed = True
    tell(world, "delete", posted)


def _set_flags(posted: Message, payload: JSON, wanted: int, *, v2: bool) -> None:
    if "flags" in payload:
        posted.flags = posted.flags & ~int(MessageFlag.SUPPRESS_EMBEDS) | wanted & int(MessageFlag.SUPPRESS_EMBEDS)
    if v2:
        posted.flags |= int(MessageFlag.COMPONENTS_V2)
    posted.flags &= ~int(MessageFlag.LOADING)


def _check_hosts(world: World, components: list[JSON]) -> None:
    form = Form()
    check_hosts(form, components, disliked=world.rules.disliked_hosts, loopback=world.rules.loopback_links)
    form.close()


def _check_words(world: World, place: Channel, payload: JSON) -> None:
    """What AutoMod does not let through: 200000."""
    guild = world.guild_of(place)
    if guild is None or not guild.blocked_words:
        return
    embeds = [
        str(embed.get("title") or "") + str(embed.get("description") or "") for embed in payload.get("embeds") or ()
    ]
    text = " ".join([str(payload.get("content") or ""), *embeds]).casefold()
    if any(word in text for word in guild.blocked_words):
        raise RefusedError(200000)


def notice(world: World, unknown: list[str]) -> None:
    """Write down fields Discord would silently ignore."""
    for name in unknown:
        world.violate("unknown field", name)


def tell(world: World, what: str, posted: Message) -> None:
    """Announce a message's change, and send it to the gateway unless it is private."""
    world.announce(f"message_{what}", {"message": view(world, posted)}, visible_to=posted.visible_to)
    if not posted.ephemeral:
        world.send_event(f"MESSAGE_{what.upper()}", message=posted)


def view(world: World, posted: Message) -> JSON:
    """A message for pages and tests: Discord's JSON plus who sees it and who was pinged."""
    return payloads.message(world, posted) | {
        "deleted": posted.deleted,
        "loading": posted.loading,
        "visible_to": str(posted.visible_to) if posted.visible_to else None,
        "mentioned_user_ids": [str(user) for user in posted.mentioned_user_ids],
        "pinged_user_ids": [str(user) for user in posted.pinged_user_ids],
        "edits": len(posted.edit_times),
    }


def _default(posted: Message) -> JSON:
    return USERS_ONLY if posted.interaction is not None else EVERYTHING


def _names(files: dict[int, Upload]) -> set[str]:
    return {upload.filename for upload in files.values()}


def _writing(world: World, place: Channel, posted: Message) -> Writing:
    shown = [str(c.get("content") or "") for c in walk(posted.components) if c.get("type") == TEXT_DISPLAY]
    replied = place.messages.get(posted.reply_to_id or 0)
    return Writing(
        texts=(posted.content, *shown),
        author_id=posted.author.id,
        guild=world.guild_of(place),
        channel_id=place.id,
        replied_user_id=replied.author.id if replied and posted.type == MessageType.REPLY else None,
    )


def _attachments(world: World, place: Channel, posted: Message, body: Body) -> list[Attachment]:
    described: dict[int, JSON] = {}
    form = Form()
    for index, row in enumerate(body.payload.get("attachments") or []):
        number = _index(row.get("id"))
        if number in body.files:
            described[number] = row
        elif not any(stored.id == number for stored in posted.attachments):
            form.add(f"attachments.{index}", "ATTACHMENT_NOT_FOUND", f"Attachment data not found for id: {number}")
    form.close()
    return [_stored(world, place, upload, described.get(n, {})) for n, upload in sorted(body.files.items())]


def _stored(world: World, place: Channel, upload: Upload, row: JSON) -> Attachment:
    filename = row.get("filename") or upload.filename
    return world.keep(
        Upload(filename=filename, data=upload.data, content_type=content_type_of(filename)),
        place,
        description=row.get("description"),
        duration_seconds=row.get("duration_secs"),
        waveform=row.get("waveform"),
    )


def _index(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return -1


def _kept(posted: Message, payload: JSON) -> list[Attachment]:
    """Without `attachments` an edit keeps all files; with it, those it lists by id."""
    if "attachments" not in payload:
        return list(posted.attachments)
    listed = {_index(row.get("id")) for row in payload["attachments"] or []}
    return [stored for stored in posted.attachments if stored.id in listed]


def _replace_attachments(world: World, posted: Message, kept: list[Attachment], body: Body) -> None:
    before = [*posted.attachments, *posted.embedded]
    new = _attachments(world, world.channels[posted.channel_id], posted, body)
    shown = [stored for stored in posted.embedded if _is_shown(world, posted, stored)]
    _show_files(posted, kept + new)
    posted.embedded += [stored for stored in shown if stored not in posted.embedded]
    for stored in before:
        stored.removed = stored not in posted.attachments and stored not in posted.embedded


def _is_shown(world: World, posted: Message, stored: Attachment) -> bool:
    """Whether an embed still shows a file that it showed before, by its name or by its address."""
    address = signed_url(world, stored).partition("?")[0]
    return any(url == f"attachment://{stored.filename}" or url.startswith(address) for url in _pictures(posted))


def _show_files(posted: Message, files: list[Attachment]) -> None:
    """Files that an embed names are shown there, and are no attachments of the message."""
    named = {url.removeprefix("attachment://") for url in _pictures(posted) if url.startswith("attachment://")}
    posted.attachments = [stored for stored in files if stored.filename not in named]
    posted.embedded = [stored for stored in files if stored.filename in named]


def _pictures(posted: Message) -> list[str]:
    """Every address of a picture in a message's embeds."""
    found = [
        str((embed.get(name) or {}).get("url") or "") for embed in posted.embeds for name in ("image", "thumbnail")
    ]
    for embed in posted.embeds:
        found += [str((embed.get(name) or {}).get("icon_url") or "") for name in ("author", "footer")]
    return found
