"""POST /v2/generate/audio: check, fetch the reference, accept and charge, or say no as the real API does."""

import json
import re
import secrets
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.generation.config import Call, Fault, Manner, Script
from sandbox.generation.contract import MODELS, Model, complaints_about, refusal, sung_by, upstream_refusal
from sandbox.generation.fault_injection import carry_out
from sandbox.generation.ledger import Generation, Submission
from sandbox.generation.reference import UnusableReferenceError, fetch_reference
from sandbox.generation.world import World

#: AIML drops any other value silently.
_CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_REFUSED_WORDS = {"name": "content_policy_violation", "message": "The content was flagged by a content checker."}


class SubmitCall:
    """The handler and the steps it goes through."""

    def __init__(self, world: World) -> None:
        """`world`: shared with the other calls."""
        self._world = world

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST."""
        world = self._world
        posted = await self._record(request)
        script = None if complaints_about(posted.body) else world.take_script(sung_by(posted.body))
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
        return self._traced(real, posted)

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
        return await carry_out(fault, request, closing=world.closing, real=real, filled=filled)

    async def _submit(self, request: web.Request, posted: Submission, script: Script) -> web.Response:
        world = self._world
        settings = world.settings
        no_key = world.key_error(request)
        if no_key is not None:
            return no_key
        complaints = complaints_about(posted.body, without=settings.without_models)
        if complaints or request.content_type != "application/json":
            return refusal(request, 400, "\n".join(["Body validation error", *complaints]))
        if settings.songs_left is not None and settings.songs_left <= 0:
            return refusal(request, 403)
        if settings.most_at_once is not None and world.ledger.running(settings) >= settings.most_at_once:
            return refusal(request, 429, headers={"Retry-After": settings.retry_after} if settings.retry_after else {})
        await world.pause(settings.submit_seconds)
        return await self._accept(posted, posted.body, script)

    async def _accept(self, posted: Submission, body: dict[str, Any], script: Script) -> web.Response:
        world = self._world
        name, model = secrets.token_hex(10), MODELS[body["model"]]
        assert world.session is not None
        try:
            reference = await fetch_reference(
                world.session, body["reference_audio_url"], world.folder / f"{name}.reference", world.settings
            )
        except UnusableReferenceError as error:
            return upstream_refusal(error.kind, str(error), body["reference_audio_url"])
        generation = Generation(
            id=f"{uuid4()}:{model.name}",  # with a colon, as the real ones: it must never become a path
            client_request_id=_valid_client_request_id(posted.client_request_id),
            prompt=sung_by(body),
            endpoint=model.name,
            body=body,
            reference=reference.path,
            track=world.folder / f"{name}.mp3",
            script=script,
            accepted_at=world.ledger.now(),
        )
        generation.error = _wrong_length(reference.seconds, model)
        if generation.error is None and any(
            word.lower() in generation.prompt.lower() for word in world.settings.refused_words
        ):
            generation.error = _REFUSED_WORDS
        world.accept(generation)
        posted.generation_id = generation.id
        return web.json_response({"id": generation.id, "status": "queued"}, status=201)

    def _traced(self, answer: web.Response, posted: Submission) -> web.Response:
        if self._world.settings.has_tracing:
            answer.headers["x-inference-id"] = posted.generation_id or secrets.token_urlsafe(15)
            if _valid_client_request_id(posted.client_request_id):
                answer.headers["x-client-request-id"] = posted.client_request_id or ""
        return answer


def _wrong_length(seconds: float, model: Model) -> dict[str, str] | None:
    if model.over_seconds < seconds <= model.max_seconds:
        return None
    is_short = seconds <= model.over_seconds
    bound = f"Minimum is {model.over_seconds:.0f}" if is_short else f"Maximum is {model.max_seconds:.0f}"
    word = "short" if is_short else "long"
    return {"name": f"audio_duration_too_{word}", "message": f"Audio duration is too {word}. {bound} seconds."}


def _valid_client_request_id(value: str | None) -> str | None:
    return value if value is not None and _CLIENT_REQUEST_ID.fullmatch(value) else None
