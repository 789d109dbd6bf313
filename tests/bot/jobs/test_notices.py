"""What everybody is told: operators' own words before the bot's, and the bot's while its account is refused."""

from datetime import UTC, datetime, timedelta

from bot.jobs.acts import NOTICE, Notice
from bot.jobs.notices import NoticeBoard

NOW = datetime(2026, 1, 31, tzinfo=UTC)
GUILD = 5


def told(board: NoticeBoard, guild_id: int | None = GUILD, now: datetime = NOW) -> list[str]:
    return board.told_in(guild_id, now, of_brake="held")


def test_the_brake_tells_of_itself_while_it_is_on() -> None:
    board = NoticeBoard()
    assert told(board) == []
    board.is_held = lambda: True
    assert told(board) == told(board, None) == ["held"]
    board.is_held = lambda: False
    assert told(board) == []


def test_the_brake_is_never_told_over_an_operators_own_words_and_comes_back_when_they_end() -> None:
    board = NoticeBoard()
    board.is_held = lambda: True
    until = NOW + timedelta(hours=1)
    board.fill({NOTICE: Notice(text="topped up tonight", until=until).written()})
    assert told(board) == ["topped up tonight"]
    assert told(board, now=until) == ["held"]


def test_a_server_reads_its_own_notice_below_the_bots() -> None:
    board = NoticeBoard()
    board.is_held = lambda: True
    board.fill({f"{NOTICE}:{GUILD}": Notice(text="no songs on Sundays").written()})
    assert told(board) == ["held", "no songs on Sundays"]
    assert told(board, None) == told(board, 6) == ["held"]
