"""Installs a lock file with pip and shows how far it is; pip's own words appear only when it fails."""

import re
import subprocess
import sys
from pathlib import Path

_STARTS = re.compile(r"^(?:Collecting|Requirement already satisfied:) ([\w.-]+)")


def main(lock: str) -> int:
    """Install; returns pip's exit code."""
    most = len(re.findall(r"^[\w.-]+==", Path(lock).read_text(encoding="utf-8"), re.MULTILINE))
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--requirement", lock]
    said: list[str] = []
    count = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            said.append(line)
            if found := _STARTS.match(line):
                count += 1
                _show(f"  fetching {count} of at most {most}: {found[1]}")
            elif line.startswith("Installing collected packages"):
                _show("  unpacking, this takes some seconds ...")
    _show("" if sys.stdout.isatty() else "  done" if pip.returncode == 0 else "  pip failed")
    if pip.returncode:
        print("".join(said[-40:]))
    return pip.returncode


def _show(words: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\x1b[K{words}", end="", flush=True)
    elif "fetching" not in words or words.split()[1] in {"1", "10", "20", "30", "40", "50"}:
        print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
