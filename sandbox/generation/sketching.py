"""The offline generator behind the stand-in: a track that depends on the song and on the words, made without any AI."""

import asyncio
import hashlib
from collections import Counter
from pathlib import Path

from sandbox.generation.composer import ComposerError
from sandbox.sketch.command import MAX_TAKE
from sandbox.sketch.errors import SketchError
from sandbox.sketch.worker import render_in_child


class SketchComposer:
    """One child process a song, one song at a time, with limits on time and memory; see `sandbox.sketch.worker`.

    Asked again for the same song with the same words it plays another take; it counts as long as it lives.
    """

    def __init__(self) -> None:
        self._asked: Counter[bytes] = Counter()
        self._counting = asyncio.Lock()

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        """Write the MP3 file `into`. Raises ComposerError when no song comes of this reference."""
        try:
            take = await self._take(reference, lyrics)
            await render_in_child(reference, lyrics, into, take=take)
        except SketchError as error:
            raise ComposerError(str(error)) from error

    async def _take(self, reference: Path, lyrics: str) -> int:
        """How often this song was asked for with these words, this time included; from the first again after 9999."""
        async with self._counting:  # in the order of the asking, however long a file takes to read
            asked = await asyncio.to_thread(_fingerprint, reference, lyrics)
            self._asked[asked] += 1
            return (self._asked[asked] - 1) % MAX_TAKE + 1


def _fingerprint(reference: Path, lyrics: str) -> bytes:
    digest = hashlib.sha256(reference.read_bytes())
    digest.update(b"\0" + lyrics.strip().encode("utf-8", "replace"))
    return digest.digest()
