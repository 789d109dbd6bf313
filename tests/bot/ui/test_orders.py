"""What is checked before anything is written."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import OrderError, Reason
from bot.jobs.lyrics import Dialect, PromptRules
from bot.jobs.model import Order
from bot.ui.formatting import refusal
from bot.ui.orders import OrderInput, Requester, Song, expiry_of, style_for, to_order
from bot.ui.requirements import OrderedModel
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


# --- several models ---------------------------------------------------------------------------------------------------

TAGGED = OrderedModel(
    provider="acestep",
    name="acestep",
    style="pop",
    price_micros=0,
    prompt=PromptRules(dialect=Dialect.SECTION_TAGS, max_characters=4096, warn_characters=4096),
    takes_style=True,
    style_min_characters=3,
    style_max_characters=20,
)
SEVERAL = replace(REQUIREMENTS, others=(TAGGED,))


def chosen(**order_input: object) -> Order:
    return to_order(OrderInput(**{"lyrics": LYRICS, "song": SONG, **order_input}), ADA, SEVERAL)  # type: ignore[arg-type]


def test_an_order_is_written_for_the_model_that_was_chosen() -> None:
    usual, other = chosen(), chosen(model="acestep", lyrics=f"[Verse]\n{LYRICS}", style="  slow \n folk ")
    assert (usual.provider, usual.model, usual.style, usual.price_micros) == ("aiml", "minimax-music", None, 37_000)
    assert (other.provider, other.model, other.style, other.price_micros) == ("acestep", "acestep", "slow folk", 0)
    assert usual.prompt.startswith("##")
    assert other.prompt.startswith("[Verse]\n")
    assert chosen(model="acestep").style == "pop"


@pytest.mark.parametrize(
    ("given", "why", "values"),
    [
        ({"style": "folk"}, Reason.STYLE_NOT_TAKEN, {"model": "minimax-music"}),
        ({"model": "acestep", "style": "f"}, Reason.STYLE_TOO_SHORT, {"count": 1, "limit": 3}),
        ({"model": "acestep", "style": "f" * 21}, Reason.STYLE_TOO_LONG, {"count": 21, "limit": 20}),
        ({"model": "suno"}, Reason.MODEL_GONE, {"model": "suno", "offered": "minimax-music, acestep"}),
        (
            {"lyrics": "la " * 300},
            Reason.LYRICS_FIT_ELSEWHERE,
            {"count": 903, "limit": 600, "model": "minimax-music", "other": "acestep", "other_limit": 4096},
        ),
        ({"lyrics": "la " * 2000}, Reason.LYRICS_TOO_LONG, {"count": 6003, "limit": 600}),
        ({"lyrics": "la " * 2000, "model": "acestep"}, Reason.LYRICS_TOO_LONG, {"count": 5999, "limit": 4096}),
    ],
)
@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_what_a_model_does_not_take_is_told_with_its_numbers(
    given: dict[str, object], why: Reason, values: dict[str, object], locale: str
) -> None:
    with pytest.raises(OrderError) as refused:
        chosen(**given)
    assert (refused.value.reason, refused.value.values) == (why, values)
    sentence = refusal(refused.value, SEVERAL, locale)
    assert all(str(value) in sentence for name, value in values.items() if why is not Reason.LYRICS_TOO_LONG)
    assert "{" not in sentence


def test_listed_words_are_looked_for_in_the_style_too() -> None:
    with pytest.raises(OrderError) as refused:
        chosen(model="acestep", style="naughty folk")
    assert refused.value.reason is Reason.WORDS_REFUSED


@pytest.mark.parametrize(("style", "taken"), [(None, ""), ("slow folk", "slow folk"), ("x" * 30, ""), ("pop", "pop")])
def test_a_style_goes_along_to_another_model_where_that_takes_it(style: str | None, taken: str) -> None:
    assert style_for(style, SEVERAL.model, TAGGED) == taken
    assert style_for(style, TAGGED, SEVERAL.model) == ""
    assert style_for("pop", TAGGED, replace(TAGGED, name="other", style=None)) == ""
