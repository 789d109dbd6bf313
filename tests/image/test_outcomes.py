"""What this machine lacks is "not tried"; whatever goes wrong after that is a failure, never the same word."""

import os
from pathlib import Path

import pytest

from tests.image.__main__ import main


class Programs:
    """The only programs on PATH: small scripts that end as told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, script: str) -> None:
        path = self._folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.setenv("PATH", str(tmp_path))
    return Programs(tmp_path)


def test_with_nothing_to_build_with_it_is_not_tried(programs: Programs, capsys: pytest.CaptureFixture[str]):
    assert main([]) == 0
    assert capsys.readouterr().out == "image-check: not tried: there is no docker, and no buildah.\n"


def test_a_docker_client_whose_engine_does_not_answer_does_not_count(
    programs: Programs, capsys: pytest.CaptureFixture[str]
):
    programs.put("docker", "exit 1")
    assert main([]) == 0
    assert "not tried: there is a docker client, but no engine that answers, and no buildah" in capsys.readouterr().out


def test_without_a_base_and_without_a_way_to_make_one_it_is_not_tried(
    programs: Programs, capsys: pytest.CaptureFixture[str]
):
    programs.put("docker", '[ "$1" = info ]')
    assert main([]) == 0
    assert "not tried: the base python:3." in capsys.readouterr().out.splitlines()[-1]


def test_a_stand_in_that_cannot_be_made_says_why(programs: Programs, capsys: pytest.CaptureFixture[str]):
    programs.put("docker", '[ "$1" = info ]')
    programs.put("mmdebstrap", "echo E: no mirror >&2; exit 25")
    assert main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("mmdebstrap could not make one: E: no mirror.")


def test_a_base_that_was_asked_for_and_is_not_there_is_a_failure(
    programs: Programs, capsys: pytest.CaptureFixture[str]
):
    programs.put("docker", '[ "$1" = info ]')
    assert main(["--base", "python:9"]) == 1
    assert "FAILED: the base python:9 that was asked for" in capsys.readouterr().err


@pytest.mark.heavy
def test_a_build_that_fails_is_a_failure_with_its_last_words(programs: Programs, capsys: pytest.CaptureFixture[str]):
    programs.put("docker", 'case "$1" in info|image) exit 0;; esac; echo no matching distribution; exit 1')
    assert main([]) == 1
    said = capsys.readouterr()
    assert "FAILED: the build failed:\nno matching distribution" in said.err
    assert "not tried" not in said.out + said.err


@pytest.mark.heavy
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="buildah is used as root only")
def test_an_image_that_does_not_start_is_a_failure(programs: Programs, capsys: pytest.CaptureFixture[str]):
    inspected = '{"Manifest": "{\\"layers\\": []}", "Docker": {"config": {"Cmd": ["run"]}}}'
    programs.put("buildah", f"case \"$1\" in inspect) echo '{inspected}';; run) echo broken >&2; exit 1;; esac")
    assert main([]) == 1
    said = capsys.readouterr()
    assert "broken" in said.err
    assert "not tried" not in said.out + said.err
