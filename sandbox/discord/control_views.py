"""What the control API shows: the whole state, or what one member sees of it."""

from collections.abc import Callable

from . import payloads
from .client_rules import commands_at
from .objects import JSON, Install, Interaction, User
from .records import Change
from .rest_interactions import modal_view, view
from .server import FakeDiscord

#: Changes only an operator sees.
_OPERATORS_ONLY = frozenset({"call", "download", "violation", "gateway"})


def interaction_view(discord: FakeDiscord, done: Interaction) -> JSON:
    """An interaction with everything that came back."""
    return view(discord.world, done)


def state_view(discord: FakeDiscord, who: str | None) -> JSON:
    """Guilds, channels, people, commands and open forms; with `who`, as that member sees them."""
    world = discord.world
    person = discord.member(who) if who else None
    places = [place for place in world.channels.values() if person is None or world.sees(person.id, place)]
    forms = [done.modal for done in world.interactions.values() if done.modal is not None and done.modal.open]
    return {
        "sequence": world.changes[-1].sequence if world.changes else 0,
        "time": world.clock.time(),
        "application_id": str(world.application_id),
        "bot": payloads.user(world.bot),
        "bot_connected": bool(discord.gateway.connected),
        "guilds": [
            {"id": str(guild.id), "name": guild.name, "bot_present": guild.bot_present}
            for guild in world.guilds.values()
        ],
        "channels": [payloads.channel(world, place, person.id if person else None) for place in places],
        "members": [
            payloads.user(one) | {"display_name": one.display_name, "dms_open": one.dms_open} for one in discord.members
        ],
        "commands": {str(place.id): commands_at(world, place, _install(discord, place.guild_id)) for place in places},
        "modals": [modal_view(form) for form in forms if person is None or form.interaction.user is person],
        "upload_limit_bytes": world.rules.upload_limit_bytes,
    }


def _install(discord: FakeDiscord, guild_id: int | None) -> Install:
    guild = discord.world.guilds.get(guild_id or 0)
    brought_by_members = guild is not None and not guild.bot_present and not guild.has_commands
    return Install.USER if brought_by_members else Install.GUILD


def stream_filter(
    discord: FakeDiscord, person: User | None, also: frozenset[str] = frozenset()
) -> Callable[[Change], bool]:
    """Whether a change belongs into the stream of a member (None: of an operator, who sees all).

    `also` names kinds of an operator's changes that the member's stream carries nevertheless, such as `gateway`.
    """

    def passes(change: Change) -> bool:
        if person is None or change.kind in also & _OPERATORS_ONLY:
            return True
        if change.kind in _OPERATORS_ONLY or change.visible_to not in (None, person.id):
            return False
        channel_id = change.data.get("message", {}).get("channel_id")
        place = discord.world.channels.get(int(channel_id)) if channel_id else None
        return place is None or discord.world.sees(person.id, place)

    return passes
