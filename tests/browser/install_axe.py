"""Fetches axe-core, which finds what keeps people from using a page, where npm can; says what to do where it cannot."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "4.14.1"
SCRIPT = Path(__file__).resolve().parents[2] / ".cache" / f"axe-core-{VERSION}.min.js"
_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
_WITHOUT = "Without axe-core the tests that look for barriers are skipped."


def fetch() -> str | None:
    """Have the script at SCRIPT; why it cannot be had, in one sentence, or None when it is there."""
    if _is_right(SCRIPT):
        return None
    npm = shutil.which("npm")
    if npm is None:
        return "npm, which fetches axe-core, is missing (on Debian: sudo apt-get install npm)"
    with tempfile.TemporaryDirectory() as name:
        words = [npm, "pack", f"axe-core@{VERSION}", "--silent", "--pack-destination", name]
        done = subprocess.run(words, cwd=name, capture_output=True, check=False)
        packed = Path(name, f"axe-core-{VERSION}.tgz")
        if done.returncode != 0 or not packed.is_file():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            return f"npm could not fetch axe-core {VERSION}: {' '.join(last) or f'it ended with {done.returncode}'}"
        with tarfile.open(packed) as archive:
            script = archive.extractfile("package/axe.min.js")
            content = script.read() if script else b""
    if hashlib.sha256(content).hexdigest() != _SHA256:
        return f"what npm fetched as axe-core {VERSION} is another file than the one these tests know"
    SCRIPT.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=SCRIPT.parent, delete=False) as written:
        written.write(content)
    Path(written.name).replace(SCRIPT)  # several workers may fetch it at once
    return None


def _is_right(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == _SHA256


def main() -> int:
    """0 also where it cannot be had: its absence is no reason not to run the other tests."""
    missing = fetch()
    if missing:
        print(f"{missing}. {_WITHOUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
