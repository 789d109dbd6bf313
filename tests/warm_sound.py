"""Sound children of a warm bot: forked, with PyAV loaded, by a nursery that the bot forks before it has any thread.

Each is a process of its own that runs the same `bot.audio.worker.main()` behind the same pipes and fence, and a
child of the bot, which waits for it and kills it as ever: whoever is born of the nursery is orphaned at once, and the
bot is who takes orphans up (Linux). `bot.audio`'s own tests start theirs cold, as the bot does in earnest.
"""

import ctypes
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
from importlib import import_module
from typing import Any

CAN_ORPHAN = sys.platform == "linux"
MODULES = ("bot.audio.worker", "bot.audio.inspection", "bot.audio.conversion", "bot.audio.packaging")
_PR_SET_CHILD_SUBREAPER = 36
#: How `bot.audio.child` starts one.
_WORKER = ["-m", "bot.audio.worker"]


def open_nursery() -> bool:
    """True in each sound child that is born from now on, which has to do its work; False in the bot, at once."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        return _bear(theirs)
    theirs.close()
    _hand_over(ours)
    return False


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
        if list(asked["args"])[-2:] != _WORKER:
            return start(self, *given)
        try:
            pipes = [asked[name] for name in ("p2cread", "c2pwrite", "errwrite")]
            socket.send_fds(nursery, [json.dumps(asked["env"]).encode()], pipes)
            pid = int(nursery.recv(100))
            assert nursery.recv(100) == b"born"
        except (OSError, ValueError):
            return start(self, *given)  # somebody killed the nursery with the rest of the bot's children
        self.pid = pid
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(asked[name] for name in ends))
        return None

    subprocess.Popen._execute_child = started


def work() -> None:
    """What a sound child does."""
    sys.argv = ["bot.audio.worker"]
    import_module("bot.audio.worker").main()
    os._exit(0)  # it has answered; to take a bot's modules apart would cost more than the sound did
