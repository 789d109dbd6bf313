"""What the ledger must say after a storm: at no moment over a limit or a budget, no place and no charge lost."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bot.amounts import micros_of
from bot.jobs.model import LIVE, Job, JobState
from tests.chaos.books import Tables
from tests.chaos.invariants import Score

#: Ends before which nothing was paid: whoever ordered has their place back.
_UNPAID = frozenset({JobState.REFUSED, JobState.FAILED, JobState.CANCELLED})


def judge_ledger(
    score: Score, tables: Tables, jobs: Sequence[Job], settings: Mapping[str, str], *, outside: int, charged: int
) -> None:
    """Hold the ledger of a bot that has stopped against its rows. Storms are shorter than a day, so all of it counts.

    `outside`: the member whom limits do not bind. `charged`: requests that the music API accepted.
    """
    score.broken += [
        *_over_day(tables["place"], settings, outside),
        *_over_at_once(tables["job_event"], jobs, settings, outside),
        *_money(tables, settings),
        *_lost_places(tables["place"], tables["charge"], jobs),
    ]
    last = _standing(tables["charge"])
    known = sum(kind in {"spent", "unknown"} for kind in last.values())
    if known < charged:
        score.broken.append(f"{charged} requests were accepted, the ledger knows of {known}")


def _over_day(places: Sequence[dict[str, Any]], settings: Mapping[str, str], outside: int) -> list[str]:
    """How many places counted at once, by member and by server."""
    steps: list[tuple[str, int, dict[str, Any]]] = []
    for place in places:
        if place["member_id"] != outside:
            steps.append((place["at"], 1, place))
            steps += [(place["back_at"], -1, place)] if place["back_at"] else []
    found: list[str] = []
    for column, name in (("member_id", "LIMIT_MEMBER_PER_DAY"), ("guild_id", "LIMIT_GUILD_PER_DAY")):
        if not (limit := settings.get(name)):
            continue
        counts: Counter[int] = Counter()
        for _, step, place in sorted(steps, key=lambda one: one[:2]):
            counts[place[column]] += step
            if counts[place[column]] > int(limit):
                found.append(f"{column} {place[column]} had more than {limit} places of the day")
                break
    return found


def _over_at_once(
    events: Sequence[dict[str, Any]], jobs: Sequence[Job], settings: Mapping[str, str], outside: int
) -> list[str]:
    limit = settings.get("LIMIT_MEMBER_AT_ONCE")
    owners = {job.id: job.member_id for job in jobs}
    live: defaultdict[int, set[int]] = defaultdict(set)
    for event in events:
        mine = live[owners[event["job_id"]]]
        (mine.add if event["after"] in LIVE else mine.discard)(event["job_id"])
        if limit and owners[event["job_id"]] != outside and len(mine) > int(limit):
            return [f"member {owners[event['job_id']]} had more than {limit} songs under way"]
    return []


def _money(tables: Tables, settings: Mapping[str, str]) -> list[str]:
    budgets = [Decimal(settings[name]) for name in ("BUDGET_PER_DAY", "BUDGET_PER_MONTH") if settings.get(name)]
    budget = min(map(micros_of, budgets), default=None)
    last: dict[tuple[int, int], str] = {}
    prices: dict[tuple[int, int], int] = {}
    found: list[str] = []
    for line in tables["charge"]:
        attempt = (line["job_id"], line["attempt"])
        if line["kind"] == "given":
            continue
        last[attempt], prices[attempt] = line["kind"], line["price_micros"]
        counted = sum(prices[one] for one, kind in last.items() if kind != "freed")
        # a late answer to what was freed may cost more than was foreseen; nothing that was let in may
        if budget is not None and line["kind"] == "held" and counted > budget:
            found.append(f"line {line['id']}: {counted} held, spent and unknown, with a budget of {budget}")
    for kind in ("held", "spent", "unknown"):
        by_lines = sum(prices[one] for one, said in last.items() if said == kind)
        by_sums = (
            sum(row["micros"] for row in tables["charge_held"])
            if kind == "held"
            else sum(row[f"{kind}_micros"] for row in tables["charge_day"])
        )
        if by_lines != by_sums:
            found.append(f"{kind}: {by_lines} by the lines, {by_sums} by the sums")
    minutes = sum(row["micros"] for row in tables["charge_minute"])
    if minutes != sum(row["spent_micros"] + row["unknown_micros"] for row in tables["charge_day"]):
        found.append(f"the sums of minutes ({minutes}) and of days differ")
    return found


def _lost_places(places: Sequence[dict[str, Any]], charges: Sequence[dict[str, Any]], jobs: Sequence[Job]) -> list[str]:
    held = {row["job_id"] for row in charges if row["kind"] == "held"}
    found = [f"job {job.id}: its row is there, its hold is not" for job in jobs if job.id not in held]
    last = _standing(charges)
    counted = {row["job_id"] for row in places if row["back_at"] is None}
    for job in jobs:
        kinds = {kind for (job_id, _), kind in last.items() if job_id == job.id}
        if job.state in _UNPAID and kinds == {"freed"} and job.id in counted:
            found.append(f"job {job.id}: {job.state} unpaid, and its place is not back")
        if job.state not in LIVE and "held" in kinds:
            found.append(f"job {job.id}: {job.state}, and it still holds money")
    return found


def _standing(charges: Sequence[dict[str, Any]]) -> dict[tuple[int, int], str]:
    """The last word about each attempt."""
    return {(line["job_id"], line["attempt"]): line["kind"] for line in charges if line["kind"] != "given"}
