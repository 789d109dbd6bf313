"""POST to an endpoint: the queue takes whatever is JSON and comes with the key; the application judges it later."""

import secrets
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.generation.config import Script
from sandbox.generation.fal.contract import (
    ENDPOINTS,
    application_of,
    complaint_about,
    key_error,
    refusal,
    too_short,
    unusable,
)
from sandbox.generation.ledger import Generation, Submission
from sandbox.generation.posting import PostCall
from sandbox.generation.reference import UnusableReferenceError, fetch_reference
from sandbox.generation.world import World


class SubmitCall(PostCall):
    """The handler and the steps it goes through."""

    refusal = staticmethod(refusal)

    def __init__(self, world: World, endpoint: str) -> None:
        """`world`: shared with the other calls."""
        super().__init__(world)
        self._name = endpoint
        self._endpoint = ENDPOINTS[endpoint]

    def words_in(self, body: Any) -> str | None:
        """Whatever stands where this endpoint looks for them."""
        words = body.get(self._endpoint.lyrics) if isinstance(body, dict) else None
        return words if isinstance(words, str) else ""

    async def submit(self, request: web.Request, posted: Submission, script: Script) -> web.Response:
        """Queue what is JSON and comes with the key."""
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
