"""Jobs in every state, for the tests of what members read and for docs/conversation.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import Reason
from bot.jobs.blocklist import Blocklist
from bot.jobs.lyrics import PromptRules, to_prompt
from bot.jobs.model import Job, JobState, Origin, Place, Reference, Track
from bot.ui.requirements import OrderRequirements

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MEMBER = 111_111_111_111_111_111
LYRICS = "[Verse]\nSide by side, through thick and thin\nWith a laugh and a grin\n\n[Chorus]\nWe fly, we fly"

REQUIREMENTS = OrderRequirements(
    prompt=PromptRules(),
    reference_max_bytes=20 * 1024 * 1024,
    reference_min_seconds=15.0,
    attachment_hosts=frozenset({"cdn.discordapp.com", "media.discordapp.net"}),
    blocklist=Blocklist(["naughty"]),
)


def example_place(**changes: Any) -> Place:
    place = Place(
        origin=Origin.GUILD,
        channel_id=333,
        guild_id=222,
        interaction_id=444,
        interaction_token="token-of-the-interaction",
        upload_limit_bytes=20 * 1024 * 1024,
        locale="en-GB",
    )
    return replace(place, **changes)


def example_job(state: JobState = JobState.GENERATING, **changes: Any) -> Job:
    """A job as it may really stand there; `attempt` 0: no POST was begun."""
    attempt = changes.get("attempt", 0 if state in _BEFORE_A_POST else 1)
    job = Job(
        id=17,
        key="0123456789abcdef",
        state=state,
        version=3,
        attempt=attempt,
        member_id=MEMBER,
        member_name="Ada",
        place=example_place(),
        title="Side by side",
        lyrics=LYRICS,
        prompt=to_prompt(LYRICS, PromptRules()).text,
        reference=Reference(
            url="https://cdn.discordapp.com/ephemeral-attachments/1/2/demo.mp3?ex=1&is=0&hm=2",
            name="demo.mp3",
            size_bytes=3_000_000,
            expires_at=NOW + timedelta(hours=23),
            seconds=73.4,
            format="mp3",
            copy_name="17.mp3",
        ),
        provider="aiml",
        model="minimax-music",
        style=None,
        price_micros=37_000,
        again_of=None,
        generation_id="gen-1" if state in _PAID else None,
        track=Track(url="https://files.example/track.mp3?sig=1", copy_name="17.mp3", size_bytes=1_000_000, seconds=61.0)
        if state in _FINISHED
        else None,
        card_message_id=555,
        track_channel_id=333 if state is JobState.DELIVERED else None,
        track_message_id=666 if state is JobState.DELIVERED else None,
        notified_state=None,
        reason=_REASONS.get(state),
        detail="",
        created_at=NOW - timedelta(seconds=90),
        moved_at=NOW - timedelta(seconds=60),
        submit_started_at=NOW - timedelta(seconds=62) if attempt else None,
        accepted_at=NOW - timedelta(seconds=60) if state in _PAID else None,
        deliver_started_at=None,
        deadline_at=NOW + timedelta(seconds=840) if state in _PAID else None,
    )
    return replace(job, **changes)


_BEFORE_A_POST = {JobState.CHECKING, JobState.QUEUED, JobState.REFUSED}
_FINISHED = {JobState.READY, JobState.DELIVERING, JobState.DELIVERED, JobState.UNDELIVERABLE}
_PAID = _FINISHED | {JobState.GENERATING, JobState.EXPIRED}
_REASONS = {
    JobState.UNKNOWN: Reason.OUTCOME_UNKNOWN,
    JobState.REFUSED: Reason.FILE_EMPTY,
    JobState.FAILED: Reason.PROVIDER_FAILED,
    JobState.EXPIRED: Reason.DEADLINE,
    JobState.CANCELLED: Reason.MEMBER_CANCELLED,
    JobState.UNDELIVERABLE: Reason.CHANNEL_GONE,
}
