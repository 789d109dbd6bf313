"""Which foreign address is offered as a link: Discord refuses a message for one bad address, and with it the file.

Pure, and judged from the text alone: nothing is looked up, so a name that leads to a private machine is not noticed.
"""

import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from bot.addresses import MAX_HOST_CHARACTERS, public_host
from bot.download import has_plausible_host

#: Discord's limit for the address of a button.
BUTTON_CHARACTERS = 512
#: Leaves room in a message (2000 characters, Discord) for what else stands on a track's. Addresses signed with a
#: temporary key of the large clouds have 1,000 to 1,400.
WORDS_CHARACTERS = 1_500

#: Pythons differ in what else they let stand in or behind the brackets.
_BRACKETED = re.compile(r"\[[0-9a-f]*:[0-9a-f:.]*\](:[0-9]*)?", re.IGNORECASE)
#: What may stand in a path, a query or a fragment as it is (RFC 3986); the signature of an address must not change.
_LEGAL = "%/:@!$&'()*+,;="
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Controls cannot be shown, halves of a surrogate pair cannot be sent.
_UNUSABLE = frozenset({"Cc", "Cs"})


def offered(url: str | None, *, max_characters: int = BUTTON_CHARACTERS, opens_loopback: bool = False) -> str | None:
    """The address as a link may carry it, in ASCII; None when it must not be offered.

    It is http or https, its host is public, it holds no name or password, no controls, and what has to be encoded is.
    `opens_loopback`: the members are on the bot's own machine, see OrderRequirements.
    """
    url = (url or "").strip(" ")
    if len(url) > max_characters or not has_plausible_host(url):
        return None
    if any(unicodedata.category(c) in _UNUSABLE for c in url):
        return None
    try:
        address = _encoded(urlsplit(url), opens_loopback)
    except ValueError:  # what urlsplit, ipaddress and IDNA say of what is none
        return None
    return address if address is not None and len(address) <= max_characters else None


def offered_in_words(url: str | None, *, opens_loopback: bool = False) -> str | None:
    """The address as a message's text can carry it, within `[words](<address>)`; longer than a button's may be."""
    address = offered(url, max_characters=WORDS_CHARACTERS, opens_loopback=opens_loopback)
    if address is None:
        return None
    address = address.replace("(", "%28").replace(")", "%29")  # the first one would end the link
    return address if len(address) <= WORDS_CHARACTERS else None


def _encoded(parts: SplitResult, opens_loopback: bool) -> str | None:
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or not parts.hostname:
        return None
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc):
        return None
    if len(parts.hostname) > MAX_HOST_CHARACTERS or parts.port == 0:
        return None
    host = public_host(parts.hostname, with_loopback=opens_loopback)
    if host is None:
        return None
    return urlunsplit(
        (
            parts.scheme,
            host if parts.port is None else f"{host}:{parts.port}",
            _quoted(parts.path),
            _quoted(parts.query, "?"),
            _quoted(parts.fragment, "?"),
        )
    )


def _quoted(part: str, also: str = "") -> str:
    return quote(_STRAY_PERCENT.sub("%25", part), safe=_LEGAL + also)
