import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from docker.base_digest import DigestError, default_base, digest_of, pinned

ROOT = Path(__file__).parents[2]
DIGEST = "sha256:" + "0123456789abcdef" * 4


def asking(**answers: str | Exception):
    """What each tool says; one that is not named is not installed."""

    def run(command: Sequence[str]) -> str:
        answer = answers.get(command[0], FileNotFoundError(command[0]))
        if isinstance(answer, Exception):
            raise answer
        return answer

    return run


def test_the_line_keeps_name_and_tag_readable_and_lets_the_digest_decide():
    name = default_base((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert pinned(name, DIGEST) == f"BASE={name}@{DIGEST}\n"
    assert pinned(f"{name}@sha256:{'0' * 64}", DIGEST) == f"BASE={name}@{DIGEST}\n", "asked anew, it is replaced"


def test_a_second_tool_is_asked_where_the_first_has_no_answer():
    failed = subprocess.CalledProcessError(1, "docker")
    for first in (failed, subprocess.TimeoutExpired("docker", 1), "no digest in here"):
        assert digest_of("python:3.13-slim", asking(docker=first, skopeo=f"{DIGEST}\n")) == DIGEST


def test_without_a_registry_it_says_whom_it_asked_and_writes_nothing():
    with pytest.raises(DigestError, match=r"python:3\.13-slim: docker ended with 1; skopeo is not here"):
        digest_of("python:3.13-slim", asking(docker=subprocess.CalledProcessError(1, "docker")))


def test_a_dockerfile_without_a_base_is_named():
    with pytest.raises(DigestError, match="ARG BASE"):
        default_base("FROM scratch\n")
