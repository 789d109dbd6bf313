"""axe-core finds nothing that keeps people out, on any view of the page, by day and by night."""

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize

from .browsing import open_page
from .conftest import Sandbox
from .install_axe import SCRIPT, fetch
from .views import VIEWS, fill_channel, opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

FOUND = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map((one) =>
    `${one.id} (${one.impact}): ${one.nodes.map((node) => node.target).join(", ")}`)"""
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1180, height=800)


@pytest.fixture(scope="module")
def axe() -> str:
    missing = fetch()
    if missing:
        pytest.skip(missing)
    return SCRIPT.read_text(encoding="utf-8")


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def _filled(sandbox: Sandbox) -> None:
    await fill_channel(sandbox)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_view_has_a_barrier(
    browser: Browser, sandbox: Sandbox, axe: str, scheme: str, size: ViewportSize
) -> None:
    found: dict[str, list[str]] = {}
    # the policy forbids scripts from elsewhere: the debugger's own door is another one
    async with open_page(browser, sandbox.url, viewport=size, color_scheme=scheme) as page:
        for name in VIEWS:
            await opened(page, sandbox, name)
            await page.evaluate(axe)
            if barriers := await page.evaluate(FOUND):
                found[name] = barriers
    assert found == {}
