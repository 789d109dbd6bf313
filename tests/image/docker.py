"""Docker, with the same walls that compose.yaml puts around the bot."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.image.engines import (
    LOCK,
    Box,
    Image,
    Mounts,
    Say,
    built,
    handed_in,
    image_of,
    loads,
    pulled,
    ran,
    succeeds,
)

#: As compose.yaml has them.
_WALLS = (
    *("--network=host", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
    "--init",
)


class Docker:
    """The engine that answers."""

    name = "docker"
    mounts_into_builds = False

    def has(self, image: str) -> bool:
        """Whether it is here already."""
        return succeeds(["docker", "image", "inspect", image])

    def pull(self, image: str) -> str | None:
        """None, or why it cannot be had."""
        return pulled(["docker", "pull", "--quiet", image])

    def load(self, archive: Path, image: str) -> None:
        """One layer."""
        ran(["docker", "import", str(archive), image])

    def build(self, source: Path, *, target: str, base: str, image: str, mounts: Mounts, say: Say) -> Image:
        """Its builder has no mounts; pip's settings of this machine are not handed in."""
        del mounts
        given = [f"--build-arg=BASE={base}", f"--build-arg=LOCK={LOCK}", f"--target={target}", f"--tag={image}"]
        built(["docker", "build", *given, str(source)], say)
        (found,) = loads(ran(["docker", "image", "inspect", image]))
        return image_of(image, found["Size"], found["Config"])

    def open(self, image: Image) -> Box:
        """With a fresh volume."""
        return _DockerBox(image)


class _DockerBox:
    why_writable = None

    def __init__(self, image: Image) -> None:
        self._image = image
        self._name = f"compose-image-check-{os.getpid()}-{id(self):x}"
        self._started = 0
        ran(["docker", "volume", "create", self._name])

    def arguments(
        self, command: Sequence[str], *, settings: Mapping[str, str] | None = None, mounts: Mounts | None = None
    ) -> list[str]:
        self._started += 1
        return [
            *("docker", "run", "--rm", f"--name={self._name}-{self._started}", *_WALLS),
            *(f"--volume={self._name}:/data", *handed_in(settings, mounts)),
            *(f"--entrypoint={command[0]}", self._image.name, *command[1:]),
        ]

    def send(self, number: signal.Signals, pid: int, command: Sequence[str]) -> None:
        """The client hands on what it hears itself."""
        del command
        os.kill(pid, number)

    def close(self) -> None:
        for number in range(1, self._started + 1):
            succeeds(["docker", "rm", "--force", f"{self._name}-{number}"])  # gone by itself unless something failed
        ran(["docker", "volume", "rm", "--force", self._name])
