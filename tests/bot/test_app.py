"""How a run ends that could not be begun."""

import pytest

from bot.app import _code_of
from bot.errors import StoreBusyError


async def test_a_database_that_goes_away_while_the_bot_starts_is_told_in_a_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def serving() -> None:
        raise StoreBusyError("out of reach: ConnectionRefusedError")

    assert await _code_of(serving()) == 1
    (record,) = caplog.records
    assert record.getMessage().startswith("The database did not answer as it should (out of reach: Connection")
    assert record.exc_info is None
