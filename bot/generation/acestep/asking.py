"""What the server is sent with a song: the fields of its form, and the song's own bytes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import aiohttp

from bot.errors import BusyError, Reason, RefusedError
from bot.generation.acestep.vocal_language import language_of
from bot.jobs.ports import GenerationRequest

#: The bounds of the server's field.
_MIN_SECONDS, _MAX_SECONDS = 10, 600
#: A song made of words: so fast they are sung, and so long it plays besides. Minute-long songs hold about 400.
_CHARACTERS_PER_SECOND = 7
_PLAYED_SECONDS = 12
#: 1.0 keeps the song; 0.2 would be "for style transfer" (the server's documents).
_COVER_STRENGTH = "1.0"


class ReferenceUse(StrEnum):
    """ACESTEP_REFERENCE: what the model does with a reference."""

    STYLE = "style"  #: follows its sound; the tune is new
    COVER = "cover"  #: keeps its tune and sings other words to it


def fields_of(request: GenerationRequest, use: ReferenceUse) -> dict[str, str]:
    """Everything but the song. A number in the wrong form would be answered with 500 and no word of explanation."""
    fields = {
        "prompt": request.style or "",
        "lyrics": request.prompt,
        "vocal_language": language_of(request.prompt),
        "batch_size": "1",  # it makes two by default
        "audio_format": "mp3",
    }
    if use is ReferenceUse.COVER:
        return {**fields, "task_type": "cover", "audio_cover_strength": _COVER_STRENGTH}
    # without it the song would be as long as the reference, however few its words
    return {**fields, "task_type": "text2music", "audio_duration": str(seconds_for(request.prompt))}


def seconds_for(lyrics: str) -> int:
    """How long a song of these words is made."""
    seconds = _PLAYED_SECONDS + len(lyrics) // _CHARACTERS_PER_SECOND
    return max(_MIN_SECONDS, min(seconds, _MAX_SECONDS))


@asynccontextmanager
async def form_for(request: GenerationRequest, use: ReferenceUse) -> AsyncGenerator[aiohttp.FormData]:
    """The form, with the song open for as long as it is sent; aiohttp reads it piece by piece in a thread.

    Raises RefusedError when the copy is gone, BusyError when it cannot be read now.
    """
    song, suffix = await asyncio.to_thread(_opened, request.reference_file)
    try:
        form = aiohttp.FormData(charset="utf-8")
        for name, value in fields_of(request, use).items():
            form.add_field(name, value)
        part = "src_audio" if use is ReferenceUse.COVER else "reference_audio"
        # the server keeps the ending, and decodes by it; what the member's file was called is not its business
        form.add_field(part, song, filename=f"reference.{suffix}", content_type=_CONTENT_TYPES[suffix])
        yield form
    finally:
        await asyncio.to_thread(song.close)


_CONTENT_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}


def _opened(path: Path | None) -> tuple[BinaryIO, str]:
    """Our copy and its ending. Every reference was made one of these two when it was heard."""
    if path is None:
        raise RefusedError("the copy of the reference is gone", reason=Reason.REFERENCE_GONE)
    try:
        song = path.open("rb")
        head = song.read(4)
        song.seek(0)
    except FileNotFoundError as error:
        raise RefusedError("the copy of the reference is gone", reason=Reason.REFERENCE_GONE) from error
    except OSError as error:
        raise BusyError(f"the copy of the reference cannot be read: {error.strerror}") from error
    return song, "wav" if head in {b"RIFF", b"RF64"} else "mp3"
