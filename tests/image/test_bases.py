import re
from pathlib import Path

import pytest

from docker.base_digest import default_base
from tests.image.bases import chosen_base

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")


def test_every_stage_of_the_dockerfile_stands_on_the_base_that_can_be_chosen():
    assert default_base(DOCKERFILE).startswith("python:3.")
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}


def test_a_base_that_is_named_after_the_first_stage_begins_is_none():
    with pytest.raises(ValueError, match="no `ARG BASE=`"):
        default_base("FROM scratch\nARG BASE=python:3.13-slim\n")


def test_a_pinned_base_goes_before_the_dockerfiles_own(tmp_path: Path):
    pinned = tmp_path / "base.env"
    assert chosen_base(DOCKERFILE, pinned) == default_base(DOCKERFILE)
    pinned.write_text("BASE=python:3.13-slim@sha256:" + "a" * 64 + "\n", encoding="utf-8")
    assert chosen_base(DOCKERFILE, pinned) == "python:3.13-slim@sha256:" + "a" * 64


def test_wheels_alone_come_into_the_image_and_each_by_its_hash():
    installs = re.findall(r"pip install[^&]*", DOCKERFILE)
    assert installs
    for install in installs:
        assert {"--only-binary", ":all:", "--require-hashes"} <= set(install.split())
    assert "@sha256" not in DOCKERFILE, "no digest is written by hand: make base-digest"
