"""What is sent with a song."""

from pathlib import Path

import aiohttp
import pytest

from bot.errors import BusyError, Reason, RefusedError
from bot.generation.acestep.asking import ReferenceUse, fields_of, form_for, seconds_for
from tests.bot.generation.acestep.kit import LYRICS, STYLE, request_of


def test_for_its_style_a_song_is_named_with_everything_that_the_server_would_guess_wrong() -> None:
    assert fields_of(request_of(None), ReferenceUse.STYLE) == {
        "prompt": STYLE,
        "lyrics": LYRICS,
        "vocal_language": "en",
        "batch_size": "1",
        "audio_format": "mp3",
        "task_type": "text2music",
        "audio_duration": str(seconds_for(LYRICS)),
    }


def test_a_cover_is_as_long_as_its_song() -> None:
    fields = fields_of(request_of(None), ReferenceUse.COVER)
    assert (fields["task_type"], fields["audio_cover_strength"]) == ("cover", "1.0")
    assert "audio_duration" not in fields


def test_the_length_follows_the_words_within_the_servers_bounds() -> None:
    assert 10 <= seconds_for("la") < seconds_for("la " * 100) < seconds_for("la " * 900) <= 600
    assert seconds_for("x" * 4096) <= 600


def test_an_order_without_a_style_sends_an_empty_one() -> None:
    assert fields_of(request_of(None, style=None), ReferenceUse.STYLE)["prompt"] == ""


async def test_a_copy_that_is_gone_ends_the_song_before_anything_is_sent(tmp_path: Path) -> None:
    for song in (None, tmp_path / "gone.mp3"):
        with pytest.raises(RefusedError) as caught:
            async with form_for(request_of(song), ReferenceUse.STYLE):
                pass
        assert caught.value.reason is Reason.REFERENCE_GONE


async def test_a_copy_that_cannot_be_read_now_is_for_later(tmp_path: Path) -> None:
    with pytest.raises(BusyError, match="cannot be read"):
        async with form_for(request_of(tmp_path), ReferenceUse.STYLE):
            pass


async def test_the_song_is_closed_whatever_becomes_of_the_request(tmp_path: Path) -> None:
    song = tmp_path / "song"
    song.write_bytes(b"ID3 song")
    opened: list[aiohttp.FormData] = []

    async def fail() -> None:
        async with form_for(request_of(song), ReferenceUse.STYLE) as form:
            opened.append(form)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert [value.closed for _, _, value in opened[0]._fields if hasattr(value, "closed")] == [True]
