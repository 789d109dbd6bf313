"""buildah in chroot isolation: needs root, no daemon, no registry and no cgroups.

It has no word for a read-only root. The box therefore starts as root with the one right to mount, makes its own root
read-only, and becomes the image's user before anything of the image's own is run.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.image.engines import (
    FETCHING,
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

_CHROOT = ("--isolation=chroot", "--network=host")
_MAY_NOT_MOUNT = 125
#: Its arguments: user, group, home, the command.
_READ_ONLY = f"""\
mount -o remount,ro,bind / || exit {_MAY_NOT_MOUNT}
user=$1 group=$2 HOME=$3; shift 3
exec setpriv --reuid="$user" --regid="$group" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
"""


class Buildah:
    """As root."""

    name = "buildah"
    mounts_into_builds = True

    def has(self, image: str) -> bool:
        """Whether it is here already."""
        return succeeds(["buildah", "inspect", "--type=image", image])

    def pull(self, image: str) -> str | None:
        """None, or why it cannot be had."""
        return pulled(["buildah", "pull", "--quiet", image])

    def load(self, archive: Path, image: str) -> None:
        """One layer."""
        container = ran(["buildah", "from", "scratch"]).strip()
        try:
            ran(["buildah", "add", "--quiet", container, str(archive), "/"], 600)
            ran(["buildah", "commit", "--quiet", container, image], 600)
        finally:
            ran(["buildah", "rm", container])

    def build(self, source: Path, *, target: str, base: str, image: str, mounts: Mounts, say: Say) -> Image:
        """The mounts are there for the stages that fetch alone: each leaves an empty place, which ends with its stage.

        All of them, since this builder also builds the stages before the target that it does not need.
        """
        command = ["buildah", "build", *_CHROOT, "--format=docker", "--layers", "--pull=false"]
        command += [f"--build-arg=BASE={base}", f"--build-arg=LOCK={LOCK}"]
        for stage in FETCHING:
            fetched = [f"--target={stage}", f"--tag={image}-{stage}"]
            built([*command, *handed_in(None, mounts), *fetched, str(source)], say)
        built([*command, f"--target={target}", f"--tag={image}", str(source)], say)
        found = loads(ran(["buildah", "inspect", "--type=image", image]))
        layers = loads(found["Manifest"])["layers"]
        return image_of(image, sum(layer["size"] for layer in layers), found["Docker"]["config"])

    def open(self, image: Image) -> Box:
        """With a container, and so a /data, of its own."""
        return _BuildahBox(ran(["buildah", "from", "--pull=false", image.name]).strip())


class _BuildahBox:
    def __init__(self, container: str) -> None:
        self._container = container
        self.why_writable: str | None = None
        self._user = ran(self._plain(["sh", "-c", 'id -u; id -g; getent passwd "$(id -u)" | cut -d: -f6'])).split()
        tried = subprocess.run(self._read_only(["true"]), capture_output=True, text=True, check=False, timeout=60)
        if tried.returncode:
            self.why_writable = tried.stderr.strip().splitlines()[0] if tried.stderr.strip() else "no mount"

    def arguments(
        self, command: Sequence[str], *, settings: Mapping[str, str] | None = None, mounts: Mounts | None = None
    ) -> list[str]:
        more = handed_in(settings, mounts)
        return self._read_only(command, more) if self.why_writable is None else self._plain(command, more)

    def _plain(self, command: Sequence[str], more: Sequence[str] = ()) -> list[str]:
        return [
            "buildah",
            "run",
            *_CHROOT,
            "--mount=type=tmpfs,destination=/tmp",
            *more,
            self._container,
            "--",
            *command,
        ]

    def _read_only(self, command: Sequence[str], more: Sequence[str] = ()) -> list[str]:
        rights = ["--user=root", "--cap-add=CAP_SYS_ADMIN", *more]
        return self._plain(["sh", "-c", _READ_ONLY, "sh", *self._user, *command], rights)

    def send(self, number: signal.Signals, pid: int, command: Sequence[str]) -> None:
        """Past buildah, which would kill what it runs, unheard."""
        program, *rest = command
        for child in _descendants(pid):
            first, *others = _command_of(child)  # buildah may have put the whole path before the program's name
            if Path(first).name == program and others == rest:
                os.kill(child, number)

    def close(self) -> None:
        ran(["buildah", "rm", self._container])


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, _text_of(task).split()):
            yield child
            yield from _descendants(child)


def _command_of(pid: int) -> list[str]:
    return _text_of(Path(f"/proc/{pid}/cmdline")).rstrip("\0").split("\0")


def _text_of(path: Path) -> str:
    """Empty when the process has ended in the meantime."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
