"""What is checked before anything is written."""

from datetime import UTC, datetime

import pytest

from bot.errors import OrderError, Reason
from bot.jobs.model import Order
from bot.ui.orders import OrderInput, Requester, Song, expiry_of, to_order
from tests.bot.ui.examples import LYRICS, REQUIREMENTS, example_place

URL = "https://cdn.discordapp.com/ephemeral-attachments/1/2/song.mp3?ex=6922f0c0&is=69219f40&hm=00ff"
SONG = Song(url=URL, name="my_song.mp3", size_bytes=1000)
ADA = Requester(member_id=1, member_name="Ada", place=example_place())


def order(**order_input: object) -> Order:
    return to_order(OrderInput(**{"lyrics": LYRICS, "song": SONG, **order_input}), ADA, REQUIREMENTS)  # type: ignore[arg-type]


def reason(**order_input: object) -> OrderError:
    with pytest.raises(OrderError) as refused:
        order(**order_input)
    return refused.value


def test_a_good_input_becomes_an_order_with_everything_in_it() -> None:
    made = order(title="  Night \n drive ", again_of=3)
    assert (made.title, made.lyrics, made.again_of) == ("Night drive", LYRICS, 3)
    assert made.prompt.startswith("##Side by side")
    assert made.reference.expires_at == datetime.fromtimestamp(0x6922F0C0, UTC)
    assert made.place.interaction_id == 444


@pytest.mark.parametrize(
    ("song", "why"),
    [
        (None, Reason.REFERENCE_GONE),
        (Song(url="https://evil.example/a.mp3", name="a.mp3", size_bytes=1), Reason.FOREIGN_URL),
        (Song(url="https://cdn.discordapp.com.evil.example/a.mp3", name="a", size_bytes=1), Reason.FOREIGN_URL),
        (Song(url="https://evil.example@127.0.0.1/a.mp3", name="a", size_bytes=1), Reason.FOREIGN_URL),
        (Song(url=URL, name="a.mp3", size_bytes=0), Reason.FILE_EMPTY),
        (Song(url=URL, name="a.mp3", size_bytes=REQUIREMENTS.reference_max_bytes + 1), Reason.FILE_TOO_LARGE),
    ],
)
def test_a_song_that_cannot_be_used_is_refused_by_what_discord_says_of_it(song: Song | None, why: Reason) -> None:
    assert reason(song=song).reason is why


def test_titles_have_a_limit_and_it_is_named() -> None:
    assert order(title="x" * 80).title == "x" * 80
    refused = reason(title="x" * 81)
    assert (refused.reason, refused.values) == (Reason.TITLE_TOO_LONG, {"count": 81, "limit": 80})


@pytest.mark.parametrize(
    "order_input", [{"title": "Naughty"}, {"lyrics": "so na\u200bughty"}, {"lyrics": "na**ugh**ty"}]
)
def test_listed_words_are_found_in_title_and_lyrics_however_hidden(order_input: dict[str, str]) -> None:
    assert reason(**order_input).reason is Reason.WORDS_REFUSED


@pytest.mark.parametrize("url", ["https://cdn.discordapp.com/a", "https://x/?ex=zz", "https://x/?ex=ffffffffffffffff"])
def test_an_address_without_a_readable_end_has_none(url: str) -> None:
    assert expiry_of(url) is None
