"""Too many servers for one connection: told in time, with what to set."""

import logging

import pytest

from bot.crowds import refuse_crowd, tell_of_crowd
from bot.errors import StartError


def test_more_servers_than_the_connections_take_keep_the_bot_from_starting() -> None:
    refuse_crowd(2500, 1)
    refuse_crowd(5000, 2)
    with pytest.raises(StartError, match=r"2501 servers on 1 connection.*SHARD_COUNT=3 and its own SHARD_IDS"):
        refuse_crowd(2501, 1)


def test_it_is_told_before(caplog: pytest.LogCaptureFixture) -> None:
    tell_of_crowd(1999, 1)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        tell_of_crowd(2000, 2)
    assert "of 2000 servers" in caplog.text
    assert "SHARD_COUNT=4" in caplog.text
