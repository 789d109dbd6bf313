import asyncio
import io
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from sandbox.discord import CallbackType, ClientRefusedError, FakeDiscord, Install, Interaction

from .conftest import Bot, Start, handled

Does = Callable[[discord.Interaction], Awaitable[Any]]


def answering(does: Does) -> Callable[[Bot], None]:
    """A bot whose command `/go` does something."""

    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="go", description="Go")
        @app_commands.allowed_installs(guilds=True, users=True)
        @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
        async def command(interaction: discord.Interaction) -> None:
            await does(interaction)

    return prepare


async def go(fake: FakeDiscord, **how: Any) -> Interaction:
    """Type `/go` and wait for the first answer, and until the bot knows of it."""
    done = await fake.slash("go", **how)
    await fake.until(lambda: done.answered)
    await handled(fake)
    return done


def callback_url(fake: FakeDiscord, done: Interaction) -> str:
    return f"{fake.api_url}/interactions/{done.id}/{done.token}/callback"


def webhook_url(fake: FakeDiscord, done: Interaction, rest: str = "") -> str:
    return f"{fake.api_url}/webhooks/{fake.world.application_id}/{done.token}{rest}"


async def silent(interaction: discord.Interaction) -> None:
    """A bot that leaves answering to the test."""


async def test_an_answer_after_the_deadline_is_an_unknown_interaction(fake: FakeDiscord, start: Start) -> None:
    async def late(interaction: discord.Interaction) -> None:
        fake.advance(fake.rules.ack_deadline_seconds + 0.1)
        await interaction.response.send_message("late")

    bot = await start(answering(late))
    done = await fake.slash("go")
    await fake.until(lambda: bot.errors)
    (error,) = bot.errors
    assert isinstance(error, discord.NotFound)
    assert error.code == 10062
    assert done.failed
    assert {violation.kind for violation in fake.violations} == {"unacknowledged", "late answer"}


async def test_an_interaction_nobody_answers_fails_for_the_member(fake: FakeDiscord, start: Start) -> None:
    fake.rules.ack_deadline_seconds = 0.05
    await start(answering(silent))
    done = await fake.slash("go")
    await fake.until(lambda: done.failed)
    assert [violation.kind for violation in fake.violations] == ["unacknowledged"]


async def test_a_bot_that_is_away_is_not_blamed(fake: FakeDiscord, start: Start) -> None:
    bot = await start(answering(silent))
    await bot.close()
    await fake.until(lambda: not fake.gateway.connected)
    done = await fake.slash("go")
    fake.advance(fake.rules.ack_deadline_seconds)
    assert done.failed
    assert fake.violations == []


async def test_a_second_answer_is_refused_with_40060(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession
) -> None:
    await start(answering(lambda interaction: interaction.response.send_message("one")))
    done = await go(fake)
    async with http.post(callback_url(fake, done), json={"type": 4, "data": {"content": "two"}}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 40060)
    assert [violation.kind for violation in fake.violations] == ["second answer"]


async def test_a_bot_that_repeats_an_answer_whose_receipt_was_lost_is_not_blamed(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession
) -> None:
    await start(answering(silent))
    done = await fake.slash("go")
    fake.fail("POST", "/callback$", status=500, after=True)
    for status in (500, 400):
        async with http.post(callback_url(fake, done), json={"type": 4, "data": {"content": "one"}}) as answer:
            assert answer.status == status
    assert [message.content for message in done.messages] == ["one"]
    assert fake.violations == []


async def test_without_with_response_an_answer_is_204(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession
) -> None:
    await start(answering(silent))
    done = await fake.slash("go")
    async with http.post(callback_url(fake, done), json={"type": 4, "data": {"content": "two"}}) as answer:
        assert (answer.status, await answer.read()) == (204, b"")


async def test_with_response_names_the_message(fake: FakeDiscord, start: Start, http: aiohttp.ClientSession) -> None:
    await start(answering(silent))
    done = await fake.slash("go")
    url = callback_url(fake, done) + "?with_response=1"
    async with http.post(url, json={"type": 4, "data": {"content": "two", "flags": 64}}) as answer:
        body = await answer.json()
    assert done.original is not None
    assert body["interaction"]["response_message_id"] == str(done.original.id)
    assert body["interaction"]["response_message_ephemeral"] is True
    assert body["resource"]["message"]["content"] == "two"


@pytest.mark.parametrize("kind", [1, 6, 7, 8, 10, 99, None])
async def test_a_command_cannot_be_answered_with_a_type_that_is_not_for_it(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession, kind: int | None
) -> None:
    await start(answering(silent))
    done = await fake.slash("go")
    async with http.post(callback_url(fake, done), json={"type": kind, "data": {}}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50035)
    assert not done.answered


async def test_tokens_end_after_fifteen_minutes_but_the_message_can_be_edited_for_ever(
    fake: FakeDiscord, start: Start
) -> None:
    kept: list[discord.Interaction] = []

    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("working")
        kept.append(interaction)

    bot = await start(answering(answer))
    done = await go(fake)
    await fake.until(lambda: kept)
    fake.advance(901)
    for call in (kept[0].edit_original_response(content="x"), kept[0].followup.send("x"), kept[0].original_response()):
        with pytest.raises(discord.HTTPException) as caught:
            await call
        assert (caught.value.status, caught.value.code) == (401, 50027)
    assert done.original is not None
    await bot.get_partial_messageable(done.channel.id).get_partial_message(done.original.id).edit(content="done")
    assert done.original.content == "done"


async def test_tokens_can_be_expired_by_hand(fake: FakeDiscord, start: Start, http: aiohttp.ClientSession) -> None:
    await start(answering(lambda interaction: interaction.response.send_message("one")))
    done = await go(fake)
    fake.expire_tokens(done)
    async with http.post(webhook_url(fake, done), json={"content": "x"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, 50027)


async def test_a_webhook_route_before_the_answer_is_unknown(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession
) -> None:
    await start(answering(silent))
    done = await fake.slash("go")
    async with http.patch(webhook_url(fake, done, "/messages/@original"), json={"content": "x"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 10015)


async def test_a_private_answer_is_seen_by_its_member_and_not_reached_by_channel_routes(
    fake: FakeDiscord, start: Start
) -> None:
    bot = await start(answering(lambda interaction: interaction.response.send_message("psst", ephemeral=True)))
    done = await go(fake, member="Member Two")
    assert done.original is not None
    assert [message.content for message in fake.seen(member="Member Two")] == ["psst"]
    assert fake.seen(member="Member One") == []
    place = bot.get_partial_messageable(done.channel.id)
    for call in (place.get_partial_message(done.original.id).edit(content="x"), place.fetch_message(done.original.id)):
        with pytest.raises(discord.NotFound) as caught:
            await call
        assert caught.value.code == 10008
    assert [message async for message in place.history()] == []


async def test_the_privacy_of_a_deferred_answer_is_fixed_when_it_is_deferred(fake: FakeDiscord, start: Start) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.followup.send("public?", ephemeral=False)

    await start(answering(answer))
    done = await go(fake)
    await fake.until(lambda: not done.thinking)
    assert done.followups == []
    assert done.original is not None
    assert (done.original.content, done.original.visible_to) == ("public?", done.user.id)


async def test_the_first_followup_fills_the_deferred_answer_and_the_next_is_a_message(
    fake: FakeDiscord, start: Start
) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send("first")
        await interaction.followup.send("second", wait=True)

    await start(answering(answer))
    done = await go(fake)
    await fake.until(lambda: len(done.messages) == 2)
    assert [message.content for message in done.messages] == ["first", "second"]
    assert done.followups[0].reply_to_id == done.messages[0].id


async def test_a_followup_after_the_deferred_answer_was_deleted_is_a_message_of_its_own(
    fake: FakeDiscord, start: Start
) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.delete_original_response()
        await interaction.followup.send("private", ephemeral=True)

    await start(answering(answer))
    done = await go(fake)
    await fake.until(lambda: done.followups)
    assert [message.visible_to for message in done.followups] == [done.user.id]
    assert done.original is not None
    assert done.original.deleted


async def test_the_original_and_followups_are_read_edited_and_deleted(fake: FakeDiscord, start: Start) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.edit_original_response(content="x", attachments=[discord.File(io.BytesIO(b"1"), "a.mp3")])
        followup = await interaction.followup.send("y", wait=True)
        await followup.edit(content="z")
        assert (await interaction.original_response()).content == "x"
        assert (await interaction.followup.fetch_message(followup.id)).content == "z"
        await followup.delete()

    bot = await start(answering(answer))
    done = await go(fake)
    await fake.until(lambda: done.followups and done.followups[0].deleted)
    assert bot.errors == []
    assert done.original is not None
    assert [file.filename for file in done.original.attachments] == ["a.mp3"]


async def test_a_deferred_answer_may_only_be_private_nothing_else(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession
) -> None:
    await start(answering(silent))
    done = await fake.slash("go")
    async with http.post(callback_url(fake, done), json={"type": 5, "data": {"flags": 1 << 15}}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50035)


async def test_an_answer_needs_no_permission_of_the_bot_and_has_the_interactions_limit(
    fake: FakeDiscord, start: Start
) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        assert not interaction.app_permissions.attach_files
        await interaction.response.send_message(
            file=discord.File(io.BytesIO(bytes(interaction.filesize_limit)), "a.mp3")
        )

    fake.set_upload_limit(1000, channel=fake.channel)
    fake.revoke("attach_files", "send_messages")
    fake.member("Member One").upload_limit_bytes = 5000
    bot = await start(answering(answer))
    done = await go(fake)
    assert bot.errors == []
    assert [len(file.data) for file in done.messages[0].attachments] == [5000]
    refused = await fake.slash("go", member="Member Two")
    fake.set_upload_limit(999, channel=fake.channel)
    await fake.until(lambda: bot.errors)
    assert isinstance(bot.errors[0], discord.HTTPException)
    assert (bot.errors[0].status, bot.errors[0].code) == (413, 40005)
    assert not refused.answered


async def test_permissions_of_bot_and_member_come_with_the_interaction(fake: FakeDiscord, start: Start) -> None:
    found: list[tuple[discord.Permissions, discord.Permissions]] = []

    async def answer(interaction: discord.Interaction) -> None:
        found.append((interaction.app_permissions, interaction.permissions))
        await interaction.response.send_message("x")

    await start(answering(answer))
    await go(fake, member="Member One")
    await go(fake, member="Moderator")
    fake.revoke("view_channel")
    await go(fake)
    assert [(app.send_messages, member.manage_messages) for app, member in found] == [
        (True, False),
        (True, True),
        (False, False),
    ]


async def test_mentions_in_an_answer_ping_users_only_by_default(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession
) -> None:
    await start(answering(silent))
    done = await fake.slash("go")
    two = fake.member("Member Two")
    data = {"content": f"@everyone <@{two.id}>"}
    async with http.post(callback_url(fake, done), json={"type": 4, "data": data}):
        assert done.messages[0].pinged_user_ids == (two.id,)


async def test_a_replayed_interaction_is_the_same_one(fake: FakeDiscord, start: Start) -> None:
    ids: list[int] = []

    async def answer(interaction: discord.Interaction) -> None:
        ids.append(interaction.id)
        await interaction.response.send_message("x")

    bot = await start(answering(answer))
    done = await go(fake)
    await fake.replay(done)
    await fake.until(lambda: bot.errors)
    assert ids == [done.id, done.id]
    assert isinstance(bot.errors[0], discord.HTTPException)
    assert bot.errors[0].code == 40060


async def test_a_backdated_interaction_is_too_old_to_answer(fake: FakeDiscord, start: Start) -> None:
    fake.rules.ack_deadline_seconds = 3.0
    bot = await start(answering(lambda interaction: interaction.response.send_message("x")))
    before = fake.world.clock.time()
    done = await fake.slash("go", age_seconds=5)
    took = fake.world.clock.time() - before
    await fake.until(lambda: bot.errors)
    assert isinstance(bot.errors[0], discord.NotFound)
    assert bot.errors[0].code == 10062
    assert abs(discord.utils.snowflake_time(done.id).timestamp() - done.created_at) < took + 0.01
    assert fake.world.clock.time() - done.created_at >= 5
    assert fake.violations == []


# -- where the app is ------------------------------------------------------------------------------------------------


async def test_in_a_direct_message_there_is_a_user_and_no_guild(fake: FakeDiscord, start: Start) -> None:
    found: list[discord.Interaction] = []

    async def answer(interaction: discord.Interaction) -> None:
        found.append(interaction)
        await interaction.response.send_message("x")

    await start(answering(answer))
    done = await go(fake, channel=fake.open_dm())
    (interaction,) = found
    assert interaction.guild_id is None
    assert isinstance(interaction.user, discord.User)
    assert interaction.context.dm_channel
    assert done.payload["context"] == 1
    assert done.payload["authorizing_integration_owners"] == {"0": "0"}


async def test_an_app_only_the_member_installed_gets_five_followups(fake: FakeDiscord, start: Start) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        assert interaction.is_user_integration()
        await interaction.response.send_message("x")
        for number in range(6):
            await interaction.followup.send(str(number))

    bot = await start(answering(answer))
    done = await go(fake, channel="lounge", install=Install.USER)
    await fake.until(lambda: bot.errors)
    assert isinstance(bot.errors[0], discord.Forbidden)
    assert bot.errors[0].code == 40094
    assert len(done.followups) == 5
    with pytest.raises(discord.Forbidden) as caught:
        await bot.get_partial_messageable(done.channel.id).send("x")
    assert caught.value.code == 50001


async def test_where_external_apps_are_off_their_answers_are_private(fake: FakeDiscord, start: Start) -> None:
    await start(answering(lambda interaction: interaction.response.send_message("x")))
    fake.revoke("use_external_apps", channel="lounge", member="Member One")
    done = await go(fake, channel="lounge", install=Install.USER)
    assert done.messages[0].visible_to == done.user.id


async def test_a_command_that_is_not_for_direct_messages_is_not_offered_there(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="go", description="Go")
        @app_commands.guild_only()
        async def command(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("x")

    await start(prepare)
    with pytest.raises(ClientRefusedError):
        await fake.slash("go", channel=fake.open_dm())
    with pytest.raises(ClientRefusedError):
        await fake.slash("go", channel="lounge", install=Install.USER)
    with pytest.raises(ClientRefusedError, match="not in Elsewhere"):
        await fake.slash("go", channel="lounge")
    assert (await go(fake)).answered


# -- components, forms, autocomplete ---------------------------------------------------------------------------------


class Pressing(discord.ui.View):
    """Two buttons and a select, each answering in its own way."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="edited later")

    @discord.ui.button(label="Open", custom_id="open", row=0)
    async def open(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None: ...

    @discord.ui.select(
        custom_id="pick",
        options=[discord.SelectOption(label="A", value="a"), discord.SelectOption(label="B", value="b")],
    )
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select[Any]) -> None:
        await interaction.response.edit_message(content=f"picked {select.values}")


class Form(discord.ui.Modal, title="Words"):
    """Every kind of field."""

    intro = discord.ui.TextDisplay("Some words")
    words = discord.ui.Label(
        text="Words",
        component=discord.ui.TextInput(
            custom_id="words", style=discord.TextStyle.paragraph, max_length=20, default="la"
        ),
    )
    song = discord.ui.Label(
        text="Song", component=discord.ui.FileUpload(custom_id="song", min_values=0, max_values=1, required=False)
    )
    tongue = discord.ui.Label(
        text="Language",
        component=discord.ui.Select(
            custom_id="tongue", options=[discord.SelectOption(label=name) for name in ("en", "de")], required=False
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        words, song, tongue = self.words.component, self.song.component, self.tongue.component
        names = [file.filename for file in song.values]  # type: ignore[attr-defined]
        text = f"{words.value} {names} {tongue.values}"  # type: ignore[attr-defined]
        if interaction.message is not None:
            await interaction.response.edit_message(content=text)
        else:
            await interaction.response.send_message(text)


async def view(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("press", view=Pressing())


async def test_a_pressed_button_may_defer_and_edit_its_message(fake: FakeDiscord, start: Start) -> None:
    await start(answering(view))
    message = (await go(fake)).messages[0]
    pressed = await fake.click(message, "later")
    await fake.until(lambda: message.content == "edited later")
    assert pressed.answer_type == CallbackType.DEFERRED_UPDATE
    assert pressed.messages == []


async def test_a_select_gives_its_values(fake: FakeDiscord, start: Start) -> None:
    await start(answering(view))
    message = (await go(fake)).messages[0]
    await fake.select(message, "pick", ["b"])
    await fake.until(lambda: message.content == "picked ['b']")
    with pytest.raises(ClientRefusedError, match="not offered"):
        await fake.select(message, "pick", ["c"])


class Choosing(discord.ui.View):
    """A select of each kind that Discord fills itself."""

    def __init__(self) -> None:
        super().__init__()
        for kind in (
            discord.ui.UserSelect,
            discord.ui.RoleSelect,
            discord.ui.MentionableSelect,
            discord.ui.ChannelSelect,
        ):
            select: Any = kind(custom_id=kind.__name__)
            select.callback = partial(self.chosen, select)
            self.add_item(select)

    async def chosen(self, select: Any, interaction: discord.Interaction) -> None:
        chosen = select.values[0]
        await interaction.response.edit_message(content=f"{type(chosen).__name__} {chosen.name}")


@pytest.mark.parametrize(
    ("custom_id", "named", "said"),
    [
        ("UserSelect", "Member Two", "Member member.two"),
        ("RoleSelect", "Moderators", "Role Moderators"),
        ("MentionableSelect", "Member Two", "Member member.two"),
        ("MentionableSelect", "Moderators", "Role Moderators"),
        ("ChannelSelect", "general", "AppCommandChannel general"),
    ],
)
async def test_people_roles_and_channels_are_chosen_by_name_and_reach_the_bot_as_such(
    fake: FakeDiscord, start: Start, custom_id: str, named: str, said: str
) -> None:
    await start(answering(lambda interaction: interaction.response.send_message("whom", view=Choosing())))
    message = (await go(fake)).messages[0]
    await fake.select(message, custom_id, [named])
    await fake.until(lambda: message.content == said)


async def test_disabled_unknown_and_foreign_buttons_cannot_be_pressed(fake: FakeDiscord, start: Start) -> None:
    await start(answering(lambda interaction: interaction.response.send_message(view=Pressing(), ephemeral=True)))
    message = (await go(fake)).messages[0]
    with pytest.raises(ClientRefusedError, match="disabled"):
        await fake.click(message, "Off")
    with pytest.raises(ClientRefusedError, match="has no"):
        await fake.click(message, "Nothing")
    with pytest.raises(ClientRefusedError, match="does not see"):
        await fake.click(message, "Later", member="Member Two")


async def test_a_form_opened_by_a_button_updates_its_message(fake: FakeDiscord, start: Start) -> None:
    await start(answering(view))
    message = (await go(fake)).messages[0]
    pressed = await fake.click(message, "Open")
    await fake.until(lambda: pressed.modal)
    await handled(fake)
    sent = await fake.submit(pressed, {"words": "oh yes", "tongue": "de"}, {"song": ("a.mp3", b"x")})
    await fake.until(lambda: sent.answered)
    assert message.content == "oh yes ['a.mp3'] ['de']"
    assert sent.answer_type == CallbackType.UPDATE


async def test_a_form_keeps_what_was_filled_in_and_is_sent_once(fake: FakeDiscord, start: Start) -> None:
    await start(answering(lambda interaction: interaction.response.send_modal(Form())))
    asked = await go(fake)
    sent = await fake.submit(asked)
    await fake.until(lambda: sent.answered)
    assert sent.messages[0].content == "la [] []"
    with pytest.raises(ClientRefusedError, match="closed"):
        await fake.submit(asked)


async def test_a_form_refuses_what_its_fields_do_not_take(fake: FakeDiscord, start: Start) -> None:
    await start(answering(lambda interaction: interaction.response.send_modal(Form())))
    asked = await go(fake)
    for values, files, words in (
        ({"words": "x" * 21}, {}, "takes 1 to 20"),
        ({"words": ""}, {}, "takes 1 to 20"),
        ({"other": "x"}, {}, "no field 'other'"),
        ({"tongue": "fr"}, {}, "not offered"),
        ({}, {"song": [("a.mp3", b"x"), ("b.mp3", b"x")]}, "2 values"),
        ({}, {"words": ("a.mp3", b"x")}, "takes no file"),
    ):
        with pytest.raises(ClientRefusedError, match=words):
            await fake.submit(asked, values, files)
    await fake.dismiss(asked)
    with pytest.raises(ClientRefusedError, match="closed"):
        await fake.submit(asked)


async def test_a_form_cannot_answer_a_form(fake: FakeDiscord, start: Start, http: aiohttp.ClientSession) -> None:
    bot = await start(answering(lambda interaction: interaction.response.send_modal(Form())))
    asked = await go(fake)
    await bot.close()
    sent = await fake.submit(asked)
    modal = {"custom_id": "again", "title": "Again", "components": asked.modal.components if asked.modal else []}
    async with http.post(callback_url(fake, sent), json={"type": 9, "data": modal}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50035)


async def test_autocomplete_gives_choices(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        group = app_commands.Group(name="tracks", description="Tracks")

        @group.command(name="show", description="Show")
        async def show(interaction: discord.Interaction, song: str) -> None:
            await interaction.response.send_message(song)

        @show.autocomplete("song")
        async def songs(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=f"{current}!", value=current)]

        bot.tree.add_command(group)

    await start(prepare)
    typing = await fake.autocomplete("tracks show", "song", "la")
    assert await fake.until(lambda: typing.choices) == [{"name": "la!", "value": "la"}]
    chosen = await fake.slash("tracks show", {"song": "la"})
    await fake.until(lambda: chosen.answered)
    assert chosen.messages[0].content == "la"


async def test_a_message_command_carries_the_message_with_its_files(fake: FakeDiscord, start: Start) -> None:
    found: list[tuple[str, bytes]] = []

    def prepare(bot: Bot) -> None:
        @bot.tree.context_menu(name="Compose from this")
        async def command(interaction: discord.Interaction, message: discord.Message) -> None:
            found.append((message.content, await message.attachments[0].read()))
            await interaction.response.send_message("ok")

    await start(prepare)
    message = await fake.post("my song", files=[("song.mp3", b"data")], member="Member Two")
    done = await fake.message_command("Compose from this", message, member="Member One")
    await fake.until(lambda: done.answered)
    assert found == [("my song", b"data")]


async def test_a_user_command_carries_the_person_as_the_member_that_they_are(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.context_menu(name="Wave")
        async def command(interaction: discord.Interaction, member: discord.Member) -> None:
            await interaction.response.send_message(f"{interaction.user.display_name} to {member.display_name}")

    await start(prepare)
    done = await fake.user_command("Wave", "Member Two", member="Moderator")
    await fake.until(lambda: done.answered)
    assert done.messages[0].content == "Moderator to Member Two"
    with pytest.raises(ClientRefusedError, match="no command 'Wave'"):
        await fake.message_command("Wave", done.messages[0])


async def test_options_are_checked_as_a_client_does(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="make", description="Make")
        @app_commands.choices(kind=[app_commands.Choice(name="Rock", value="rock")])
        async def command(
            interaction: discord.Interaction,
            reference: discord.Attachment,
            words: app_commands.Range[str, 2, 5],
            kind: str | None = None,
            number: app_commands.Range[int, 1, 3] | None = None,
        ) -> None: ...

    await start(prepare)
    file = {"reference": ("a.mp3", b"x")}
    for options, files, words in (
        ({"words": "abc"}, {}, "'reference' is required"),
        ({}, file, "'words' is required"),
        ({"words": "a"}, file, "2 to 5"),
        ({"words": "abcdef"}, file, "2 to 5"),
        ({"words": 5}, file, "does not take 5"),
        ({"words": "abc", "kind": "jazz"}, file, "only its choices"),
        ({"words": "abc", "number": 4}, file, "from 1 to 3"),
        ({"words": "abc", "reference": "x"}, {}, "takes a file"),
        ({"words": "abc"}, {**file, "kind": ("a.mp3", b"x")}, "takes no file"),
    ):
        with pytest.raises(ClientRefusedError, match=words):
            await fake.slash("make", options, files=files)
    fake.set_upload_limit(10, channel=fake.channel)
    with pytest.raises(ClientRefusedError, match="larger than 10"):
        await fake.slash("make", {"words": "abc"}, files={"reference": ("a.mp3", bytes(11))})
    with pytest.raises(ClientRefusedError, match="no command"):
        await fake.slash("nothing")
    fake.revoke("use_application_commands", member="Member One")
    with pytest.raises(ClientRefusedError, match="may not use commands"):
        await fake.slash("make", {"words": "abc"}, files=file)


async def test_nothing_of_an_answer_shows_when_it_was_refused(fake: FakeDiscord, start: Start) -> None:
    bot = await start(answering(lambda interaction: interaction.response.send_message("x" * 2001)))
    done = await fake.slash("go")
    await fake.until(lambda: bot.errors)
    await asyncio.sleep(0)
    assert not done.answered
    assert fake.messages == []


async def test_a_form_filters_files_by_their_extension(fake: FakeDiscord, start: Start) -> None:
    class Upload(discord.ui.FileUpload[Any]):
        def to_component_dict(self) -> Any:
            return {**super().to_component_dict(), "file_types": ["audio"]}

    class Song(discord.ui.Modal, title="Song"):
        song = discord.ui.Label(text="Song", component=Upload(custom_id="song", min_values=1, max_values=1))

        async def on_submit(self, interaction: discord.Interaction) -> None:
            (file,) = self.song.component.values  # type: ignore[attr-defined]
            await interaction.response.send_message(file.url.split("/")[3])

    await start(answering(lambda interaction: interaction.response.send_modal(Song())))
    asked = await go(fake)
    with pytest.raises(ClientRefusedError, match=r"a\.png"):
        await fake.submit(asked, files={"song": ("a.png", b"x")})
    with pytest.raises(ClientRefusedError, match="0 values"):
        await fake.submit(asked)
    sent = await fake.submit(asked, files={"song": ("a.flac", b"x")})
    await fake.until(lambda: sent.answered)
    assert sent.messages[0].content == "ephemeral-attachments"


async def test_members_and_channels_can_be_options(fake: FakeDiscord, start: Start) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="who", description="Who")
        async def command(interaction: discord.Interaction, member: discord.Member, place: discord.TextChannel) -> None:
            await interaction.response.send_message(f"{member.display_name} {place.name}")

    await start(prepare)
    done = await fake.slash("who", {"member": "Member Two", "place": "music"})
    await fake.until(lambda: done.answered)
    assert done.messages[0].content == "Member Two music"


async def test_what_a_failing_test_prints_holds_no_token_and_no_file(fake: FakeDiscord, start: Start) -> None:
    await start(answering(view))
    done = await go(fake)
    message = await fake.post(files=[("a.mp3", b"secret bytes")])
    printed = repr([done, done.messages, message, done.channel])
    assert done.token not in printed
    assert "secret bytes" not in printed
