"""Alerts arrive in the operator's channel, else with the application's owner, and ring for nobody else."""

import pytest

from bot.delivery.alert_messages import AlertMessages, alert_text
from bot.operators.alerts import Alert, AlertKind
from tests.client_kit import ClientKit
from tests.moved_clock import MovedClock


def alert(kind: AlertKind = AlertKind.NO_CREDITS, variant: str = "", **values: str | int) -> Alert:
    return Alert(kind=kind, variant=variant, at=MovedClock().now(), values=values)


def said(kit: ClientKit) -> list[tuple[int, str]]:
    """Channel and text of each of the bot's messages."""
    return [(message.channel_id, message.content) for message in kit.fake.messages if message.author.bot]


async def test_without_a_channel_the_owner_is_written_to_once_for_one_nonce(client_kit: ClientKit):
    messages = AlertMessages(client_kit.client, None)
    for _ in range(2):
        await messages.send(alert())
    ((channel_id, text),) = said(client_kit)
    assert "out of credits" in text
    assert "What to do: top the account up" in text
    assert channel_id != client_kit.fake.channel.id


async def test_with_a_channel_it_goes_there_alone(client_kit: ClientKit):
    channel = client_kit.fake.channel
    await AlertMessages(client_kit.client, channel.id).send(alert())
    ((channel_id, _),) = said(client_kit)
    assert channel_id == channel.id


async def test_a_channel_that_refuses_costs_no_alert(client_kit: ClientKit, caplog: pytest.LogCaptureFixture):
    await AlertMessages(client_kit.client, 1234567890123456789).send(alert())
    ((_, text),) = said(client_kit)
    assert "out of credits" in text
    assert "OPERATOR_CHANNEL 1234567890123456789 does not take messages" in caplog.text


async def test_what_a_value_says_mentions_nobody(client_kit: ClientKit):
    trouble = "@everyone <@&1> <@2>"
    await AlertMessages(client_kit.client, client_kit.fake.channel.id).send(alert(AlertKind.DISK, trouble=trouble))
    (message,) = [one for one in client_kit.fake.messages if one.author.bot]
    assert message.mentioned_user_ids == ()
    assert not message.mentions.everyone


def test_variants_with_sentences_of_their_own_have_them_and_others_do_not_matter():
    day = alert_text(alert(AlertKind.BUDGET_100, "day", percent=100, spent="1.00 USD", budget="1.00 USD"), "de")
    assert "Tagesbudget ist verbraucht: 1.00 USD von 1.00 USD" in day
    assert len(alert_text(alert(AlertKind.DISK, trouble="x" * 5000), "en")) == 2000
