"""Many songs at once through the whole bot: it stays awake, answers everybody, and every track arrives."""

from pathlib import Path

import pytest

from benchmarks.burst import MEBI, measure
from tests.bot.audio.sound_files import mp3

SONGS = 12


@pytest.mark.slow
async def test_a_burst_of_songs_leaves_the_bot_awake_and_small(tmp_path: Path) -> None:
    song = mp3(20, 320)
    idle, busy = await measure(tmp_path, song, SONGS)
    assert busy.delivered == SONGS
    assert busy.unanswered == 0
    assert busy.reconnects == 0
    assert busy.max_children <= 1
    assert busy.bot_bytes - idle.bot_bytes < 100 * MEBI
    # the copies that are kept, and what three songs need on their way
    assert busy.disk_bytes < (2 * SONGS + 6) * len(song) + 10 * MEBI
