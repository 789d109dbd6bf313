"""The one worker's line, and the index on the disk that outlives the server: of what has begun, never of what waits."""

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.generation.ledger import Generation
from sandbox.generation.reference import seconds_of
from sandbox.generation.world import World

_INDEX = "index.json"
#: A job that began longer ago than this is called failed.
_TIMEOUT_SECONDS = 3600.0
WORKING, SUCCEEDED, FAILED = 0, 1, 2


class Line:
    """Jobs run one after another. What is asked of one is answered from the index, else from memory."""

    def __init__(self, world: World) -> None:
        """Reads what an earlier server left in the folder: a job that ran then stands still for ever."""
        self._world = world
        self._worker = asyncio.Lock()
        self._index: dict[str, dict[str, Any]] = {}
        self._created_at: dict[str, float] = {}
        with suppress(OSError, ValueError):
            self._index = json.loads(self._path.read_text(encoding="utf-8"))
        #: Ended jobs of this process.
        self.ended: dict[str, int] = {"succeeded": 0, "failed": 0}
        self.running_id: str | None = None

    def take(self, generation: Generation) -> int:
        """Queue it; its place."""
        self._created_at[generation.id] = time.time()
        place = len(self.waiting)
        self._world.accept(generation, self._make(generation))
        return place

    @property
    def waiting(self) -> list[str]:
        """Ids of what has not begun."""
        return [name for name in self._created_at if name not in self._index]

    def row(self, task_id: str) -> dict[str, Any]:
        """What is said of a job."""
        known = self._index.get(task_id)
        if known is not None:
            is_over = known["status"] == WORKING and time.time() - known["create_time"] > _TIMEOUT_SECONDS
            return self.told(task_id, {**known, "status": FAILED} if is_over else known)
        if task_id in self._created_at:
            return self.told(task_id, self._entry(task_id, WORKING, stage="queued"))
        return {"task_id": task_id, "result": "[]", "status": WORKING}

    def told(self, task_id: str, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry as a row of the answer."""
        return {"task_id": task_id, "result": json.dumps([entry]), "status": entry["status"], "progress_text": ""}

    def scripted(self, generation: Generation, word: str) -> dict[str, Any]:
        """What a script has it say: queued, completed, error, lost, else a stage of work."""
        match word:
            case "lost":
                return {"task_id": generation.id, "result": "[]", "status": WORKING}
            case "completed":
                entry = self._entry(generation.id, SUCCEEDED, stage="succeeded", progress=1.0, generation=generation)
            case "error" | "failed":
                entry = self._entry(generation.id, FAILED, stage="failed")
            case _:
                entry = self._entry(generation.id, WORKING, stage=word, progress=0.0 if word == "queued" else 0.4)
        return self.told(generation.id, entry)

    async def _make(self, generation: Generation) -> None:
        world = self._world
        async with self._worker:
            await world.pause(world.settings.queued_seconds)
            self.running_id = generation.id
            self._write(self._entry(generation.id, WORKING, stage="running", progress=0.01), generation.id)
            try:
                await self._work(generation)
            finally:
                self.running_id = None

    async def _work(self, generation: Generation) -> None:
        world = self._world
        own_seconds = generation.script.generating_seconds
        seconds = world.settings.generating_seconds if own_seconds is None else own_seconds
        await world.pause(seconds / 2)
        entry = self._entry(generation.id, WORKING, stage="generating music (batch size: 1)...", progress=0.51)
        self._write(entry, generation.id)
        await world.pause(seconds / 2)
        if world.closing.is_set():
            return
        if not await self._is_usable(generation):
            world.give_up(generation)
        else:
            await world.compose(generation)
        if generation.error is None:
            entry = self._entry(generation.id, SUCCEEDED, stage="succeeded", progress=1.0, generation=generation)
        else:
            entry = self._entry(generation.id, FAILED, stage="failed")
        generation.finish(world.ledger.now())
        self.ended["failed" if generation.error else "succeeded"] += 1
        self._write(entry, generation.id)

    async def _is_usable(self, generation: Generation) -> bool:
        """What it cannot decode, or is told to find offensive, ends as failed, without a reason."""
        if any(word in generation.prompt.lower() for word in self._world.refused_words()):
            return False
        if not generation.reference.exists():
            await asyncio.to_thread(generation.reference.write_bytes, b"")
            return True  # without one it makes a song of the words alone
        return await asyncio.to_thread(seconds_of, generation.reference) is not None

    def _entry(
        self,
        task_id: str,
        status: int,
        *,
        stage: str,
        progress: float = 0.0,
        generation: Generation | None = None,
    ) -> dict[str, Any]:
        made = {} if generation is None else {"prompt": generation.body.get("prompt", ""), "lyrics": generation.prompt}
        return {
            "file": "" if generation is None else f"/v1/audio?path={quote(str(generation.track), safe='')}",
            "wave": "",
            "status": status,
            "create_time": int(self._created_at.get(task_id, time.time())),
            "env": "development",
            **made,
            **({} if generation is None else {"metas": {"bpm": 120, "duration": None, "genres": ""}}),
            "progress": progress,
            "stage": stage,
        }

    def _write(self, entry: dict[str, Any], task_id: str) -> None:
        """At once and whole: the server may be killed at any time."""
        self._index[task_id] = entry
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._index), encoding="utf-8")
        part.replace(self._path)

    @property
    def _path(self) -> Path:
        return self._world.folder / _INDEX
