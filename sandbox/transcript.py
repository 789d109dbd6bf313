"""A channel as text: what a member would see, for the demo's terminal and for tests that read like a conversation."""

from sandbox.discord import FakeDiscord, Message
from sandbox.discord.objects import JSON

_BUTTON = 2
_LINK = 5


def rendered(discord: FakeDiscord, message: Message) -> str:
    """One message: author, what it answers, text, embeds, files, buttons."""
    lines = [f"{message.author.display_name}{_marks(discord, message)}"]
    lines += [f"  {line}" for line in _named(discord, message.content).splitlines()]
    for embed in message.embeds:
        lines += [f"  │ {line}" for line in _embed_lines(discord, embed)]
    lines += [f"  📎 {file.filename} ({len(file.data):,} bytes)" for file in message.attachments]
    if buttons := list(_buttons(message.components)):
        lines.append("  " + " ".join(buttons))
    return "\n".join(lines)


def _marks(discord: FakeDiscord, message: Message) -> str:
    marks = ""
    if message.reply_to_id is not None:
        marks += " ↩"
    if message.ephemeral:
        marks += " (only you can see this)"
    if message.edited_at is not None:
        marks += " (edited)"
    names = [discord.member(member_id).display_name for member_id in message.pinged_user_ids]
    return marks + (f" → pings {', '.join(names)}" if names else "")


def _named(discord: FakeDiscord, text: str) -> str:
    for person in discord.members:
        text = text.replace(f"<@{person.id}>", f"@{person.display_name}")
    return text


def _embed_lines(discord: FakeDiscord, embed: JSON) -> list[str]:
    parts = [embed.get("title"), embed.get("description")]
    parts += [f"{field['name']}: {field['value']}" for field in embed.get("fields", [])]
    parts.append((embed.get("footer") or {}).get("text"))
    return [line for part in parts if part for line in _named(discord, part).splitlines()]


def _buttons(components: list[JSON]) -> list[str]:
    found: list[str] = []
    for component in components:
        if component.get("type") == _BUTTON:
            mark = " ↗" if component.get("style") == _LINK else ""
            found.append(f"[{component.get('label', '?')}{mark}]")
        found += _buttons(component.get("components", []))
    return found


def custom_ids(components: list[JSON]) -> list[str]:
    """The custom_id of every button and menu."""
    found: list[str] = []
    for component in components:
        if custom_id := component.get("custom_id"):
            found.append(str(custom_id))
        found += custom_ids(component.get("components", []))
    return found
