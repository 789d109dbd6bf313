"""Three short songs with a known truth, played once for all tests that listen; nobody changes the files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.sketch.kept_songs import kept_song
from benchmarks.sketch.reference_songs import ReferenceSong


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    song: ReferenceSong
    path: Path


def _known(folder: Path, name: str, song: ReferenceSong) -> Known:
    path = folder / f"{name}.mp3"
    path.write_bytes(kept_song(replace(song, about_seconds=16.0)).read_bytes())
    return Known(song=song, path=path)


@pytest.fixture(scope="session")
def rock(tmp_path_factory: pytest.TempPathFactory) -> Known:
    song = ReferenceSong(key="Am", bpm=117, loop="Am F C G", groove="pop", chords="strings", strokes="beats", seed=3)
    return _known(tmp_path_factory.mktemp("rock"), "rock", song)


@pytest.fixture(scope="session")
def waltz(tmp_path_factory: pytest.TempPathFactory) -> Known:
    song = ReferenceSong(key="Eb", bpm=132, loop="Eb Cm Ab Bb", groove="waltz", meter=3, bass="whole", seed=4)
    return _known(tmp_path_factory.mktemp("waltz"), "waltz", song)


@pytest.fixture(scope="session")
def shuffle(tmp_path_factory: pytest.TempPathFactory) -> Known:
    song = ReferenceSong(key="G", bpm=92, loop="G C D C", groove="shuffle", swing=True, chords="bells", seed=5)
    return _known(tmp_path_factory.mktemp("shuffle"), "shuffle", song)
