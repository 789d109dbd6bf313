"""What several sound tests share: one song, encoded once, and the files of the corpus."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests import warm_sound
from tests.bot.audio.corpus import Case
from tests.bot.audio.sound_files import mp3, music, wav
from tests.shared_files import made_once, shared_folder


@pytest.fixture(autouse=True)
def cold_children() -> Generator[None]:
    """Here they are what is tested, from their first import on."""
    with warm_sound.cold():
        yield


@pytest.fixture(scope="session")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Path]:
    """A file of the corpus under its own name, which lies on purpose; for reading alone, made once in a run."""
    folder = shared_folder(tmp_path_factory, "corpus")
    return lambda case: made_once(folder / case.name, case.build)


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
