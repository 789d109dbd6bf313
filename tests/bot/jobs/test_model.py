"""The one table of moves, and what is made from a job's key."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.model import LIVE, RESTING, IllegalMoveError, JobState, check_move, moves_from
from tests.bot.jobs.orders import a_job

states = st.sampled_from(JobState)

#: Where a POST may have been accepted, or was.
SUBMITTED = {JobState.SUBMITTING, JobState.UNKNOWN}
ENDS = {JobState.DELIVERED, JobState.REFUSED, JobState.CANCELLED}


def reachable(start: JobState, *, without: frozenset[JobState] = frozenset()) -> set[JobState]:
    found: set[JobState] = set()
    waiting = [start]
    while waiting:
        for after in moves_from(waiting.pop()) - without - found:
            found.add(after)
            waiting.append(after)
    return found


@given(states, states)
def test_a_move_is_allowed_or_raises(before: JobState, after: JobState):
    if after in moves_from(before):
        check_move(before, after)
    else:
        with pytest.raises(IllegalMoveError, match=f"{before} -> {after}"):
            check_move(before, after)


def test_every_state_is_live_or_resting():
    assert set(JobState) == LIVE | RESTING
    assert not LIVE & RESTING


def test_every_state_can_be_reached_and_ends_lead_nowhere():
    everywhere = reachable(JobState.CHECKING)
    assert everywhere == set(JobState) - {JobState.CHECKING}
    assert {state for state in JobState if not moves_from(state)} == ENDS


def test_from_every_state_an_end_can_be_reached():
    for state in set(JobState) - ENDS:
        assert reachable(state) & RESTING


def test_no_move_leads_back_to_the_same_state():
    assert not [state for state in JobState if state in moves_from(state)]


def test_a_post_is_only_repeated_by_way_of_queued():
    assert [state for state in JobState if JobState.SUBMITTING in moves_from(state)] == [JobState.QUEUED]
    before_queued = {state for state in JobState if JobState.QUEUED in moves_from(state)}
    assert before_queued == {JobState.CHECKING, JobState.GENERATING, *SUBMITTED}


def test_what_the_provider_took_is_posted_again_only_when_it_has_lost_it():
    # who may take this one way back is in test_music_models: nobody whose service charges anything
    assert JobState.QUEUED in moves_from(JobState.GENERATING)
    for state in reachable(JobState.GENERATING) - {*SUBMITTED, JobState.QUEUED, JobState.GENERATING}:
        assert not moves_from(state) & {JobState.QUEUED, JobState.SUBMITTING, JobState.UNKNOWN}


def test_nothing_is_delivered_without_a_track_and_nothing_that_was_delivered_moves():
    assert {state for state in JobState if JobState.DELIVERING in moves_from(state)} == {
        JobState.READY,
        JobState.UNDELIVERABLE,
    }
    assert {state for state in JobState if JobState.DELIVERED in moves_from(state)} == {JobState.DELIVERING}


def test_what_is_under_way_to_the_member_cannot_be_cancelled():
    cancellable = {state for state in JobState if JobState.CANCELLED in moves_from(state)}
    assert cancellable == {JobState.CHECKING, JobState.QUEUED, JobState.UNKNOWN, JobState.GENERATING}


@given(st.data())
def test_on_any_way_through_the_table_each_post_was_queued_for_and_a_delivery_is_the_end(data: st.DataObject):
    way = [JobState.CHECKING]
    while moves_from(way[-1]) and len(way) < 40:
        way.append(data.draw(st.sampled_from(sorted(moves_from(way[-1])))))
        check_move(*way[-2:])
        assert way.count(JobState.SUBMITTING) <= way.count(JobState.QUEUED)
    assert JobState.DELIVERED not in way[:-1]


# --- what is made from a job ------------------------------------------------------------------------------------------


@given(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.integers(0, 10**6))
def test_a_client_request_id_names_the_job_and_the_attempt(key: str, attempt: int):
    job = replace(a_job(), key=key, attempt=attempt)
    assert job.client_request_id == f"compose-{key}-{attempt}"
    assert re.fullmatch(r"[A-Za-z0-9_\-]{1,128}", job.client_request_id)
    assert replace(job, attempt=attempt + 1).client_request_id != job.client_request_id


@given(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_a_nonce_is_short_enough_for_discord_and_the_same_at_every_try(key: str, purpose: str):
    job = replace(a_job(), key=key)
    assert len(job.nonce(purpose)) <= 25
    assert job.nonce(purpose) == replace(job, version=7, attempt=3).nonce(purpose)
    assert job.nonce(purpose) != job.nonce(f"{purpose[:-1]}!")


def test_a_purpose_that_makes_the_nonce_too_long_is_a_mistake_in_the_code():
    with pytest.raises(ValueError, match="nonce too long: 26"):
        a_job().nonce("x" * 9)


@pytest.mark.parametrize("state", JobState)
def test_an_engine_looks_at_what_is_live_and_at_what_was_not_told(state: JobState):
    job = replace(a_job(), state=state, notified_state=None)
    assert job.is_live is (state in LIVE)
    assert job.is_unfinished
    assert replace(job, notified_state=state).is_unfinished is (state in LIVE)
    assert replace(job, notified_state=JobState.EXPIRED).is_unfinished is (state is not JobState.EXPIRED)


@pytest.mark.parametrize(
    ("state", "attempt", "is_sent", "price_micros", "is_unpaid"),
    [
        (JobState.REFUSED, 0, False, 90_000, True),
        (JobState.CANCELLED, 0, False, 90_000, True),
        (JobState.CANCELLED, 1, True, 90_000, False),  # a doubt that its member dismissed
        (JobState.CANCELLED, 1, True, 0, True),
        (JobState.FAILED, 1, True, 90_000, True),  # the service said no, in so many words
        (JobState.FAILED, 2, True, 90_000, False),  # the first POST was a doubt, and stays one
        (JobState.FAILED, 2, True, 0, True),
        (JobState.UNKNOWN, 1, True, 90_000, False),
        (JobState.DELIVERED, 1, True, 90_000, False),
    ],
)
def test_only_what_cost_nothing_for_certain_ended_unpaid(
    state: JobState, attempt: int, is_sent: bool, price_micros: int, is_unpaid: bool
):
    job = replace(a_job(), state=state, attempt=attempt, price_micros=price_micros)
    job = replace(job, submit_started_at=job.created_at if is_sent else None)
    assert job.ended_unpaid is is_unpaid
    assert not replace(job, generation_id="g-1").ended_unpaid
