"""`/compose` with several models: what it offers, what it takes, and what comes back."""

from typing import Any

import pytest

from bot.errors import Reason
from bot.jobs.lyrics import Dialect, PromptRules
from bot.jobs.model import JobState
from bot.jobs.service import Actor
from bot.ui.requirements import OrderedModel
from sandbox.transcript import custom_ids
from tests.client_kit import LYRICS, SONG, ClientKit, labels_of, text_of
from tests.flows.conversation.forms import fields_of

OWN = OrderedModel(
    provider="acestep",
    name="acestep",
    style="pop",
    price_micros=0,
    prompt=PromptRules(dialect=Dialect.SECTION_TAGS, max_characters=4096, warn_characters=4096),
    takes_style=True,
    style_min_characters=1,
    style_max_characters=512,
)


@pytest.fixture
async def several(client_kit: ClientKit) -> ClientKit:
    client_kit.others, client_kit.shown_currency = (OWN,), "EUR"
    await client_kit.restart()
    return client_kit


async def options_of(kit: ClientKit) -> dict[str, Any]:
    (command,) = [one for one in kit.client.tree.get_commands() if one.name == "compose"]
    assert kit.client.tree.translator is not None
    described: Any = await command.get_translated_payload(kit.client.tree, kit.client.tree.translator)
    return {option["name"]: option for option in described["options"]}


async def test_one_model_without_a_style_asks_for_neither(client_kit: ClientKit) -> None:
    assert list(await options_of(client_kit)) == ["reference", "lyrics", "title"]


async def test_several_models_are_offered_with_their_prices(several: ClientKit) -> None:
    options = await options_of(several)
    assert list(options) == ["reference", "lyrics", "title", "style", "model"]
    assert [(one["name"], one["value"]) for one in options["model"]["choices"]] == [
        ("minimax-music · 0.037 EUR", "minimax-music"),
        ("acestep · 0.00 EUR", "acestep"),
    ]


async def test_the_form_asks_for_style_and_model_and_edit_has_them_in_it(several: ClientKit) -> None:
    done = await several.fake.slash("compose", {"model": "acestep"}, files={"reference": SONG})
    form = await several.fake.until(lambda: done.modal)
    sent = await several.fake.submit(form, {"lyrics": LYRICS, "style": "slow folk"})
    await several.shown(sent)
    job = await several.card_known(1)
    assert (job.model, job.style, job.provider, job.price_micros) == ("acestep", "slow folk", "acestep", 0)
    await several.tell(await several.jobs.cancel(job.id, Actor(member_id=job.member_id)))
    pressed = await several.fake.click(several.card(job), "job:v1:edit:1")
    form = await several.fake.until(lambda: pressed.modal)
    again = await several.fake.submit(form, {"lyrics": "Other words to sing"})
    await several.shown(again)
    job = await several.jobs.get(2)
    assert (job.model, job.style, job.again_of) == ("acestep", "slow folk", 1)


async def test_a_style_where_there_is_none_comes_back_with_everything_else(several: ClientKit) -> None:
    typed = {"lyrics": LYRICS, "style": "slow folk"}
    done = await several.fake.slash("compose", typed, files={"reference": SONG})
    answer = await several.shown(done)
    assert "minimax-music takes no words about the style" in answer.content
    assert "slow folk" in answer.content
    assert "Side by side" in text_of(answer)
    pressed = await several.fake.click(answer, "Change and send again")
    form = await several.fake.until(lambda: pressed.modal)
    sent = await several.fake.submit(form, {"model": "acestep"})
    await several.shown(sent)
    assert (await several.jobs.get(1)).style == "slow folk"


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_model_that_was_chosen_stands_in_the_form_of_what_came_back(
    several: ClientKit, restarted: bool
) -> None:
    typed = {"lyrics": LYRICS, "title": "la " * 60, "model": "acestep"}
    done = await several.fake.slash("compose", typed, files={"reference": SONG})
    answer = await several.shown(done)
    if restarted:
        await several.restart()
    pressed = await several.fake.click(answer, "Change and send again")
    form = await several.fake.until(lambda: pressed.modal)
    assert [one["value"] for one in fields_of(form)["model"]["options"] if one.get("default")] == ["acestep"]
    assert fields_of(form)["lyrics"]["value"] == LYRICS
    sent = await several.fake.submit(form, {"title": "Tide"}, files={"song": SONG} if restarted else None)
    await several.shown(sent)
    assert (await several.jobs.get(1)).model == "acestep"


async def test_words_that_another_model_takes_are_told_with_the_number(several: ClientKit) -> None:
    done = await several.fake.slash("compose", {"lyrics": "la " * 300}, files={"reference": SONG})
    answer = await several.shown(done)
    assert "minimax-music takes at most 600. acestep takes up to 4096" in answer.content


async def test_a_failed_song_offers_the_other_models_and_never_takes_one_by_itself(several: ClientKit) -> None:
    job = await several.order()
    moved = await several.store.move(job, JobState.FAILED, several.clock.now(), reason=Reason.PROVIDER_FAILED)
    assert moved is not None
    await several.tell(moved)
    card = several.card(moved)
    assert labels_of(card) == ["Try again", "Edit lyrics", "Try again with acestep"]
    (press,) = [one for one in custom_ids(card.components) if ":with:" in one]
    assert press == f"job:v1:with:{job.id}:acestep"
    pressed = await several.fake.click(card, press)
    await several.shown(pressed)
    made = await several.jobs.get(2)
    assert (made.model, made.style, made.again_of, made.lyrics) == ("acestep", "pop", job.id, LYRICS)


async def test_again_with_a_model_that_is_gone_is_told_and_gives_the_words_back(several: ClientKit) -> None:
    job = await several.order(options={"model": "acestep"})
    await several.jobs.cancel(job.id, Actor(member_id=job.member_id))
    several.others = ()
    await several.restart()
    await several.tell(await several.jobs.get(job.id))
    pressed = await several.fake.click(several.card(job), f"job:v1:again:{job.id}")
    answer = await several.shown(pressed)
    assert "acestep is not offered here any more" in answer.content
    assert "Side by side" in text_of(answer)
