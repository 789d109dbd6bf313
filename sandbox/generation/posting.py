"""What every contract's POST goes through: written down, struck by a fault where one is due, else answered."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.generation.config import Call, Fault, Manner, Script
from sandbox.generation.contract import refusal
from sandbox.generation.fault_injection import carry_out
from sandbox.generation.ledger import Submission
from sandbox.generation.world import World


class PostCall(ABC):
    """The handler of one contract's POST."""

    #: How the contract says no where a fault has no words of its own.
    refusal: Callable[..., web.Response] = staticmethod(refusal)

    def __init__(self, world: World) -> None:
        """`world`: shared with the other calls."""
        self._world = world

    @abstractmethod
    def words_in(self, body: Any) -> str | None:
        """The words that will be sung, by which a test's script is found; None: nothing is scripted for it."""

    @abstractmethod
    async def submit(self, request: web.Request, posted: Submission, script: Script) -> web.Response:
        """Take it, and give `posted` its generation's id; or say no as the real service does."""

    async def read(self, request: web.Request, posted: Submission) -> web.Response | None:
        """Fill `posted.body`; an answer when what came cannot be read at all."""
        try:
            posted.body = json.loads(await request.read())
        except ValueError:
            posted.body = None
        return None

    def finished(self, answer: web.Response, _posted: Submission) -> web.Response:
        """The answer as it leaves."""
        return answer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST."""
        world = self._world
        posted = self._recorded(request)
        unreadable = await self.read(request, posted)
        words = self.words_in(posted.body)
        script = None if words is None else world.take_script(words)
        fault = (script and script.submit) or world.fault_injector.choose(
            Call.SUBMIT, world.ledger.now(), client_request_id=posted.client_request_id
        )
        await world.pause_before_answer(fault)
        if fault is not None and not fault.after_effect and fault.manner is not Manner.SLOW:
            if script is not None and fault is not script.submit:
                world.give_back(script)
            return await self._struck(fault, request, posted, None)
        real = unreadable or await self.submit(request, posted, script or Script())
        if posted.generation_id is None:
            world.give_back(script)
        posted.outcome = "accepted" if posted.generation_id else f"HTTP {real.status}"
        if fault is not None and posted.generation_id:
            return await self._struck(fault, request, posted, real)
        return self.finished(real, posted)

    def _recorded(self, request: web.Request) -> Submission:
        ledger = self._world.ledger
        posted = Submission(
            number=len(ledger.submissions) + 1,
            at_seconds=ledger.now(),
            client_request_id=request.headers.get("X-Client-Request-Id"),
            content_type=request.content_type,
            user_agent=request.headers.get("User-Agent", ""),
            body=None,
        )
        ledger.submissions.append(posted)
        return posted

    async def _struck(
        self, fault: Fault, request: web.Request, posted: Submission, real: web.Response | None
    ) -> web.StreamResponse:
        world = self._world
        posted.outcome = f"{posted.outcome}, {fault.manner}" if posted.generation_id else f"{fault.manner}"
        world.ledger.struck[f"submit {fault.manner}"] += 1
        filled = {"id": posted.generation_id or "none"}
        return await carry_out(fault, request, closing=world.closing, real=real, filled=filled, refusal=self.refusal)
