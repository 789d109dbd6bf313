import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import demo
from sandbox.input_files import InputFileError, file_to_write, folder_to_write, lyrics_text, song_file
from sandbox.sketch import command

ROOT = Path(__file__).parents[2]
WORDS = "Über den Wellen, déjà vu"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_lyrics_are_read_in_whatever_encoding_an_editor_writes(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes(WORDS.encode(encoding))
    assert lyrics_text(str(file)) == WORDS


@pytest.mark.parametrize("content", [b"ID3\0\0\0", b"a" * 1_000_001])
def test_what_is_no_text_is_not_sung(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes(content)
    with pytest.raises(InputFileError, match="name a text file"):
        lyrics_text(str(file))


@pytest.mark.parametrize("read", [lyrics_text, song_file])
def test_a_file_that_is_missing_or_a_folder_is_called_so(tmp_path: Path, read: object) -> None:
    assert callable(read)
    with pytest.raises(InputFileError, match=r"there is no .* file .*nope"):
        read(str(tmp_path / "nope"))
    with pytest.raises(InputFileError, match="is a folder"):
        read(str(tmp_path))
    with pytest.raises(InputFileError, match="cannot be read"):
        read("no\0name")


def test_a_folder_for_the_track_is_made_and_left_empty(tmp_path: Path) -> None:
    folder = folder_to_write(str(tmp_path / "a" / "b"))
    assert folder.is_dir()
    assert list(folder.iterdir()) == []


def test_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (file := tmp_path / "taken").touch()
    with pytest.raises(InputFileError, match="is a file; name a folder"):
        folder_to_write(str(file))
    with pytest.raises(InputFileError, match="nothing can be written"):
        folder_to_write(str(file / "below"))
    with pytest.raises(InputFileError, match="is a folder"):
        file_to_write(tmp_path)
    with pytest.raises(InputFileError, match="there is no folder"):
        file_to_write(tmp_path / "nope" / "song.mp3")


def test_the_demo_says_before_it_makes_anything_that_it_could_not_be_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "taken").touch()
    assert demo.main(["--out", str(file)]) == 1
    printed = capsys.readouterr()
    assert "name a folder for the track" in printed.err
    assert printed.out == ""


def test_the_sketch_says_so_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["nothing.mp3", "la la", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="make is not there")
@pytest.mark.parametrize("name", ['it"s mine.mp3', "it's mine.mp3", "5$ $HOME `x`.mp3", "$(shell false).mp3"])
def test_a_failed_demo_ends_in_our_sentence_with_the_name_as_it_was_typed(name: str) -> None:
    ended = subprocess.run(
        ["make", "demo", f"SONG={name}"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode != 0
    assert ended.stderr.strip().splitlines()[-1] == f"The demo failed: there is no song file {name}"
