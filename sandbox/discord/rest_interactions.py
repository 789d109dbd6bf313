"""REST: answers to interactions (callback, @original, followups) with their deadlines and visibility."""

from typing import Any

from aiohttp import web

from . import payloads, posting
from .component_rules import check_modal, numbered
from .objects import (
    JSON,
    CallbackType,
    Install,
    Interaction,
    InteractionType,
    Message,
    MessageFlag,
    MessageType,
    Modal,
)
from .permissions import Permission
from .refusals import Form, RefusedError
from .rest import body_of, number_in, route, world_of
from .world import World

_MESSAGE_ANSWERS = (CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE)
_MAX_CHOICES = 25


def allowed_answers(done: Interaction) -> set[int]:
    """The callback types Discord takes for an interaction (docs, "Interaction Callback Type")."""
    if done.type == InteractionType.AUTOCOMPLETE:
        return {CallbackType.CHOICES}
    allowed: set[int] = set(_MESSAGE_ANSWERS)
    if done.message is not None:
        allowed |= {CallbackType.DEFERRED_UPDATE, CallbackType.UPDATE}
    if done.type == InteractionType.MODAL_SUBMIT:
        # discord.py's defer() without `thinking` on a form that a command opened; nothing to update, but accepted.
        return allowed | {CallbackType.DEFERRED_UPDATE}
    return allowed | {CallbackType.MODAL}


async def callback(request: web.Request) -> JSON | None:
    """POST /interactions/{id}/{token}/callback: within three seconds, once."""
    world = world_of(request)
    body = body_of(request)
    done = world.interactions.get(number_in(request, "interaction"))
    if done is None or done.token != request.match_info["token"]:
        raise RefusedError(10062)
    _require_unanswered(world, done)
    form = Form()
    form.fields("", body.payload, frozenset({"type", "data"}))
    kind = body.payload.get("type")
    if kind not in allowed_answers(done):
        form.add("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(allowed_answers(done))}.")
    form.close()
    posting.notice(world, form.unknown)
    _ANSWERS[CallbackType(kind)](world, done, posting.Body(payload=body.payload.get("data") or {}, files=body.files))
    done.answer_type = kind
    done.answered_at = world.clock.time()
    world.announce("interaction_answered", {"interaction": view(world, done)}, visible_to=done.user.id)
    return _response(world, done) if request.query.get("with_response") in ("1", "true") else None


def _require_unanswered(world: World, done: Interaction) -> None:
    """40060 for a second answer, 10062 after the deadline; the bot is blamed only for what it could have known."""
    if done.answered:
        lost = any(call.fault and call.applied and f"/{done.id}/" in call.path for call in world.calls)
        if not lost and done.instances <= 1:  # another instance cannot know
            world.violate("second answer", f"interaction {done.id} was answered twice")
        raise RefusedError(40060)
    if world.clock.time() - done.created_at > world.rules.ack_deadline_seconds:
        if done.delivered:
            world.violate("late answer", f"interaction {done.id} was answered after its deadline")
        raise RefusedError(10062)


def _response(world: World, done: Interaction) -> JSON:
    interaction: JSON = {"id": str(done.id), "type": int(done.type)}
    resource: JSON = {"type": done.answer_type}
    if done.original is not None and done.answer_type != CallbackType.MODAL:
        interaction |= {
            "response_message_id": str(done.original.id),
            "response_message_loading": done.original.loading,
            "response_message_ephemeral": done.original.ephemeral,
        }
        if done.answer_type in (CallbackType.MESSAGE, CallbackType.UPDATE):
            resource["message"] = payloads.message(world, done.original)
    return {"interaction": interaction, "resource": resource}


def _answer_message(world: World, done: Interaction, body: posting.Body) -> None:
    done.original = posting.create(world, done.channel, body, origin_of(world, done, body.payload))


def _answer_deferred(world: World, done: Interaction, body: posting.Body) -> None:
    form = Form()
    flags = body.payload.get("flags") or 0
    if flags & ~int(MessageFlag.EPHEMERAL):
        form.add("data.flags", "BITFIELD_TYPE_INVALID", "Only EPHEMERAL can be set on a deferred response")
    form.close()
    origin = origin_of(world, done, body.payload)
    posted = Message(
        id=world.clock.mint(),
        channel_id=done.channel.id,
        author=world.bot,
        created_at=world.clock.time(),
        type=origin.type,
        flags=origin.flags | int(MessageFlag.LOADING),
        interaction=done,
        webhook_id=world.application_id,
        visible_to=origin.visible_to,
        reference=origin.reference,
    )
    done.channel.messages[posted.id] = posted
    done.original = posted
    posting.tell(world, "create", posted)


def _answer_deferred_update(_: World, done: Interaction, __: posting.Body) -> None:
    done.original = done.message


def _answer_update(world: World, done: Interaction, body: posting.Body) -> None:
    if done.message is None or done.message.deleted:
        raise RefusedError(10008)
    posting.edit(world, done.message, body, upload_limit_bytes=_limit(world, done))
    done.original = done.message


def _answer_choices(world: World, done: Interaction, body: posting.Body) -> None:
    form = Form()
    choices = form.rows("data.choices", body.payload.get("choices"), _MAX_CHOICES)
    for index, choice in enumerate(choices):
        form.text(f"data.choices.{index}.name", choice.get("name"), 100)
        value = choice.get("value")
        if isinstance(value, str):
            form.text(f"data.choices.{index}.value", value, 100)
        elif not isinstance(value, int | float):
            form.add(f"data.choices.{index}.value", "BASE_TYPE_REQUIRED", "This field is required")
    form.close()
    done.choices = choices
    world.announce("choices", {"interaction_id": str(done.id), "choices": choices}, visible_to=done.user.id)


def _answer_modal(world: World, done: Interaction, body: posting.Body) -> None:
    form = Form()
    check_modal(form, body.payload)
    form.close()
    posting.notice(world, form.unknown)
    done.modal = Modal(
        id=world.clock.mint(),
        custom_id=body.payload["custom_id"],
        title=body.payload["title"],
        components=numbered(body.payload["components"]),
        interaction=done,
    )
    world.announce("modal_opened", {"modal": modal_view(done.modal)}, visible_to=done.user.id)


_ANSWERS = {
    CallbackType.MESSAGE: _answer_message,
    CallbackType.DEFERRED_MESSAGE: _answer_deferred,
    CallbackType.DEFERRED_UPDATE: _answer_deferred_update,
    CallbackType.UPDATE: _answer_update,
    CallbackType.CHOICES: _answer_choices,
    CallbackType.MODAL: _answer_modal,
}


def _limit(world: World, done: Interaction) -> int:
    return world.upload_limit(done.channel, done.user)


def _is_forced_private(world: World, done: Interaction) -> bool:
    """Where only the member installed the app, answers are private unless the place allows external apps."""
    if done.install != Install.USER or done.guild is None:
        return False
    return not world.permissions(done.channel, done.user.id) & Permission.USE_EXTERNAL_APPS


def origin_of(world: World, done: Interaction, payload: JSON, *, followup: bool = False) -> posting.Origin:
    """How an answer is posted: type, reply, visibility and the interaction's own upload limit."""
    private = bool((payload.get("flags") or 0) & MessageFlag.EPHEMERAL) or _is_forced_private(world, done)
    kind, target = MessageType.DEFAULT, None
    if followup:
        kind, target = MessageType.REPLY, done.original
    elif done.message is not None:
        kind, target = MessageType.REPLY, done.message
    elif done.type == InteractionType.COMMAND:
        context_menu = done.payload["data"].get("type", 1) != 1
        kind = MessageType.CONTEXT_MENU if context_menu else MessageType.COMMAND
    reference = None
    if target is not None:
        reference = {"type": 0, "message_id": str(target.id), "channel_id": str(target.channel_id)}
    return posting.Origin(
        author=world.bot,
        type=kind,
        interaction=done,
        flags=int(MessageFlag.EPHEMERAL) if private else 0,
        visible_to=done.user.id if private else None,
        reference=reference,
        upload_limit_bytes=_limit(world, done),
    )


def _answered(request: web.Request) -> Interaction:
    """The interaction of a webhook route: 50027 when its token is over, 10015 when it was never answered."""
    world = world_of(request)
    if number_in(request, "app") != world.application_id:
        raise RefusedError(10015)
    done = world.tokens.get(request.match_info["token"])
    if done is None:
        raise RefusedError(50027)
    if done.expired or world.clock.time() - done.created_at > world.rules.token_lifetime_seconds:
        raise RefusedError(50027)
    if not done.answered:
        raise RefusedError(10015)
    world.channel(done.channel.id)
    return done


def _target(request: web.Request, done: Interaction) -> Message:
    """`@original` or one of this interaction's messages, else 10008."""
    name = request.match_info["message"]
    target: Message | None
    if name == "@original":
        target = done.original
    else:
        number = number_in(request, "message")
        target = next((m for m in [done.original, *done.followups] if m is not None and m.id == number), None)
    if target is None or target.deleted:
        raise RefusedError(10008)
    return target


async def followup(request: web.Request) -> JSON:
    """POST /webhooks/{app}/{token}; the first one after a deferred answer fills that answer instead."""
    world = world_of(request)
    body = body_of(request)
    done = _answered(request)
    if done.thinking and done.original is not None and done.answer_type == CallbackType.DEFERRED_MESSAGE:
        return payloads.message(world, posting.edit(world, done.original, body, upload_limit_bytes=_limit(world, done)))
    if done.install == Install.USER and len(done.followups) >= world.rules.user_install_followups:
        raise RefusedError(40094)
    posted = posting.create(world, done.channel, body, origin_of(world, done, body.payload, followup=True))
    done.followups.append(posted)
    return payloads.message(world, posted)


async def get(request: web.Request) -> JSON:
    """GET /webhooks/{app}/{token}/messages/{id or @original}."""
    return payloads.message(world_of(request), _target(request, _answered(request)))


async def edit(request: web.Request) -> JSON:
    """PATCH /webhooks/{app}/{token}/messages/{id or @original}."""
    world = world_of(request)
    done = _answered(request)
    target = _target(request, done)
    if done.channel.archived:
        raise RefusedError(50083)
    limit = _limit(world, done)
    return payloads.message(world, posting.edit(world, target, body_of(request), upload_limit_bytes=limit))


async def delete(request: web.Request) -> None:
    """DELETE /webhooks/{app}/{token}/messages/{id or @original}."""
    posting.delete(world_of(request), _target(request, _answered(request)))


def modal_view(modal: Modal) -> JSON:
    """A form for pages and tests."""
    return {
        "id": str(modal.id),
        "interaction_id": str(modal.interaction.id),
        "member_id": str(modal.interaction.user.id),
        "channel_id": str(modal.interaction.channel.id),
        "custom_id": modal.custom_id,
        "title": modal.title,
        "components": modal.components,
        "open": modal.open,
    }


def view(world: World, done: Interaction) -> JSON:
    """An interaction for pages and tests, with all that came back; without its token."""
    created: list[Message] = done.messages
    body: dict[str, Any] = {
        "id": str(done.id),
        "type": int(done.type),
        "name": done.name,
        "member_id": str(done.user.id),
        "channel_id": str(done.channel.id),
        "answer_type": done.answer_type,
        "answered": done.answered,
        "failed": done.failed,
        "thinking": done.thinking,
        "original_id": str(done.original.id) if done.original else None,
        "messages": [posting.view(world, posted) for posted in created],
        "modal": modal_view(done.modal) if done.modal else None,
        "choices": done.choices,
    }
    return body


def routes() -> list[web.RouteDef]:
    """Everything this module answers."""
    webhook = "/webhooks/{app}/{token}"
    one = f"{webhook}/messages/{{message}}"
    return [
        route("POST", "/interactions/{interaction}/{token}/callback", callback),
        route("POST", webhook, followup),
        route("GET", one, get),
        route("PATCH", one, edit),
        route("DELETE", one, delete),
    ]
