import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Reason
from bot.generation.aiml.wire import accepted_id, is_catalogued, log_page_in, progress_in
from bot.generation.error_bodies import error_body_in
from bot.generation.error_mapping import poll_error, submit_error
from bot.generation.transport import Answer
from bot.jobs.ports import Finished, GaveUp, StillWorking
from tests.bot.generation.stand_ins import unhurried
from tests.bot.generation.test_transport import NOW

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
#: Any JSON, but with the API's own names often enough to get past the first check.
NAMED = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "generation_id": JSON,
        "status": st.sampled_from(["queued", "completed", "error", "Failed", " DONE "]) | JSON,
        "audio_file": st.fixed_dictionaries({"url": st.text() | st.just("https://h/x?a=b")}) | JSON,
        "error": st.dictionaries(st.sampled_from(["name", "message", "detail", "type", "loc"]), JSON) | JSON,
        "message": JSON,
        "data": st.lists(st.dictionaries(st.sampled_from(["inference_id", "client_request_id"]), JSON)) | JSON,
        "pagination": JSON,
    },
)


@pytest.mark.heavy
@unhurried
@given(JSON | NAMED)
def test_any_json_is_a_progress_or_none(data: Any) -> None:
    progress = progress_in(data)

    match progress:
        case None:
            pass
        case StillWorking(status=status):
            assert len(status) <= 40
        case Finished(track_url=url):
            assert url.startswith(("http://", "https://"))
        case GaveUp(reason=reason, detail=detail):
            assert reason in Reason
            assert 0 < len(detail) <= 300
            assert "://" not in detail


@unhurried
@given(JSON | NAMED)
def test_any_json_has_a_usable_id_or_none(data: Any) -> None:
    found = accepted_id(data)

    assert found is None or (0 < len(found) <= 300 and found.isprintable() and found == found.strip())


@unhurried
@given(JSON | NAMED)
def test_any_json_is_a_page_of_the_log_or_none(data: Any) -> None:
    page = log_page_in(data)

    assert page is None or isinstance(page.data, list)


@unhurried
@given(JSON | NAMED)
def test_any_json_can_be_read_as_an_error_body(data: Any) -> None:
    error_body = error_body_in(data)

    assert error_body.reason is None or error_body.reason in Reason
    assert len(error_body.text) <= 2000


@unhurried
@given(st.integers(300, 599), st.binary(max_size=200) | (JSON | NAMED).map(lambda data: json.dumps(data).encode()))
def test_any_http_error_is_sorted(status: int, body: bytes) -> None:
    answer = Answer(status=status, headers={}, body=body, is_whole=True)

    assert "://" not in str(submit_error(answer, NOW, secrets=(), url_setting="API_URL"))
    outcome = poll_error(answer, NOW)
    assert "://" not in (outcome.detail if isinstance(outcome, GaveUp) else str(outcome))


def test_an_error_body_leaves_out_what_echoes_the_request() -> None:
    error_body = error_body_in({"detail": [{"msg": "bad", "input": "the words", "ctx": {"msg": "of a member"}}]})

    assert error_body.text == "bad"


def test_an_error_body_with_a_thousand_parts_is_read_as_far_as_needed() -> None:
    assert len(error_body_in([{"message": f"line {i}"} for i in range(1000)]).text) <= 2000
    deep: Any = "deep"
    for _ in range(500):
        deep = {"error": deep}
    assert error_body_in(deep).text == ""
    assert error_body_in([[{"code": 1}] * 40] * 40 + [{"message": "far behind"}]).text == ""


@pytest.mark.parametrize(("host", "usable"), [("ä.example", True), ("ä" * 301, False), ("[", False)])
def test_an_address_whose_host_cannot_be_one_is_none(host: str, usable: bool) -> None:
    progress = progress_in({"status": "completed", "audio_file": {"url": f"https://{host}/a.mp3"}})
    assert isinstance(progress, Finished if usable else StillWorking)


@pytest.mark.parametrize(
    ("data", "is_there"),
    [
        ([{"id": "minimax/music-cover", "aliases": []}], True),
        ({"object": "list", "data": [{"id": "minimax/music-cover"}]}, True),
        ([{"id": "music-cover-1", "aliases": ["minimax/music-cover"]}], True),
        ([], False),
        ({"object": "list", "data": []}, False),
        # this service does not choose, so that the model may be on another page
        ([{"id": "gpt-4o"}, {"id": ["odd"], "aliases": "odd"}, 7], None),
        ({"data": None}, None),
        ({"message": "Cannot GET /v1/models"}, None),
        (None, None),
        ("text", None),
    ],
)
def test_a_model_is_in_a_catalogue_or_not_or_nobody_can_tell(data: Any, is_there: bool | None) -> None:
    assert is_catalogued(data, "minimax/music-cover") is is_there
