"""What tests of several packages share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tampering import tamper


@pytest.fixture
def tampered(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Runs `code` in every sound process that is started from now on; see `tests.tampering`."""
    folder: Path = tmp_path_factory.mktemp("tampered")
    monkeypatch.syspath_prepend(folder)  # children are handed our import path
    return lambda code: tamper(folder, code)
