import io
from typing import Any

import aiohttp
import discord
import pytest
from discord import ui

from sandbox.discord import FakeDiscord

from .conftest import Bot, Start


def button(**more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": "press", **more}


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def select(**more: Any) -> dict[str, Any]:
    return {"type": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}], **more}


async def post(http: aiohttp.ClientSession, fake: FakeDiscord, components: list[Any], **more: Any) -> tuple[int, Any]:
    body = {"content": "x", "components": components, "nonce": "1", "enforce_nonce": True, **more}
    async with http.post(f"{fake.api_url}/channels/{fake.channel.id}/messages", json=body) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    "components",
    [
        [button()],
        [row()],
        [row(*(button(custom_id=str(n)) for n in range(6)))],
        [row(button(custom_id=str(n))) for n in range(6)],
        [row(button(custom_id="c" * 101))],
        [row(button(custom_id=None))],
        [row(button(label="l" * 81))],
        [row(button(label=None))],
        [row(button(), button())],
        [row(button(style=9))],
        [row(button(style=5))],
        [row(button(style=5, custom_id=None, url="javascript:alert(1)"))],
        [row(button(style=5, custom_id=None, url="https://example.org/a b"))],
        [row(button(style=5, custom_id=None, url="https://example.org/a\nb"))],
        [row(button(style=5, custom_id=None, url="https:///a"))],
        [row(button(style=5, custom_id=None, url="https://"))],
        [row(button(style=5, custom_id=None, url="https://example.org:99999/"))],
        [row(button(style=5, custom_id=None, url="https://[::1/"))],
        [row(button(style=5, custom_id=None, url="https://example.org/" + "x" * 493))],
        [row(button(url="https://example.org"))],
        [row(select(), button())],
        [row(select(options=[]))],
        [row(select(options=[{"label": str(n), "value": str(n)} for n in range(26)]))],
        [row(select(options=[{"label": "l" * 101, "value": "v"}]))],
        [row(select(options=[{"label": "l", "value": "v"}, {"label": "m", "value": "v"}]))],
        [row(select(placeholder="p" * 151))],
        [row({"type": 4, "custom_id": "text", "style": 1, "label": "Words"})],
        [row({"type": 99})],
        [{"type": 10, "content": "only in V2"}],
        "not a list",
    ],
)
async def test_components_discord_would_refuse_are_refused(
    fake: FakeDiscord, http: aiohttp.ClientSession, components: list[Any]
) -> None:
    status, body = await post(http, fake, components)
    assert (status, body["code"]) == (400, 50035)
    assert fake.messages == []


def link(url: str) -> list[dict[str, Any]]:
    return [row(button(style=5, custom_id=None, url=url))]


async def test_a_button_leads_to_this_machine_unless_the_sandbox_is_as_strict_as_discord(
    fake: FakeDiscord, http: aiohttp.ClientSession
) -> None:
    hosts = ("http://127.0.0.1:8700/a.mp3", "http://localhost/", "http://[::1]:1/", "http://10.0.0.1/")
    assert [(await post(http, fake, link(url), nonce=url[:25]))[0] for url in hosts] == [200] * 4
    fake.rules.loopback_links = False
    assert [(await post(http, fake, link(url), nonce=f"2{url}"[:25]))[0] for url in hosts] == [400] * 4
    assert (await post(http, fake, link("https://example.org/a"), nonce="other"))[0] == 200


async def test_a_host_that_is_disliked_is_refused_by_name(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    fake.rules.disliked_hosts = ("files.example",)
    status, body = await post(http, fake, link("https://Files.example/a"))
    assert (status, body["code"]) == (400, 50035)
    wrong = body["errors"]["components"]["0"]["components"]["0"]["url"]["_errors"]
    assert [error["code"] for error in wrong] == ["URL_TYPE_INVALID_URL"]
    assert (await post(http, fake, link("https://other.example/a")))[0] == 200


@pytest.mark.parametrize(
    "components",
    [
        [{"type": 10, "content": "t" * 4001}],
        [{"type": 10, "content": "t"}] * 41,
        [{"type": 17, "components": [{"type": 10, "content": "t"}] * 40}],
        [{"type": 17, "components": [{"type": 17, "components": []}]}],
        [{"type": 13, "file": {"url": "attachment://missing.mp3"}}],
        [{"type": 13, "file": {"url": "https://example.org/a.mp3"}}],
        [{"type": 9, "components": [{"type": 10, "content": "t"}]}],
        [{"type": 12, "items": []}],
    ],
)
async def test_v2_components_discord_would_refuse_are_refused(
    fake: FakeDiscord, http: aiohttp.ClientSession, components: list[Any]
) -> None:
    status, body = await post(http, fake, components, content=None, flags=1 << 15)
    assert (status, body["code"]) == (400, 50035)


async def test_v2_excludes_content_and_embeds(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    components = [{"type": 10, "content": "t"}]
    assert (await post(http, fake, components, flags=1 << 15))[0] == 400
    assert (await post(http, fake, components, content=None, embeds=[{"title": "x"}], flags=1 << 15))[0] == 400
    assert (await post(http, fake, components, content=None, flags=1 << 15))[0] == 200


async def test_flags_a_bot_may_not_set_are_refused(fake: FakeDiscord, http: aiohttp.ClientSession) -> None:
    assert (await post(http, fake, [], flags=1 << 4))[0] == 400


async def test_components_are_numbered_and_keep_the_numbers_they_have(
    fake: FakeDiscord, http: aiohttp.ClientSession
) -> None:
    await post(http, fake, [row(button(id=2), button(custom_id="b", label="B"))])
    (top,) = fake.messages[0].components
    assert (top["id"], [inner["id"] for inner in top["components"]]) == (1, [2, 3])


class Panel(ui.LayoutView):
    """A V2 message with every kind of component discord.py has."""

    def __init__(self, words: str) -> None:
        super().__init__(timeout=None)
        press: ui.Button[Any] = ui.Button(label="Press", custom_id="press")
        thumbnail: ui.Thumbnail[Any] = ui.Thumbnail("attachment://wave.png")
        self.add_item(
            ui.Container(
                ui.TextDisplay(words),
                ui.Section(ui.TextDisplay("beside"), accessory=thumbnail),
                ui.Separator(),
                ui.File("attachment://track.mp3"),
                ui.ActionRow(press),
            )
        )


async def test_a_layout_view_is_shown_with_its_files(fake: FakeDiscord, bot: Bot, http: aiohttp.ClientSession) -> None:
    files = [discord.File(io.BytesIO(b"mp3"), "track.mp3"), discord.File(io.BytesIO(b"png"), "wave.png")]
    one = fake.member("Member One")
    sent = await bot.get_partial_messageable(fake.channel.id).send(
        view=Panel(f"for <@{one.id}>"), files=files, allowed_mentions=discord.AllowedMentions(users=True)
    )
    assert fake.violations == []
    assert fake.message(sent.id).pinged_user_ids == (one.id,)
    (container,) = sent.components
    assert isinstance(container, discord.Container)
    shown = next(child for child in container.children if isinstance(child, discord.FileComponent))
    async with http.get(shown.media.url) as answer:
        assert await answer.read() == b"mp3"
    await sent.edit(view=Panel("changed"))
    assert fake.message(sent.id).components_v2


async def test_an_ordinary_message_becomes_v2_only_without_its_content(fake: FakeDiscord, bot: Bot) -> None:
    class Words(ui.LayoutView):
        text = ui.TextDisplay[Any]("words")

    sent = await bot.get_partial_messageable(fake.channel.id).send("plain")
    with pytest.raises(discord.HTTPException):
        await sent.edit(view=Words())
    await sent.edit(content=None, embeds=[], attachments=[], view=Words())
    with pytest.raises(discord.HTTPException):
        await sent.edit(content="plain again", view=None)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "t" * 46},
        {"custom_id": "c" * 101},
        {"components": []},
        {"components": [{"type": 10, "content": "x"}] * 6},
        {"components": [row(button())]},
        {"components": [{"type": 18, "label": "l" * 46, "component": {"type": 4, "custom_id": "a", "style": 1}}]},
        {"components": [{"type": 18, "label": "l", "component": {"type": 4, "custom_id": "a", "style": 3}}]},
        {"components": [{"type": 18, "label": "l", "component": {"type": 4, "custom_id": "a", "max_length": 4001}}]},
        {"components": [{"type": 18, "label": "l", "component": {"type": 4, "custom_id": "a", "value": "v" * 4001}}]},
        {"components": [{"type": 18, "label": "l", "component": {"type": 19, "custom_id": "a", "max_values": 11}}]},
        {"components": [{"type": 18, "label": "l"}]},
        {"components": [{"type": 19, "custom_id": "a"}]},
    ],
)
async def test_a_form_discord_would_refuse_is_refused(
    fake: FakeDiscord, start: Start, http: aiohttp.ClientSession, change: dict[str, Any]
) -> None:
    def prepare(bot: Bot) -> None:
        @bot.tree.command(name="go", description="Go")
        async def command(interaction: discord.Interaction) -> None: ...

    await start(prepare)
    done = await fake.slash("go")
    field = {"type": 18, "label": "l", "component": {"type": 4, "custom_id": "a", "style": 1}}
    data = {"title": "t", "custom_id": "c", "components": [field], **change}
    url = f"{fake.api_url}/interactions/{done.id}/{done.token}/callback"
    async with http.post(url, json={"type": 9, "data": data}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50035)
    async with http.post(
        url, json={"type": 9, "data": {**data, "title": "t", "custom_id": "c", "components": [field]}}
    ):
        assert done.modal is not None
