"""ID3v2.3 by hand, in front of sound that is copied byte by byte: FFmpeg's muxer knows neither lyrics nor languages.

Source: ID3v2.3.0 (id3.org), sections 3.1, 3.3, 4.2, 4.9 (USLT) and 4.11 (COMM). 2.3 and UTF-16, because Windows and car
radios read no later version.
"""

import os
import shutil
from pathlib import Path

from bot.audio.model import Tags
from bot.audio.sniffing import sniff, tags_length

ID3V1_BYTES = 128


def write_tagged(source: Path, out: Path, tags: Tags) -> None:
    """Copies the MP3 `source` to `out` with `tags` for its old ones. The frames are not touched. Raises OSError."""
    with source.open("rb") as old, out.open("wb") as new:
        start = sniff(old).begins_at or tags_length(old)  # a tag may claim the music behind it for itself
        end = old.seek(0, os.SEEK_END)
        if end - start > ID3V1_BYTES:
            old.seek(end - ID3V1_BYTES)
            end -= ID3V1_BYTES if old.read(3) == b"TAG" else 0
        new.write(id3(tags))
        old.seek(start)
        shutil.copyfileobj(old, new, 1024 * 1024)
        new.truncate(new.tell() - (old.tell() - end))


def id3(tags: Tags) -> bytes:
    """The tag as bytes; empty when there is nothing to say."""
    language = tags.language.encode("ascii", "replace")[:3].ljust(3, b" ")
    frames = b"".join(
        (
            _text_frame(b"TIT2", tags.title),
            _text_frame(b"TPE1", tags.artist),
            _language_frame(b"COMM", language, tags.comment),
            _language_frame(b"USLT", language, tags.lyrics),
        )
    )
    if not frames:
        return b""
    size = len(frames)
    return b"ID3\x03\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + frames


def _text_frame(name: bytes, text: str) -> bytes:
    text = _clean(text)
    return _frame(name, b"\x01" + _utf16(text)) if text else b""


def _language_frame(name: bytes, language: bytes, text: str) -> bytes:
    """Language, an empty description, the text."""
    text = _clean(text)
    return _frame(name, b"\x01" + language + _utf16("") + b"\x00\x00" + _utf16(text)) if text else b""


def _frame(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "big") + b"\x00\x00" + body


def _utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le", "replace")


def _clean(text: str) -> str:
    """A NUL would end the text early; 64 Ki characters are more than any lyrics."""
    return text.replace("\x00", "").strip()[:65536]
