"""Fetching and hearing references over a real socket, with real children and real sound."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.audio import STOPPED, AudioPool, Finding, Needs, Problem
from bot.errors import BusyError, DiskError, HearingFaultError, Reason, ReferenceRefusedError
from bot.jobs.files import JobFiles, own_stem
from bot.jobs.model import Job, Reference
from bot.references import ReferenceFetcher, _refusal
from bot.texts.remarks import spelled
from tests.bot.audio.sound_files import encoded, mp3, music
from tests.bot.jobs.orders import a_job
from tests.moved_clock import MovedClock


@dataclass
class Room:
    """One listener and the server its references come from."""

    fetcher: ReferenceFetcher
    files: JobFiles
    clock: MovedClock
    server: TestServer
    served: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    at_once: int = 0
    max_at_once: int = 0

    def job(self, name: str, data: bytes | None, **reference: object) -> Job:
        """A job whose reference is served under `name`."""
        if data is not None:
            self.served[name] = data
        known = Reference(url=str(self.server.make_url(f"/{name}")), name=name, size_bytes=len(data or b""))
        return replace(a_job(), reference=replace(known, **reference))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async def serve(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        opened.fetched.append(name)
        opened.at_once += 1
        opened.max_at_once = max(opened.max_at_once, opened.at_once)
        await asyncio.sleep(0.02)
        opened.at_once -= 1
        return web.Response(body=opened.served[name]) if name in opened.served else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{name}", serve)
    files = JobFiles(tmp_path)
    files.prepare()
    clock = MovedClock()
    async with TestServer(app) as server, aiohttp.ClientSession() as session, AudioPool(processes=2) as pool:
        fetcher = ReferenceFetcher(
            session=session,
            pool=pool,
            files=files,
            clock=clock,
            hosts=frozenset({"127.0.0.1"}),
            max_bytes=2_000_000,
            needs=Needs(max_seconds=19, max_bytes=2_000_000),
        )
        opened = Room(fetcher, files, clock, server)
        yield opened


async def test_a_good_song_is_kept_with_its_length_and_handed_over_by_its_own_url(room: Room) -> None:
    job = room.job("song.mp3", mp3(18))
    checked = await room.fetcher.check(job)
    assert not checked.must_be_published
    assert checked.reference.url == job.reference.url
    assert checked.reference.format == "MP3"
    assert checked.reference.seconds == pytest.approx(18, abs=0.2)
    assert room.files.reference_path(str(checked.reference.copy_name)).read_bytes() == room.served["song.mp3"]


@pytest.mark.heavy
async def test_a_copy_that_is_there_is_not_fetched_again(room: Room) -> None:
    job = room.job("song.mp3", mp3(18))
    checked = await room.fetcher.check(job)
    await room.fetcher.check(replace(job, reference=checked.reference))
    assert room.fetched == ["song.mp3"]


@pytest.mark.heavy
async def test_another_format_is_converted_and_must_be_published(room: Room) -> None:
    job = room.job("take.ogg", encoded(music(20, 48_000), "ogg", "libopus", 48_000, kbps=96))
    checked = await room.fetcher.check(job)
    assert checked.must_be_published
    assert checked.reference.name == "take.mp3"
    assert "Ogg" in (spelled(checked.remark) or "")
    copies = [path.name for path in room.files.folders[0].iterdir()]
    assert copies == [checked.reference.copy_name]


@pytest.mark.heavy
async def test_all_that_was_changed_is_told_in_both_languages(room: Room) -> None:
    job = room.job("take.flac", encoded(music(20), "flac", "flac"))
    checked = await room.fetcher.check(job)
    assert checked.reference.seconds == pytest.approx(18.5, abs=0.2)
    assert spelled(checked.remark, "en") == (
        "This is a FLAC file; the music service takes MP3 and WAV, so it is converted to MP3. "
        "It is 20 seconds long and the music service takes 19, so its best stretch is cut out."
    )
    told = spelled(checked.remark, "de") or ""
    assert "FLAC" in told
    assert "19" in told


@pytest.mark.heavy
async def test_what_goes_onto_the_card_fits_the_channel(room: Room) -> None:
    job = room.job("take.flac", encoded(music(18), "flac", "flac"))
    narrow = replace(job, place=replace(job.place, upload_limit_bytes=300_000))
    checked = await room.fetcher.check(narrow)
    assert room.files.reference_path(str(checked.reference.copy_name)).stat().st_size <= 300_000


@pytest.mark.heavy
async def test_a_copy_too_large_for_the_card_is_made_smaller_when_it_must_be_published(room: Room) -> None:
    job = room.job("song.mp3", mp3(18))
    job = replace(job, place=replace(job.place, upload_limit_bytes=200_000))
    old = replace((await room.fetcher.check(job)).reference, expires_at=room.clock.now() - timedelta(days=1))
    checked = await room.fetcher.check(replace(job, reference=old))
    assert checked.must_be_published
    assert room.files.reference_path(str(checked.reference.copy_name)).stat().st_size <= 200_000
    assert "smaller" in (spelled(checked.remark) or "")


async def test_a_refused_conversion_leaves_nothing_on_the_disk(room: Room) -> None:
    job = room.job("take.flac", encoded(music(18), "flac", "flac"))
    with pytest.raises(ReferenceRefusedError):
        await room.fetcher.check(replace(job, place=replace(job.place, upload_limit_bytes=20_000)))
    assert list(room.files.folders[0].iterdir()) == []


@pytest.mark.heavy
async def test_a_burst_is_fetched_a_few_at_a_time(room: Room) -> None:
    jobs = [replace(room.job(f"{at}.txt", b"no song"), id=100 + at, key=f"{at:016x}") for at in range(30)]
    answers = await asyncio.gather(*map(room.fetcher.check, jobs), return_exceptions=True)
    assert all(isinstance(answer, ReferenceRefusedError) for answer in answers)
    assert len(room.fetched) == 30
    assert room.max_at_once <= 6


@pytest.mark.heavy
async def test_a_song_that_is_too_short_is_refused_with_its_length_in_both_languages(room: Room) -> None:
    with pytest.raises(ReferenceRefusedError) as refusal:
        await room.fetcher.check(room.job("short.mp3", mp3(12)))
    assert refusal.value.reason is Reason.SOUND
    assert "12.0 seconds" in (spelled(refusal.value.detail, "en") or "")
    assert "12,0 Sekunden" in (spelled(refusal.value.detail, "de") or "")
    assert list(room.files.folders[0].iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("gone.mp3", None, Reason.REFERENCE_GONE),
        ("empty.mp3", b"", Reason.FILE_EMPTY),
        ("large.mp3", bytes(2_000_001), Reason.FILE_TOO_LARGE),
    ],
)
async def test_what_cannot_be_fetched_has_its_reason(room: Room, name: str, data: bytes | None, reason: Reason) -> None:
    with pytest.raises(ReferenceRefusedError) as refusal:
        await room.fetcher.check(room.job(name, data))
    assert refusal.value.reason is reason


async def test_a_host_that_is_not_discords_is_never_asked(room: Room) -> None:
    job = room.job("song.mp3", mp3(18))
    elsewhere = replace(job.reference, url=job.reference.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(ReferenceRefusedError) as refusal:
        await room.fetcher.check(replace(job, reference=elsewhere))
    assert refusal.value.reason is Reason.FOREIGN_URL
    assert room.fetched == []


@pytest.mark.heavy
async def test_a_server_that_is_down_is_asked_again_later(room: Room) -> None:
    job = room.job("song.mp3", mp3(18))
    await room.server.close()
    with pytest.raises(BusyError):
        await room.fetcher.check(job)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("work", "remark", "is_lasting"),
    [
        ("opening(lambda real, file, mode=None, format=None, options=None: real(file))", "sound.internal", True),
        ("opening(lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))", "sound.unavailable", False),
    ],
)
async def test_a_fault_of_ours_refuses_no_reference_and_keeps_its_copy(
    room: Room, tampered: Callable[[str], None], work: str, remark: str, is_lasting: bool
) -> None:
    tampered(work)
    with pytest.raises(HearingFaultError) as fault:
        await room.fetcher.check(room.job("song.mp3", mp3(18)))
    assert (remark in fault.value.detail, fault.value.is_lasting) == (True, is_lasting)
    assert len(list(room.files.folders[0].iterdir())) == 1


@pytest.mark.heavy
async def test_a_fault_of_ours_while_converting_is_not_the_songs(room: Room, tampered: Callable[[str], None]) -> None:
    tampered("opening(lambda real, file, mode='r', **n: real(file, mode, **n) if mode == 'r' else real.nowhere)")
    job = room.job("take.flac", encoded(music(18), "flac", "flac"))
    with pytest.raises(HearingFaultError):
        await room.fetcher.check(job)


@pytest.mark.heavy
async def test_a_url_that_ends_soon_is_replaced_by_one_of_our_own(room: Room) -> None:
    job = room.job("song.mp3", mp3(18), expires_at=room.clock.now() + timedelta(minutes=5))
    assert (await room.fetcher.check(job)).must_be_published


@pytest.mark.heavy
async def test_a_url_that_works_although_its_stamp_says_otherwise_is_believed(room: Room) -> None:
    job = room.job("song.mp3", mp3(18), expires_at=room.clock.now() - timedelta(days=500))
    checked = await room.fetcher.check(job)
    assert not checked.must_be_published
    assert checked.reference.expires_at is None


@pytest.mark.heavy
async def test_an_old_copy_whose_url_has_ended_must_be_published(room: Room) -> None:
    job = room.job("song.mp3", mp3(18))
    checked = await room.fetcher.check(job)
    old = replace(checked.reference, expires_at=room.clock.now() - timedelta(days=1))
    assert (await room.fetcher.check(replace(job, reference=old))).must_be_published


@pytest.mark.heavy
async def test_a_folder_that_takes_no_reference_is_not_the_members_file(room: Room) -> None:
    room.files.folders[0].rmdir()
    with pytest.raises(DiskError, match="the file could not be written"):
        await room.fetcher.check(room.job("song.mp3", mp3(18)))


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_disk_that_is_full_while_a_reference_is_converted_is_not_the_members_file(room: Room) -> None:
    job = room.job("take.flac", encoded(music(18), "flac", "flac"))
    room.files.reference_path(f"{own_stem(job)}.mp3").symlink_to("/dev/full")
    with pytest.raises(DiskError):
        await room.fetcher.check(job)


async def test_a_refusal_is_told_although_the_copy_cannot_be_removed(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    job = room.job("song.mp3", mp3(5))
    room.files.reference_path(f"{own_stem(job)}-left").mkdir()  # what cannot be removed as a file
    with pytest.raises(ReferenceRefusedError):
        await room.fetcher.check(job)
    assert [record.levelname for record in caplog.records if "a refused reference stays" in record.message] == [
        "WARNING"
    ]


@pytest.mark.parametrize("problem", sorted(STOPPED))
def test_a_check_that_used_up_a_limit_says_so(problem: Problem) -> None:
    error = _refusal(Finding(problem=problem))
    assert isinstance(error, ReferenceRefusedError)
    assert error.is_burnt


def test_a_file_that_is_merely_bad_costs_nobody_a_wait() -> None:
    error = _refusal(Finding(problem=Problem.SILENT))
    assert isinstance(error, ReferenceRefusedError)
    assert not error.is_burnt
