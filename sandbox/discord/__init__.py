"""A Discord on loopback that speaks the real protocol, so that the bot under it is the bot that runs on Discord.

In a test, `async with FakeDiscord() as discord` gives `api_url`, `gateway_url` and `token` for the bot, the verbs of
members (`slash`, `click`, `select`, `submit`, `message_command`, `user_command`, `autocomplete`, `post`), the switches
of an operator (`fail`, `advance`, `revoke`, `expire_tokens`, `refuse_connections`, ... and `gateway.drop`), and the
books (`messages`, `interactions`, `calls`, `downloads`, `violations`). From outside, `python -m sandbox.discord` prints
its addresses and offers the same below `/sandbox`, for which `DiscordControl` is the client.
"""

# `from . import posting` goes by way of this file, which imports everything: a circle for the checker, not for Python.
# pyright: reportImportCycles=false

from .clock import SandboxClock
from .control import control_application
from .control_client import ControlError, DiscordControl
from .faults import Fault
from .objects import (
    Attachment,
    CallbackType,
    Channel,
    Guild,
    Install,
    Interaction,
    InteractionType,
    Message,
    Modal,
    Upload,
    User,
)
from .permissions import Permission
from .records import Call, Change, Violation
from .refusals import ClientRefusedError, RefusedError
from .server import DEFAULT_APP_NAME, DEFAULT_TOKEN, FakeDiscord
from .world import Rules

__all__ = [
    "DEFAULT_APP_NAME",
    "DEFAULT_TOKEN",
    "Attachment",
    "Call",
    "CallbackType",
    "Change",
    "Channel",
    "ClientRefusedError",
    "ControlError",
    "DiscordControl",
    "FakeDiscord",
    "Fault",
    "Guild",
    "Install",
    "Interaction",
    "InteractionType",
    "Message",
    "Modal",
    "Permission",
    "RefusedError",
    "Rules",
    "SandboxClock",
    "Upload",
    "User",
    "Violation",
    "control_application",
]
