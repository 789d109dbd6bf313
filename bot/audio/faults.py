"""A fault of ours as text for the log. A child writes it, its parent reads it; neither may quote what a file holds."""

import traceback
from types import TracebackType

#: Kinds whose message the interpreter words itself, about our code. Another kind's may quote a path, a tag or a title.
SPEAK_OF_CODE = (TypeError, AttributeError, ImportError, NameError)
MAX_MESSAGE_CHARACTERS = 300
#: The end of a trace says most.
MAX_TRACE_CHARACTERS = 6000


def trace_of(error: BaseException) -> str:
    """Frames and kinds of `error` and of what led to it, oldest first; lines of our source, no values."""
    parts: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        parts.append(_one(link, link.__traceback__))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\nthen\n".join(reversed(parts))[-MAX_TRACE_CHARACTERS:]


def _one(error: BaseException, trace: TracebackType | None) -> str:
    message = f": {error}"[:MAX_MESSAGE_CHARACTERS] if isinstance(error, SPEAK_OF_CODE) else ""
    number = f" (errno {error.errno})" if isinstance(error, OSError) and error.errno else ""
    return "".join(traceback.format_tb(trace)) + f"{type(error).__name__}{number}{message}"


def for_the_log(trace: str) -> str:
    """A child's trace such that it cannot pass for lines of the log: printable, each line indented, not too long."""
    lines = trace[-MAX_TRACE_CHARACTERS:].splitlines()
    plain = ("".join(each if each.isprintable() else "?" for each in line) for line in lines)
    return "\n".join(f"    | {line}" for line in plain)
