"""Where this machine's pip takes its packages from, for the pip of a build: settings as one file, paths as mounts.

Nothing of it stays in the image: the file and the folders are mounted while the first stage installs, no longer.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

#: The settings that say where packages come from; how and where they are installed is the Dockerfile's.
_FETCHING = {
    *("index-url", "extra-index-url", "find-links", "no-index", "proxy", "cert", "client-cert", "trusted-host"),
    *("timeout", "default-timeout", "retries"),
}
#: A later one wins, as in pip.
_SECTIONS = ("global", "install", ":env:")
_LINE = re.compile(r"^(?P<section>:env:|[\w-]+)\.(?P<key>[\w-]+)=(?P<value>.+)$")
#: What pip's HTTP library obeys beside pip's own settings.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def of_this_machine(environment: Mapping[str, str]) -> dict[str, str]:
    """Key -> value, from pip's files and `PIP_…` together. Raises CalledProcessError when pip does not start."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    listing = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=True).stdout
    settings = parsed(listing)
    bundle = next((environment[name] for name in _BUNDLES if environment.get(name)), None)
    return settings if bundle is None else {"cert": bundle, **settings}


def parsed(listing: str) -> dict[str, str]:
    """What `pip config list` printed, as far as it says where packages come from."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listing.splitlines():
        match = _LINE.match(line)
        if match and match["section"] in found and match["key"] in _FETCHING:
            found[match["section"]][match["key"]] = str(ast.literal_eval(match["value"]))
    return {key: value for section in _SECTIONS for key, value in found[section].items()}


def as_file(settings: Mapping[str, str]) -> str:
    """The text of a pip.conf."""
    lines = [f"{key} = {' '.join(value.split())}" for key, value in sorted(settings.items())]
    return "\n".join(["[global]", *lines, ""])


def paths(settings: Mapping[str, str]) -> list[Path]:
    """Every file and folder of this machine that the settings name and that is there."""
    return sorted({path for value in settings.values() for path in _named_in(value) if path.exists()})


def _named_in(value: str) -> Iterator[Path]:
    for word in value.split():
        address = urlsplit(word)
        if address.scheme == "file":
            yield _folder(Path(url2pathname(address.path)))
        elif word.startswith("/"):
            yield Path(word)


def _folder(path: Path) -> Path:
    """A simple index points with `../../files` beside itself: its parent is needed too."""
    return path.parent if path.name == "simple" else path
