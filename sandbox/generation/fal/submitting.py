"""POST to an endpoint: the queue takes whatever is JSON and comes with the key; the application judges it later."""

import json
import secrets
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.generation.config import Call, Fault, Manner, Script
from sandbox.generation.fal.contract import (
    ENDPOINTS,
    application_of,
    complaint_about,
    key_error,
    refusal,
    too_short,
    unusable,
)
from sandbox.generation.fault_injection import carry_out
from sandbox.generation.ledger import Generation, Submission
from sandbox.generation.reference import UnusableReferenceError, fetch_reference
from sandbox.generation.world import World


class SubmitCall:
    """The handler and the steps it goes through."""

    def __init__(self, world: World, endpoint: str) -> None:
        """`world`: shared with the other calls."""
        self._world = world
        self._name = endpoint
        self._endpoint = ENDPOINTS[endpoint]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST."""
        world = self._world
        posted = await self._record(request)
        words = posted.body.get(self._endpoint.lyrics) if isinstance(posted.body, dict) else None
        script = world.take_script(words if isinstance(words, str) else "")
        fault = (script and script.submit) or world.fault_injector.choose(
            Call.SUBMIT, world.ledger.now(), client_request_id=posted.client_request_id
        )
        await world.pause(world.settings.latency_seconds + (fault.delay_seconds if fault else 0))
        if fault is not None and not fault.after_effect and fault.manner is not Manner.SLOW:
            if script is not None and fault is not script.submit:
                world.give_back(script)
            return await self._show(fault, request, posted, None)
        real = await self._submit(request, posted, script or Script())
        if posted.generation_id is None:
            world.give_back(script)
        posted.outcome = "accepted" if posted.generation_id else f"HTTP {real.status}"
        if fault is not None and posted.generation_id:
            return await self._show(fault, request, posted, real)
        return real

    async def _record(self, request: web.Request) -> Submission:
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
        try:
            posted.body = json.loads(await request.read())
        except ValueError:
            posted.body = None
        return posted

    async def _show(
        self, fault: Fault, request: web.Request, posted: Submission, real: web.Response | None
    ) -> web.StreamResponse:
        world = self._world
        posted.outcome = f"{posted.outcome}, {fault.manner}" if posted.generation_id else f"{fault.manner}"
        world.ledger.struck[f"submit {fault.manner}"] += 1
        filled = {"id": posted.generation_id or "none"}
        return await carry_out(fault, request, closing=world.closing, real=real, filled=filled, refusal=refusal)

    async def _submit(self, request: web.Request, posted: Submission, script: Script) -> web.Response:
        world = self._world
        no_key = key_error(request, world)
        if no_key is not None:
            return no_key
        if world.settings.songs_left is not None and world.settings.songs_left <= 0:
            return refusal(request, 403)
        if not isinstance(posted.body, dict):
            return refusal(request, 422, "The request body must be a JSON object")
        await world.pause(world.settings.submit_seconds)
        return self._accept(request, posted, posted.body, script)

    def _accept(self, request: web.Request, posted: Submission, body: dict[str, Any], script: Script) -> web.Response:
        world = self._world
        name = secrets.token_hex(10)
        lyrics = body.get(self._endpoint.lyrics)
        generation = Generation(
            id=str(uuid4()),
            client_request_id=posted.client_request_id,
            prompt=lyrics if isinstance(lyrics, str) else "",
            endpoint=self._name,
            body=body,
            reference=world.folder / f"{name}.reference",
            track=world.folder / f"{name}.mp3",
            script=script,
            accepted_at=world.ledger.now(),
        )
        world.accept(generation, self._make(generation))
        posted.generation_id = generation.id
        own = f"{request.url.origin()}/{application_of(self._name)}/requests/{generation.id}"
        answer = {
            "status": "IN_QUEUE",
            "request_id": generation.id,
            "response_url": own,
            "status_url": f"{own}/status",
            "cancel_url": f"{own}/cancel",
            "logs": None,
            "metrics": {},
            "queue_position": 0,
        }
        return web.json_response(answer, headers={"x-fal-request-id": generation.id})

    async def _make(self, generation: Generation) -> None:
        """The application at work: judge, fetch the reference, compose. What it refuses was not worth any GPU time."""
        world = self._world
        complaint = complaint_about(self._endpoint, generation.body) or await self._unusable(generation)
        if complaint is None and any(word in generation.prompt.lower() for word in world.refused_words()):
            complaint = {"loc": ["body"], "msg": "The content was flagged by a content checker."}
            complaint |= {"type": "content_policy_violation"}
        if complaint is not None:
            world.give_up(generation, {"status": 422, "detail": [complaint]})
            return
        await world.compose(generation)

    async def _unusable(self, generation: Generation) -> dict[str, Any] | None:
        world = self._world
        url = generation.body[self._endpoint.reference]
        assert world.session is not None
        try:
            reference = await fetch_reference(world.session, url, generation.reference, world.settings)
        except UnusableReferenceError as error:
            return unusable(self._endpoint, error, url)
        is_short = reference.seconds <= self._endpoint.over_seconds
        return too_short(self._endpoint, reference.seconds, url) if is_short else None
