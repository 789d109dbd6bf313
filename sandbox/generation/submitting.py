"""POST /v2/generate/audio: check, fetch the reference, accept and charge, or say no as the real API does."""

import re
import secrets
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.generation.config import Script
from sandbox.generation.contract import MODELS, Model, complaints_about, refusal, sung_by, upstream_refusal
from sandbox.generation.ledger import Generation, Submission
from sandbox.generation.posting import PostCall
from sandbox.generation.reference import UnusableReferenceError, fetch_reference

#: AIML drops any other value silently.
_CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_REFUSED_WORDS = {"name": "content_policy_violation", "message": "The content was flagged by a content checker."}


class SubmitCall(PostCall):
    """The handler and the steps it goes through."""

    def words_in(self, body: Any) -> str | None:
        """None of a body that will be refused: its script stays for the next."""
        return None if complaints_about(body) else sung_by(body)

    def finished(self, answer: web.Response, posted: Submission) -> web.Response:
        """With the headers by which support finds a call."""
        return self._traced(answer, posted)

    async def submit(self, request: web.Request, posted: Submission, script: Script) -> web.Response:
        """Check, fetch the reference, accept and charge; or say no."""
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
