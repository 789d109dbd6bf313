"""`make audit`: are vulnerabilities known in what run.lock lists? Says so where no data base can be had."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements/run.lock"
_SECONDS = 300.0


def main() -> int:
    """0 when nothing is known or nothing could be looked for, 1 when something is known or the tool broke."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    done = subprocess.run(
        [*command, "--format", "json", "--requirement", str(LOCK)],
        check=False, capture_output=True, text=True, timeout=_SECONDS,
    )  # fmt: skip
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(f"audit: not looked for: no data base of vulnerabilities could be reached (exit {done.returncode}).")
        return 0
    code, sentence = judged(report["dependencies"])
    print(f"audit: {sentence}")
    return code


def judged(dependencies: list[dict[str, Any]]) -> tuple[int, str]:
    """Exit code and sentence for what pip-audit found. A package it skipped was not looked for: no all-clear."""
    looked_for = [one for one in dependencies if "skip_reason" not in one]
    known = [
        f"{one['name']} {one['version']}: {', '.join(found['id'] for found in one['vulns'])}"
        for one in looked_for
        if one["vulns"]
    ]
    if known:
        return 1, f"{len(known)} packages have known vulnerabilities:\n" + "\n".join(f"  {line}" for line in known)
    if not looked_for:
        return 0, f"not looked for: the data base knows none of the {len(dependencies)} packages from here."
    skipped = len(dependencies) - len(looked_for)
    rest = f"; {skipped} were not looked for" if skipped else ""
    return 0, f"nothing is known of {len(looked_for)} packages{rest}."


if __name__ == "__main__":
    sys.exit(main())
