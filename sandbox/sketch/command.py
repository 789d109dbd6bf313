"""The command line: `python -m sandbox.sketch REFERENCE LYRICS OUT [--take N]`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.input_files import InputFileError, file_to_write, lyrics_text
from sandbox.sketch.errors import SketchError
from sandbox.sketch.rendering import render

if TYPE_CHECKING:
    from collections.abc import Sequence

_BAD_INPUT = 2
_OUT_OF_MEMORY = 3
MAX_TAKE = 9999


def main(argv: Sequence[str] | None = None) -> int:
    """Renders one song; the last line it prints is what was heard, as JSON. 0, 2 on unusable input, 3 out of memory."""
    parser = argparse.ArgumentParser(
        prog="sketch", description="An offline demo, no AI: sings your lyrics in the tempo and key of a reference song."
    )
    parser.add_argument("reference", type=Path, help="a song in any format FFmpeg reads")
    parser.add_argument("lyrics", help="a text file, or the words themselves")
    parser.add_argument("out", type=Path, help="the MP3 to write")
    parser.add_argument("--take", default="1", metavar="N", help="another song of the same two: 1 (the first), 2, 3 …")
    parser.add_argument("--memory-limit", type=int, default=0, metavar="BYTES", help="give up beyond this")
    arguments = parser.parse_args(argv)
    if arguments.memory_limit:
        _limit_memory(arguments.memory_limit)
    try:
        take = _take(arguments.take)
        file_to_write(arguments.out)
        report = render(arguments.reference, _lyrics(arguments.lyrics), arguments.out, take=take)
    except MemoryError:
        print("There was not enough memory for this song.", file=sys.stderr)
        return _OUT_OF_MEMORY
    except (SketchError, InputFileError) as error:
        print(error, file=sys.stderr)
        return _BAD_INPUT
    except OSError as error:
        print(f"{arguments.out} could not be written: {error.strerror or error}.", file=sys.stderr)
        return _BAD_INPUT
    print(f"{report.seconds:.1f} s of music, {len(report.lines)} lines sung ({report.voice})")
    if report.lines_left_out:
        print(f"{report.lines_left_out} lines did not fit into a minute")
    print(json.dumps(report.heard.as_json()))
    return 0


def _take(text: str) -> int:
    """Raises InputFileError, a sentence, for what is no number of a take."""
    if not re.fullmatch("0*[1-9][0-9]{0,3}", text):
        raise InputFileError(f"--take must be a whole number from 1 to {MAX_TAKE}, not {text[:40]!r}.")
    return int(text)


def _limit_memory(max_bytes: int) -> None:
    """Where the system can: Windows has no such limit."""
    if sys.platform != "win32":
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))


def _lyrics(argument: str) -> str:
    """The text of the file of that name, or the argument itself when there is no such file."""
    try:
        path = Path(argument)
        if path.is_file():
            return lyrics_text(argument)
    except (OSError, ValueError):  # too long or too odd for a file name: then it is text
        return argument
    return argument
