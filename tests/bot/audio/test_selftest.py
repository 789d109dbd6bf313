"""When the built-in sample is tried: after the start, after what may be ours, while it fails; never more than that."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from bot.audio import AudioPool, Problem
from bot.audio.model import UNDECIDED
from bot.audio.sample import SampleResult, SampleStep, try_sample
from bot.audio.selftest import SelfTest
from bot.metrics import Metrics
from bot.supervisor import TaskSupervisor
from tests.moved_clock import MovedClock

BAD = SampleResult(failed=SampleStep.DECODED, problem=Problem.CRASHED)


class Trials:
    """A self-test whose sample fares as the test says."""

    def __init__(self) -> None:
        self.clock = MovedClock()
        self.metrics = Metrics()
        self.owner = TaskSupervisor(self.clock)
        self.outcome = SampleResult()
        self.tries = 0
        self.own_faults: list[Problem] = []
        self.selftest = SelfTest(clock=self.clock, metrics=self.metrics)
        self.owner.run_forever("sound", partial(self.selftest.run, self.attempt))

    async def attempt(self) -> SampleResult:
        self.tries += 1
        for problem in self.own_faults:
            self.selftest.fault_seen(problem)
        return self.outcome

    def counted(self, problem: Problem) -> float:
        return self.metrics.sound_faults.labels(problem)._value.get()


@pytest.fixture
async def trials() -> AsyncIterator[Trials]:
    made = Trials()
    yield made
    await made.owner.stop()


async def test_nothing_is_tried_before_the_bot_is_ready_and_once_afterwards(trials: Trials) -> None:
    await trials.clock.advance(3600)
    assert (trials.tries, trials.selftest.result) == (0, None)
    trials.selftest.begin()
    await trials.clock.advance(3600)
    assert (trials.tries, trials.selftest.result) == (1, SampleResult())


@pytest.mark.parametrize("problem", sorted(UNDECIDED))
async def test_only_what_may_be_ours_asks_for_a_try_and_all_is_counted(trials: Trials, problem: Problem) -> None:
    trials.selftest.fault_seen(problem)
    await trials.clock.advance(1)
    assert trials.tries == (problem in {Problem.CRASHED, Problem.INTERNAL})
    assert trials.counted(problem) == 1


async def test_a_thousand_crafted_files_buy_one_try_a_minute_and_none_is_forgotten(trials: Trials) -> None:
    for _ in range(1000):
        trials.selftest.fault_seen(Problem.CRASHED)
        await trials.clock.advance(0.3)
    assert 5 <= trials.tries <= 6
    await trials.clock.advance(60)
    assert trials.tries == 6
    assert trials.selftest.result == SampleResult()
    assert trials.counted(Problem.CRASHED) == 1000


async def test_it_is_tried_again_while_it_fails_ever_more_rarely_and_until_it_works(
    trials: Trials, caplog: pytest.LogCaptureFixture
) -> None:
    trials.outcome = BAD
    trials.selftest.begin()
    await trials.clock.advance(3600)
    assert 6 <= trials.tries <= 10
    assert trials.selftest.result == BAD
    assert caplog.text.count(BAD.sentence) == 1, "said once, not with each try"
    trials.outcome = SampleResult()
    await trials.clock.advance(600)
    assert trials.selftest.result == SampleResult()
    tries = trials.tries
    await trials.clock.advance(3600)
    assert trials.tries == tries


async def test_the_samples_own_faults_ask_for_nothing(trials: Trials) -> None:
    trials.own_faults = [Problem.CRASHED, Problem.INTERNAL]
    trials.selftest.begin()
    await trials.clock.advance(3600)
    assert trials.tries == 1
    assert trials.counted(Problem.CRASHED) == 0


async def test_a_crafted_file_is_red_for_no_moment(song: Path, trials: Trials, tampered: Callable[[str], None]) -> None:
    """The real thing: real children, of which those die that read the member's file."""
    tampered("opening(lambda real, file, *a, **n: real(file, *a, **n) if 'song' not in file else ctypes.string_at(0))")
    async with AudioPool(processes=1, on_fault=trials.selftest.fault_seen) as pool:
        trials.selftest._attempt = lambda: try_sample(pool)
        seen = await pool.inspect(song)
        assert [finding.problem for finding in seen.findings] == [Problem.CRASHED]
        while trials.selftest.result is None:
            await trials.clock.advance(0.01)
    assert trials.selftest.result == SampleResult()
