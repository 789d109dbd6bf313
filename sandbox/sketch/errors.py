"""What can go wrong with a sketch, as one tree: every message is one sentence a person can act on."""


class SketchError(Exception):
    """No song came out; `str()` of it is the sentence to show."""


class UnreadableReferenceError(SketchError):
    """The reference is missing, or no sound could be decoded from it."""


class SketchTimeoutError(SketchError):
    """The child process took longer than it was given, and was ended."""


class SketchFailedError(SketchError):
    """The child process ended without a song (most often: it ran out of its memory limit)."""
