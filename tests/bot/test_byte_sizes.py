"""Sizes as operators write them, and as members read them."""

import pytest

from bot.byte_sizes import bytes_of, size_shown


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0", 0),
        ("524288000", 524_288_000),
        ("500MiB", 500 * 2**20),
        ("500 mib", 500 * 2**20),
        ("2GB", 2 * 10**9),
        ("1.5 GiB", 3 * 2**29),
        ("12kB", 12_000),
        ("1 TB", 10**12),
        ("17 B", 17),
    ],
)
def test_a_size_is_bytes_or_has_a_unit(written: str, meant: int) -> None:
    assert bytes_of(written) == meant


@pytest.mark.parametrize("written", ["", "MB", "5G", "5Gi", "5 iB", "5 MiB more", "0x10", "٥MB", "9" * 40])
def test_what_is_no_size_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="500MiB"):
        bytes_of(written)


def test_a_size_is_shown_in_the_unit_that_reads_best() -> None:
    shown = [size_shown(size) for size in (0, 900, 5 * 2**20, 13_000_000, 500 * 2**20, 3 * 2**29)]
    assert shown == ["0 bytes", "900 bytes", "5 MiB", "12.4 MiB", "500 MiB", "1.5 GiB"]
