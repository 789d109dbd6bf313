"""Drives a stand-in that runs as its own process, through its control API."""

from typing import Any

import aiohttp
import yarl

from sandbox.discord.doors import TOKEN_HEADER
from sandbox.generation.config import Fault, Rule, Script


class RemoteGeneration:
    """The same verbs as FakeGeneration, over HTTP. Raises aiohttp.ClientResponseError when an order is refused."""

    def __init__(self, session: aiohttp.ClientSession, url: str, *, token: str) -> None:
        """`url` and `token`: base address and control_token, as the process prints them with --control."""
        self._session = session
        self._headers = {TOKEN_HEADER: token}
        self._base = yarl.URL(url)

    async def state(self) -> dict[str, Any]:
        """Counts and settings; see `control.state_of`."""
        return await self._send("GET", "state")

    async def records(self) -> dict[str, Any]:
        """Every POST and every generation; see `control.records_of`."""
        return await self._send("GET", "records")

    async def change(self, **settings: Any) -> dict[str, Any]:
        """Change settings; all of them come back."""
        return await self._send("PATCH", "settings", settings)

    async def script(self, **script: Any) -> None:
        """Script the next generation that matches; see `config.Script`."""
        await self._send("POST", "scripts", Script.model_validate(script).model_dump(mode="json"))

    async def fault(
        self, call: str, *, fault: Fault | None = None, rule: dict[str, Any] | None = None, **kind: Any
    ) -> int:
        """Let a call go wrong: `fault`, or the fields of one in `kind`; `rule` says when. Its number."""
        chosen = fault or Fault.model_validate(kind)
        order = Rule.model_validate({"call": call, "fault": chosen, **(rule or {})})
        answer = await self._send("POST", "rules", order.model_dump(mode="json"))
        return int(answer["rule"])

    async def outage(self, seconds: float) -> int:
        """For so long, every connection is reset, file host included. Its number."""
        return await self.fault("any", manner="drop", rule={"for_seconds": seconds})

    async def heal(self, number: int | None = None) -> None:
        """Take one fault back, or all."""
        await self._send("DELETE", "rules" if number is None else f"rules/{number}")

    async def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        url = self._base.joinpath("sandbox", *path.split("/"))
        async with self._session.request(
            method, url, json=body, headers=self._headers, raise_for_status=True
        ) as response:
            found: dict[str, Any] = await response.json()
            return found
