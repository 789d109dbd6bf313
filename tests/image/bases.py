"""What the image stands on: the Dockerfile's own base or the one that was asked for, else a stand-in made here."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from docker.base_digest import default_base
from tests.image.engines import Engine, ImageError, NotTriedError, Say

#: Debian 13, whose Python is the 3.13 that the Dockerfile asks for.
_SUITE = "trixie"
_STAND_IN = f"localhost/compose-stand-in-base:{_SUITE}"
_PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
_MAKE_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What `ARG BASE` is set to, and in words what that is."""

    image: str
    words: str


def chosen_base(dockerfile: str, pinned: Path) -> str:
    """What `make base-digest` wrote into `pinned`, where there is such a file, else the Dockerfile's own.

    Raises ValueError when the Dockerfile names none before its first stage.
    """
    if pinned.is_file():
        return pinned.read_text(encoding="utf-8").strip().removeprefix("BASE=")
    return default_base(dockerfile)


def choose(engine: Engine, *, own: str, given: str, say: Say) -> Base:
    """Raises NotTriedError when none can be had, ImageError when the one that was asked for cannot."""
    wanted = given or own
    if engine.has(wanted):
        return Base(image=wanted, words=f"{wanted}, as it was here")
    say(f"Pulling the base {wanted} ...")
    reason = engine.pull(wanted)
    if reason is None:
        return Base(image=wanted, words=f"{wanted}, pulled")
    say(f"  it cannot be pulled: {reason}")
    if given:
        raise ImageError(f"the base {given} that was asked for is not here and cannot be pulled")
    if not engine.has(_STAND_IN):
        _make_stand_in(engine, own, say)
    return Base(image=_STAND_IN, words=f"a stand-in for {own}: Debian {_SUITE} with Debian's own Python")


def _make_stand_in(engine: Engine, own: str, say: Say) -> None:
    if shutil.which("mmdebstrap") is None:
        raise NotTriedError(f"the base {own} cannot be pulled, and there is no mmdebstrap to make a stand-in")
    say(f"Making a stand-in for {own} from Debian {_SUITE} (half a minute) ...")
    with tempfile.TemporaryDirectory(prefix="compose-base-") as folder:
        archive = Path(folder) / "base.tar"
        # a mirror that is a copy of an earlier day is good enough to try an image on
        command = ["mmdebstrap", "--variant=minbase", f"--include={_PACKAGES}"]
        command += ['--aptopt=Acquire::Check-Valid-Until "false"', _SUITE, str(archive)]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=_MAKE_SECONDS)
        except subprocess.CalledProcessError as error:
            last = (error.stderr.strip().splitlines() or ["no word"])[-1]
            raise NotTriedError(
                f"the base {own} cannot be pulled, and mmdebstrap could not make one: {last}"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise NotTriedError(f"the base {own} cannot be pulled, and mmdebstrap did not end") from error
        engine.load(archive, _STAND_IN)
