"""`python -m bot.audio FILE...`: what each file is and whether it can be a reference, one JSON object a line."""

import asyncio
import json
import sys
from pathlib import Path

from bot.audio.model import Inspection, Problem
from bot.audio.pool import AudioPool
from bot.audio.wording import sentence

USAGE = "usage: python -m bot.audio FILE..."


def line_of(file: str, seen: Inspection, locale: str = "en") -> str:
    """One line of JSON; `finding` is a sentence or null, `seconds` the length that really decodes or null."""
    return json.dumps(
        {
            "file": file,
            "verdict": seen.usability,
            "reason": " ".join(sentence(finding, locale) for finding in seen.findings) or None,
            "format": seen.format,
            "seconds": None if seen.seconds is None else round(seen.seconds, 2),
            "problems": [finding.problem for finding in seen.findings],
            "kind": seen.kind,
            "codec": seen.codec,
            "sample_rate": seen.sample_rate,
            "channels": seen.channels,
            "size_bytes": seen.size_bytes,
        },
        ensure_ascii=False,
    )


async def inspect_all(files: list[str]) -> int:
    """Prints a line for each file. 2 when one could not be read, else 0."""
    code = 0
    async with AudioPool() as pool:
        for file in files:
            seen = await pool.inspect(Path(file))
            if seen.finding is not None and seen.finding.problem is Problem.UNREADABLE:
                print(f"{file}: cannot be read; is it there, and a file?", file=sys.stderr)
                code = 2
                continue
            print(line_of(file, seen), flush=True)
    return code


def main(arguments: list[str]) -> int:
    """The exit code."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(USAGE, file=sys.stderr)
        return 0 if arguments else 2
    return asyncio.run(inspect_all(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
