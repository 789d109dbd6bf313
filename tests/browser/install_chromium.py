"""Installs Debian's Chromium where it is missing and can be installed; says what to do where it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
_WITHOUT = "Without Chromium the browser tests are skipped."


def main() -> int:
    """0 if it is there afterwards, or cannot be had: its absence is no reason not to run the other tests."""
    if CHROMIUM.exists():
        return 0
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        print(f"{CHROMIUM} is missing. On Debian: sudo apt-get install chromium. {_WITHOUT}")
        return 0
    print("Installing Debian's Chromium for the browser tests ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "chromium"]):
        done = subprocess.run([apt, *words], env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            print(f"apt-get {words[0]} failed: {' '.join(last)}. {_WITHOUT}")
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
