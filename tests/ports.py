"""Ports for servers that are told theirs before they start."""

import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def kept_port(host: str = "127.0.0.1") -> Generator[int]:
    """A free port that nobody else is given while the block lasts, whether its own server listens there yet or not.

    A server that sets SO_REUSEADDR, as nearly all do, may listen there again and again. Elsewhere than on Linux it
    could not, and the port is only free at this moment.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind((host, 0))
        port = kept.getsockname()[1]
        if sys.platform != "linux":
            kept.close()
        yield port
