"""A backup as a .tar or a folder: written under another name until it is whole, and looked through before it is used.

In it: `backup.json` (what it is, and each file with its size and SHA-256), `database.sqlite`, `references/`, `tracks/`.
Everything here blocks and is called in a thread. Every trouble is a StartError that says what to do.
"""

import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bot.errors import StartError

MANIFEST, DATABASE = "backup.json", "database.sqlite"
#: Of the form of backups; a newer one is refused.
FORMAT = 1
_FOLDERS = ("references", "tracks")
_MEMBER = re.compile(r"(?:backup\.json|database\.sqlite|(?:references|tracks)/[^/\\\x00]{1,255})")
_MAX_MANIFEST_BYTES = 256 * 1024 * 1024


@contextmanager
def new_place(to: Path) -> Generator[Path]:
    """A folder that becomes the backup `to` when the block has ended, and is gone when it raised."""
    with _told(to):
        if to.exists() or to.is_symlink():
            raise StartError(f"{to} is there already. Name another, or leave the name out.")
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = to.with_name(f".{to.name}.{os.getpid()}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        try:
            for name in _FOLDERS:
                (part / name).mkdir(mode=0o700)
            yield part
            _finish(part, to)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def add_file(source: Path, place: Path, folder: str) -> bool:
    """Copy a reference or a track into it; False when it is not there."""
    target = place / folder / source.name
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        return False
    target.chmod(0o600)
    return True


def seal(place: Path, about: Mapping[str, Any]) -> int:
    """Write the manifest over everything that lies there; how many bytes."""
    files = [_described(path, place) for path in _files_in(place)]
    manifest = {"format": FORMAT, **about, "files": files}
    path = place / MANIFEST
    path.touch(mode=0o600)
    path.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return sum(each["bytes"] for each in files)


def unpack(backup: Path, into: Path) -> dict[str, Any]:
    """Put a backup's files into a folder, once each was found whole and nothing else among them; its manifest.

    Raises StartError.
    """
    with _told(backup):
        if backup.is_dir():
            for path in _files_in(backup):
                name = path.relative_to(backup).as_posix()
                _take(name, path.open("rb"), into, backup)
        else:
            _unpack_tar(backup, into)
        return _checked(backup, into)


def _unpack_tar(backup: Path, into: Path) -> None:
    try:
        with tarfile.open(backup, "r:") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    _take(member.name, content, into, backup)
                elif not (member.isdir() and member.name in _FOLDERS):
                    raise _strange(backup, member.name)
    except (tarfile.TarError, EOFError):
        raise StartError(f"{backup} is no whole backup of Compose: it cannot be read to its end.") from None


def _take(name: str, content: IO[bytes], into: Path, backup: Path) -> None:
    if not _MEMBER.fullmatch(name) or Path(name).name in {".", ".."}:
        raise _strange(backup, name)
    target = into / name
    target.parent.mkdir(exist_ok=True, mode=0o700)
    target.touch(mode=0o600)
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)


def _checked(backup: Path, into: Path) -> dict[str, Any]:
    path = into / MANIFEST
    if not path.is_file() or path.stat().st_size > _MAX_MANIFEST_BYTES:
        raise StartError(f"{backup} is no backup of Compose: it has no {MANIFEST}.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        listed = {each["name"]: each for each in manifest["files"]}
        is_newer = manifest["format"] > FORMAT
    except (ValueError, KeyError, TypeError):
        raise StartError(f"{backup} is no backup of Compose: its {MANIFEST} cannot be read.") from None
    if is_newer:
        raise StartError(f"{backup} was made by a newer version of Compose. Use that one.")
    there = {found["name"]: found for found in (_described(path, into) for path in _files_in(into))}
    del there[MANIFEST]
    broken = sorted(name for name in listed.keys() | there.keys() if listed.get(name) != there.get(name))
    if broken or DATABASE not in there:
        what = broken[0] if broken else DATABASE
        raise StartError(f"{backup} is damaged: {what} is not what was written. Nothing was changed; use another one.")
    return manifest


def _files_in(place: Path) -> list[Path]:
    return sorted(path for path in place.rglob("*") if path.is_file())


def _described(path: Path, place: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.relative_to(place).as_posix(), "bytes": path.stat().st_size, "sha256": digest}


def _finish(part: Path, to: Path) -> None:
    if to.suffix != ".tar":
        _sync(_files_in(part))
        part.rename(to)
        return
    packed = part.with_name(f"{part.name}.tar")
    try:
        packed.touch(mode=0o600)
        with tarfile.open(packed, "w", format=tarfile.PAX_FORMAT) as archive:
            for path in _files_in(part):
                archive.add(path, arcname=path.relative_to(part).as_posix(), recursive=False, filter=_nobodys)
        _sync([packed])
        packed.rename(to)
    finally:
        packed.unlink(missing_ok=True)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _strange(backup: Path, name: str) -> StartError:
    return StartError(f"{backup} is no backup of Compose: {name[:80]!r} does not belong into one. Nothing was changed.")


@contextmanager
def _told(backup: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        what = error.filename or backup
        raise StartError(
            f"{what} cannot be read or written ({error.strerror}). Look at the path and the disk."
        ) from None
