"""`make chaos SEED=1 JOBS=200`: the last line has the figures; exit 0 only if nothing broke."""

import argparse
import asyncio
import sys
import time

from tests.bot.store.postgresql import LACKING
from tests.chaos.run import run


def main() -> int:
    """Run one storm."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--max-seconds", type=float, default=570)
    parser.add_argument("--limits", action="store_true", help="turn members' and the server's limits and budgets on")
    parser.add_argument("--processes", type=int, default=1, help="with more than one they share a PostgreSQL")
    parser.add_argument("--log", help="write the bot's log here")
    options = parser.parse_args()
    started = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {words}", flush=True)

    if options.processes > 1 and LACKING:
        parser.error(f"several processes need {' and '.join(LACKING)}, which requirements/dev.lock lists")
    outcome = asyncio.run(
        run(
            seed=options.seed,
            jobs=options.jobs,
            max_seconds=options.max_seconds,
            say=say,
            limits=options.limits,
            processes=options.processes,
        )
    )
    if options.log:
        with open(options.log, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(outcome.bot_log)
    for sentence in outcome.score.broken:
        say(f"BROKEN: {sentence}")
    print(outcome.line(), flush=True)
    return 1 if outcome.score.broken else 0


if __name__ == "__main__":
    sys.exit(main())
