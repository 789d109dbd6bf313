"""What several sound tests share: one song, encoded once."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests import warm_sound
from tests.bot.audio.sound_files import mp3, music, wav


@pytest.fixture(autouse=True)
def cold_children() -> Generator[None]:
    """Here they are what is tested, from their first import on."""
    with warm_sound.cold():
        yield


@pytest.fixture(scope="session")
def song_bytes() -> bytes:
    return mp3(20)


@pytest.fixture
def song(tmp_path: Path, song_bytes: bytes) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(song_bytes)
    return path


@pytest.fixture
def wav_song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    path.write_bytes(wav(music(20)))
    return path
