"""Sound children that are forked, with PyAV loaded, by a nursery, instead of each importing everything anew.

Each is a process of its own that runs the same `bot.audio.worker.main()` behind the same pipes and fence, and a child
of whoever ordered it, who waits for it and kills it as ever: whoever is born of the nursery is orphaned at once, and
the customer is who takes orphans up (Linux). A warm bot forks its nursery before it has any thread; a process that runs
tests starts one when the first is needed. `bot.audio`'s own tests start theirs cold, as the bot does in earnest.
"""

import atexit
import ctypes
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

CAN_ORPHAN = sys.platform == "linux"
MODULES = ("bot.audio.worker", "bot.audio.inspection", "bot.audio.conversion", "bot.audio.packaging")
_PR_SET_CHILD_SUBREAPER = 36
#: How `bot.audio.child` starts one.
_WORKER = ["-m", "bot.audio.worker"]


def open_nursery() -> bool:
    """True in each sound child that is born from now on, which has to do its work; False in the bot, at once."""
    _take_up_orphans(True)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        return _bear(theirs)
    theirs.close()
    _hand_over(ours)
    return False


def _take_up_orphans(willing: bool) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(willing), 0, 0, 0)


def _bear(orders: socket.socket) -> bool:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the bot's to handle
    while True:
        order, pipes, _, _ = socket.recv_fds(orders, 100_000, 3)
        if not order:
            os._exit(0)
        between = os.fork()
        if between == 0:
            child = os.fork()
            if child:
                orders.send(b"%d" % child)
                os._exit(0)
            orders.close()
            _become(json.loads(order), pipes)
            return True
        os.waitpid(between, 0)
        orders.send(b"born")
        for pipe in pipes:
            os.close(pipe)


def _become(environment: dict[str, str], pipes: list[int]) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, pipe in enumerate(pipes):
        os.dup2(pipe, descriptor)
        os.close(pipe)


def _hand_over(nursery: socket.socket) -> None:
    """Has the nursery bear what `subprocess` is asked for, if it is a sound child."""
    start = subprocess.Popen._execute_child
    parameters = inspect.signature(start)

    def started(self: Any, *given: Any) -> None:
        asked = parameters.bind(self, *given).arguments
        if list(asked["args"])[-2:] != _WORKER or not _born(nursery, self, asked):
            start(self, *given)

    subprocess.Popen._execute_child = started


def _born(nursery: socket.socket, popen: Any, asked: dict[str, Any]) -> bool:
    """Whether the nursery bore it; False when somebody killed that with the rest of its customer's children."""
    try:
        pipes = [asked[name] for name in ("p2cread", "c2pwrite", "errwrite")]
        socket.send_fds(nursery, [json.dumps(asked["env"]).encode()], pipes)
        pid = int(nursery.recv(100))
        assert nursery.recv(100) == b"born"
    except (OSError, ValueError):
        return False
    popen.pid = pid
    popen._child_created = True
    ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
    popen._close_pipe_fds(*(asked[name] for name in ends))
    return True


# --- in a process that runs tests -------------------------------------------------------------------------------------


def warm_the_tests() -> None:
    """From now on sound children of this process are born of a nursery, but for those of `cold` tests.

    A child that is handed another import path than ours comes cold as well: something there is to run at its start.
    """
    if not CAN_ORPHAN:
        return
    start = subprocess.Popen._execute_child
    parameters = inspect.signature(start)
    usual_path = _import_path()

    def started(self: Any, *given: Any) -> None:
        asked = parameters.bind(self, *given).arguments
        is_warm = list(asked["args"])[-2:] == _WORKER and _birth.is_warm and asked["env"]["PYTHONPATH"] == usual_path
        if not (is_warm and _born_of_the_nursery(self, asked)):
            start(self, *given)

    subprocess.Popen._execute_child = started


@dataclass(slots=True, kw_only=True)
class _Birth:
    is_warm: bool = True


_birth = _Birth()


@contextmanager
def cold() -> Generator[None]:
    """Meanwhile sound children start as they do in earnest."""
    with _births(False):
        yield


@contextmanager
def warm() -> Generator[None]:
    """Within `cold`, for tests of what very many children say rather than of how one starts."""
    with _births(True):
        yield


@contextmanager
def _births(is_warm: bool) -> Generator[None]:
    before, _birth.is_warm = _birth.is_warm, is_warm
    try:
        yield
    finally:
        _birth.is_warm = before


def _import_path() -> str:
    """As `bot.audio.child` hands it on."""
    return os.pathsep.join(str(Path(place).absolute()) for place in sys.path)


def _born_of_the_nursery(popen: Any, asked: dict[str, Any]) -> bool:
    _take_up_orphans(True)  # for this birth alone: what tests orphan on purpose is not ours
    try:
        return _born(_nursery()[0], popen, asked)
    finally:
        _take_up_orphans(False)


@cache
def _nursery() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Our end of it, and itself; it ends when that is closed, with us."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_sound", str(theirs.fileno())],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "PYTHONPATH": _import_path(), "PYTHONWARNINGS": "ignore::DeprecationWarning"},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    atexit.register(_close, ours, nursery)
    return ours, nursery


def nursery_id() -> int | None:
    """The process id of this process's own, which is no child of a pool; None: it has none yet."""
    return _nursery()[1].pid if _nursery.cache_info().currsize else None


def _close(ours: socket.socket, nursery: subprocess.Popen[bytes]) -> None:
    ours.close()
    nursery.wait(timeout=10)


def work() -> None:
    """What a sound child does."""
    sys.argv = ["bot.audio.worker"]
    import_module("bot.audio.worker").main()
    os._exit(0)  # it has answered; to take a bot's modules apart would cost more than the sound did


if __name__ == "__main__":
    for _name in MODULES:
        import_module(_name)
    _bear(socket.socket(fileno=int(sys.argv[1])))
    work()
