"""What Discord accepts as the address behind a button: a well formed one, and no host that it dislikes."""

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from .objects import JSON
from .refusals import Form

#: What no well formed address holds (RFC 3986).
_NEVER_IN_A_URL = re.compile(r'[\x00-\x20\x7f-\xa0"<>\\^`{|}\u2028\u2029]')
_WITH_A_HOST = ("http", "https")


def check_url(form: Form, path: str, url: object, schemes: tuple[str, ...]) -> None:
    """Note a scheme that is not among these, and what is no address at all."""
    if not isinstance(url, str):
        return
    scheme = url.partition(":")[0].lower()
    if scheme not in schemes:
        form.add(
            path, "URL_TYPE_INVALID_SCHEME", f'Scheme "{scheme}" is not supported. Scheme must be one of {schemes}.'
        )
    elif _NEVER_IN_A_URL.search(url) or (scheme in _WITH_A_HOST and not host_of(url)):
        form.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def check_hosts(form: Form, components: list[JSON], *, disliked: Collection[str], loopback: bool) -> None:
    """Note every link button whose host is disliked, or is this machine although that is not `loopback`."""
    for row, holder in enumerate(components):
        for index, component in enumerate(holder.get("components") or ()):
            host = host_of(component["url"]) if isinstance(component.get("url"), str) else ""
            if host and (host in disliked or (not loopback and _is_here(host))):
                path = f"components.{row}.components.{index}.url"
                form.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def host_of(url: str) -> str:
    """The host in lower case; empty when there is none, or when host and port cannot be read."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    return parts.hostname or ""


def _is_here(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host
