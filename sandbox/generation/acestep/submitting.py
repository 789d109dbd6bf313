"""POST /release_task: a form with the song in it, or JSON; queued before anything of it is looked at."""

import json
import secrets
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from sandbox.generation.acestep.contract import has_bad_field, key_error, refusal, wrapped
from sandbox.generation.acestep.line import Line
from sandbox.generation.config import Script
from sandbox.generation.ledger import Generation, Submission
from sandbox.generation.posting import PostCall
from sandbox.generation.world import World

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
#: Parts that hold a song: its style is followed, or it is what the task works on.
_SONGS = ("ref_audio", "reference_audio", "ctx_audio", "src_audio")
_PATHS = ("reference_audio_path", "src_audio_path", "ref_audio_path", "ctx_audio_path")


class _RefusedError(Exception):
    def __init__(self, answer: web.Response) -> None:
        super().__init__()
        self.answer = answer


class SubmitCall(PostCall):
    """The handler and the steps it goes through."""

    refusal = staticmethod(refusal)

    def __init__(self, world: World, line: Line) -> None:
        """`world` and `line`: shared with the other calls."""
        super().__init__(world)
        self._line = line

    def words_in(self, body: Any) -> str | None:
        """Whatever stands in the field."""
        words = body.get("lyrics") if isinstance(body, dict) else None
        return words if isinstance(words, str) else ""

    async def read(self, request: web.Request, posted: Submission) -> web.Response | None:
        """A form or JSON; its songs are kept."""
        try:
            posted.body = await self._fields(request)
        except _RefusedError as refused:
            return refused.answer
        return None

    async def _fields(self, request: web.Request) -> dict[str, Any]:
        """What the body holds, its songs as `{"path", "filename", "bytes"}`. Raises _RefusedError."""
        if request.content_type == _MULTIPART:
            return await self._multipart(request)
        if request.content_type == _FORM:
            return dict(await request.post())
        if request.content_type == _JSON or request.content_type.endswith("+json"):
            return await self._json(request)
        await request.read()
        raise _RefusedError(refusal(request, 415, f"Unsupported Content-Type: {request.content_type}"))

    async def _json(self, request: web.Request) -> dict[str, Any]:
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise _RefusedError(refusal(request, 400)) from None
        if not isinstance(body, dict):
            raise _RefusedError(refusal(request, 400, "JSON payload must be an object"))
        return body

    async def _multipart(self, request: web.Request) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        async for part in await request.multipart():
            if not isinstance(part, aiohttp.BodyPartReader) or part.name is None:
                continue
            if part.filename is None:
                fields[part.name] = await part.text()
            else:
                fields[part.name] = await self._saved(part)
        return fields

    async def _saved(self, part: aiohttp.BodyPartReader) -> dict[str, Any]:
        path = self._world.folder / f"{secrets.token_hex(10)}.reference"
        size = 0
        with path.open("wb") as file:
            while piece := await part.read_chunk(1 << 16):
                size += len(piece)
                file.write(piece)
        content_type = part.headers.get("Content-Type", "")
        return {"path": str(path), "filename": part.filename, "bytes": size, "content_type": content_type}

    async def submit(self, request: web.Request, posted: Submission, script: Script) -> web.Response:
        """Queue it before anything of it is looked at."""
        world = self._world
        fields: dict[str, Any] = posted.body
        no_key = key_error(request, world.settings, fields)
        if no_key is not None:
            return no_key
        if any(str(fields.get(name) or "").startswith("/") for name in _PATHS):
            return refusal(request, 400, "absolute audio file paths are not allowed")
        if has_bad_field(fields):
            return refusal(request, 500)
        max_waiting = world.settings.most_at_once
        if max_waiting is not None and len(self._line.waiting) >= max_waiting:
            return refusal(request, 429)
        await world.pause(world.settings.submit_seconds)
        return self._accept(posted, fields, script)

    def _accept(self, posted: Submission, fields: dict[str, Any], script: Script) -> web.Response:
        world = self._world
        name = secrets.token_hex(10)
        songs = [fields[part]["path"] for part in _SONGS if isinstance(fields.get(part), dict)]
        generation = Generation(
            id=str(uuid4()),
            client_request_id=posted.client_request_id,
            prompt=str(fields.get("lyrics", "")),
            body=fields,
            reference=Path(songs[0]) if songs else world.folder / f"{name}.reference",
            track=world.folder / f"{name}.mp3",
            script=script,
            accepted_at=world.ledger.now(),
            is_free=True,
        )
        place = self._line.take(generation)
        posted.generation_id = generation.id
        return wrapped({"task_id": generation.id, "status": "queued", "queue_position": place})
