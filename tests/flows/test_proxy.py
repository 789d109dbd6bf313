"""The same bot behind a proxy: REST, gateway and answers to interactions go through it; what refuses is named."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import yarl

from sandbox.bot_process import BotProcess
from sandbox.discord import FakeDiscord
from sandbox.stage import wait_until_ready
from tests.connect_proxy import behind_tls, certificate, connect_proxy
from tests.flows.conftest import QUICK
from tests.flows.scenario import PATIENCE_SECONDS

__all__ = ["certificate"]

API, GATEWAY = "discord.example.com", "gateway.example.com"


def settings_behind(discord: FakeDiscord, certificate: Path, **proxy: str) -> dict[str, str]:
    return {
        **QUICK,
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": f"https://{API}{yarl.URL(discord.api_url).path}",
        "DISCORD_GATEWAY_URL": f"wss://{GATEWAY}{yarl.URL(discord.gateway_url).path}",
        "GENERATION_API_URL": "https://music.example.com",
        "GENERATION_API_KEY": "key",
        "SSL_CERT_FILE": str(certificate),
        **proxy,
    }


@pytest.mark.waits
@pytest.mark.parametrize(("login", "name"), [("", "https_proxy"), ("user:pass", "PROXY_URL")])
async def test_discord_is_reached_through_the_proxy_and_every_call_bears_a_bots_name(
    tmp_path: Path, certificate: Path, login: str, name: str
) -> None:
    agents: list[str] = []
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(FakeDiscord())
        api_port = yarl.URL(discord.api_url).port or 0
        gateway_port = yarl.URL(discord.gateway_url).port or 0
        api = await stack.enter_async_context(behind_tls(certificate, api_port, API, agents))
        gateway = await stack.enter_async_context(behind_tls(certificate, gateway_port, GATEWAY, agents))
        known = {f"{API}:443": api, f"{GATEWAY}:443": gateway}
        proxy = await stack.enter_async_context(connect_proxy(login=login, known=known))
        address = proxy.url_with_login if login else proxy.url
        bot = BotProcess(tmp_path, settings_behind(discord, certificate, **{name: address}))
        await stack.enter_async_context(bot)
        await wait_until_ready(discord, bot)
        asked = await discord.slash("queue", {})
        await discord.until(lambda: asked.messages, PATIENCE_SECONDS)
        assert set(proxy.asked) == {f"CONNECT {API}:443", f"CONNECT {GATEWAY}:443"}
        assert any("/callback" in agent for agent in agents)
        assert [agent for agent in agents if "DiscordBot (" not in agent] == []
        assert "pass@" not in bot.log


@pytest.mark.waits
async def test_a_proxy_that_refuses_is_named_and_its_password_is_not(tmp_path: Path, certificate: Path) -> None:
    async with FakeDiscord() as discord, connect_proxy(login="user:pass") as proxy:
        address = proxy.url_with_login.replace("pass@", "wrong-secret@")
        bot = BotProcess(tmp_path, settings_behind(discord, certificate, PROXY_URL=address))
        said = "Discord could not be reached: the proxy wants a user and a password"
        async with bot:
            await discord.until(lambda: said in bot.log or not bot.is_running, PATIENCE_SECONDS)
            assert await bot.stop() == 0, "it waits for the proxy, and for a signal"
        assert said in bot.log
        assert "wrong-secret" not in bot.log


@pytest.mark.waits
async def test_a_ban_at_login_is_waited_out_and_named(tmp_path: Path) -> None:
    async with FakeDiscord() as discord:
        discord.fail("GET", "/users/@me$", status=429, via=False, headers={"Retry-After": "2"})
        settings = {
            **QUICK,
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "GENERATION_API_URL": "https://music.example.com",
            "GENERATION_API_KEY": "key",
        }
        async with BotProcess(tmp_path, settings) as bot:
            await wait_until_ready(discord, bot)
            assert "Discord's edge has banned this address for 2 s (Cloudflare 1015)" in bot.log
            assert len(discord.calls_to("GET", "/users/@me$")) == 2
