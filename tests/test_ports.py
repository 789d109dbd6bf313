"""A port that was given is nobody else's, and its own server has it as often as it likes."""

import socket
import sys

import pytest

from tests.ports import kept_port


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port can be looked for and not kept")
def test_a_kept_port_is_given_to_nobody_and_its_own_server_listens_there_again_and_again() -> None:
    with kept_port() as port:
        for _ in range(2):
            with (
                socket.create_server(("127.0.0.1", port)) as server,
                socket.create_connection(("127.0.0.1", port)) as client,
                server.accept()[0] as accepted,
            ):
                assert accepted.getpeername() == client.getsockname()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
            with socket.socket() as somebody, pytest.raises(OSError, match="in use"):
                somebody.bind(("127.0.0.1", port))
