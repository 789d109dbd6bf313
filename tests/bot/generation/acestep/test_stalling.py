"""A job that its server has forgotten stands still; one that is slow does too, for a while."""

from bot.generation.acestep.stalling import DOUBTED_AFTER_SECONDS, Stalling, is_lost
from bot.generation.acestep.wire import AtWork, Stats
from bot.jobs.ports import StillWorking

QUIET = DOUBTED_AFTER_SECONDS


def at_work(far: float, *, is_running: bool = True) -> AtWork:
    return AtWork(working=StillWorking(status="running"), is_running=is_running, mark=(far, "running"))


def test_the_clock_runs_from_what_was_last_new() -> None:
    stalling = Stalling()
    looks = [(0, 0.1, 0), (50, 0.1, 50), (60, 0.2, 0), (100, 0.2, 40)]
    assert [stalling.seconds_since_news("a", at_work(far), now) for now, far, _ in looks] == [
        quiet for *_, quiet in looks
    ]


def test_a_job_in_the_servers_queue_is_never_quiet() -> None:
    stalling = Stalling()
    for now in (0, 1000, 9000):
        assert stalling.seconds_since_news("a", at_work(0, is_running=False), now) == 0
    assert stalling.seconds_since_news("a", at_work(0), 9100) == 0


def test_what_ended_is_forgotten() -> None:
    stalling = Stalling()
    stalling.seconds_since_news("a", at_work(0.5), 0)
    stalling.forget("a")
    assert stalling.seconds_since_news("a", at_work(0.5), 500) == 0


def test_no_number_of_jobs_fills_the_memory() -> None:
    stalling = Stalling()
    for number in range(5000):
        stalling.seconds_since_news(str(number), at_work(0.5), 0)
    assert len(stalling._marks) <= 1000


def test_a_quiet_job_is_lost_at_once_where_the_server_works_at_nothing() -> None:
    idle, busy = Stats(running=0, average_seconds=12), Stats(running=1, average_seconds=12)
    assert not is_lost(QUIET - 1, idle)
    assert is_lost(QUIET, idle)
    assert not is_lost(QUIET, busy)
    assert not is_lost(QUIET, None)


def test_where_the_server_is_busy_it_gets_several_times_the_usual() -> None:
    fast, slow = Stats(running=1, average_seconds=12), Stats(running=1, average_seconds=600)
    assert (is_lost(899, fast), is_lost(900, fast)) == (False, True)
    assert (is_lost(2999, slow), is_lost(3000, slow)) == (False, True)
    assert is_lost(900, None)
