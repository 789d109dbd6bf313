"""Files that several processes of a run share: one folder, made once, whole or not there."""

from pathlib import Path

import pytest

from tests.shared_files import made_once, shared_folder


def test_the_processes_of_a_run_have_one_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    folder = shared_folder(tmp_path_factory, "shared-here")
    assert folder.parent == own.parent
    folder.rmdir()
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    assert shared_folder(tmp_path_factory, "shared-here").parent == own


def test_what_is_there_is_not_made_again_and_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def never() -> bytes:
        raise ValueError("made")

    with pytest.raises(ValueError, match="made"):
        made_once(tmp_path / "file", never)
    assert not list(tmp_path.iterdir())
    assert made_once(tmp_path / "file", lambda: b"sound").read_bytes() == b"sound"
    assert made_once(tmp_path / "file", never).read_bytes() == b"sound"
