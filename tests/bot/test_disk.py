"""Our own disk: its faults are told apart, seen by the operator, and over once a write works again."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from bot.disk import NO_TRACK, Disk, DiskPlace, advice_for, reaching
from bot.errors import DiskError
from tests.bot.jobs.kit import eventually
from tests.moved_clock import MovedClock


def test_what_the_system_says_of_a_file_is_a_disk_fault_in_words(tmp_path: Path) -> None:
    expected = pytest.raises(DiskError, match=r"^the track cannot be read: No such file or directory$")
    with expected, reaching(NO_TRACK):
        (tmp_path / "missing").read_bytes()


def test_every_other_error_stays_what_it_is() -> None:
    with pytest.raises(KeyError), reaching(NO_TRACK):
        raise KeyError


def test_a_fault_is_a_warning_and_is_remembered_until_a_write_works(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk([], MovedClock())
    assert disk.trouble == ""
    disk.failed(DiskError("the file could not be written: No space left on device"), 17)
    assert disk.trouble == "the file could not be written: No space left on device"
    (said,) = caplog.records
    assert (said.levelname, said.__dict__["job"]) == ("WARNING", 17)
    disk.worked()
    assert disk.trouble == ""


async def test_a_fault_passes_without_any_order_once_every_folder_takes_bytes_again(tmp_path: Path) -> None:
    clock = MovedClock()
    here, gone = tmp_path / "here", tmp_path / "gone"
    here.mkdir()
    disk = Disk([here, gone], clock)
    disk.failed(DiskError("gone"))
    looking = asyncio.ensure_future(disk.run())

    for _ in range(3):
        await eventually(clock.has_sleepers)
        await clock.advance(11)
    await eventually(clock.has_sleepers)
    assert disk.trouble
    gone.mkdir()
    await clock.advance(11)
    await eventually(lambda: not disk.trouble)
    looking.cancel()
    assert list(tmp_path.rglob("*.part")) == []


async def test_nothing_is_written_while_there_is_no_fault(tmp_path: Path) -> None:
    clock = MovedClock()
    disk = Disk([tmp_path / "never"], clock)
    looking = asyncio.ensure_future(disk.run())
    for _ in range(3):
        await eventually(clock.has_sleepers)
        await clock.advance(11)
    assert disk.trouble == ""
    looking.cancel()


async def test_below_what_must_be_free_no_orders_are_taken_and_the_operator_hears_of_it_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk([tmp_path], MovedClock(), min_free_bytes=10**18)
    for _ in range(2):
        assert not await disk.takes_orders()
    assert "DATA_MIN_FREE_BYTES" in disk.trouble
    assert [(said.levelname, "make room" in said.message) for said in caplog.records] == [("WARNING", True)]
    disk._min_free_bytes = 1
    assert await disk.takes_orders()
    assert disk.trouble == ""


async def test_where_nobody_can_tell_what_is_free_orders_are_taken(tmp_path: Path) -> None:
    assert await Disk([tmp_path / "gone"], MovedClock(), min_free_bytes=10**18).takes_orders()
    assert await Disk([tmp_path], MovedClock()).takes_orders()


async def test_the_database_and_the_folders_are_well_again_each_for_itself(tmp_path: Path) -> None:
    clock = MovedClock()
    answers = [False, True]

    async def takes_bytes() -> bool:
        return answers.pop(0)

    disk = Disk([tmp_path], clock)
    disk.watch_database(takes_bytes)
    disk.failed(DiskError("full"), place=DiskPlace.DATABASE)
    disk.failed(DiskError("gone"))
    disk.worked()
    assert disk.trouble == "full"
    looking = asyncio.ensure_future(disk.run())
    await eventually(clock.has_sleepers)
    await clock.advance(11)
    await eventually(lambda: len(answers) == 1 and clock.has_sleepers())
    assert disk.trouble == "full"
    await clock.advance(11)
    await eventually(lambda: not disk.trouble)
    looking.cancel()


def test_the_operator_hears_of_the_same_fault_once_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk([], MovedClock())
    for _ in range(3):
        disk.failed(DiskError("full"), 17)
    assert len(caplog.records) == 1
    disk.worked()
    disk.failed(DiskError("full"), 18)
    assert len([said for said in caplog.records if said.levelname == "WARNING"]) == 2


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (errno.ENOSPC, "The disk is full: free some space on it: DATA_DIR"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "Make it writable for this user"),
        (errno.EIO, "Look at the disk"),
        (errno.ENOENT, "Look at the disk"),
    ],
)
def test_a_fault_is_told_with_what_to_do(code: int, wanted: str, caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk([], MovedClock())
    with pytest.raises(DiskError) as caught, reaching(NO_TRACK):
        raise OSError(code, os.strerror(code))
    disk.failed(caught.value)
    assert wanted in caplog.records[0].getMessage()


def test_a_full_disk_is_never_called_a_folder_that_is_not_writable() -> None:
    assert advice_for(OSError(errno.ENOSPC, "")) == "The disk is full: free some space on it"
    assert advice_for(PermissionError(errno.EACCES, ""), "Open it") == "Open it"
