"""What the server was seen to answer, and what nobody was seen to answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Reason
from bot.generation.acestep.wire import AtWork, Lost, Stats, accepted_id, models_in, seen_in, stats_in
from bot.jobs.ports import Finished, GaveUp
from tests.bot.generation.acestep.kit import (
    FAILED,
    FINISHED,
    QUEUED,
    RUNNING,
    TASK,
    UNKNOWN,
    entry,
    envelope,
    row,
    taken,
)
from tests.bot.generation.stand_ins import unhurried


def test_a_song_that_was_taken_has_an_id() -> None:
    assert accepted_id(taken()) == TASK


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        envelope(None),
        envelope({"status": "queued"}),
        envelope({"task_id": None}),
        envelope({"task_id": "x" * 301}),
        envelope({"task_id": TASK}, error="no", code=500),
        {"task_id": TASK},
    ],
)
def test_what_has_no_id_is_no_acceptance(answer: object) -> None:
    assert accepted_id(answer) is None


def test_a_queued_job_has_not_begun() -> None:
    seen = seen_in(QUEUED, TASK)
    assert isinstance(seen, AtWork)
    assert (seen.working.status, seen.is_running) == ("queued", False)


def test_a_running_job_says_how_far_it_is() -> None:
    seen = seen_in(RUNNING, TASK)
    assert isinstance(seen, AtWork)
    assert (seen.is_running, seen.mark[0]) == (True, 0.51)
    assert len(seen.working.status) <= 40


def test_a_finished_job_has_a_file_without_a_host() -> None:
    assert seen_in(FINISHED, TASK) == Finished(track_url="/v1/audio?path=%2Ftmp%2Facestep%2Fa%20song.mp3")


def test_a_failed_job_gives_no_reason() -> None:
    assert seen_in(FAILED, TASK) == GaveUp(reason=Reason.PROVIDER_FAILED, detail="the server gives no reason")


def test_of_an_older_servers_trace_the_last_line_is_kept_without_its_paths() -> None:
    trace = (
        'Traceback (most recent call last):\n  File "/home/ada/ACE-Step/x.py", line 3\nRuntimeError: CUDA out of memory'
    )
    seen = seen_in(envelope([row(2, [entry(status=2, stage="failed", error=trace)])]), TASK)
    assert seen == GaveUp(reason=Reason.PROVIDER_FAILED, detail="RuntimeError: CUDA out of memory")


def test_a_job_that_the_server_does_not_know_is_lost() -> None:
    assert seen_in(UNKNOWN, TASK) == Lost()


@pytest.mark.parametrize("result", ["[]", " [] ", []])
def test_an_empty_result_is_that_in_every_form(result: object) -> None:
    assert seen_in(envelope([{"task_id": TASK, "status": 0, "result": result}]), TASK) == Lost()


@pytest.mark.parametrize("result", [None, "", "{", "null", "7", [7], {"stage": "running"}, "[{}]"])
def test_what_cannot_be_read_of_a_job_at_work_loses_nothing(result: object) -> None:
    assert isinstance(seen_in(envelope([{"task_id": TASK, "status": 0, "result": result}]), TASK), AtWork)


def test_finished_without_a_file_is_a_failure() -> None:
    for file in ("", None, 7, "x" * 9000):
        seen = seen_in(envelope([row(1, [entry(file=file)])]), TASK)
        assert isinstance(seen, GaveUp)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        [],
        {},
        envelope([]),
        envelope({}),
        envelope([7, None]),
        envelope([row(0, [entry()], task_id="another")]),
        envelope([{"task_id": TASK}]),
        envelope([{"task_id": TASK, "status": "0"}]),
        envelope([{"task_id": TASK, "status": 9, "result": "[]"}]),
        envelope([row(0, [])], error="no"),
    ],
)
def test_what_says_nothing_of_the_job_is_nothing(answer: object) -> None:
    assert seen_in(answer, TASK) is None


def test_the_row_of_the_job_is_found_among_others() -> None:
    rows = [row(2, [entry()], task_id="another"), row(1, [entry(file="/v1/audio?path=b")])]
    assert seen_in(envelope(rows), TASK) == Finished(track_url="/v1/audio?path=b")


@pytest.mark.parametrize("progress", ["much", None, True, [], "NaN", 10**400, -(10**4200)])
def test_odd_progress_is_no_progress(progress: object) -> None:
    result = json.dumps([entry(progress=progress, stage="running")]).replace('"NaN"', "NaN")
    seen = seen_in(envelope([{"task_id": TASK, "status": 0, "result": result}]), TASK)
    assert isinstance(seen, AtWork)
    assert seen.mark in {(0.0, "running"), (1.0, "running")}


def test_the_figures_are_read_or_are_none() -> None:
    figures: dict[str, Any] = {"jobs": {"running": 1, "queued": 3}, "queue_size": 3, "avg_job_seconds": 12.5}
    assert stats_in(envelope(figures)) == Stats(running=1, average_seconds=12.5)
    for broken in (
        None,
        {},
        envelope({}),
        envelope({**figures, "jobs": []}),
        envelope({**figures, "jobs": {"running": "1"}}),
    ):
        assert stats_in(broken) is None


def test_models_are_names_or_nothing_is_said() -> None:
    listed = {
        "models": [{"name": "acestep-v15-turbo", "is_default": True}, {"is_default": False}, 7, {"name": 10**4400}]
    }
    assert models_in(envelope(listed)) == ["acestep-v15-turbo"]
    assert models_in(envelope({"models": []})) == []
    assert models_in(envelope([])) is None
    assert models_in({"detail": "Not Found"}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
#: With the server's own names often enough to get past the first check.
NAMED = st.fixed_dictionaries(
    {"task_id": st.just(TASK)},
    optional={
        "status": st.sampled_from([0, 1, 2, True, "1"]) | JSON,
        "result": st.just("[]")
        | JSON
        | st.lists(
            st.fixed_dictionaries({}, optional={"file": JSON, "stage": JSON, "progress": JSON, "error": JSON}),
            max_size=2,
        ).map(json.dumps),
    },
)


@unhurried
@given(st.lists(JSON | NAMED, max_size=3) | JSON)
def test_no_json_is_too_odd_to_be_read(rows: Any) -> None:
    match seen_in(envelope(rows), TASK):
        case AtWork(working=working):
            assert 0 < len(working.status) <= 40
        case GaveUp(detail=detail):
            assert 0 < len(detail) <= 300
        case Finished(track_url=file):
            assert 0 < len(file) <= 8000
        case found:
            assert found in {None, Lost()}
    accepted_id(envelope(rows))
    models_in(envelope(rows))
    stats_in(envelope(rows))
