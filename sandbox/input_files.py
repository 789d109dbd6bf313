"""What someone names on the command line: a song, a text with lyrics, a folder for what is made.

Each is looked at before anything is begun, for a song that was made and cannot be written down is lost.
"""

import codecs
import tempfile
from pathlib import Path

#: A text begins with one of these or is UTF-8; what is neither is read as Windows' Latin-1: each byte a letter.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Beyond this it is no song's text, and would only be refused after it was read.
_MAX_TEXT_BYTES = 1_000_000


class InputFileError(Exception):
    """What is wrong with a file or folder that was named, in one sentence, and what to do."""


def song_file(given: str) -> Path:
    """The song that was named. Raises InputFileError when there is none to read."""
    path = Path(given).expanduser()
    _check_file(path, given, "song")
    return path


def lyrics_text(given: str) -> str:
    """The text of the file that was named, in whatever encoding. Raises InputFileError when there is none to read."""
    path = Path(given).expanduser()
    _check_file(path, given, "lyrics")
    data = path.read_bytes()
    if len(data) > _MAX_TEXT_BYTES:
        raise InputFileError(f"the lyrics file {given} holds {len(data):,} bytes; name a text file")
    text = _decoded(data)
    if "\0" in text:
        raise InputFileError(f"the lyrics file {given} is no text; name a text file")
    return text


def _check_file(path: Path, given: str, what: str) -> None:
    try:
        if path.is_dir():
            raise InputFileError(f"the {what} file {given} is a folder; name a file in it")
        with path.open("rb"):
            return
    except FileNotFoundError as error:
        raise InputFileError(f"there is no {what} file {given}") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "that is no name of a file"
        raise InputFileError(f"the {what} file {given} cannot be read: {why}") from error


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def folder_to_write(given: str) -> Path:
    """The folder that was named, made if it was not there; a file was written into it and removed again.

    Raises InputFileError when nothing can be written there.
    """
    path = Path(given).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except FileExistsError as error:
        raise InputFileError(f"{given} is a file; name a folder for the track") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "that is no name of a folder"
        raise InputFileError(f"nothing can be written to the folder {given}: {why}") from error


def file_to_write(path: Path) -> None:
    """Whether a file of this name could be written, its folder being there. Raises InputFileError when not."""
    if path.is_dir():
        raise InputFileError(f"{path} is a folder; name a file")
    if not path.parent.is_dir():
        raise InputFileError(f"there is no folder {path.parent}")
    folder_to_write(str(path.parent))
