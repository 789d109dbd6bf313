"""The panel's side of the page's server, asked as the page asks it."""

from typing import Any

import aiohttp


class Panel:
    """The panel as the page uses it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def pull(self, lever: str, value: Any = None, *, channel: str | None = None, status: int = 200) -> Any:
        body = {"channel": channel, "value": value}
        async with self._session.post(f"{self._url}backstage/levers/{lever}", json=body) as answer:
            assert answer.status == status
            return await answer.json()

    async def restore(self) -> Any:
        async with self._session.post(f"{self._url}backstage/restore", json={}) as answer:
            return await answer.json()

    async def look(self) -> Any:
        async with self._session.get(f"{self._url}backstage") as answer:
            return await answer.json()

    async def value(self, lever: str) -> Any:
        groups = (await self.look())["groups"]
        return next(one["value"] for group in groups for one in group["levers"] if one["id"] == lever)
