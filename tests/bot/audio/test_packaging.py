"""A finished track leaves with its length, picture, tags and name, small enough for its channel; or as it came."""

from pathlib import Path

import av
import pytest
from PIL import Image

from bot.audio import AudioPool, ChildLimits, PackagedTrack, PackagingStep, Problem, Purpose, Tags, Usability
from bot.audio.decode import Measurement
from bot.audio.inspection import inspect
from bot.audio.model import ENCODED_FILE, PICTURE_FILE, TRACK_FILE, Needs
from bot.audio.packaging import _bit_rate, package
from tests.bot.audio import sound_files
from tests.bot.audio.sound_files import music

TAGS = Tags(
    title="Nächte 夜 🌙", artist="Zoë", lyrics="la la\nfür dich\n夜", comment="made with Compose", language="deu"
)
MEBI = 1024 * 1024


def packaged(track: Path, limit_bytes: int = 10 * MEBI, tags: Tags = TAGS) -> PackagedTrack:
    out = track.parent / "out"
    out.mkdir(exist_ok=True)
    return package(track, out, "Nächte / in Rom?", tags, limit_bytes, ChildLimits())


def read_tags(path: Path) -> dict[str, str]:
    with av.open(str(path)) as container:
        return dict(container.metadata)


def test_an_mp3_is_tagged_without_touching_a_frame(song: Path, song_bytes: bytes) -> None:
    made = packaged(song)
    assert made.steps == {PackagingStep.MEASURED, PackagingStep.PICTURED, PackagingStep.TAGGED}
    assert made.path.read_bytes().endswith(song_bytes)
    found = read_tags(made.path)
    assert (found["title"], found["artist"]) == (TAGS.title, TAGS.artist)
    assert found["lyrics-deu"] == TAGS.lyrics
    assert TAGS.comment in found.values()
    assert (made.name, made.fits, made.format, made.original_format) == ("Nächte_in_Rom.mp3", True, "MP3", "MP3")
    assert made.seconds == pytest.approx(20, abs=0.05)
    assert made.size_bytes == made.path.stat().st_size
    assert song.read_bytes() == song_bytes


@pytest.mark.parametrize(("kbps", "is_mp3", "made_kbps"), [(128, True, 128), (0, True, 320), (128, False, 320)])
def test_an_mp3_is_never_made_anew_at_more_than_it_had(kbps: int, is_mp3: bool, made_kbps: int) -> None:
    assert _bit_rate(Measurement(bit_rate_kbps=kbps, seconds=10), MEBI, is_mp3=is_mp3) == made_kbps


def test_old_tags_are_replaced_not_piled_up(song: Path, song_bytes: bytes) -> None:
    song.write_bytes(
        sound_files.id3(sound_files.cover(9000))
        + sound_files.id3(sound_files.cover(50))
        + song_bytes
        + sound_files.id3v1()
    )
    made = packaged(song)
    data = made.path.read_bytes()
    assert data.count(b"ID3\x03") == 1
    assert data.endswith(song_bytes)
    assert read_tags(made.path)["title"] == TAGS.title


def test_music_that_an_old_tag_claims_for_itself_is_not_left_out(song: Path, song_bytes: bytes) -> None:
    song.write_bytes(sound_files.id3(sound_files.cover(50), claim=0x7FFFFFF) + song_bytes)
    made = packaged(song)
    assert made.steps >= {PackagingStep.MEASURED, PackagingStep.TAGGED}
    assert made.path.read_bytes().endswith(song_bytes)


def test_what_the_file_said_about_itself_stays_behind_our_comment(song: Path, song_bytes: bytes) -> None:
    said = sound_files.id3_frame(b"COMM", b"\x00eng\x00offline sketch, no AI")
    song.write_bytes(sound_files.id3(said) + song_bytes)
    made = packaged(song)
    assert made.comment == "offline sketch, no AI"
    assert f"{TAGS.comment} · offline sketch, no AI" in read_tags(made.path).values()


def test_without_tags_the_frames_alone_remain(song: Path, song_bytes: bytes) -> None:
    assert packaged(song, tags=Tags()).path.read_bytes() == song_bytes


def test_the_picture_is_a_png_of_its_size_on_its_own_panel(song: Path) -> None:
    made = packaged(song)
    assert made.picture is not None
    with Image.open(made.picture) as picture:
        assert (picture.format, picture.size) == ("PNG", (1000, 220))
        assert picture.getpixel((500, 8)) == (27, 29, 43, 255), "dark behind the bars on any theme"
        assert picture.getpixel((0, 0))[3] == 0, "round corners"
        colours = {picture.getpixel((x, 104))[:3] for x in range(30, 970)}
    assert len(colours) > 50, "bars in many colours"
    assert made.picture.stat().st_size < 100_000
    assert max(made.peaks) > 0.5


@pytest.mark.heavy
def test_a_wav_becomes_an_mp3_of_the_best_bit_rate(wav_song: Path) -> None:
    made = packaged(wav_song)
    assert {PackagingStep.CONVERTED, PackagingStep.TAGGED} <= made.steps
    assert (made.name, made.format, made.original_format, made.bit_rate_kbps) == (
        "Nächte_in_Rom.mp3",
        "MP3",
        "WAV",
        320,
    )
    assert inspect(made.path, Purpose.TRACK, Needs(), ChildLimits()).usability is Usability.USABLE
    assert read_tags(made.path)["title"] == TAGS.title


@pytest.mark.heavy
@pytest.mark.parametrize(("limit", "kbps"), [(310_000, 112), (200_000, 64)])
def test_a_track_too_large_is_encoded_at_the_largest_rate_that_fits(song: Path, limit: int, kbps: int) -> None:
    made = packaged(song, limit)
    assert PackagingStep.SHRUNK in made.steps
    assert made.bit_rate_kbps == kbps
    assert made.fits
    assert made.path.stat().st_size <= limit


def test_a_track_that_never_fits_says_so_and_stays_the_original(song: Path) -> None:
    made = packaged(song, 60_000)
    assert (made.fits, made.path) == (False, song)
    assert made.steps == {PackagingStep.MEASURED, PackagingStep.PICTURED}
    assert made.problem is None


@pytest.mark.heavy
def test_other_formats_become_mp3_too(tmp_path: Path) -> None:
    track = tmp_path / "track"
    track.write_bytes(sound_files.encoded(music(4, 48000), "ogg", "libopus", 48000, kbps=96))
    made = packaged(track)
    assert (made.format, made.original_format) == ("MP3", "Ogg Opus")
    assert PackagingStep.CONVERTED in made.steps


@pytest.mark.parametrize("content", [b"", b"<html>gone</html>", sound_files.noise(5000), b"RIFF\0\0\0\0WAVEdata"])
def test_what_is_no_sound_is_broken_and_comes_back_as_it_came(tmp_path: Path, content: bytes) -> None:
    track = tmp_path / "track.mp3"
    track.write_bytes(content)
    made = packaged(track)
    assert made.broken
    assert (made.path, made.steps, made.peaks, made.picture) == (track, frozenset(), (), None)
    assert made.problem is not None


def test_a_short_or_silent_track_is_not_broken(tmp_path: Path) -> None:
    track = tmp_path / "track.mp3"
    track.write_bytes(sound_files.mp3(3, pcm=sound_files.silence(3)))
    made = packaged(track)
    assert not made.broken
    assert PackagingStep.TAGGED in made.steps


def test_a_folder_that_cannot_be_written_costs_the_steps_not_the_track(song: Path) -> None:
    made = package(song, song.parent / "nowhere", "Night", TAGS, 10 * MEBI, ChildLimits())
    assert (made.path, made.steps, made.fits) == (song, {PackagingStep.MEASURED}, True)


@pytest.mark.heavy
async def test_a_track_is_inspected_for_being_playable_at_all(tmp_path: Path) -> None:
    short, page = tmp_path / "a", tmp_path / "b"
    short.write_bytes(sound_files.mp3(1))
    page.write_bytes(b"<!doctype html><p>gone")
    async with AudioPool() as pool:
        assert (await pool.inspect(short, purpose=Purpose.TRACK)).usability is Usability.USABLE
        seen = await pool.inspect(page, purpose=Purpose.TRACK)
    assert [finding.problem for finding in seen.findings] == [Problem.NOT_SOUND]


async def test_the_pool_packages_in_a_child(song: Path, tmp_path: Path) -> None:
    async with AudioPool(processes=1) as pool:
        made = await pool.package(song, tmp_path, title="Night", tags=TAGS, limit_bytes=10 * MEBI)
        assert made.steps == {PackagingStep.MEASURED, PackagingStep.PICTURED, PackagingStep.TAGGED}
        assert made.picture == tmp_path / "waveform.png"
        hurried = AudioPool(processes=1, encoding_limits=ChildLimits(wall_seconds=0.001))
        made = await hurried.package(song, tmp_path, title="Night", tags=TAGS, limit_bytes=10 * MEBI)
    assert (made.path, made.fits, made.problem) == (song, True, Problem.UNAVAILABLE)


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", [TRACK_FILE, PICTURE_FILE, ENCODED_FILE])
def test_a_full_disk_leaves_the_track_as_it_came_and_is_named(song: Path, song_bytes: bytes, name: str) -> None:
    out = song.parent / "out"
    out.mkdir()
    (out / name).symlink_to("/dev/full")
    made = packaged(song, limit_bytes=len(song_bytes) - 1 if name == ENCODED_FILE else 10 * MEBI)
    assert made.problem is Problem.DISK
    assert not made.broken
    assert made.path != out / name
    assert song.read_bytes() == song_bytes
