"""What can be converted becomes an MP3 that is usable; what is usable stays as it is; the original is never touched."""

import math
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from bot.audio import AudioPool, ChildLimits, Conversion, Needs, Problem, Purpose, Usability
from bot.audio.conversion import to_reference
from bot.audio.inspection import inspect
from tests.bot.audio import corpus, sound_files
from tests.bot.audio.sound_files import music, np, wav

NEEDS = Needs()
#: One of each way; the others convert in the slow run.
QUICK = {
    *(
        "mp3_xing_too_long.mp3",
        "wav_mp3_inside.wav",
        "wav_extensible_6ch.wav",
        "wav_odd_rate.wav",
        "wav_stream_zero.wav",
    ),
    *("m4a_as.mp3", "opus_as.mp3", "flac_as.wav", "webm_as.mp3", "mp4_film_as.mp3", "amr_as.mp3", "wav_ms_adpcm.wav"),
}
TO_CONVERT = [
    pytest.param(case, id=case.name, marks=() if case.name in QUICK else pytest.mark.slow)
    for case in corpus.CASES
    if case.usability is Usability.CONVERTIBLE
]


def converted(path: Path, needs: Needs = NEEDS) -> Conversion:
    return to_reference(path, path.with_name("reference.mp3"), needs, ChildLimits())


@pytest.mark.heavy
@pytest.mark.parametrize("case", TO_CONVERT)
def test_everything_convertible_becomes_usable_at_full_length(
    case: corpus.Case, file_of: Callable[[corpus.Case], Path], tmp_path: Path
) -> None:
    before = file_of(case).read_bytes()
    path = tmp_path / case.name
    path.write_bytes(before)
    made = converted(path)
    assert made.path is not None, made.findings
    seen = inspect(made.path, Purpose.REFERENCE, NEEDS, ChildLimits())
    assert seen.usability is Usability.USABLE
    assert seen.format == "MP3"
    assert case.is_length_right(seen.seconds)
    assert made.seconds == pytest.approx(seen.seconds, abs=0.1)
    assert made.size_bytes == made.path.stat().st_size
    assert path.read_bytes() == before


def test_a_usable_file_is_handed_back_itself(song: Path) -> None:
    made = converted(song)
    assert made == Conversion(path=song, findings=(), seconds=made.seconds, size_bytes=song.stat().st_size)
    assert not song.with_name("reference.mp3").exists()


def test_a_refused_file_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "page.mp3"
    path.write_bytes(corpus.HTML)
    made = converted(path)
    assert made.path is None
    assert [finding.problem for finding in made.findings] == [Problem.NOT_SOUND]


@pytest.mark.heavy
def test_a_long_song_is_cut_to_its_loud_part_with_clean_ends(tmp_path: Path) -> None:
    quiet, loud = music(16) // 20, music(20)
    path = tmp_path / "long.wav"
    path.write_bytes(wav(np.concatenate([quiet, loud, quiet], axis=1)))
    made = converted(path, Needs(max_seconds=19.0))
    assert made.path is not None
    assert [finding.problem for finding in made.findings] == [Problem.TOO_LONG]
    assert made.start_seconds is not None
    assert 15.7 <= made.start_seconds <= 17.6
    assert 18 <= (made.seconds or 0) <= 18.5
    with av.open(str(made.path)) as container:
        pcm = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert np.abs(pcm[:, :40]).max() < 0.05, "faded in"
    assert np.abs(pcm[:, -40:]).max() < 0.05, "faded out"
    assert np.abs(pcm).max() > 0.3


@pytest.mark.heavy
def test_a_file_with_too_many_bytes_becomes_a_smaller_one(wav_song: Path) -> None:
    made = converted(wav_song, Needs(max_bytes=300_000))
    assert made.path is not None
    assert [finding.problem for finding in made.findings] == [Problem.TOO_BIG]
    assert made.bit_rate_kbps == 112
    assert made.path.stat().st_size <= 300_000


def test_what_never_gets_small_enough_is_told_with_both_sizes(wav_song: Path) -> None:
    made = converted(wav_song, Needs(max_bytes=100_000))
    assert made.path is None
    assert [finding.problem for finding in made.findings] == [Problem.TOO_BIG_ANYWAY]


@pytest.mark.heavy
def test_a_song_that_changes_its_rate_half_way_is_converted_whole(tmp_path: Path) -> None:
    path = tmp_path / "changing.mp3"
    path.write_bytes(
        sound_files.id3(sound_files.cover(1000))
        + sound_files.mp3(10, xing=False)
        + sound_files.mp3(10, 64, 22050, 1, xing=False)
    )
    made = converted(path, Needs(max_seconds=18))
    assert made.path is not None
    assert math.isclose(made.seconds or 0, 17.5, abs_tol=0.2)


def test_a_folder_that_is_gone_is_a_reason_not_an_error(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    path.write_bytes(sound_files.encoded(music(16), "flac", "flac"))
    made = to_reference(path, tmp_path / "nowhere" / "out.mp3", NEEDS, ChildLimits())
    assert [finding.problem for finding in made.findings] == [Problem.DISK], "the disk's fault, not the file's"


@pytest.mark.heavy
async def test_the_pool_converts_in_a_child(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    path.write_bytes(sound_files.encoded(music(16), "flac", "flac"))
    async with AudioPool(processes=1) as pool:
        made = await pool.to_reference(path, tmp_path / "out.mp3")
        assert made.path == tmp_path / "out.mp3"
        assert (await pool.inspect(made.path)).usability is Usability.USABLE


async def test_a_conversion_that_gets_no_time_at_all_is_not_the_files_fault(tmp_path: Path, wav_song: Path) -> None:
    async with AudioPool(encoding_limits=ChildLimits(wall_seconds=0.001)) as pool:
        made = await pool.to_reference(wav_song, tmp_path / "out.mp3", needs=Needs(max_seconds=17))
    assert made.path is None
    assert [finding.problem for finding in made.findings] == [Problem.UNAVAILABLE]
