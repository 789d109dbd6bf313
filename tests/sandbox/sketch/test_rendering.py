"""Whole songs: loud enough, never clipped, at most a minute, the same every time, whatever the words."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from benchmarks.sketch.report import notes_in_tune
from sandbox.sketch import (
    SketchError,
    SketchTimeoutError,
    compose,
    listen,
    render,
    render_in_child,
)
from sandbox.sketch.arrange import Kind
from sandbox.sketch.audiofile import COMMENT, read_stereo
from sandbox.sketch.command import main
from sandbox.sketch.listening import RATE, hear
from sandbox.sketch.loudness import block_powers, integrated_lufs, span_lufs, true_peak_dbtp
from sandbox.sketch.mix import perform
from sandbox.sketch.voice import open_voice
from sandbox.sketch.worker import PROJECT

if TYPE_CHECKING:
    from tests.sandbox.sketch.conftest import Known

LYRICS = "[Verse]\nPaper lanterns floating over quiet streets\n\n[Chorus]\nCarry me home"
SILENCE = np.zeros(RATE, dtype=np.float32)


@pytest.mark.heavy
def test_a_song_is_in_tempo_in_key_in_tune_and_mastered(rock: Known, tmp_path: Path) -> None:
    out = tmp_path / "song.mp3"
    report = render(rock.path, LYRICS, out)
    samples = read_stereo(out)
    assert integrated_lufs(samples, 44_100) == pytest.approx(-14.0, abs=0.7)
    assert true_peak_dbtp(samples) < -1.0
    assert 15 <= report.seconds <= 60
    assert len(samples) / 44_100 == pytest.approx(report.seconds, abs=0.2)
    assert report.lines == ("Paper lanterns floating over quiet streets", "Carry me home")
    assert np.mean(notes_in_tune(report)) > 0.95
    again = listen(out)
    assert again.bpm == pytest.approx(rock.song.bpm, rel=0.01)
    assert again.key == rock.song.true_key
    with av.open(str(out)) as container:
        assert container.metadata["comment"] == COMMENT == "offline sketch, no AI"
        assert container.streams.audio[0].rate == 44_100


@pytest.mark.heavy
def test_the_same_input_gives_the_same_song_and_other_words_another(waltz: Known) -> None:
    heard = listen(waltz.path)
    first, second, other = (
        perform(compose(heard, words, open_voice(espeak=False))).mix for words in ("la le lu", "la le lu", "la le li")
    )
    assert np.array_equal(first, second)
    assert first.shape != other.shape or not np.array_equal(first, other)


@pytest.mark.heavy
@pytest.mark.parametrize("espeak", [True, False], ids=["espeak-ng", "formants"])
@pytest.mark.parametrize(
    "words",
    [
        "",
        "😀🎉🔥",
        "...!?",
        "brr psst hmm",
        "123 4567",
        "Под небом голубым есть город золотой",
        "夜空に星が光る\n風が歌う",
        "<b>hello</b> <speak>world</speak>",
        "nul\0 in the\0 middle",
        "la " * 200,
        "x" * 600,
        "\n\n\n[Chorus]\n\n",
        "\ud800 broken surrogate",
    ],
    ids=lambda words: repr(words[:12]),
)
def test_any_words_become_a_song_of_at_most_a_minute(words: str, espeak: bool) -> None:
    song = compose(hear(SILENCE), words, open_voice(espeak=espeak))
    assert song.lines
    assert song.passages[0].kind is Kind.INTRO
    assert song.passages[-1].kind is Kind.END
    assert 10 <= song.seconds <= 60
    for line in song.lines:
        assert len(line.notes) == len(line.syllables)
        assert all(note.beats > 0 for note in line.notes)


@pytest.mark.heavy
@pytest.mark.parametrize("words", ["😀", "夜空に星が光る", pytest.param("x" * 600, marks=pytest.mark.slow)])
def test_odd_words_over_silence_are_rendered_without_a_fault(words: str) -> None:
    performance = perform(compose(hear(SILENCE), words))
    assert np.isfinite(performance.mix).all()
    assert float(np.abs(performance.mix).max()) > 0.1


@pytest.mark.parametrize("bpm", [pytest.param(60.0, marks=pytest.mark.slow), 120.0, 180.0])
def test_six_hundred_characters_are_sung_whole_at_any_tempo(bpm: float) -> None:
    words = ("Paper lanterns floating over quiet streets\n" * 14)[:600]
    song = compose(replace(hear(SILENCE), bpm=bpm), words, open_voice(espeak=False))
    assert song.lines_left_out == 0
    assert song.seconds <= 60


@pytest.mark.heavy
def test_the_chorus_is_fuller_than_the_verse_and_the_intro_thinner(rock: Known) -> None:
    song = compose(listen(rock.path), LYRICS, open_voice(espeak=False))
    hits = {
        passage.kind: sum(hit.level for hit in song.score.drums if _inside(hit.beat, passage, song.heard.meter))
        / passage.bars
        for passage in song.passages[:-1]
    }
    assert hits[Kind.INTRO] < hits[Kind.VERSE] < hits[Kind.CHORUS]


def _inside(beat: float, passage: object, meter: int) -> bool:
    first = passage.first_bar * meter  # type: ignore[attr-defined]
    return first <= beat < first + passage.bars * meter  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_command_prints_what_was_heard_as_its_last_line(
    shuffle: Known, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("la la", encoding="utf-8")
    assert main([str(shuffle.path), str(words), str(tmp_path / "out.mp3")]) == 0
    heard = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert heard["bpm"] == pytest.approx(92, rel=0.01)
    assert (heard["key"], heard["mode"], heard["chords"], heard["meter"]) == ("G", "major", ["G", "C", "D", "C"], "4/4")


@pytest.mark.heavy
def test_the_command_answers_bad_input_with_one_sentence_and_exit_2(
    rock: Known, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.mp3"), "la", str(tmp_path / "out.mp3")]) == 2
    assert capsys.readouterr().err.strip() == "There is no file 'none.mp3'."


@pytest.mark.parametrize("take", ["0", "-1", "two", "1.5", "", "10000", "1" * 40, "²", "1_0", "+2"])
def test_what_is_no_number_of_a_take_gets_a_sentence_before_anything_is_made(
    take: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["none.mp3", "la", str(tmp_path / "out.mp3"), f"--take={take}"]) == 2
    assert capsys.readouterr().err.strip() == f"--take must be a whole number from 1 to 9999, not {take!r}."


@pytest.mark.slow
def test_a_take_is_the_same_file_byte_for_byte_and_another_take_another(waltz: Known, tmp_path: Path) -> None:
    takes = [[], ["--take", "1"], ["--take", "2"], ["--take", "2"]]
    files = [tmp_path / f"{number}.mp3" for number in range(len(takes))]
    for file, take in zip(files, takes, strict=True):
        # a process each: what a voice said before counts in what it says next
        command = [sys.executable, "-m", "sandbox", "sketch", str(waltz.path), "la le lu", str(file), *take]
        subprocess.run(command, check=True, capture_output=True, cwd=PROJECT)
    first, second, third, fourth = (file.read_bytes() for file in files)
    assert first == second
    assert third == fourth
    assert first != third


@pytest.mark.heavy
def test_the_chorus_is_louder_than_the_verse_by_2_to_3_lu(rock: Known) -> None:
    song = compose(listen(rock.path), LYRICS, open_voice(espeak=False))
    power = block_powers(perform(song).mix, 44_100)
    loud = {passage.kind: span_lufs(power, *song.span(passage)) for passage in song.passages}
    assert 2.0 <= loud[Kind.CHORUS] - loud[Kind.VERSE] <= 3.0


@pytest.mark.heavy
async def test_a_child_process_renders_and_tells_what_it_heard(waltz: Known, tmp_path: Path) -> None:
    rendered = await render_in_child(waltz.path, "la la", tmp_path / "out.mp3")
    assert rendered.path.stat().st_size > 100_000
    assert rendered.heard["meter"] == "3/4"


@pytest.mark.slow
async def test_every_child_writes_the_same_file_byte_for_byte(waltz: Known, tmp_path: Path) -> None:
    """espeak-ng seeds its breath with the time of day."""
    words = "She sells sea shells\nCarry me home again"
    first = await render_in_child(waltz.path, words, tmp_path / "first.mp3")
    await asyncio.sleep(1.1)
    second = await render_in_child(waltz.path, words, tmp_path / "second.mp3")
    assert first.path.read_bytes() == second.path.read_bytes()


@pytest.mark.heavy
async def test_a_child_that_takes_too_long_is_ended_and_leaves_nothing(waltz: Known, tmp_path: Path) -> None:
    with pytest.raises(SketchTimeoutError, match=r"not ready after 0\.05 seconds"):
        await render_in_child(waltz.path, "la", tmp_path / "out.mp3", seconds_limit=0.05)
    assert not (tmp_path / "out.mp3").exists()


@pytest.mark.heavy
async def test_a_child_without_memory_fails_alone(waltz: Known, tmp_path: Path) -> None:
    # where memory ends is chance: FFmpeg may be the one that notices, and then it only says that it cannot read
    with pytest.raises(SketchError, match=r"without a song|No sound could be read"):
        await render_in_child(waltz.path, "la", tmp_path / "out.mp3", memory_limit_bytes=150 * 1024 * 1024)


async def test_a_child_hands_its_sentence_about_bad_input_back(tmp_path: Path) -> None:
    (tmp_path / "page.mp3").write_text("<html>")
    with pytest.raises(SketchError, match=r"No sound could be read from 'page\.mp3'\."):
        await render_in_child(tmp_path / "page.mp3", "la", tmp_path / "out.mp3")
