"""What becomes of a song that its music service was asked to stop."""

from dataclasses import replace

import pytest

from bot.errors import Reason
from bot.jobs.model import JobState
from bot.jobs.ports import Cancellation
from bot.jobs.stop_making import end_of, wants_to_stop
from tests.bot.jobs.orders import a_job


@pytest.mark.parametrize("said", [None, *Cancellation])
def test_only_what_was_stopped_before_it_began_is_free(said: Cancellation | None) -> None:
    _, changes = end_of(said)
    assert changes["reason"] is Reason.MEMBER_CANCELLED
    assert ("submit_started_at" in changes) is (said is Cancellation.STOPPED)
    assert changes.get("submit_started_at") is None


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("reason", [None, Reason.MEMBER_CANCELLED, Reason.DEADLINE])
def test_a_wish_to_stop_is_a_reason_while_it_is_made(state: JobState, reason: Reason | None) -> None:
    wished = state is JobState.GENERATING and reason is Reason.MEMBER_CANCELLED
    assert wants_to_stop(replace(a_job(), state=state, reason=reason)) is wished
