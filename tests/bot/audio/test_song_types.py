"""What may hold a song is what the decoder reads, and nothing that it reads is kept from being chosen."""

import pytest

from bot.audio.sniffing import DEMUXERS
from bot.audio.song_types import ENDINGS, FILE_TYPES, may_hold_a_song
from sandbox.discord.command_rules import accepts_file

EVERY_ENDING = [ending for endings in ENDINGS.values() for ending in endings]


def test_every_kind_that_is_decoded_has_its_endings_and_no_other():
    assert set(ENDINGS) == set(DEMUXERS)
    assert len(EVERY_ENDING) == len(set(EVERY_ENDING)), "an ending belongs to two kinds"


@pytest.mark.parametrize("ending", EVERY_ENDING)
def test_a_file_with_this_ending_comes_in_by_every_way(ending: str):
    name = f"Harbour.take 2{ending.upper()}"
    assert accepts_file(list(FILE_TYPES), name), "Discord would not let a member choose it"
    assert all(may_hold_a_song(name, kind) for kind in (None, "", "application/octet-stream", "text/plain"))


@pytest.mark.parametrize(
    ("name", "kind", "may"),
    [
        ("clip", "video/quicktime", True),
        ("clip.bin", "audio/x-caf; rate=44100", True),
        ("talk", "application/ogg", True),
        ("song", None, True),
        ("song", "application/octet-stream", True),
        ("song", "text/plain", False),
        ("words.txt", None, False),
        ("cover.png", "image/png", False),
        ("cover.png", None, False),
        ("song.zip", "application/octet-stream", False),
        (".mp3", None, True),
        ("song.mp3 ", None, True),
        ("02. Harbour", None, True),
        ("Mr. Night and the 7. Day", "application/octet-stream", True),
        ("mix 2024.11.03", "", True),
        ("02. Harbour", "text/plain", False),
        ("words.7z", None, False),
        ("song.mp3.zip", None, False),
        ("song.zip.MP3", "application/zip", True),
        ("clip", "application/mp4", True),
        ("clip", "application/x-matroska", True),
    ],
)
def test_type_or_ending_is_enough_and_what_says_neither_is_no_song(name: str, kind: str | None, may: bool):
    assert may_hold_a_song(name, kind) is may
