"""Which take the offline generator plays: it counts how often it was asked for a song with these words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sandbox.generation.composer import ComposerError
from sandbox.generation.sketching import SketchComposer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    """Two files of the same song under different names, and another song."""
    files = [tmp_path / name for name in ("one", "same", "other")]
    for file, data in zip(files, (b"song", b"song", b"another"), strict=True):
        file.write_bytes(data)
    return files


async def test_a_song_asked_for_again_with_the_same_words_is_the_next_take(songs: list[Path]) -> None:
    composer = SketchComposer()
    one, same, other = songs
    assert [await composer._take(song, "la la") for song in (one, same, one)] == [1, 2, 3]
    assert await composer._take(other, "la la") == 1
    assert await composer._take(one, "le le") == 1
    assert await SketchComposer()._take(one, "la la") == 1


async def test_songs_asked_for_at_once_are_takes_in_the_order_of_the_asking(songs: list[Path]) -> None:
    composer = SketchComposer()
    assert await asyncio.gather(*(composer._take(songs[0], "la") for _ in range(20))) == list(range(1, 21))


async def test_a_song_that_came_to_nothing_was_asked_for_too(songs: list[Path], tmp_path: Path) -> None:
    composer = SketchComposer()
    with pytest.raises(ComposerError, match="No sound could be read"):
        await composer.compose(songs[0], "la", tmp_path / "out.mp3")
    assert await composer._take(songs[0], "la") == 2
