"""What Discord accepts as a message: lengths, embeds, files and the classic/V2 divide."""

import re
from typing import Any

from .component_rules import check_message
from .objects import JSON, MessageFlag
from .refusals import Form, RefusedError

CONTENT_CHARACTERS = 2000
EMBEDS = 10
EMBED_CHARACTERS = 6000
FILES = 10
NONCE_CHARACTERS = 25

_FIELDS = frozenset({
    "content", "tts", "embeds", "allowed_mentions", "message_reference", "components", "sticker_ids", "attachments",
    "flags", "enforce_nonce", "nonce", "poll", "username", "avatar_url", "thread_name", "applied_tags",
})  # fmt: skip
_SETTABLE_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.VOICE
    | MessageFlag.COMPONENTS_V2
)
_EMBED_TEXTS = (("title", 256), ("description", 4096))
_EMBED_FIELDS = frozenset({
    "title", "type", "description", "url", "timestamp", "color", "footer", "image", "thumbnail", "video", "provider",
    "author", "fields", "flags",
})  # fmt: skip
_ATTACHMENT_FIELDS = frozenset({"id", "filename", "title", "description", "duration_secs", "waveform", "is_spoiler"})
#: What an edit may echo of an attachment it keeps.
_ATTACHMENT_ECHO = frozenset({
    "size", "url", "proxy_url", "content_type", "height", "width", "ephemeral", "spoiler", "flags", "placeholder",
})  # fmt: skip


def check(payload: JSON, *, v2: bool, files: set[str]) -> list[str]:
    """Refuse with 50035 what Discord refuses in a message body; gives the unknown fields back.

    `v2` is whether the message is one of components V2 afterwards; `files` are the names a component may refer to.
    """
    form = Form()
    form.fields("", payload, _FIELDS)
    _check_texts(form, payload)
    _check_embeds(form, payload.get("embeds"))
    _check_mentions(form, payload.get("allowed_mentions"))
    for index, row in enumerate(form.rows("attachments", payload.get("attachments"), FILES)):
        form.fields(f"attachments.{index}", row, _ATTACHMENT_FIELDS | _ATTACHMENT_ECHO)
        form.text(f"attachments.{index}.description", row.get("description"), 1024, required=False)
    check_message(form, payload.get("components") or [], v2=v2, files=files)
    if v2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if payload.get(name):
                form.add(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", f"{name} cannot be used here")
    form.close()
    return form.unknown


def _check_texts(form: Form, payload: JSON) -> None:
    form.text("content", payload.get("content"), CONTENT_CHARACTERS, required=False, shortest=0)
    nonce = payload.get("nonce")
    if nonce is not None and not isinstance(nonce, int):
        form.text("nonce", nonce, NONCE_CHARACTERS)
    flags = payload.get("flags")
    if flags is not None and (not isinstance(flags, int) or flags & ~int(_SETTABLE_FLAGS)):
        form.add("flags", "BITFIELD_TYPE_INVALID", "Only message flags a bot may set are allowed")


def _check_embeds(form: Form, embeds: Any) -> None:
    total = 0
    for index, embed in enumerate(form.rows("embeds", embeds, EMBEDS)):
        path = f"embeds.{index}"
        form.fields(path, embed, _EMBED_FIELDS)
        for name, longest in _EMBED_TEXTS:
            form.text(f"{path}.{name}", embed.get(name), longest, required=False, shortest=0)
        form.text(f"{path}.footer.text", (embed.get("footer") or {}).get("text"), 2048, required=False)
        form.text(f"{path}.author.name", (embed.get("author") or {}).get("name"), 256, required=False)
        for number, row in enumerate(form.rows(f"{path}.fields", embed.get("fields"), 25)):
            form.text(f"{path}.fields.{number}.name", row.get("name"), 256)
            form.text(f"{path}.fields.{number}.value", row.get("value"), 1024)
        _check_embed_urls(form, path, embed)
        total += embed_characters(embed)
    if total > EMBED_CHARACTERS:
        form.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_CHARACTERS}")


def _check_embed_urls(form: Form, path: str, embed: JSON) -> None:
    urls = {"url": embed.get("url")}
    for name in ("image", "thumbnail"):
        urls[f"{name}.url"] = (embed.get(name) or {}).get("url")
    for name, url in urls.items():
        if url and not re.match(r"(https?|attachment)://", str(url)):
            form.add(f"{path}.{name}", "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def embed_characters(embed: JSON) -> int:
    """What counts towards the 6000 characters of all embeds of a message."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for row in embed.get("fields") or []:
        texts += [row.get("name"), row.get("value")]
    return sum(len(text) for text in texts if isinstance(text, str))


def _check_mentions(form: Form, allowed: Any) -> None:
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        form.add("allowed_mentions", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    form.fields("allowed_mentions", allowed, frozenset({"parse", "users", "roles", "replied_user"}))
    parse = allowed.get("parse") or []
    for name in set(parse) - {"users", "roles", "everyone"}:
        form.add("allowed_mentions.parse", "BASE_TYPE_CHOICES", f"{name!r} is not one of users, roles, everyone")
    for name in ("users", "roles"):
        listed = allowed.get(name) or []
        if listed and name in parse:
            message = f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.'
            form.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
        if len(listed) > 100:
            form.add(f"allowed_mentions.{name}", "BASE_TYPE_BAD_LENGTH", "Must be between 0 and 100 in length.")


def refuse_empty(*, content: str, embeds: list[Any], components: list[Any], files: int) -> None:
    """50006 for a message that shows nothing (components alone count only in V2, where they are the content)."""
    if not content.strip() and not embeds and not components and not files:
        raise RefusedError(50006)
