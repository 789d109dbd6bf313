"""Files that are made once in a run of tests, however many processes run it; nobody changes them."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest


def shared_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder of this run's own, the same in each of its processes; it goes with the run."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    folder.mkdir(exist_ok=True)
    return folder


def made_once(path: Path, make: Callable[[], bytes]) -> Path:
    """`path`, made by whoever wants it first; two that want it at the same time make the same."""
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            new = Path(folder, path.name)
            new.write_bytes(make())
            new.replace(path)
    return path
