"""A music API that answers badly: every song still reaches its right end, beside all the others, paid for once.

Songs with the same kind of fate are ordered together; what needs back-off after back-off is ordered at the very start.
"""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from bot.jobs.model import JobState
from tests.flows.choir import Choir, open_choir, title

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150)]

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
    "a wrong address": ({"status": 404}, "does not take this request"),
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
    "a file that is gone and then forbidden": [
        {"manner": "empty", "status": 404},
        {"manner": "empty", "status": 403},
    ],
    "only empty files": [{"manner": "empty", "status": 200}],
    "never any audio": [{"manner": "noise", "status": 200}],
    "nothing but endless streams": [{"manner": "endless"}],
}

#: The real file, at once.
_SOUND: Fault = {"manner": "slow"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def choir(tmp_path_factory: pytest.TempPathFactory, song: bytes) -> AsyncGenerator[Choir]:
    """A bot on which the songs that take long have been begun."""
    async with open_choir(tmp_path_factory.mktemp("choir"), song, TRACK_MAX_BYTES="300000") as choir:
        await choir.sing("a poll that hangs", script={"polls": [{"manner": "hang"}]})
        await choir.sing("a download that hangs", script={"tracks": [{"manner": "hang"}]})
        await choir.sing("a generation that nobody knows", script={"polls": [{"status": 404}]})
        for name, faults in LOST_TRACKS.items():
            await choir.sing(name, script={"tracks": faults})
        yield choir


@pytest.mark.parametrize("polls", [BAD_POLLS, pytest.param(ODD_POLLS, marks=pytest.mark.slow)], ids=["bad", "odd"])
async def test_one_poll_that_is_answered_badly_costs_nothing_but_time(
    choir: Choir, polls: dict[str, Fault | str]
) -> None:
    for name, fault in polls.items():
        await choir.sing(f"poll with {name}", script={"polls": [fault, "generating", "completed"]})
    for name in polls:
        await choir.delivered(f"poll with {name}")


async def test_one_download_that_goes_wrong_costs_nothing_but_time(choir: Choir) -> None:
    for name, fault in BAD_TRACKS.items():
        await choir.sing(f"track with {name}", script={"tracks": [fault, _SOUND]})
    for name in BAD_TRACKS:
        await choir.delivered(f"track with {name}")
        assert choir.generations(f"track with {name}")[0].fetches >= 2


@pytest.mark.slow
async def test_what_looks_lost_for_a_moment_is_waited_for(choir: Choir) -> None:
    page = {"manner": "html", "status": 404}
    await choir.sing("two lost looks", script={"polls": [{"status": 404}, {"status": 404}, "completed"]})
    await choir.sing("a page instead of three looks", script={"polls": [page, page, page, "completed"]})
    await choir.sing("a file that comes late", script={"track_missing_seconds": 2.0})
    for name in ("two lost looks", "a page instead of three looks", "a file that comes late"):
        await choir.delivered(name)


async def test_a_documented_refusal_ends_the_song_with_its_reason_in_words(choir: Choir) -> None:
    for name, (fault, _) in REFUSALS.items():
        await choir.sing(f"refusal with {name}", script={"submit": fault})
    for name, (_, words) in REFUSALS.items():
        card = await choir.told_of(f"refusal with {name}", JobState.FAILED, words)
        assert len(choir.posts(f"refusal with {name}")) == 1
        assert not choir.generations(f"refusal with {name}")
        assert choir.button(card, "edit")


async def test_a_generation_that_gives_up_is_told_with_its_reason(choir: Choir) -> None:
    flagged = {"name": "content_policy_violation", "message": "The content was flagged by a content checker."}
    errors = {"an error object": {"name": "Error", "message": "odd"}, "an error in text": "odd", "no error": None}
    for name, error in errors.items():
        await choir.sing(name, script={"polls": ["generating", "error"], "error": error})
    await choir.sing("flagged words", script={"polls": ["generating", "error"], "error": flagged})
    for name in errors:
        card = await choir.told_of(name, JobState.FAILED, "began and gave up")
        assert choir.button(card, "again")
    await choir.told_of("flagged words", JobState.FAILED, "refuses these words")


async def test_a_generation_that_nobody_knows_three_times_in_a_row_is_given_up(choir: Choir) -> None:
    await choir.told_of("a generation that nobody knows", JobState.FAILED, "no longer knows this song")
    assert len(choir.generations("a generation that nobody knows")[0].polled_at) == 3


async def test_a_post_without_a_clear_answer_is_left_to_the_member(choir: Choir) -> None:
    for name, fault in DOUBTS.items():
        await choir.sing(f"doubt with {name}", script={"submit": fault})
    for number, name in enumerate(DOUBTS):
        card = await choir.told_of(f"doubt with {name}", JobState.UNKNOWN, "charged twice")
        assert len(choir.posts(f"doubt with {name}")) == 1
        await choir.discord.click(card, choir.button(card, "dismiss" if number % 2 else "risk"))
    for number, name in enumerate(DOUBTS):
        await choir.reached(f"doubt with {name}", JobState.CANCELLED if number % 2 else JobState.DELIVERED)
        if number % 2:
            await choir.told_of(f"doubt with {name}", JobState.CANCELLED, "may still be charged")
            assert len(choir.posts(f"doubt with {name}")) == 1
        else:
            await choir.delivered(f"doubt with {name}", posts=2)
            assert choir.row(f"doubt with {name}")["attempt"] == 2


async def test_a_post_that_was_certainly_not_taken_goes_back_in_line_and_out_again(choir: Choir) -> None:
    maintenance = {"status": 500, "body": "The model is under maintenance, please contact us"}
    faults = {"a limit": {"status": 429}, "a firewall": {"manner": "html", "status": 403}, "maintenance": maintenance}
    for name, fault in faults.items():
        await choir.sing(name, script={"submit": fault})
    for name in faults:
        await choir.delivered(name, posts=2)
        assert choir.went_through(name)[:5] == ["checking", "queued", "submitting", "queued", "submitting"]
        assert len(choir.generations(name)) == 1


async def test_a_song_that_goes_back_in_line_says_so_and_can_be_let_go_for_nothing(choir: Choir) -> None:
    busy = {"status": 429, "headers": {"Retry-After": "60"}}
    await choir.sing("a busy line", script={"submit": busy})
    await choir.discord.until(lambda: choir.went_through("a busy line")[-2:] == ["submitting", "queued"], 40)
    card = await choir.card_says("waiting in line", title("a busy line"))
    await choir.discord.click(card, choir.button(card, "cancel"))
    await choir.reached("a busy line", JobState.CANCELLED)
    await choir.told_of("a busy line", JobState.CANCELLED, "Nothing was charged")


async def test_a_track_that_never_comes_is_told_and_looked_for_again_on_request(choir: Choir) -> None:
    for name in LOST_TRACKS:
        card = await choir.told_of(name, JobState.FAILED, "its file could not be fetched")
        (made,) = choir.generations(name)
        assert made.fetches >= 4
        made.script = made.script.model_copy(update={"tracks": ()})
        await choir.discord.click(card, choir.button(card, "look"))
    for name in LOST_TRACKS:
        await choir.reached(name, JobState.DELIVERED)
        await choir.delivered(name)


async def test_a_poll_that_hangs_and_a_download_that_hangs_hold_up_nobody(choir: Choir) -> None:
    hanging = ["a poll that hangs", "a download that hangs"]
    await choir.discord.until(lambda: choir.generations(hanging[0]) and choir.generations(hanging[0])[0].polled_at, 40)
    await choir.discord.until(lambda: choir.generations(hanging[1]) and choir.generations(hanging[1])[0].fetches, 40)
    await choir.sing("a healthy neighbour")
    await choir.delivered("a healthy neighbour")
    assert choir.went_through("a healthy neighbour") == [
        "checking", "queued", "submitting", "generating", "ready", "delivering", "delivered"
    ]  # fmt: skip
    assert [choir.row(name)["state"] for name in hanging] == [JobState.GENERATING, JobState.READY]
