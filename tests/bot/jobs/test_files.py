"""A job's own copies: named by us, inside their folder, readable by this user alone."""

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import DiskError
from bot.jobs.files import JobFiles, own_stem
from bot.jobs.model import Track
from tests.bot.jobs.orders import a_job


@pytest.fixture
def files(tmp_path: Path) -> JobFiles:
    files = JobFiles(tmp_path / "data")
    files.prepare()
    return files


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_on_the_machine_may_look(files: JobFiles):
    for folder in files.folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_preparing_twice_is_fine(files: JobFiles):
    files.track_path("a.mp3").write_bytes(b"x")
    files.prepare()
    assert files.track_path("a.mp3").exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b/passwd"])
def test_a_name_from_a_row_cannot_lead_out_of_the_folder(files: JobFiles, name: str):
    for path in (files.track_path(name), files.reference_path(name)):
        assert path.parent in files.folders
        assert path.name == "passwd"


async def test_copies_that_no_row_names_go_with_their_job(files: JobFiles):
    job = a_job()
    other = replace(job, id=10 * job.id + 7)  # a number that begins with the first one's
    for one in (job, other):
        files.reference_path(f"{own_stem(one)}.mp3").touch()
        files.track_path(f"{own_stem(one)}.wav").touch()
    await files.remove(job)
    left = [path.name for folder in files.folders for path in folder.iterdir()]
    assert left == [f"{own_stem(other)}.mp3", f"{own_stem(other)}.wav"]


def test_a_copy_is_there_only_while_its_file_is(files: JobFiles):
    job = a_job()
    assert files.reference(job) is None
    assert files.track(job) is None
    job = replace(
        job,
        reference=replace(job.reference, copy_name="r.mp3"),
        track=Track(url="https://x.example", copy_name="t.mp3"),
    )
    assert files.reference(job) is None
    assert files.track(job) is None
    files.reference_path("r.mp3").write_bytes(b"r")
    files.track_path("t.mp3").mkdir()
    assert files.reference(job) == files.reference_path("r.mp3")
    assert files.track(job) is None


async def test_removing_takes_both_and_does_not_mind_what_is_gone(files: JobFiles):
    job = replace(
        a_job(),
        reference=replace(a_job().reference, copy_name="r.mp3"),
        track=Track(url="https://x.example", copy_name="t.mp3"),
    )
    files.reference_path("r.mp3").write_bytes(b"r")
    files.track_path("t.mp3").write_bytes(b"t")
    await files.remove(job)
    await files.remove(job)
    assert not [path for folder in files.folders for path in folder.iterdir()]


def test_a_folder_that_is_gone_says_nothing_about_its_files(files: JobFiles):
    job = replace(a_job(), track=Track(url="https://x.example", copy_name="t.mp3"))
    files.folders[1].rmdir()
    with pytest.raises(DiskError):
        files.track(job)


async def test_a_copy_that_cannot_be_removed_is_a_disk_fault(files: JobFiles):
    job = a_job()
    files.reference_path(f"{own_stem(job)}.mp3").mkdir()
    with pytest.raises(DiskError, match="a copy cannot be removed"):
        await files.remove(job)


@pytest.mark.skipif(os.name != "posix", reason="has no such modes")
def test_what_is_made_is_closed_to_other_users_whatever_the_umask(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    before = os.umask(0o022)
    try:
        JobFiles(tmp_path / "data").prepare()
    finally:
        os.umask(before)
    made = [tmp_path / "data", *(tmp_path / "data").iterdir()]
    assert len(made) == 4
    assert {oct(path.stat().st_mode & 0o777) for path in made} == {"0o700"}
    assert not caplog.records


@pytest.mark.skipif(os.name != "posix", reason="has no such modes")
def test_folders_that_stood_open_are_closed_and_the_one_above_them_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    data = tmp_path / "data"
    for folder in (data, data / "tracks"):
        folder.mkdir()
        folder.chmod(0o755)
    JobFiles(data).prepare()
    assert (data / "tracks").stat().st_mode & 0o777 == 0o700
    assert data.stat().st_mode & 0o777 == 0o755
    assert [record.getMessage() for record in caplog.records] == [
        f"other users of this machine can look into {data}: chmod 700 would end that"
    ]
