import asyncio
import json
from typing import Any

import aiohttp
import pytest

from sandbox.generation import FakeGeneration, Rule
from sandbox.generation.config import Call
from sandbox.generation.fault_injection import FaultInjector
from tests.bot.generation.stand_ins import References
from tests.sandbox.generation.caller import Caller

COUNTED = {"call": "poll", "fault": {"status": 500}}


def struck(rule: dict[str, Any], *, calls: int = 1000, seed: int = 0) -> list[int]:
    """Which of so many polls, one a second, a rule strikes."""
    mischief = FaultInjector(seed)
    mischief.add(Rule.model_validate({**COUNTED, **rule}), now=0)
    return [second for second in range(calls) if mischief.choose(Call.POLL, now=second)]


def test_a_rule_strikes_by_number_and_window() -> None:
    assert struck({}, calls=3) == [0, 1, 2]
    assert struck({"times": 2}, calls=5) == [0, 1]
    assert struck({"skip": 2, "times": 1}, calls=5) == [2]
    assert struck({"after_seconds": 2, "for_seconds": 3}, calls=10) == [2, 3, 4]
    assert struck({"call": "submit"}) == []
    assert struck({"call": "any"}, calls=1) == [0]
    assert struck({"generation_id": "x"}) == []


def test_chance_is_seeded_and_about_right() -> None:
    hits = struck({"probability": 0.2}, seed=5)

    assert hits == struck({"probability": 0.2}, seed=5)
    assert hits != struck({"probability": 0.2}, seed=6)
    assert 150 < len(hits) < 250


def test_rules_can_be_aimed_and_taken_back() -> None:
    mischief = FaultInjector()
    number = mischief.add(Rule.model_validate({**COUNTED, "generation_id": "x"}), now=0)
    assert mischief.choose(Call.POLL, 0, generation_id="y") is None
    assert mischief.choose(Call.POLL, 0, generation_id="x") is not None
    assert mischief.struck(number) == 1
    mischief.remove(number)
    assert mischief.choose(Call.POLL, 0, generation_id="x") is None


async def test_a_script_shows_any_answers_one_after_the_other(caller: Caller) -> None:
    caller.api.script(
        polls=[
            "queued",
            {"manner": "answer", "status": 200, "body": {"id": "{id}", "status": "odd", "audio_file": "{track_url}"}},
            {"manner": "answer", "status": 502},
            "completed",
        ]
    )
    generation_id = await caller.submit()

    assert (await caller.poll(generation_id))["status"] == "queued"
    odd = await caller.poll(generation_id)
    assert odd["id"] == generation_id
    assert (await caller.track(odd["audio_file"]))[0] == 200
    assert (await caller.get("/v2/generate/audio", generation_id=generation_id))[0] == 502
    for _ in range(2):
        assert (await caller.poll(generation_id))["audio_file"]["url"] == odd["audio_file"]


async def test_a_rule_hides_an_entry_of_a_script_without_using_it_up(caller: Caller) -> None:
    caller.api.script(polls=["queued", "generating"])
    generation_id = await caller.submit()
    caller.api.fault("poll", status=500, rule={"times": 1})

    assert (await caller.get("/v2/generate/audio", generation_id=generation_id))[0] == 500
    assert (await caller.poll(generation_id))["status"] == "queued"
    assert (await caller.poll(generation_id))["status"] == "generating"
    assert len(caller.api.ledger.generations[generation_id].polled_at) == 3


async def test_a_script_is_for_the_prompt_it_names_and_not_for_a_post_that_was_refused(caller: Caller) -> None:
    caller.api.change(queued_seconds=3600)
    caller.api.script(when="second", polls=["waiting"])
    first = await caller.submit(prompt="the first")
    assert (await caller.post(prompt="the second", key="wrong"))[0] == 401
    second = await caller.submit(prompt="the second")

    assert (await caller.poll(first))["status"] == "queued"
    assert (await caller.poll(second))["status"] == "waiting"


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("call", ["script", "rule"])
async def test_a_post_can_break_before_or_after_it_was_accepted(caller: Caller, after_effect: bool, call: str) -> None:
    fault = {"manner": "drop", "after_effect": after_effect}
    if call == "script":
        caller.api.script(submit=fault)
    else:
        caller.api.fault("submit", **fault)
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.post(name="a")

    assert caller.api.ledger.charges == after_effect
    assert len(caller.api.ledger.submissions) == 1
    assert "drop" in caller.api.ledger.submissions[0].outcome


async def test_posts_and_charges_are_counted_by_our_own_id(caller: Caller) -> None:
    await caller.submit(name="a")
    await caller.submit(name="b")
    assert caller.api.ledger.repeated_posts == {}
    assert (await caller.post(name="b", prompt="x" * 601))[0] == 400
    assert caller.api.ledger.repeated_posts == {"b": 2}
    assert caller.api.ledger.paid_twice == {}
    await caller.submit(name="a")
    assert caller.api.ledger.paid_twice == {"a": 2}


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        ("html", "text/html"),
        ("empty", b""),
        ("wrong_types", {"status": ["queued"]}),
        ("noise", b"no audio"),
        ("answer", {"statusCode": "418"}),
        ("huge", 8_000_000),
    ],
)
async def test_answers_can_be_odd(caller: Caller, manner: str, expected: Any) -> None:
    caller.api.fault("poll", manner=manner, status=418)
    headers = {"Authorization": f"Bearer {caller.api.key}"}
    async with caller.session.get(caller.api.url + "/v2/generate/audio", headers=headers) as answer:
        body = await answer.read()
        kind = answer.content_type
    match expected:
        case str():
            assert kind == expected
        case bytes():
            assert body.startswith(expected)
            assert expected or not body
        case int():
            assert len(body) > expected
        case _:
            assert expected.items() <= json.loads(body).items()


async def test_an_answer_can_be_cut_off(caller: Caller) -> None:
    generation_id = await caller.submit()
    caller.api.fault("poll", manner="truncate")
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.poll(generation_id)


async def test_a_file_can_be_missing_for_a_while(caller: Caller) -> None:
    caller.api.script(polls=["completed"], track_missing_seconds=0.3)
    url = (await caller.poll(await caller.submit()))["audio_file"]["url"]
    assert (await caller.track(url))[0] == 404
    await asyncio.sleep(0.35)
    assert (await caller.track(url))[0] == 200


async def test_an_outage_resets_every_connection_until_it_ends(caller: Caller) -> None:
    number = caller.api.outage(3600)
    for attempt in (caller.post(), caller.poll("x"), caller.track(f"{caller.api.url}/files/koala/00_output.mp3")):
        with pytest.raises(aiohttp.ClientConnectionError):
            await attempt
    caller.api.heal(number)
    assert (await caller.post())[0] == 201


async def test_what_a_fault_holds_back_is_answered_when_it_is_taken_back(caller: Caller) -> None:
    song = await caller.submit()
    number = caller.api.fault("poll", manner="slow", delay_seconds=3600)
    waiting = asyncio.create_task(caller.poll(song))
    while not caller.api.world.fault_injector.struck(number):  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.01)
    assert not waiting.done()
    caller.api.heal(number)
    assert (await waiting)["id"] == song


async def test_a_fault_that_is_taken_back_hurries_nothing_that_it_did_not_hold(caller: Caller) -> None:
    caller.api.change(submit_seconds=3600)
    number = caller.api.fault("poll", manner="slow", delay_seconds=3600)
    waiting = asyncio.create_task(caller.post())
    while not caller.api.ledger.submissions:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.01)
    caller.api.heal(number)
    assert not (await asyncio.wait({waiting}, timeout=0.3))[0]
    waiting.cancel()
    await asyncio.wait({waiting})


async def test_what_hangs_ends_with_the_stand_in(session: aiohttp.ClientSession, references: References) -> None:
    async with FakeGeneration() as api:
        api.fault("poll", manner="hang")
        waiting = asyncio.create_task(Caller(session, api, references).poll("x"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    with pytest.raises(aiohttp.ClientConnectionError):
        await waiting


async def test_everything_can_be_slow(caller: Caller) -> None:
    caller.api.change(latency_seconds=0.2)
    begun = asyncio.get_running_loop().time()
    await caller.get("/v2/generate/audio", generation_id="x")
    assert asyncio.get_running_loop().time() - begun > 0.15
