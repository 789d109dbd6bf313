"""The whole bot on a real PostgreSQL, over TLS and over a socket; what it says when it cannot use one."""

import asyncio
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from tests.bot.store.own_server import OwnServer, own_server, programs
from tests.flows.conftest import OpenScenario
from tests.flows.scenario import PATIENCE_SECONDS
from tests.flows.test_stop_and_start import NOWHERE

#: `%40`, as it is typed.
PASSWORD, TYPED = "hunter@2", "hunter%402"


@pytest.fixture(scope="module")
def server() -> Generator[OwnServer]:
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL over TLS is not tested here: no Debian PostgreSQL, openssl or asyncpg")
    with tempfile.TemporaryDirectory(prefix="compose-pg-") as folder, own_server(Path(folder), where) as running:
        running.psql(f"CREATE ROLE bot LOGIN PASSWORD '{PASSWORD}'", "CREATE DATABASE songs OWNER bot")
        yield running


def states(server: OwnServer) -> list[str]:
    return server.psql("SELECT state FROM job ORDER BY id", database="songs").split()


@pytest.mark.waits
async def test_songs_are_made_over_tls_and_after_a_restart_over_a_socket(
    server: OwnServer, open_scenario: OpenScenario
) -> None:
    tls = f"sslmode=verify-full&sslrootcert={server.certificates}/authority.crt&application_name=songs"
    over_tls = f"postgres://bot:{TYPED}@localhost:{server.port}/songs?{tls}"
    over_a_socket = f"postgresql://bot:{TYPED}@/songs?host={server.folder}&port={server.port}"
    async with open_scenario(DATABASE_URL=over_tls) as scenario:
        await scenario.order(title="Over TLS")
        await scenario.track("Over TLS")
        seen = server.psql("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'bot'")
        assert set(seen.split()) == {"t"}
        assert await scenario.stage.bot.stop() == 0
        await scenario.restart(DATABASE_URL=over_a_socket)
        await scenario.order(title="Over a socket")
        await scenario.track("Over a socket")
        await scenario.discord.until(lambda: states(server) == ["delivered", "delivered"], PATIENCE_SECONDS)
        assert not any(secret in scenario.stage.bot.log for secret in (PASSWORD, TYPED, "Traceback"))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("postgres://bot:hunter3@localhost:{port}/songs", 1, "(password refused). Look at user and password"),
        ("postgres://bot:{typed}@localhost:{port}/songs?channel_binding=require", 2, "- channel_binding must be"),
    ],
)
async def test_a_start_that_cannot_use_it_says_one_sentence_and_ends_with_the_code(
    server: OwnServer, tmp_path: Path, url: str, code: int, sentence: str
) -> None:
    bot = BotProcess(tmp_path, {**NOWHERE, "DATABASE_URL": url.format(port=server.port, typed=TYPED)})
    await bot.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await bot.wait() == code
    assert sentence in bot.log
    assert "hunter" not in bot.log
    assert "Traceback" not in bot.log
