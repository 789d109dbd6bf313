"""A plain HTTP client of the stand-in: no help from the bot's own client."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.generation import FakeGeneration
from tests.bot.generation.stand_ins import References


@dataclass(frozen=True, slots=True)
class Caller:
    session: aiohttp.ClientSession
    api: FakeGeneration
    references: References

    async def post(self, *, name: str | None = None, key: str | None = None, **changed: Any) -> tuple[int, Any]:
        body = {
            "model": "minimax-music",
            "prompt": "##some words\nto sing##",
            "reference_audio_url": self.references.url(),
            **changed,
        }
        headers = {"Authorization": f"Bearer {key or self.api.key}"}
        if name is not None:
            headers["X-Client-Request-Id"] = name
        body = {field: value for field, value in body.items() if value is not None}
        async with self.session.post(self.api.url + "/v2/generate/audio", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def submit(self, **changed: Any) -> str:
        status, body = await self.post(**changed)
        assert status == 201
        assert body["status"] == "queued"
        found: str = body["id"]
        return found

    async def get(self, path: str, *, key: str | None = None, **params: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key or self.api.key}"}
        async with self.session.get(self.api.url + path, params=params, headers=headers) as answer:
            return answer.status, await answer.json()

    async def poll(self, generation_id: str) -> dict[str, Any]:
        status, body = await self.get("/v2/generate/audio", generation_id=generation_id)
        assert status == 200
        found: dict[str, Any] = body
        return found

    async def end(self, generation_id: str) -> dict[str, Any]:
        """Poll to the end."""
        while True:
            body = await self.poll(generation_id)
            if body["status"] not in {"queued", "generating"}:
                return body
            await asyncio.sleep(0.02)

    async def track(self, url: str) -> tuple[int, bytes]:
        async with self.session.get(url) as answer:
            return answer.status, await answer.read()
