"""`make base-digest`: asks the registry for the base image's digest and writes it into docker/base.env.

`docker compose --env-file .env --env-file docker/base.env …`, `make image-check` and the workflow build on that very
image from then on; without the file they take whatever the tag names. No digest is written by hand. Needs a registry.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
BASE_ENV = ROOT / "docker/base.env"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: Each prints the digest that a registry gives for a name, without pulling the image where that can be had.
_ASKS: tuple[tuple[str, ...], ...] = (
    ("docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}"),
    ("skopeo", "inspect", "--format", "{{.Digest}}"),
)
_SECONDS = 120.0

Run = Callable[[Sequence[str]], str]


class DigestError(ValueError):
    """No digest could be had; the message says why, for a person."""


def default_base(dockerfile: str) -> str:
    """What the Dockerfile builds on when nobody says otherwise. Raises DigestError when it names none in time."""
    before = re.split(r"^FROM ", dockerfile, maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(r"^ARG BASE=(\S+)$", before, flags=re.MULTILINE)
    if found is None:
        raise DigestError("the Dockerfile has no `ARG BASE=` before its first FROM")
    return found[1]


def digest_of(name: str, run: Run) -> str:
    """`sha256:…` for an image's name, as its registry answers now. Raises DigestError."""
    said: list[str] = []
    for ask in _ASKS:
        target = f"docker://{name}" if ask[0] == "skopeo" else name
        try:
            answer = run([*ask, target])
        except FileNotFoundError:
            said.append(f"{ask[0]} is not here")
        except subprocess.CalledProcessError as error:
            said.append(f"{ask[0]} ended with {error.returncode}")
        except subprocess.TimeoutExpired:
            said.append(f"{ask[0]} had no answer in {_SECONDS:.0f} s")
        else:
            if found := _DIGEST.search(answer):
                return found[0]
            said.append(f"{ask[0]} named no digest")
    raise DigestError(f"no registry could be asked for {name}: {'; '.join(said)}")


def pinned(name: str, digest: str) -> str:
    """The line of docker/base.env: name and tag stay readable, the digest decides."""
    return f"BASE={name.partition('@')[0]}@{digest}\n"


def _run(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS).stdout


def main() -> int:
    """0 when the file was written, 1 with a sentence when not; what stood there then stays."""
    try:
        name = default_base((ROOT / "Dockerfile").read_text(encoding="utf-8"))
        line = pinned(name, digest_of(name, _run))
    except DigestError as error:
        print(f"base-digest: {error}. docker/base.env is as it was.", file=sys.stderr)
        return 1
    BASE_ENV.write_text(line, encoding="utf-8")
    print(f"docker/base.env: {line}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
