"""Several processes whose account is refused: one of them tries it, with one song."""

from bot.jobs.brake import Brake
from bot.jobs.model import Job, JobState
from bot.jobs.music_models import MusicModels
from bot.jobs.ports import ProbeReport, ProbeResult
from bot.jobs.trials import TURN_SECONDS, TrialTurns
from tests.bot.jobs.kit import Kit
from tests.bot.jobs.test_brake import NO_CREDITS, queued


def shared_brake(kit: Kit) -> Brake:
    """Of one more process on the same rows."""
    models = MusicModels([kit.model])
    return Brake(
        store=kit.store, models=models, clock=kit.clock, metrics=kit.metrics, wake=lambda _job: None, is_shared=True
    )


def may_send(brake: Brake, job: Job) -> bool:
    return not brake.holds(job) and brake.take_turn(job)


async def test_a_turn_is_taken_by_one_and_can_be_taken_again_when_it_is_over(kit: Kit) -> None:
    here, there = (TrialTurns(kit.store, kit.clock, is_shared=True) for _ in range(2))
    assert await here.take("aiml", every_seconds=0)
    assert not await there.take("aiml", every_seconds=0)
    await here.end("aiml")
    assert not await there.take("aiml", every_seconds=60)
    assert await there.take("aiml", every_seconds=0)
    kit.clock.leap(TURN_SECONDS + 1)
    assert await here.take("aiml", every_seconds=0), "whoever had it is gone"
    assert await TrialTurns(kit.store, kit.clock, is_shared=False).take("aiml", every_seconds=300)


async def test_a_turn_that_nobody_can_read_is_taken(kit: Kit) -> None:
    for kept in ("on", "{}", "[]", '{"at": "soon", "lasts": true}', '{"at": 5, "lasts": true}'):
        await kit.real_store.set_value("brake_turn.aiml", kept)
        assert await TrialTurns(kit.store, kit.clock, is_shared=True).take("aiml", every_seconds=300)


async def test_of_several_processes_one_makes_the_free_call_and_risks_one_song(kit: Kit) -> None:
    kit.generator.probes.default = ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail="")
    jobs = await queued(kit, 4)
    brakes = [shared_brake(kit) for _ in range(3)]
    brakes[0].refused("aiml", NO_CREDITS)
    await brakes[0].keep()
    for brake in brakes:
        await brake.load()
        assert not any(may_send(brake, job) for job in jobs)
    kit.clock.leap(301)
    for brake in brakes:
        for provider in brake._due():
            await brake._look(provider)
    assert len(kit.generator.probes.calls) == 1
    assert [sum(may_send(brake, job) for job in jobs) for brake in brakes] == [1, 0, 0]
    brakes[0].refused("aiml", NO_CREDITS)
    await brakes[0].keep()
    kit.clock.leap(301)
    for brake in brakes:
        for provider in brake._due():
            await brake._look(provider)
    assert len(kit.generator.probes.calls) == 2


async def test_once_a_song_is_accepted_the_others_hear_of_it(kit: Kit) -> None:
    kit.generator.probes.default = ProbeReport(result=ProbeResult.KEY_ACCEPTED, detail="")
    (job,) = await queued(kit)
    here, there = (shared_brake(kit) for _ in range(2))
    here.refused("aiml", NO_CREDITS)
    await here.keep()
    await there.load()
    assert there.holds(job)
    await there._look("aiml")
    assert may_send(there, job)
    there.accepted(job)
    there.end_turn(job, was_sent=True)
    await there.keep()
    await here.load()
    assert here.held("aiml") is None
    assert (await kit.job(job.id)).state is JobState.QUEUED
