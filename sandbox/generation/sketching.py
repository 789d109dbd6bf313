"""The offline generator behind the stand-in: a track that depends on the song and on the words, made without any AI."""

from pathlib import Path

from sandbox.generation.composer import ComposerError
from sandbox.sketch.errors import SketchError
from sandbox.sketch.worker import render_in_child


class SketchComposer:
    """One child process a song, one song at a time, with limits on time and memory; see `sandbox.sketch.worker`."""

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        """Write the MP3 file `into`. Raises ComposerError when no song comes of this reference."""
        try:
            await render_in_child(reference, lyrics, into)
        except SketchError as error:
            raise ComposerError(str(error)) from error
