"""Which places are open to new orders."""

import pytest

from bot.errors import OrderError, Reason
from bot.jobs.doors import Doors
from bot.jobs.model import Origin

HOME, ELSEWHERE = 1, 2


@pytest.mark.parametrize(
    ("doors", "origin", "guild_id", "reason"),
    [
        (Doors(), Origin.GUILD, ELSEWHERE, None),
        (Doors(), Origin.DIRECT, None, None),
        (Doors(), Origin.USER_INSTALL, ELSEWHERE, None),
        (Doors(guild_ids=frozenset({HOME})), Origin.GUILD, HOME, None),
        (Doors(guild_ids=frozenset({HOME})), Origin.GUILD, ELSEWHERE, Reason.GUILD_CLOSED),
        (Doors(guild_ids=frozenset({HOME})), Origin.DIRECT, None, None),
        (Doors(guild_ids=frozenset({HOME})), Origin.USER_INSTALL, ELSEWHERE, None),
        (Doors(direct=False), Origin.DIRECT, None, Reason.DIRECT_CLOSED),
        (Doors(direct=False), Origin.GUILD, HOME, None),
        (Doors(user_install=False), Origin.USER_INSTALL, None, Reason.USER_INSTALL_CLOSED),
        (Doors(user_install=False, guild_ids=frozenset({HOME})), Origin.USER_INSTALL, HOME, Reason.USER_INSTALL_CLOSED),
    ],
)
def test_each_place_has_its_own_door(doors: Doors, origin: Origin, guild_id: int | None, reason: Reason | None) -> None:
    assert doors.why_closed(origin, guild_id) is reason
    if reason is None:
        doors.check(origin, guild_id)
        return
    with pytest.raises(OrderError) as caught:
        doors.check(origin, guild_id)
    assert caught.value.reason is reason
