"""The panel's side of the page's server, asked as the page asks it."""

from typing import Any

import aiohttp

from sandbox.discord.doors import TOKEN_HEADER


class Panel:
    """The panel as the page uses it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def pull(self, lever: str, value: Any = None, *, channel: str | None = None, status: int = 200) -> Any:
        answered, body = await self._ask("POST", f"backstage/levers/{lever}", {"channel": channel, "value": value})
        assert answered == status
        return body

    async def restore(self) -> Any:
        return (await self._ask("POST", "backstage/restore", {}))[1]

    async def look(self) -> Any:
        return (await self._ask("GET", "backstage", None))[1]

    async def value(self, lever: str) -> Any:
        groups = (await self.look())["groups"]
        return next(one["value"] for group in groups for one in group["levers"] if one["id"] == lever)

    async def _ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        async with self._session.get(f"{self._url}token") as answer:
            headers = {TOKEN_HEADER: (await answer.json())["token"]}
        async with self._session.request(method, self._url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()
