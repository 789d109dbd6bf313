"""`make image-check [BASE=image] [SONG=my.mp3]`: builds the Dockerfile and tries the image.

Exit 0 when all is well, and when this machine has nothing to build with: the last line then says "not tried", and why.
Whatever goes wrong once a build has begun is a failure: exit 1.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from docker.base_digest import BASE_ENV
from sandbox.demo import DemoError
from sandbox.sample import write_sample
from tests.image import pip_settings
from tests.image.bases import Base, choose, chosen_base
from tests.image.engines import BOT, OFFLINE, Engine, Image, ImageError, Mounts, NotTriedError, find_engine
from tests.image.offline import generator_tried
from tests.image.trial import ROOT, Seen, put_through

_IMAGE = "localhost/compose-image-check"
_STARTED = time.monotonic()


def main(arguments: Sequence[str]) -> int:
    """0 or 1, as above."""
    parser = argparse.ArgumentParser(prog="python -m tests.image")
    parser.add_argument("--base", default="", help="what to build on; default: the Dockerfile's own, else a stand-in")
    parser.add_argument("--song", default="", help="what it hears; default: a song that is made on the spot")
    options = parser.parse_args(arguments)
    try:
        engine = find_engine()
        own = chosen_base((ROOT / "Dockerfile").read_text(encoding="utf-8"), BASE_ENV)
        base = choose(engine, own=own, given=options.base, say=say)
        with tempfile.TemporaryDirectory(prefix="compose-image-") as folder:
            return _check(engine, base, options.song, Path(folder))
    except NotTriedError as error:  # raised before a build begins, and never after
        print(f"image-check: not tried: {error}.", flush=True)
        return 0
    except (ImageError, DemoError, RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"image-check: FAILED: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _check(engine: Engine, base: Base, given_song: str, folder: Path) -> int:
    say(f"Building with {engine.name} on {base.words} ...")
    mounts = _build_mounts(engine, folder)
    image = engine.build(ROOT, target=BOT, base=base.image, image=_IMAGE, mounts=mounts, say=say)
    song = Path(given_song).resolve() if given_song else folder / "harbour.mp3"
    if not given_song:
        write_sample(song)
    seen = asyncio.run(put_through(engine, image, song, folder, say))
    say("Building the offline generator ...")
    offline = engine.build(ROOT, target=OFFLINE, base=base.image, image=f"{_IMAGE}-offline", mounts=mounts, say=say)
    generated = asyncio.run(generator_tried(engine, offline, say))
    print(f"\n{table(engine.name, base, image, seen)}", flush=True)
    print(f"{'offline image':<16}{offline.size_bytes / 1e6:.0f} MB: {generated}\nimage-check: ok", flush=True)
    return 0


def _build_mounts(engine: Engine, folder: Path) -> Mounts:
    """pip's settings of this machine, for a build that can be handed them."""
    settings = pip_settings.of_this_machine(os.environ)
    if not settings:
        return {}
    if not engine.mounts_into_builds:
        say(f"  pip's settings of this machine are not handed in: {engine.name} cannot mount them into a build")
        return {}
    file = folder / "pip.conf"
    file.touch(mode=0o600)
    file.write_text(pip_settings.as_file(settings), encoding="utf-8")
    return {file: "/etc/pip.conf", **{path: str(path) for path in pip_settings.paths(settings)}}


def table(engine: str, base: Base, image: Image, seen: Seen) -> str:
    """What was found, a line each."""
    lines = {
        "engine": engine,
        "base": base.words,
        "Python": seen.python,
        "image size": f"{image.size_bytes / 1e6:.0f} MB",
        "user": f"{image.user} ({seen.user_id})",
        "read-only root": "yes" if seen.read_only else f"no: {seen.why_writable}",
        "check": seen.check,
        "heard": seen.heard,
        "song made": seen.song,
        "health, stop": seen.health,
        "took": f"{time.monotonic() - _STARTED:.0f} s",
    }
    return "\n".join(f"{name:<16}{value}" for name, value in lines.items())


def say(words: str) -> None:
    """One line of progress."""
    print(f"{time.monotonic() - _STARTED:6.1f} s  {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
