"""A music API that answers badly: every song still reaches its right end, beside all the others, paid for once.

Songs with the same kind of fate are ordered together; what needs back-off after back-off is ordered at the very start.
"""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.song_batch import SongBatch, open_song_batch, title

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.waits]

Fault = dict[str, Any]

#: One poll is answered so, and the song is not lost.
BAD_POLLS: dict[str, Fault | str] = {
    "an internal error": {"status": 500},
    "a bad gateway page": {"manner": "html", "status": 502},
    "an unavailable service": {"manner": "empty", "status": 503},
    "a generation timeout": {"status": 504},
    "a limit": {"status": 429, "headers": {"Retry-After": "1"}},
    "a reset": {"manner": "drop"},
    "half an answer": {"manner": "truncate"},
    "wrong types": {"manner": "wrong_types", "status": 200},
    "a huge answer": {"manner": "huge", "status": 200},
    "a page that says OK": {"manner": "html", "status": 200},
    "a late answer": {"manner": "slow", "delay_seconds": 1.5},
    "a completion without a file": {"status": 200, "body": {"id": "{id}", "status": "completed", "audio_file": None}},
}
#: The same, seen more rarely.
ODD_POLLS: dict[str, Fault | str] = {
    "a firewall page": {"manner": "html", "status": 403},
    "an odd refusal": {"status": 418},
    "a redirect": {"status": 302, "headers": {"Location": "https://example.com/login"}, "body": "moved"},
    "noise": {"manner": "noise", "status": 200},
    "nothing at all": {"manner": "empty", "status": 200},
    "a list": {"status": 200, "body": [1, 2, 3]},
    "a null": {"status": 200, "body": "null"},
    "a lost generation": {"status": 404},
    "an unknown word": "contemplating",
    "a waiting word": "waiting",
    "a completion with a bad address": {
        "status": 200,
        "body": {"id": "{id}", "status": "completed", "audio_file": {"url": "ftp://nowhere"}},
    },
}

#: The POST was certainly not taken, and never will be: the song fails with this reason, in words.
REFUSALS: dict[str, tuple[Fault, str]] = {
    "a body that is refused": ({"status": 400}, "does not take this request"),
    "lyrics that are too long there": (
        {"status": 400, "body": {"message": ["prompt: String must contain at most 600 character(s)"]}},
        "finds these lyrics too long",
    ),
    "a reference that is refused": (
        {"status": 422, "body": {"detail": [{"type": "file_download_error", "msg": "no", "loc": ["body"]}]}},
        "could not read this song",
    ),
    "content that is refused": (
        {"status": 403, "body": {"error": {"name": "content_policy_violation", "message": "flagged"}}},
        "refuses these words",
    ),
}

#: Nobody can tell whether the POST was taken: the member decides.
DOUBTS: dict[str, Fault] = {
    "a timeout": {"manner": "hang"},
    "a reset before": {"manner": "drop"},
    "a reset after": {"manner": "drop", "after_effect": True},
    "an internal error": {"status": 500},
    "an internal error after": {"status": 500, "after_effect": True},
    "a gateway page after": {"manner": "html", "status": 502, "after_effect": True},
    "half an answer": {"manner": "truncate", "after_effect": True},
    "wrong types": {"manner": "wrong_types", "status": 201, "after_effect": True},
    "a redirect": {"status": 302, "headers": {"Location": "https://example.com/"}, "body": "moved"},
}

#: One download is answered so, and the track still comes.
BAD_TRACKS: dict[str, Fault] = {
    "a missing file": {"manner": "empty", "status": 404},
    "an internal error": {"status": 500},
    "half a file": {"manner": "truncate"},
    "a reset": {"manner": "drop"},
    "an empty file": {"manner": "empty", "status": 200},
    "no audio": {"manner": "noise", "status": 200},
    "an endless stream": {"manner": "endless"},
    "a forbidden file": {"manner": "empty", "status": 403},
}

#: Every download is answered so: the song fails, and says so.
LOST_TRACKS: dict[str, list[Fault]] = {
    "only empty files": [{"manner": "empty", "status": 200}],
    "never any audio": [{"manner": "noise", "status": 200}],
    "nothing but endless streams": [{"manner": "endless"}],
}

#: Refused to us, perhaps not to others.
FORBIDDEN: list[Fault] = [{"manner": "empty", "status": 404}, {"manner": "empty", "status": 403}]

#: The real file, at once.
_SOUND: Fault = {"manner": "slow"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def batch(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[SongBatch]:
    """A bot on which the songs that take long have been begun."""
    # a POST that hangs is given up in this time, and any other has to be answered in it
    settings = {"TRACK_MAX_BYTES": "300000", "SUBMIT_TIMEOUT_SECONDS": "6"}
    async with open_song_batch(tmp_path_factory.mktemp("batch"), song, **settings) as batch:
        await batch.order_song("a poll that hangs", script={"polls": [{"manner": "hang"}]})
        await batch.order_song("a download that hangs", script={"tracks": [{"manner": "hang"}]})
        await batch.order_song("a generation that nobody knows", script={"polls": [{"status": 404}]})
        for name, faults in LOST_TRACKS.items():
            await batch.order_song(name, script={"tracks": faults})
        await batch.order_song("a file that is forbidden", script={"tracks": FORBIDDEN})
        yield batch


@pytest.mark.parametrize("polls", [BAD_POLLS, pytest.param(ODD_POLLS, marks=pytest.mark.slow)], ids=["bad", "odd"])
async def test_one_poll_that_is_answered_badly_costs_nothing_but_time(
    batch: SongBatch, polls: dict[str, Fault | str]
) -> None:
    for name, fault in polls.items():
        await batch.order_song(f"poll with {name}", script={"polls": [fault, "generating", "completed"]})
    for name in polls:
        await batch.delivered(f"poll with {name}")


async def test_one_download_that_goes_wrong_costs_nothing_but_time(batch: SongBatch) -> None:
    for name, fault in BAD_TRACKS.items():
        await batch.order_song(f"track with {name}", script={"tracks": [fault, _SOUND]})
    for name in BAD_TRACKS:
        await batch.delivered(f"track with {name}")
        assert batch.generations(f"track with {name}")[0].fetches >= 2


@pytest.mark.slow
async def test_what_looks_lost_for_a_moment_is_waited_for(batch: SongBatch) -> None:
    page = {"manner": "html", "status": 404}
    await batch.order_song("two lost looks", script={"polls": [{"status": 404}, {"status": 404}, "completed"]})
    await batch.order_song("a page instead of three looks", script={"polls": [page, page, page, "completed"]})
    await batch.order_song("a file that comes late", script={"track_missing_seconds": 2.0})
    for name in ("two lost looks", "a page instead of three looks", "a file that comes late"):
        await batch.delivered(name)


async def test_a_documented_refusal_ends_the_song_with_its_reason_in_words(batch: SongBatch) -> None:
    for name, (fault, _) in REFUSALS.items():
        await batch.order_song(f"refusal with {name}", script={"submit": fault})
    for name, (_, words) in REFUSALS.items():
        card = await batch.ended_with(f"refusal with {name}", JobState.FAILED, words)
        assert len(batch.posts(f"refusal with {name}")) == 1
        assert not batch.generations(f"refusal with {name}")
        assert batch.button(card, "edit")


async def test_a_generation_that_gives_up_is_told_with_its_reason(batch: SongBatch) -> None:
    flagged = {"name": "content_policy_violation", "message": "The content was flagged by a content checker."}
    errors = {"an error object": {"name": "Error", "message": "odd"}, "an error in text": "odd", "no error": None}
    for name, error in errors.items():
        await batch.order_song(name, script={"polls": ["generating", "error"], "error": error})
    await batch.order_song("flagged words", script={"polls": ["generating", "error"], "error": flagged})
    for name in errors:
        card = await batch.ended_with(name, JobState.FAILED, "began and gave up")
        assert batch.button(card, "again")
    await batch.ended_with("flagged words", JobState.FAILED, "refuses these words")


async def test_a_generation_that_nobody_knows_three_times_in_a_row_is_given_up(batch: SongBatch) -> None:
    await batch.ended_with("a generation that nobody knows", JobState.FAILED, "no longer knows this song")
    assert len(batch.generations("a generation that nobody knows")[0].polled_at) == 3


async def test_a_post_without_a_clear_answer_is_left_to_the_member(batch: SongBatch) -> None:
    for name, fault in DOUBTS.items():
        await batch.order_song(f"doubt with {name}", script={"submit": fault})
    for number, name in enumerate(DOUBTS):
        card = await batch.ended_with(f"doubt with {name}", JobState.UNKNOWN, "charged twice")
        assert len(batch.posts(f"doubt with {name}")) == 1
        await batch.discord.click(card, batch.button(card, "dismiss" if number % 2 else "risk"))
    for number, name in enumerate(DOUBTS):
        await batch.reached(f"doubt with {name}", JobState.CANCELLED if number % 2 else JobState.DELIVERED)
        if number % 2:
            await batch.ended_with(f"doubt with {name}", JobState.CANCELLED, "may still be charged")
            assert len(batch.posts(f"doubt with {name}")) == 1
        else:
            await batch.delivered(f"doubt with {name}", posts=2)
            assert batch.row(f"doubt with {name}")["attempt"] == 2


async def test_a_post_that_was_certainly_not_taken_goes_back_in_line_and_out_again(batch: SongBatch) -> None:
    maintenance = {"status": 500, "body": "The model is under maintenance, please contact us"}
    faults = {"a limit": {"status": 429}, "a firewall": {"manner": "html", "status": 403}, "maintenance": maintenance}
    for name, fault in faults.items():
        await batch.order_song(name, script={"submit": fault})
    for name in faults:
        await batch.delivered(name, posts=2)
        assert batch.went_through(name)[:5] == ["checking", "queued", "submitting", "queued", "submitting"]
        assert len(batch.generations(name)) == 1


async def test_a_song_that_goes_back_in_line_says_so_and_can_be_let_go_for_nothing(batch: SongBatch) -> None:
    busy = {"status": 429, "headers": {"Retry-After": "60"}}
    await batch.order_song("a busy line", script={"submit": busy})
    went_back = ["submitting", "queued"]
    await batch.discord.until(lambda: batch.went_through("a busy line")[-2:] == went_back, PATIENCE_SECONDS)
    card = await batch.card_says("waiting in line", title("a busy line"))
    await batch.discord.click(card, batch.button(card, "cancel"))
    await batch.reached("a busy line", JobState.CANCELLED)
    await batch.ended_with("a busy line", JobState.CANCELLED, "Nothing was charged")


async def test_a_track_that_never_comes_is_told_and_looked_for_again_on_request(batch: SongBatch) -> None:
    for name in LOST_TRACKS:
        card = await batch.ended_with(name, JobState.FAILED, "its file could not be fetched")
        (made,) = batch.generations(name)
        assert made.fetches >= 4
        made.script = made.script.model_copy(update={"tracks": ()})
        await batch.discord.click(card, batch.button(card, "look"))
    for name in LOST_TRACKS:
        await batch.reached(name, JobState.DELIVERED)
        await batch.delivered(name)


async def test_a_track_that_is_refused_to_us_is_handed_over_as_its_link(batch: SongBatch) -> None:
    name = "a file that is forbidden"
    await batch.reached(name, JobState.DELIVERED)
    (made,) = batch.generations(name)
    assert made.fetches >= 4
    assert "could not fetch this file" in batch.seen()


async def test_a_poll_that_hangs_and_a_download_that_hangs_hold_up_nobody(batch: SongBatch) -> None:
    hanging = ["a poll that hangs", "a download that hangs"]
    polled, fetched = (lambda name=name: batch.generations(name)[:1] for name in hanging)
    await batch.discord.until(lambda: any(made.polled_at for made in polled()), PATIENCE_SECONDS)
    await batch.discord.until(lambda: any(made.fetches for made in fetched()), PATIENCE_SECONDS)
    await batch.order_song("a healthy neighbour")
    await batch.delivered("a healthy neighbour")
    assert batch.went_through("a healthy neighbour") == [
        "checking", "queued", "submitting", "generating", "ready", "delivering", "delivered"
    ]  # fmt: skip
    assert [batch.row(name)["state"] for name in hanging] == [JobState.GENERATING, JobState.READY]
