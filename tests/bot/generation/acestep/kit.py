"""A client of one's own ACE-Step server, and answers that such a server was seen to give (its own HTTP layer)."""

import json
from pathlib import Path
from typing import Any

from aiolimiter import AsyncLimiter
from pydantic import SecretStr

from bot.clock import Clock, SystemClock
from bot.generation.acestep.asking import ReferenceUse
from bot.generation.acestep.client import AceStepClient
from bot.generation.transport import HttpLimits, Observer, Sessions, Timeouts
from bot.jobs.ports import GenerationRequest
from tests.bot.generation.stand_ins import FAST

KEY = "a-key-of-ones-own"
LYRICS = "[Verse 1]\nThe tide came in and took my name\n\n[Chorus]\nand brought it back"
STYLE = "warm folk, close vocals"
TASK = "5b0a2f3c-8a54-4b3d-9d7e-0c1f2a3b4c5d"
REFERENCE = "https://cdn.discordapp.com/ephemeral-attachments/1/2/song.mp3?ex=6&is=5&hm=0123456789abcdef&"


def client_of(
    url: str,
    sessions: Sessions,
    *,
    key: str | None = KEY,
    use: ReferenceUse = ReferenceUse.STYLE,
    clock: Clock | None = None,
    timeouts: Timeouts = FAST,
    track_bytes: int = 2_000_000,
    budget: AsyncLimiter | None = None,
    observe: Observer | None = None,
) -> AceStepClient:
    return AceStepClient(
        sessions=sessions,
        base_url=url,
        api_key=None if key is None else SecretStr(key),
        reference_use=use,
        clock=clock or SystemClock(),
        budget=budget or AsyncLimiter(1000, 1),
        limits=HttpLimits(timeouts=timeouts, track_bytes=track_bytes),
        observe=observe,
    )


def request_of(song: Path | None, *, lyrics: str = LYRICS, style: str | None = STYLE) -> GenerationRequest:
    return GenerationRequest(
        prompt=lyrics,
        style=style,
        reference_url=REFERENCE,
        reference_file=song,
        client_request_id="compose-0123456789abcdef-1",
    )


def envelope(data: object, **changed: Any) -> dict[str, Any]:
    return {"data": data, "code": 200, "error": None, "timestamp": 1764374400000, "extra": None, **changed}


def taken(place: int = 1) -> dict[str, Any]:
    return envelope({"task_id": TASK, "status": "queued", "queue_position": place})


def row(status: int, result: object, *, task_id: str = TASK, progress_text: str | None = "") -> dict[str, Any]:
    """`result` is JSON in a text, as the server sends it."""
    said = {"task_id": task_id, "result": json.dumps(result), "status": status}
    return said if progress_text is None else {**said, "progress_text": progress_text}


def entry(**changed: Any) -> dict[str, Any]:
    usual = {"file": "", "wave": "", "status": 0, "create_time": 1764374400, "env": "development"}
    return {
        **usual,
        "prompt": "",
        "lyrics": "",
        "metas": {},
        "progress": 0.0,
        "stage": "queued",
        "error": None,
        **changed,
    }


QUEUED = envelope([row(0, [entry()])])
RUNNING = envelope([row(0, [entry(progress=0.51, stage="Generating music (batch size: 1)...")])])
FINISHED = envelope(
    [
        row(
            1,
            [
                entry(
                    file="/v1/audio?path=%2Ftmp%2Facestep%2Fa%20song.mp3",
                    status=1,
                    prompt=STYLE,
                    lyrics=LYRICS,
                    metas={"bpm": 120, "duration": 30.0, "genres": "", "keyscale": "C major"},
                    progress=1.0,
                    stage="succeeded",
                )
            ],
        )
    ]
)
FAILED = envelope([row(2, [entry(status=2, stage="failed")])])
UNKNOWN = envelope([row(0, [], progress_text=None)])
