"""What is handed back to the system, and what must stay."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.memory import _unchanged

_SMAPS = """\
7f0000000000-7f0000004000 r--p 00000000 08:01 1  /usr/lib/libsome.so
Rss:                  16 kB
Anonymous:             0 kB
7f0000004000-7f0000008000 r-xp 00004000 08:01 1  /usr/lib/libsome.so
Anonymous:             0 kB
7f0000008000-7f0000009000 r--p 00008000 08:01 1  /usr/lib/libsome.so
Anonymous:             4 kB
7f0000009000-7f000000a000 rw-p 00009000 08:01 1  /usr/lib/libsome.so
Anonymous:             0 kB
7f000000a000-7f000000b000 rw-s 00000000 08:01 2  /data/compose.db-shm
Anonymous:             0 kB
7f000000b000-7f000000c000 r--p 00000000 00:00 0
Anonymous:             0 kB
7f000000c000-7f000000d000 r-xp 00000000 00:00 0  [vdso]
Anonymous:             0 kB
"""


def test_only_pages_of_files_that_nobody_here_changed_or_can_change_are_let_go() -> None:
    assert list(_unchanged(_SMAPS.splitlines())) == [
        (0x7F0000000000, 0x7F0000004000),
        (0x7F0000004000, 0x7F0000008000),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="smaps is Linux's")
def test_a_process_runs_on_with_less_of_its_files_in_memory() -> None:
    code = """
import re, ssl, sqlite3, threading
from pathlib import Path
from bot.memory import hand_back, keep_one_heap
def of_files():
    return int(re.search(r"RssFile:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
keep_one_heap()
context = ssl.create_default_context()
before = of_files()
thread = threading.Thread(target=hand_back)
thread.start()
thread.join()
after = of_files()
ssl.create_default_context()
assert sqlite3.connect(":memory:").execute("select 1 + 1").fetchone() == (2,)
print(after < before)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")
