import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.image.pip_settings import as_file, of_this_machine, parsed, paths

LISTING = """\
:env:.find-links='/wheels/new'
:env:.disable-pip-version-check='1'
global.find-links='/wheels/old'
global.extra-index-url='\\nfile:///packages/simple\\nhttps://packages.example/simple'
global.target='/somewhere'
install.no-index='true'
"""


def test_where_packages_come_from_is_taken_and_a_variable_wins():
    assert parsed(LISTING) == {
        "find-links": "/wheels/new",
        "extra-index-url": "\nfile:///packages/simple\nhttps://packages.example/simple",
        "no-index": "true",
    }


@pytest.mark.heavy
def test_the_file_means_to_pip_what_was_read_from_pip(tmp_path: Path):
    file = tmp_path / "pip.conf"
    file.write_text(as_file(parsed(LISTING)), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env={**kept, "PIP_CONFIG_FILE": str(file)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    heard = parsed(listing)
    for key, value in parsed(LISTING).items():
        assert heard[key].split() == value.split()


@pytest.mark.heavy
def test_a_certificate_that_others_are_given_is_given_to_pip_unless_it_has_its_own():
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    assert of_this_machine({**plain, "PIP_CERT": "/own.pem", "SSL_CERT_FILE": "/others.pem"})["cert"] == "/own.pem"
    alone = {**plain, "PIP_CONFIG_FILE": os.devnull, "REQUESTS_CA_BUNDLE": "/others.pem"}
    assert of_this_machine(alone)["cert"] == "/others.pem"


def test_every_path_that_is_there_is_mounted_and_an_index_with_the_files_beside_it(tmp_path: Path):
    (tmp_path / "my wheels" / "simple").mkdir(parents=True)
    certificate = tmp_path / "bundle.pem"
    certificate.touch()
    index = (tmp_path / "my wheels" / "simple").as_uri()
    settings = {
        "extra-index-url": f"https://packages.example/simple\n{index}",
        "cert": str(certificate),
        "find-links": f"{tmp_path}/gone",
    }
    assert paths(settings) == sorted([certificate, tmp_path / "my wheels"])
