"""REST: messages of a channel, with the bot's permissions there, nonces and replies."""

from aiohttp import web

from . import payloads, posting
from .objects import JSON, Channel, Message, MessageFlag, MessageType
from .permissions import ALL, Permission
from .refusals import Form, RefusedError
from .rest import body_of, number_in, route, world_of
from .rest_account import require_sending, visible_channel
from .world import World


async def create(request: web.Request) -> JSON:
    """POST /channels/{id}/messages."""
    world = world_of(request)
    body = body_of(request)
    place = visible_channel(world, number_in(request, "channel"))
    require_dm_open(world, place)
    require_sending(world, place)
    require_open_thread(world, place)
    _require_for_parts(world, place, body)
    if earlier := _by_nonce(world, body.payload):
        return payloads.message(world, earlier)
    reference = _reply(world, place, body.payload)
    origin = posting.Origin(
        author=world.bot, type=MessageType.REPLY if reference else MessageType.DEFAULT, reference=reference
    )
    posted = posting.create(world, place, body, origin)
    _remember_nonce(world, body.payload, posted)
    return payloads.message(world, posted)


def require_dm_open(world: World, place: Channel) -> None:
    """In a DM: 50278 without a common guild, 50007 if the user does not take messages."""
    if not place.is_private:
        return
    person = world.users[place.recipient_ids[0]]
    if not world.shares_guild(person):
        raise RefusedError(50278)
    if not person.dms_open:
        raise RefusedError(50007)


def require_open_thread(world: World, place: Channel) -> None:
    """A locked thread takes nothing (160005; 50083 if archived too); writing into an archived one opens it again."""
    if not place.is_thread:
        return
    manages = world.permissions(place, world.application_id) & Permission.MANAGE_THREADS
    if place.locked and not manages:
        raise RefusedError(50083 if place.archived else 160005)
    if place.archived:
        place.archived = False
        world.announce("channel_update", {"channel": payloads.channel(world, place)})
        world.send_event("THREAD_UPDATE", channel=place)


def _require_for_parts(world: World, place: Channel, body: posting.Body) -> None:
    bits = world.permissions(place, world.application_id)
    if body.files and not bits & Permission.ATTACH_FILES:
        raise RefusedError(50013)
    if body.payload.get("embeds") and not bits & Permission.EMBED_LINKS:
        raise RefusedError(50013)


def _by_nonce(world: World, payload: JSON) -> Message | None:
    """The message this author made with the same nonce a short while ago; 10008 if it was deleted since."""
    nonce = payload.get("nonce")
    if nonce is None or not payload.get("enforce_nonce"):
        if world.rules.wants_nonces:
            how = "without a nonce" if nonce is None else "with a nonce that is not enforced"
            world.violate("no nonce", f"a message was created {how}")
        return None
    remembered = world.nonces.get((world.application_id, str(nonce)))
    if remembered is None or world.clock.time() - remembered[0] > world.rules.nonce_window_seconds:
        return None
    _, channel_id, message_id = remembered
    return world.message(world.channel(channel_id), message_id)


def _remember_nonce(world: World, payload: JSON, posted: Message) -> None:
    if payload.get("nonce") is not None and payload.get("enforce_nonce"):
        key = (world.application_id, str(payload["nonce"]))
        world.nonces[key] = (world.clock.time(), posted.channel_id, posted.id)


def _reply(world: World, place: Channel, payload: JSON) -> JSON | None:
    """The reference of a reply. A deleted target is an error unless `fail_if_not_exists` is false: then none."""
    reference = payload.get("message_reference")
    if not reference:
        return None
    form = Form()
    known = frozenset({"type", "message_id", "channel_id", "guild_id", "fail_if_not_exists"})
    form.fields("message_reference", reference, known)
    posting.notice(world, form.unknown)
    if not world.permissions(place, world.application_id) & Permission.READ_MESSAGE_HISTORY and not place.is_private:
        raise RefusedError(160002)
    channel_id = int(reference.get("channel_id") or place.id)
    if channel_id != place.id:
        form.add("message_reference", "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", "Cannot reply to another channel")
        form.close()
    target = place.messages.get(int(reference.get("message_id") or 0))
    if target is None or target.deleted or target.ephemeral:
        if reference.get("fail_if_not_exists", True):
            form.add("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            form.close()
        return None
    return {
        "type": 0,
        "channel_id": str(place.id),
        "message_id": str(target.id),
        **({"guild_id": str(place.guild_id)} if place.guild_id else {}),
    }


async def get_many(request: web.Request) -> list[JSON]:
    """GET /channels/{id}/messages, newest first; empty without READ_MESSAGE_HISTORY, as Discord has it."""
    world = world_of(request)
    place = visible_channel(world, number_in(request, "channel"))
    query = request.query
    limit = int(query.get("limit", "50"))
    form = Form()
    form.number("limit", limit, 1, 100)
    form.close()
    if not place.is_private and not world.permissions(place, world.application_id) & Permission.READ_MESSAGE_HISTORY:
        return []
    shown = sorted((m for m in place.messages.values() if not m.deleted and not m.ephemeral), key=lambda m: m.id)
    if "before" in query:
        shown = [message for message in shown if message.id < int(query["before"])][-limit:]
    elif "after" in query:
        shown = [message for message in shown if message.id > int(query["after"])][:limit]
    elif "around" in query:
        near = sorted(shown, key=lambda m: abs(m.id - int(query["around"])))[:limit]
        shown = sorted(near, key=lambda m: m.id)
    else:
        shown = shown[-limit:]
    return [payloads.seen_by_bot(world, message) for message in reversed(shown)]


async def get_one(request: web.Request) -> JSON:
    """GET /channels/{id}/messages/{id}."""
    world = world_of(request)
    place = visible_channel(world, number_in(request, "channel"))
    if not place.is_private and not world.permissions(place, world.application_id) & Permission.READ_MESSAGE_HISTORY:
        raise RefusedError(50013)
    return payloads.seen_by_bot(world, world.message(place, number_in(request, "message")))


async def edit(request: web.Request) -> JSON:
    """PATCH /channels/{id}/messages/{id}: also for answers to interactions, however old, unless they are ephemeral."""
    world = world_of(request)
    body = body_of(request)
    place = visible_channel(world, number_in(request, "channel"))
    posted = world.message(place, number_in(request, "message"))
    if posted.author.id != world.application_id:
        raise RefusedError(50005)
    if place.archived:
        raise RefusedError(50083)
    if body.files and not world.permissions(place, world.application_id) & Permission.ATTACH_FILES:
        raise RefusedError(50013)
    if posted.flags & MessageFlag.VOICE:
        raise RefusedError(50035)
    return payloads.message(world, posting.edit(world, posted, body))


async def delete(request: web.Request) -> None:
    """DELETE /channels/{id}/messages/{id}: the bot's own, others with MANAGE_MESSAGES."""
    world = world_of(request)
    place = visible_channel(world, number_in(request, "channel"))
    posted = world.message(place, number_in(request, "message"))
    bits = world.permissions(place, world.application_id)
    if posted.author.id != world.application_id and bits != ALL and not bits & Permission.MANAGE_MESSAGES:
        raise RefusedError(50013)
    if place.archived:
        raise RefusedError(50083)
    posting.delete(world, posted)


def routes() -> list[web.RouteDef]:
    """Everything this module answers."""
    many = "/channels/{channel}/messages"
    one = f"{many}/{{message}}"
    return [
        route("POST", many, create),
        route("GET", many, get_many),
        route("GET", one, get_one),
        route("PATCH", one, edit),
        route("DELETE", one, delete),
    ]
