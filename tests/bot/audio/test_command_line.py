"""`python -m bot.audio`: a JSON object a line, and an exit code that only tells whether the files could be read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.audio.__main__ import main
from tests.bot.audio import corpus, sound_files


def run(*files: Path) -> tuple[int, list[dict[str, object]], str]:
    command = [sys.executable, "-m", "bot.audio", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.heavy
def test_each_file_is_one_line_with_verdict_reason_format_and_length(song: Path, tmp_path: Path) -> None:
    opus, page = tmp_path / "a.mp3", tmp_path / "b.mp3"
    opus.write_bytes(sound_files.encoded(sound_files.music(16, 48000), "ogg", "libopus", 48000, kbps=96))
    page.write_bytes(corpus.HTML)
    code, lines, errors = run(song, opus, page)
    assert (code, errors) == (0, "")
    assert [line["file"] for line in lines] == [str(song), str(opus), str(page)]
    assert [line["verdict"] for line in lines] == ["usable", "convertible", "refused"]
    assert [line["format"] for line in lines] == ["MP3", "Ogg Opus", None]
    assert [line["seconds"] for line in lines] == [20.0, 16.0, None]
    assert lines[0]["reason"] is None
    assert lines[1]["reason"] == "This is an Ogg file; the music service takes MP3 and WAV, so it is converted to MP3."
    assert lines[2]["reason"] == "This is a web page, not a song. Attach an MP3 or WAV file."


@pytest.mark.heavy
def test_a_file_that_cannot_be_read_is_a_sentence_and_exit_code_two(song: Path, tmp_path: Path) -> None:
    code, lines, errors = run(tmp_path / "gone.mp3", song)
    assert code == 2
    assert "gone.mp3: cannot be read" in errors
    assert [line["verdict"] for line in lines] == ["usable"]


def test_without_files_it_says_how_it_is_used() -> None:
    assert main([]) == 2
    assert main(["--help"]) == 0
