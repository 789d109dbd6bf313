"""What is true after a storm, judged from outside: the channel, the music API's ledger, the rows."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Reason
from bot.jobs.model import RESTING, Job, JobState
from sandbox.discord import FakeDiscord
from sandbox.discord.objects import JSON
from sandbox.generation import FakeGeneration
from tests.chaos.books import FileBooks
from tests.chaos.members import Ordered

_JOB_ID = re.compile(r"^job:v\d+:\w+:(\d+)$")


@dataclass(slots=True)
class Score:
    """The figures of the last line, and a sentence for every broken promise."""

    jobs: int = 0
    delivered: int = 0
    unknown: int = 0
    failed: int = 0
    lost: int = 0
    paid_twice: int = 0
    posted_twice: int = 0
    refused: int = 0
    broken: list[str] = field(default_factory=list)


async def rows(folder: Path) -> list[Job]:
    """Every job of a bot that is not running, oldest first."""
    return await FileBooks(folder).rows()


async def unrested(folder: Path) -> tuple[int, int]:
    """How many jobs are still at work, and how many rest without their member knowing; while the bot runs."""
    return await FileBooks(folder).unrested()


def judge(jobs: Sequence[Job], ordered: Sequence[Ordered], discord: FakeDiscord, generation: FakeGeneration) -> Score:
    """Hold every promise against what is there."""
    score = Score(jobs=len(jobs))
    tracks = _track_messages(discord)
    by_interaction = {job.place.interaction_id: job for job in jobs}
    for order in ordered:
        job = by_interaction.get(order.interaction.id)
        if job is None:
            if _is_answered(order) and _is_refusal(order):
                score.refused += 1
            elif _is_answered(order):
                _lose(score, f"{order.title}: answered, but there is no job")
            continue
        _judge_job(score, job, order, tracks[job.id])
    score.paid_twice = len(generation.ledger.repeated_posts)
    score.broken += [f"POSTed twice: {name}" for name in generation.ledger.repeated_posts]
    score.posted_twice = sum(count > 1 for count in tracks.values())
    score.broken += [f"job {job_id}: {count} track messages" for job_id, count in tracks.items() if count > 1]
    return score


def _is_answered(order: Ordered) -> bool:
    """Not where the bot was killed while it thought: of that promise Discord itself says that nothing came of it."""
    return order.interaction.answered and not order.interaction.thinking


def _is_refusal(order: Ordered) -> bool:
    """Whether the answer says privately why not, and gives the words back."""
    answer = next((message for message in order.interaction.messages if message.ephemeral), None)
    return (
        answer is not None
        and bool(answer.content)
        and any(order.lyrics in str(embed.get("description")) for embed in answer.embeds)
    )


def _judge_job(score: Score, job: Job, order: Ordered, messages: int) -> None:
    if job.state is JobState.DELIVERED:
        score.delivered += 1
        if messages == 0:
            _lose(score, f"job {job.id}: delivered, but no message has its track")
    elif messages:
        score.broken.append(f"job {job.id}: {job.state}, but a message has its track")
    if job.state is JobState.UNKNOWN:
        score.unknown += 1
    elif job.state in RESTING and job.state is not JobState.DELIVERED:
        score.failed += 1
    _judge_answer(score, job, order)
    if job.state not in RESTING or job.notified_state is not job.state:
        _lose(score, f"job {job.id}: {job.state}, the member was told of {job.notified_state}")
    if job.lyrics != order.lyrics:
        _lose(score, f"job {job.id}: its words are not those that were typed")


def _judge_answer(score: Score, job: Job, order: Ordered) -> None:
    if job.reason is Reason.UNANSWERED:
        # told and kept, with a button that orders it: not lost; but nothing may have been paid, nor said before
        if job.submit_started_at is not None:
            score.broken.append(f"job {job.id}: never answered, but sent to the music API")
        if _is_answered(order):
            score.broken.append(f"job {job.id}: answered, but it rests as if it were not")
    elif job.answered_at is None and job.submit_started_at is not None:
        score.broken.append(f"job {job.id}: sent to the music API before it was answered")


def _lose(score: Score, sentence: str) -> None:
    score.lost += 1
    score.broken.append(sentence)


def _track_messages(discord: FakeDiscord) -> Counter[int]:
    """How many messages with a sound file each job has, by the job's id in their buttons."""
    found: Counter[int] = Counter()
    for message in discord.messages:
        is_reply_or_direct = message.author.bot and any(
            file.filename.lower().endswith((".mp3", ".wav")) for file in message.attachments
        )
        job_ids = set(_job_ids(message.components))
        if is_reply_or_direct and len(job_ids) == 1:
            found[job_ids.pop()] += 1
    return found


def _job_ids(components: list[JSON]) -> list[int]:
    found: list[int] = []
    for component in components:
        if match := _JOB_ID.match(str(component.get("custom_id", ""))):
            found.append(int(match[1]))
        found += _job_ids(component.get("components", []))
    return found
