"""What a setting's value is by its looks: copied with its quotes, a placeholder, another service's key, broken in two.

Nothing here repeats a value: it may be a secret.
"""

import base64
import binascii
import re
import unicodedata

_QUOTES = "\"'`\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb\u2039\u203a"
#: Discord documents no shape; for as long as there have been tokens, three parts were seen, the first the bot's id.
_TOKEN = re.compile(r"[\w-]{23,30}\.[\w-]{5,8}\.[\w-]{25,200}", re.ASCII)
_HEX = frozenset("0123456789abcdefABCDEF")
#: What stands before a key in a header.
_SCHEMES = frozenset({"bot", "bearer", "token", "key", "basic"})

_BRACKETS = frozenset({"<>", "[]", "{}", "%%"})
_FILLERS = frozenset("xX*.\u2026-_")
_PLACEHOLDERS = frozenset({
    "changeme", "changethis", "changeit", "placeholder", "example", "todo", "tbd", "none", "null", "nil", "undefined",
})  # fmt: skip
#: Of several words, the first, or the first two.
_YOURS = frozenset({"your", "you", "dein", "deine", "hier"})
_ASKED = frozenset({"put", "paste", "insert", "enter", "replace", "add", "change"})
_ASKED_FOR = frozenset({"your", "the", "my", "this", "it", "with", "me", "in", "token", "key"})


def looks_like_discord_token(value: str) -> bool:
    """Three parts with dots between them, of the usual lengths or with an id in the first."""
    if _TOKEN.fullmatch(value):
        return not value.startswith("eyJ")  # the head of a JSON Web Token
    parts = value.split(".")
    if len(parts) != 3 or not all(parts):
        return False
    try:
        first = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return first.isdigit() and len(first) >= 6


def objection_to(name: str, value: str, *, is_secret: bool, is_path: bool) -> str | None:
    """What is wrong with a value by its looks, as the rest of a sentence that begins with the setting's name."""
    if value.upper().startswith(f"{name}="):
        return "repeats its own name; leave out what stands before and with the second ="
    if value[0] in _QUOTES and value[-1] in _QUOTES and len(value) > 1:
        return "the quotes around it have become part of it; remove them"
    if not is_path and (unseen := _unseen(value)):
        return f"holds a sign that cannot be seen ({unseen}); delete the value and type or copy it anew"
    return _objection_to_secret(value) if is_secret else None


def objection_to_token(value: str) -> str | None:
    """What is wrong with the bot's token beyond what is wrong with any secret."""
    if value.isdecimal() and len(value) >= 15:
        return "is a number, an application's or a user's id; the token stands on the page Bot, Reset Token"
    if len(value) == 64 and _HEX.issuperset(value):
        return "is the application's public key; the token stands on the page Bot, Reset Token"
    if value.startswith(("sk-", "sk_")) or ":" in value or (len(value) == 32 and _HEX.issuperset(value)):
        return "is no bot token, it looks like another service's key; the token stands on the page Bot, Reset Token"
    if not value.isascii():
        return "holds letters that no token has; copy it anew from the page Bot, Reset Token"
    return None


def _objection_to_secret(value: str) -> str | None:
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        return "a quote at one end has become part of it; remove it"
    if _is_placeholder(value):
        return "still holds a placeholder; put the real value there"
    words = value.split(maxsplit=1)
    scheme = words[0].lower().removeprefix("authorization:")
    if len(words) > 1 and (scheme in _SCHEMES or not scheme):
        return f"begins with the word {words[0].capitalize()}; leave that out, the bot adds what is needed"
    if any(sign in value for sign in "\r\n"):
        return "is broken over several lines; put all of it into one"
    if any(sign.isspace() for sign in value):
        return "has a blank inside; copy it anew, without one"
    return None


def _is_placeholder(value: str) -> bool:
    if value[0] + value[-1] in _BRACKETS or value[0] == "$" or value.lower() in _PLACEHOLDERS:
        return True
    if value[0] in _FILLERS and set(value) == {value[0]}:
        return len(value) >= 3 or value[0] == "\u2026"
    words = re.split(r"[-_ .]", value.lower())
    if len(words) == 1:
        return False
    return words[0] in _YOURS or words[-1] == "here" or (words[0] in _ASKED and words[1] in _ASKED_FOR)


def _unseen(value: str) -> str:
    for sign in value:
        if unicodedata.category(sign) in {"Cf", "Cc", "Co", "Cn"} and sign not in "\r\n\t":
            return f"U+{ord(sign):04X} {unicodedata.name(sign, 'control character').lower()}"
    return ""


def without_unseen(text: str) -> str:
    """`text` without signs that cannot be seen."""
    return "".join(sign for sign in text if unicodedata.category(sign) not in {"Cf", "Cc", "Co", "Cn"})
