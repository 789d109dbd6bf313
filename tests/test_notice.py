"""Third-party notices: whatever is in the image is named, with its licence."""

import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
NOTICE = (ROOT / "NOTICE.md").read_text(encoding="utf-8")


def test_every_package_of_the_image_stands_in_the_notices_with_a_licence():
    lines = re.findall(
        r"^([^\s#].*?)\s*\\?$", (ROOT / "requirements/run.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    packages = {canonicalize_name(Requirement(line).name) for line in lines}
    named = {
        canonicalize_name(name): licence
        for name, licence in re.findall(r"^\| `(\S+)` \| ([^|]+) \|$", NOTICE, re.MULTILINE)
    }
    assert set(named) == packages
    assert all(licence.strip() for licence in named.values())


def test_the_gpl_parts_of_the_sound_wheel_are_named():
    assert all(word in NOTICE for word in ("x264", "x265", "GPL", "LGPL"))
    assert "x264" in (ROOT / "README.md").read_text(encoding="utf-8")
