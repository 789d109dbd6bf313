"""A track is made ready by one child, once; what was made outlives restarts, and its loss costs nothing but a child."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.audio import AudioPool, ChildLimits, PackagedTrack, PackagingStep
from bot.disk import Disk
from bot.errors import DiskError, TrackLostError
from bot.jobs.files import JobFiles, own_stem
from bot.jobs.model import Job, Track
from bot.packaged_tracks import PackagedTracks
from tests.bot.audio.sound_files import mp3, music, wav
from tests.bot.jobs.orders import a_job
from tests.moved_clock import MovedClock

MEBI = 1024 * 1024
DRESSED = {PackagingStep.MEASURED, PackagingStep.PICTURED, PackagingStep.TAGGED}


@dataclass
class Shelf:
    """One job's fetched track, and what makes it ready."""

    tracks: PackagedTracks
    files: JobFiles
    disk: Disk
    job: Job
    track: Path
    decoded: Path  #: a line for each time that a child opened the copy

    @property
    def times_decoded(self) -> int:
        return len(self.decoded.read_text().splitlines())

    def beside(self, suffix: str) -> Path:
        return self.files.track_path(f"{own_stem(self.job)}{suffix}")

    def lying(self) -> set[str]:
        """What lies beside the copy, without the job's own beginning."""
        return {path.name.removeprefix(own_stem(self.job)) for path in self.track.parent.iterdir()} - {".mp3"}


@pytest.fixture
async def shelf(tmp_path: Path, tampered: Callable[[str], None]) -> AsyncIterator[Shelf]:
    decoded = tmp_path / "decoded"
    decoded.touch()
    tampered(
        f"seen = open({str(decoded)!r}, 'a', buffering=1)\n"
        "opening(lambda real, file, *a, **n: (seen.write(f'{file}\\n') if '/tracks/' in file else 0, "
        "real(file, *a, **n))[1])"
    )
    files = JobFiles(tmp_path / "data")
    files.prepare()
    disk = Disk([*files.folders, files.work], MovedClock())
    job = a_job()
    name = f"{own_stem(job)}.mp3"
    job = replace(
        job,
        title="Night / Drive",
        place=replace(job.place, upload_limit_bytes=10 * MEBI),
        track=Track(url="https://files.example/t.mp3", copy_name=name),
    )
    track = files.track_path(name)
    track.write_bytes(mp3(5, 320))
    async with AudioPool(processes=1, work_dir=files.work) as pool:
        yield Shelf(PackagedTracks(pool=pool, files=files, disk=disk), files, disk, job, track, decoded)


async def sent(shelf: Shelf, limit_bytes: int = 10 * MEBI) -> PackagedTrack:
    """What delivery gets; every byte of it can be read."""
    made = await shelf.tracks.for_limit(shelf.job, shelf.track, limit_bytes)
    assert made.path.stat().st_size == made.size_bytes
    assert made.picture is None or made.picture.read_bytes().startswith(b"\x89PNG")
    return made


@pytest.mark.heavy
async def test_one_child_makes_it_ready_and_every_try_to_send_gets_that(shelf: Shelf) -> None:
    assert await shelf.tracks.prepare(shelf.job, shelf.track) == pytest.approx(5, abs=0.1)
    tries = [await sent(shelf) for _ in range(3)]
    assert shelf.times_decoded == 1
    assert tries[0] == tries[1] == tries[2]
    made = tries[0]
    assert made.steps == DRESSED
    assert (made.name, made.format, made.seconds) == ("Night_Drive.mp3", "MP3", pytest.approx(5, abs=0.1))
    assert made.path.read_bytes().endswith(shelf.track.read_bytes()[-50_000:])
    assert list(shelf.files.work.iterdir()) == []


@pytest.mark.heavy
async def test_what_was_just_made_goes_out_once_without_being_read_back(shelf: Shelf) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    shelf.beside(".package.json").unlink()
    first = await sent(shelf)
    assert (first.steps, shelf.times_decoded) == (DRESSED, 1)
    assert await sent(shelf) == first
    assert shelf.times_decoded == 2
    await shelf.tracks.release(shelf.job)
    await sent(shelf)
    assert shelf.times_decoded == 3


@pytest.mark.heavy
async def test_whoever_was_cancelled_while_it_was_made_anew_leaves_nothing_remembered(shelf: Shelf) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    anew = asyncio.create_task(shelf.tracks.prepare(shelf.job, shelf.track))
    await asyncio.sleep(0)
    anew.cancel()
    with pytest.raises(asyncio.CancelledError):
        await anew
    shelf.beside(".package.json").unlink()
    await sent(shelf)
    assert shelf.beside(".package.json").exists()


@pytest.mark.heavy
async def test_the_next_process_sends_what_the_last_one_made_wherever_the_folder_lies_then(
    shelf: Shelf, tmp_path: Path
) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    first = await sent(shelf)
    moved = (tmp_path / "data").rename(tmp_path / "moved")
    async with AudioPool(processes=1) as pool:
        files = JobFiles(moved)
        later = PackagedTracks(pool=pool, files=files, disk=shelf.disk)
        again = await later.for_limit(shelf.job, moved / "tracks" / shelf.track.name, 10 * MEBI)
    assert shelf.times_decoded == 1
    assert again == replace(
        first, path=moved / "tracks" / first.path.name, picture=moved / "tracks" / (first.picture or Path()).name
    )
    assert again.path.stat().st_size == first.size_bytes


def without(suffix: str) -> Callable[[Shelf], object]:
    return lambda shelf: shelf.beside(suffix).unlink()


def cut(suffix: str) -> Callable[[Shelf], object]:
    return lambda shelf: shelf.beside(suffix).write_bytes(shelf.beside(suffix).read_bytes()[:-1])


def naming(what: str, name: object) -> Callable[[Shelf], object]:
    def changed(shelf: Shelf) -> None:
        record = json.loads(shelf.beside(".package.json").read_text())
        record["packaged"][what] = name
        shelf.beside(".package.json").write_text(json.dumps(record))

    return changed


@pytest.mark.heavy
@pytest.mark.parametrize(
    "harm",
    [
        without(".package.json"),
        without(".package.mp3"),
        without(".package.png"),
        cut(".package.json"),
        cut(".package.mp3"),
        cut(".package.png"),
        naming("path", "/etc/hostname"),
        naming("path", "18-somebody-elses.mp3"),
        naming("picture", "../compose.db"),
        naming("size_bytes", "many"),
        lambda shelf: shelf.beside(".package.json").write_bytes(b"\xff\x00"),
        lambda shelf: shelf.track.write_bytes(mp3(4, 320)),
    ],
    ids=lambda harm: None,
)
async def test_what_is_missing_broken_or_not_its_own_is_made_again_and_kept_again(
    shelf: Shelf, harm: Callable[[Shelf], object]
) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    harm(shelf)
    made = await sent(shelf)
    assert made.steps == DRESSED
    assert made.path == shelf.beside(".package.mp3")
    assert await sent(shelf) == made
    assert shelf.times_decoded == 2


@pytest.mark.heavy
async def test_a_track_that_was_fetched_by_an_older_version_is_made_ready_when_it_is_sent(shelf: Shelf) -> None:
    made = await sent(shelf)
    assert made.steps == DRESSED
    assert await sent(shelf) == made
    assert shelf.times_decoded == 1


@pytest.mark.heavy
async def test_only_a_place_that_takes_less_costs_another_child_and_later_tries_start_from_there(shelf: Shelf) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    large = await sent(shelf)
    assert await sent(shelf, large.size_bytes) == large
    assert shelf.times_decoded == 1
    small = await sent(shelf, 100_000)
    assert small.size_bytes <= 100_000
    assert small.steps == DRESSED | {PackagingStep.SHRUNK}
    decoded = shelf.times_decoded
    assert [await sent(shelf), await sent(shelf, 100_000)] == [small, small]
    assert shelf.times_decoded == decoded


@pytest.mark.heavy
async def test_a_track_that_fits_nowhere_is_found_out_once(shelf: Shelf) -> None:
    job = replace(shelf.job, place=replace(shelf.job.place, upload_limit_bytes=10_000))
    assert await shelf.tracks.prepare(job, shelf.track) == pytest.approx(5, abs=0.1)
    made = await sent(shelf, 10_000)
    assert (made.fits, made.path) == (False, shelf.track)
    assert shelf.times_decoded == 1


@pytest.mark.heavy
async def test_another_format_is_kept_as_the_mp3_that_was_made_of_it(shelf: Shelf) -> None:
    shelf.track.write_bytes(wav(music(5)))
    await shelf.tracks.prepare(shelf.job, shelf.track)
    made = await sent(shelf)
    assert (made.format, made.original_format) == ("MP3", "WAV")
    assert made.path.read_bytes().startswith(b"ID3")


async def test_what_is_no_audio_is_lost_and_leaves_nothing(shelf: Shelf) -> None:
    shelf.track.write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(TrackLostError):
        await shelf.tracks.prepare(shelf.job, shelf.track)
    assert not shelf.track.exists()
    assert shelf.lying() == set()


@pytest.mark.heavy
@pytest.mark.parametrize(
    "end", ["real.nowhere", "ctypes.string_at(0)", "os.kill(os.getpid(), 9)", "bytearray(2**40)", "os._exit(1)"]
)
async def test_a_track_is_never_lost_to_a_child_and_the_next_try_may_do_better(
    shelf: Shelf, tampered: Callable[[str], None], end: str
) -> None:
    whole = shelf.track.read_bytes()
    tampered(f"opening(lambda real, *_, **__: {end})")
    assert await shelf.tracks.prepare(shelf.job, shelf.track) is None
    assert shelf.lying() == set()
    made = await sent(shelf)
    assert (made.path, made.fits, made.path.read_bytes()) == (shelf.track, True, whole)
    tampered("pass")
    assert (await sent(shelf)).steps == DRESSED


@pytest.mark.heavy
@pytest.mark.parametrize("end", ["real.nowhere", "real(*_, **__)"])
async def test_the_copy_stays_where_it_is_however_the_folder_is_named(
    shelf: Shelf, tampered: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    tampered(f"opening(lambda real, *_, **__: {end})")
    monkeypatch.chdir(shelf.track.parents[2])
    files = JobFiles(Path("data"))
    whole = shelf.track.read_bytes()
    async with AudioPool(processes=1, work_dir=files.work) as pool:
        tracks = PackagedTracks(pool=pool, files=files, disk=shelf.disk)
        relative = files.track_path(shelf.track.name)
        await tracks.prepare(shelf.job, relative)
        made = await tracks.for_limit(shelf.job, relative, 10 * MEBI)
    assert shelf.track.read_bytes() == whole
    assert made.path.stat().st_size == made.size_bytes
    assert (made.steps == DRESSED) == (end != "real.nowhere")


@pytest.mark.heavy
async def test_what_cannot_be_kept_leaves_the_track_as_it_came_with_its_length(shelf: Shelf) -> None:
    shelf.beside(".package.mp3").mkdir()  # what cannot be replaced by a file
    assert await shelf.tracks.prepare(shelf.job, shelf.track) == pytest.approx(5, abs=0.1)
    assert shelf.disk.trouble.startswith("no room to package the track")
    made = await sent(shelf)
    assert (made.path, made.picture, made.fits) == (shelf.track, None, True)


@pytest.mark.heavy
async def test_without_a_copy_there_is_nothing_to_make_ready(shelf: Shelf) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    shelf.track.unlink()
    with pytest.raises(DiskError, match="the track cannot be read"):
        await sent(shelf)


@pytest.mark.heavy
async def test_once_it_has_arrived_the_copy_alone_stays_and_a_second_time_is_harmless(shelf: Shelf) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    assert shelf.lying() == {".package.json", ".package.mp3", ".package.png"}
    await shelf.tracks.release(shelf.job)
    await shelf.tracks.release(shelf.job)
    assert shelf.lying() == set()
    assert shelf.track.is_file()


async def test_what_cannot_be_released_is_a_warning(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    shelf.beside(".package.mp3").mkdir()
    await shelf.tracks.release(shelf.job)
    assert [record.levelname for record in caplog.records if "a track's package stays" in record.message] == ["WARNING"]


@pytest.mark.heavy
async def test_deleting_a_job_takes_all_of_it_along(shelf: Shelf) -> None:
    await shelf.tracks.prepare(shelf.job, shelf.track)
    await shelf.files.remove(shelf.job)
    assert list(shelf.track.parent.iterdir()) == []


#: Only what is allowed more than a second of CPU time comes to an end.
IMPATIENT = (
    "import resource\n"
    "def opened(real, *a, **n):\n"
    "    while resource.getrlimit(resource.RLIMIT_CPU)[0] <= 1 and '/tracks/' in a[0]: pass\n"
    "    return real(*a, **n)\n"
    "opening(opened)"
)


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
async def test_what_the_usual_limits_do_not_suffice_for_is_tried_once_more_with_larger_ones(
    shelf: Shelf, tampered: Callable[[str], None]
) -> None:
    tampered(IMPATIENT)
    limits = ChildLimits(cpu_seconds=1, wall_seconds=60)
    async with AudioPool(processes=1, work_dir=shelf.files.work, encoding_limits=limits) as pool:
        patient = replace(shelf, tracks=PackagedTracks(pool=pool, files=shelf.files, disk=shelf.disk))
        assert await patient.tracks.prepare(shelf.job, shelf.track) == pytest.approx(5, abs=0.1)
        assert (await sent(patient)).steps == DRESSED


@pytest.mark.heavy
async def test_what_no_larger_limits_decide_is_tried_twice_and_no_more(
    shelf: Shelf, tampered: Callable[[str], None], tmp_path: Path
) -> None:
    tries = tmp_path / "tries"
    tampered(
        f"seen = open({str(tries)!r}, 'a', buffering=1)\n"
        "opening(lambda *_, **__: (seen.write('x\\n'), os.kill(os.getpid(), 9)))"
    )
    assert await shelf.tracks.prepare(shelf.job, shelf.track) is None
    assert tries.read_text() == "x\nx\n"


@pytest.mark.heavy
async def test_a_track_whose_smaller_copy_cannot_be_decided_on_is_too_large_and_stays_heard(
    shelf: Shelf, tampered: Callable[[str], None]
) -> None:
    assert await shelf.tracks.prepare(shelf.job, shelf.track) == pytest.approx(5, abs=0.1)
    tampered("opening(lambda real, *_, **__: os.kill(os.getpid(), 9))")
    made = await sent(shelf, 100_000)
    assert (made.path, made.fits) == (shelf.track, False)
