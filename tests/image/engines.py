"""What can build an image and run it: Docker where its engine answers, else buildah."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

#: A build on a slow line.
_BUILD_SECONDS = 1800
_PULL_SECONDS = 600
_SECONDS = 120

#: How buildah and how Docker's builder announce a step.
_STEP = re.compile(r"(?:\[\d+/\d+\] )?STEP |#\d+ \[|Step \d")

Say = Callable[[str], None]
#: A place of this machine -> the place where a container sees it, read-only.
Mounts = Mapping[Path, str]


#: What the Dockerfile can build, and its stages in which packages are fetched.
BOT, OFFLINE = "bot", "offline"
FETCHING = "build", "offline-build"
#: As compose.yaml builds the bot.
LOCK = "postgres"


class NotTriedError(Exception):
    """This machine lacks what is needed even to begin; nothing was found out about the image."""


class ImageError(Exception):
    """The image, or what runs in it, is at fault; one sentence, and what was printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What was built."""

    name: str
    size_bytes: int
    user: str
    #: Entry point and default arguments together.
    command: list[str]
    #: The health check's own command.
    health: list[str]


class Box(Protocol):
    """Containers of one image that share one /data."""

    #: Why the root is not read-only; None when it is.
    why_writable: str | None

    def arguments(
        self, command: Sequence[str], *, settings: Mapping[str, str] | None = None, mounts: Mounts | None = None
    ) -> list[str]:
        """What to start on this machine to run `command` in the image.

        `settings` become variables there and can be seen in this machine's list of processes: for stand-ins' keys only.
        """
        ...

    def send(self, number: signal.Signals, pid: int, command: Sequence[str]) -> None:
        """Have `command` hear a signal; `pid`: the process of this machine that started it. Nothing when it is gone."""
        ...

    def close(self) -> None:
        """Remove what the containers leave."""
        ...


class Engine(Protocol):
    """Builds, and opens boxes."""

    name: str
    #: Whether folders of this machine can be mounted into a build.
    mounts_into_builds: bool

    def has(self, image: str) -> bool:
        """Whether it is here already."""
        ...

    def pull(self, image: str) -> str | None:
        """None, or why it cannot be had."""
        ...

    def load(self, archive: Path, image: str) -> None:
        """Make an image of one layer. Raises ImageError."""
        ...

    def build(self, source: Path, *, target: str, base: str, image: str, mounts: Mounts, say: Say) -> Image:
        """Build a target of the Dockerfile in `source`. Raises ImageError."""
        ...

    def open(self, image: Image) -> Box:
        """Raises ImageError."""
        ...


def ran(command: Sequence[str], seconds: float = _SECONDS) -> str:
    """Its standard output. Raises ImageError with the end of what it printed when it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise ImageError(f"`{' '.join(command[:3])}` took longer than {seconds:.0f} seconds") from error
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise ImageError(f"`{' '.join(command[:3])}` ended with {done.returncode}:\n{said}")
    return done.stdout


def succeeds(command: Sequence[str], seconds: float = _SECONDS) -> bool:
    """Whether it can be run and ends with 0."""
    try:
        ran(command, seconds)
    except (ImageError, OSError):
        return False
    return True


def pulled(command: Sequence[str]) -> str | None:
    """None, or the last line of what an image's registry, or its absence, said."""
    try:
        ran(command, _PULL_SECONDS)
    except ImageError as error:
        return str(error).strip().splitlines()[-1]
    return None


def built(command: Sequence[str], say: Say) -> None:
    """Show each step as it begins. Raises ImageError with the end of what was printed."""
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as build:
        for line in build.stdout or ():
            said.append(line)
            if _STEP.match(line):
                say(f"  {line.strip()[:110]}")
        code = build.wait(_BUILD_SECONDS)
    if code:
        raise ImageError(f"the build failed:\n{''.join(said[-40:])}")


def image_of(name: str, size_bytes: int, config: Mapping[str, Any]) -> Image:
    """`config`: as an image carries it, in the words of the Docker format."""
    test = (config.get("Healthcheck") or {}).get("Test") or []
    return Image(
        name=name,
        size_bytes=size_bytes,
        user=config.get("User") or "root",
        command=[*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])],
        health=test[1:] if test[:1] == ["CMD"] else ["sh", "-c", *test[1:]] if test[1:] else [],
    )


def handed_in(settings: Mapping[str, str] | None, mounts: Mounts | None) -> list[str]:
    """Variables and read-only places, as arguments that Docker and buildah share."""
    variables = [f"--env={name}={value}" for name, value in (settings or {}).items()]
    return [*variables, *(f"--volume={here}:{there}:ro" for here, there in (mounts or {}).items())]


def find_engine() -> Engine:
    """Raises NotTriedError when there is none."""
    from tests.image.buildah import Buildah
    from tests.image.docker import Docker

    if shutil.which("docker") and succeeds(["docker", "info"]):
        return Docker()
    docker = "a docker client, but no engine that answers" if shutil.which("docker") else "no docker"
    if shutil.which("buildah") is None:
        raise NotTriedError(f"there is {docker}, and no buildah")
    if os.geteuid():
        raise NotTriedError(f"there is {docker}; buildah is here, but this check uses it as root only")
    return Buildah()


def loads(text: str) -> Any:
    """What an engine printed. Raises ImageError when it is not JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ImageError(f"not JSON: {text[:500]}") from error
