"""Sketch: an offline demo, no AI.

It listens to a reference song (tempo, metre, key, chord loop, drums, brightness) and plays a new small arrangement in
that tempo and key, singing the lyrics on a melody of its own. No sound of the reference is used. The same input gives
the same song.
"""

from __future__ import annotations

from sandbox.sketch.errors import SketchError, SketchFailedError, SketchTimeoutError, UnreadableReferenceError
from sandbox.sketch.listening import Heard, listen
from sandbox.sketch.rendering import Report, render
from sandbox.sketch.song import Song, compose
from sandbox.sketch.worker import Rendered, render_in_child

__all__ = [
    "Heard",
    "Rendered",
    "Report",
    "SketchError",
    "SketchFailedError",
    "SketchTimeoutError",
    "Song",
    "UnreadableReferenceError",
    "compose",
    "listen",
    "render",
    "render_in_child",
]
