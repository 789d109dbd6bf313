import io
import time

import aiohttp
import discord
import pytest

from sandbox.discord import FakeDiscord, Fault

from .conftest import Bot, Start

CREATE = r"^/channels/\d+/messages$"


def channel(bot: Bot, fake: FakeDiscord) -> discord.PartialMessageable:
    return bot.get_partial_messageable(fake.channel.id)


async def test_an_error_after_the_effect_is_healed_by_the_nonce(fake: FakeDiscord, bot: Bot) -> None:
    fake.fail("POST", CREATE, status=502, after=True)
    await channel(bot, fake).send("x", nonce="job-1")
    assert len(fake.messages) == 1
    first, second = fake.calls_to("POST", CREATE)
    assert (first.status, first.applied, first.fault) == (502, True, True)
    assert (second.status, second.applied, second.fault) == (200, True, False)


async def test_an_error_before_the_effect_leaves_nothing(fake: FakeDiscord, bot: Bot) -> None:
    fake.fail("POST", CREATE, status=503, times=None)
    with pytest.raises(discord.DiscordServerError):
        await channel(bot, fake).send("x")
    assert fake.messages == []
    fake.faults.clear()
    await channel(bot, fake).send("x")
    assert len(fake.messages) == 1


@pytest.mark.parametrize(("after", "messages"), [(False, 0), (True, 1)])
async def test_a_dropped_connection_reaches_the_bot_as_a_client_error(
    fake: FakeDiscord, bot: Bot, after: bool, messages: int
) -> None:
    fake.fail("POST", CREATE, drop=True, after=after)
    with pytest.raises(aiohttp.ClientError):
        await channel(bot, fake).send("x", nonce="job-1")
    assert len(fake.messages) == messages
    (call,) = fake.calls_to("POST", CREATE)
    assert (call.status, call.applied) == (0, after)
    await channel(bot, fake).send("x", nonce="job-1")
    assert len(fake.messages) == 1


async def test_a_followup_that_is_repeated_after_an_error_is_there_twice(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="go", description="Go")
        async def command(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("x")
            fake.fail("POST", "^/webhooks/", status=500, after=True)
            await interaction.followup.send("y")

    await start(prepare)
    done = await fake.slash("go")
    await fake.until(lambda: len(done.followups) == 2)


@pytest.mark.parametrize("is_global", [False, True])
async def test_a_429_is_waited_for_and_repeated(fake: FakeDiscord, bot: Bot, is_global: bool) -> None:
    fake.fail("POST", CREATE, status=429, retry_after_seconds=0.05, is_global=is_global)
    await channel(bot, fake).send("x")
    assert [call.status for call in fake.calls_to("POST", CREATE)] == [429, 200]


async def test_a_429_without_via_is_raised_at_once(fake: FakeDiscord, bot: Bot) -> None:
    fake.fail("POST", CREATE, status=429, via=False)
    with pytest.raises(discord.HTTPException) as caught:
        await channel(bot, fake).send("x")
    assert caught.value.status == 429
    assert len(fake.calls_to("POST", CREATE)) == 1


async def test_a_429_carries_the_headers_discord_sends(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    fake.fail("GET", "^/users/@me$", status=429, retry_after_seconds=2.5, is_global=True)
    async with http.get(f"{fake.api_url}/users/@me") as answer:
        assert answer.status == 429
        assert answer.headers["Via"]
        assert answer.headers["Retry-After"] == "2"
        assert answer.headers["X-RateLimit-Global"] == "true"
        assert answer.headers["X-RateLimit-Scope"] == "global"
        body = await answer.json()
    assert (body["retry_after"], body["global"]) == (2.5, True)


async def test_a_delay_is_before_or_after_the_effect(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    fake.fail("GET", "^/users/@me$", delay_seconds=0.1)
    before = time.perf_counter()
    async with http.get(f"{fake.api_url}/users/@me") as answer:
        assert answer.status == 200
    assert time.perf_counter() - before >= 0.1


async def test_a_fault_can_answer_with_any_body(fake: FakeDiscord, bot: Bot) -> None:
    fake.fail("POST", CREATE, status=403, body={"code": 20016, "message": "slow mode"})
    with pytest.raises(discord.Forbidden) as caught:
        await channel(bot, fake).send("x")
    assert caught.value.code == 20016


async def test_a_fault_is_used_up_after_its_times(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    fault = fake.faults.add(Fault(method="GET", pattern="/users/@me", status=500, times=2))
    statuses = []
    for _ in range(3):
        async with http.get(f"{fake.api_url}/users/@me") as answer:
            statuses.append(answer.status)
    assert statuses == [500, 500, 200]
    assert fault.hits == 2


async def test_a_large_upload_arrives_whole(fake: FakeDiscord, bot: Bot) -> None:
    data = bytes(range(256)) * 4096 * 10
    await channel(bot, fake).send(file=discord.File(io.BytesIO(data), "long.mp3"))
    assert fake.messages[0].attachments[0].data == data


# -- the request budget ----------------------------------------------------------------------------------------------


async def test_five_messages_in_five_seconds_are_allowed_in_a_channel(
    fake: FakeDiscord, http: aiohttp.ClientSession
) -> None:
    fake.rules.rate_limits = True

    async def post(place: str) -> aiohttp.ClientResponse:
        url = f"{fake.api_url}/channels/{fake.place(place).id}/messages"
        async with http.post(url, json={"content": "x"}) as answer:
            await answer.read()
            return answer

    answers = [await post("general") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    assert 0 < float(answers[5].headers["X-RateLimit-Reset-After"]) <= 5
    assert answers[5].headers["Retry-After"]
    assert answers[0].headers["X-RateLimit-Bucket"] == answers[5].headers["X-RateLimit-Bucket"]
    assert (await post("music")).status == 200
    fake.advance(5.1)
    assert (await post("general")).status == 200


async def test_fifty_requests_a_second_are_the_most(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    fake.rules.rate_limits = True
    bodies = []
    for _ in range(51):
        async with http.get(f"{fake.api_url}/users/@me") as answer:
            bodies.append((answer.status, await answer.json()))
    refused = [body for status, body in bodies if status == 429]
    # All 51 may take longer than a second on a busy machine; then none is over the budget.
    assert all(body["global"] for body in refused)
    fake.advance(1.1)
    async with http.get(f"{fake.api_url}/users/@me") as answer:
        assert answer.status == 200
