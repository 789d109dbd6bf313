"""Ours beside a look every 5 s, every 10 s, and the best that could be done by who knows the distribution.

`python -m benchmarks.polling [--seeds 10] [--cost 0.2 ...] [--only WORDS]` on a simulated clock; `--real` with the real
bot on loopback, all lengths a tenth, within four minutes. The measure: mean seconds from ready to seen times mean looks
a song, of songs 50 to 600. A song that never ends counts its looks and no lag. The optimum may choose for each set the
cost of a look that serves the measure best; ours has one for all. Where others wait before us the optimum is told its
place also in the sets in which ours is not; see `known_queue`.
"""

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from benchmarks.polling.real import measure
from benchmarks.polling.sets import SETS, SONGS, SongSet
from benchmarks.polling.simulation import FixedPause, Learned, Optimum, Outcome, Policy, run

COST_SECONDS = 0.2
_OPTIMUM_COSTS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
#: From the fiftieth song on, and the first ones after the first 20.
_MAIN, _EARLY = (50, SONGS), (20, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One set: lag times polls for each who looks, over all seeds."""

    name: str
    every_5: float
    every_10: float
    optimum: float
    ours: Sequence[float]  #: for each cost
    lag_seconds: Sequence[float]
    polls: Sequence[float]
    early: tuple[float, float, float]  #: every 5, every 10, ours with the first cost: songs 20 to 50
    goal: float | None


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polling")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--cost", type=float, nargs="+", default=[COST_SECONDS], help="POLL_COST_SECONDS")
    parser.add_argument("--only", default="", help="sets with these words in their name")
    parser.add_argument("--real", action="store_true", help="the real process, lengths divided by ten")
    given = parser.parse_args(arguments)
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if given.real:
        return asyncio.run(measure())
    chosen = [songs.name for songs in SETS if given.only in songs.name]
    print(f"mean of {given.seeds} seeds; seconds from ready to seen x looks, songs {_MAIN[0]} to {_MAIN[1]}")
    costs = "".join(f"{f'ours {cost:g}':>10}{'ratio':>7}{'lag s':>7}{'looks':>7}" for cost in given.cost)
    print(f"{'':40}{'every 5':>9}{'every 10':>9}{'optimum':>9}{costs}   songs 20 to 50: every 5, every 10, ours")
    rows: list[Row] = []
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for row in pool.map(row_of, chosen, [given.seeds] * len(chosen), [tuple(given.cost)] * len(chosen)):
            print(_line(row), flush=True)
            rows.append(row)
    return 0 if all(_is_reached(row) for row in rows) else 1


def row_of(name: str, seeds: int, costs: Sequence[float]) -> Row:
    """Everybody on one set."""
    (songs,) = (one for one in SETS if one.name == name)
    days = [songs.songs(random.Random(seed)) for seed in range(seeds)]

    def outcomes(policy: Callable[[], Policy]) -> list[Outcome]:
        return [run(day, policy()) for day in days]

    fives, tens = outcomes(lambda: FixedPause(5)), outcomes(lambda: FixedPause(10))
    ours = [outcomes(lambda cost=cost: Learned(cost, is_told=songs.tells)) for cost in costs]
    means = [_means(one, _MAIN) for one in ours]
    return Row(
        name=name,
        every_5=_product(fives, _MAIN),
        every_10=_product(tens, _MAIN),
        optimum=_best(songs, outcomes),
        ours=[lag * polls for lag, polls in means],
        lag_seconds=[lag for lag, _ in means],
        polls=[polls for _, polls in means],
        early=(_product(fives, _EARLY), _product(tens, _EARLY), _product(ours[0], _EARLY)),
        goal=songs.goal,
    )


def _best(songs: SongSet, outcomes: Callable[[Callable[[], Policy]], list[Outcome]]) -> float:
    return min(_product(outcomes(lambda cost=cost: Optimum(songs, cost)), _MAIN) for cost in _OPTIMUM_COSTS)


def _means(outcomes: Sequence[Outcome], songs: tuple[int, int]) -> tuple[float, float]:
    means = [outcome.mean(*songs) for outcome in outcomes]
    return statistics.mean(lag for lag, _ in means), statistics.mean(polls for _, polls in means)


def _product(outcomes: Sequence[Outcome], songs: tuple[int, int]) -> float:
    lag, polls = _means(outcomes, songs)
    return lag * polls


def _is_reached(row: Row) -> bool:
    is_ahead = row.early[2] < min(row.early[:2]) and row.ours[0] < min(row.every_5, row.every_10)
    return is_ahead and (row.goal is None or row.ours[0] <= row.goal * row.optimum)


def _line(row: Row) -> str:
    cells = "".join(
        f"{ours:>10.2f}{ours / row.optimum:>7.2f}{lag:>7.2f}{polls:>7.2f}"
        for ours, lag, polls in zip(row.ours, row.lag_seconds, row.polls, strict=True)
    )
    early = ", ".join(f"{value:.1f}" for value in row.early)
    missed = "" if _is_reached(row) else "   MISSED"
    return f"{row.name:40}{row.every_5:>9.2f}{row.every_10:>9.2f}{row.optimum:>9.2f}{cells}   {early}{missed}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
