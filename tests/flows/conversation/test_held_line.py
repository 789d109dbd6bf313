"""While the account is refused, whoever orders or looks reads why songs wait, in their own language."""

import pytest

from bot.errors import AccountError, Reason
from bot.jobs.model import JobState
from tests.client_kit import ClientKit, labels_of, text_of

SAID = {
    Reason.NO_CREDITS: ("used up its credits", "Guthaben dieses Bots"),
    Reason.KEY_REFUSED: ("does not accept this bot's key", "nimmt den Schlüssel dieses Bots nicht an"),
    Reason.ADDRESS_WRONG: ("not found at the address", "ist der Musikdienst nicht zu finden"),
}


@pytest.mark.parametrize("reason", SAID)
async def test_the_answer_to_an_order_the_card_and_the_queue_say_why_songs_wait(
    client_kit: ClientKit, reason: Reason
) -> None:
    client_kit.brake.refused("aiml", AccountError("no", reason=reason))
    english, german = SAID[reason]
    job = await client_kit.order()
    assert english in text_of(client_kit.card(job))
    assert "listening" in text_of(client_kit.card(job))

    job = await client_kit.move(await client_kit.fresh(job), JobState.QUEUED)
    await client_kit.show(job, await client_kit.eta_estimator.estimate(job))
    shown = client_kit.card(job)
    assert english in text_of(shown)
    assert "goes on by itself" in text_of(shown)
    assert labels_of(shown) == ["Cancel", "Lyrics"]

    done = await client_kit.fake.slash("queue")
    queue = text_of(await client_kit.shown(done))
    assert "held" in queue
    assert "waiting" not in queue

    client_kit.fake.member().locale = "de"
    job = await client_kit.order()
    assert german in text_of(client_kit.card(job))
    done = await client_kit.fake.slash("queue")
    assert "angehalten" in text_of(await client_kit.shown(done))


async def test_a_song_that_is_made_says_nothing_of_it(client_kit: ClientKit) -> None:
    job = await client_kit.generating(await client_kit.order())
    client_kit.brake.refused("aiml", AccountError("no", reason=Reason.NO_CREDITS))
    await client_kit.show(job, await client_kit.eta_estimator.estimate(job))
    assert "credits" not in text_of(client_kit.card(job))
    done = await client_kit.fake.slash("queue")
    assert "held" not in text_of(await client_kit.shown(done))
