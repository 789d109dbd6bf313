"""Reference songs that are kept: as they would be written, once, and anew when what plays them is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.sketch import kept_songs
from benchmarks.sketch.kept_songs import kept_song
from benchmarks.sketch.reference_songs import ReferenceSong, write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SHORT = ReferenceSong(key="C", bpm=200, loop="C G", meter=2, groove="six", bass="whole", about_seconds=1.0)
OTHER = ReferenceSong(key="G", bpm=200, loop="G D", meter=2, groove="six", bass="whole", about_seconds=1.0)


@pytest.mark.heavy
def test_a_kept_song_is_what_would_be_written_and_is_written_once(tmp_path: Path) -> None:
    write(SHORT, tmp_path / "written.mp3")
    first = kept_song(SHORT, tmp_path / "kept")
    assert first.read_bytes() == (tmp_path / "written.mp3").read_bytes()
    first.write_bytes(b"what is there is taken")
    assert kept_song(SHORT, tmp_path / "kept").read_bytes() == b"what is there is taken"
    assert kept_song(OTHER, tmp_path / "kept") != first


@pytest.mark.heavy
def test_other_sources_write_it_anew_and_what_was_kept_before_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = kept_song(SHORT, tmp_path)
    edition = kept_songs.edition()
    kept_songs.edition.cache_clear()
    monkeypatch.setattr(kept_songs, "SOURCES", kept_songs.SOURCES[1:])
    try:
        assert kept_songs.edition() != edition
        new = kept_song(SHORT, tmp_path)
        assert new.exists()
        assert not old.exists()
        assert [folder.name for folder in tmp_path.iterdir()] == [new.parent.name]
    finally:
        kept_songs.edition.cache_clear()
