"""What stands around the bot in a container and under systemd: limits, what .env decides, who can reach what."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import load_settings, variable_names

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
UNIT = ROOT / "docs/compose-bot.service"
SERVICES: dict[str, str] = dict(re.findall(r"^  (bot|postgres|offline):\n((?:    .*\n|\n)+)", COMPOSE, re.MULTILINE))


def block(service: str, key: str) -> list[str]:
    """The lines below a key of a service, without comments."""
    found = re.search(rf"^    {key}:\n((?:      .*\n)+)", SERVICES[service], flags=re.MULTILINE)
    return [line.strip() for line in found[1].splitlines() if not line.strip().startswith("#")] if found else []


def test_every_service_has_limits_on_memory_processes_and_its_log():
    assert set(SERVICES) == {"bot", "postgres", "offline"}
    for body in SERVICES.values():
        assert re.search(r"^    mem_limit: \d+g$", body, flags=re.MULTILINE)
        assert re.search(r"^    pids_limit: \d+$", body, flags=re.MULTILINE)
        assert "    logging: *logging\n" in body
        assert "    restart: unless-stopped\n" in body
    assert "max-size: 10m" in COMPOSE
    assert 'max-file: "5"' in COMPOSE


def test_what_stands_in_env_wins_but_for_the_one_line_that_ports_replaces():
    own = dict(line.split(": ", 1) for line in block("bot", "environment"))
    assert own.pop("HEALTH_HOST") == "0.0.0.0"
    for name, value in own.items():
        assert name in variable_names()
        assert value.startswith(f"${{{name}:-"), "a line of .env must win"
    assert "    env_file: .env\n" in SERVICES["bot"]


def test_health_is_published_to_this_machine_alone_and_nothing_else_is_published():
    assert block("bot", "ports") == ['- "127.0.0.1:8080:${HEALTH_PORT:-8080}"']
    assert COMPOSE.count("    ports:\n") == 1
    assert "network_mode" not in COMPOSE


def test_the_further_services_come_when_asked_for_and_the_bot_waits_for_its_database():
    for name in ("postgres", "offline"):
        assert f"    profiles: [{name}]\n" in SERVICES[name]
    assert "profiles" not in SERVICES["bot"]
    assert block("bot", "depends_on") == ["postgres:", "condition: service_healthy", "required: false"]


def test_the_bot_in_compose_has_the_driver_and_the_generators_packages_stay_out():
    assert "LOCK: ${LOCK:-postgres}" in block("bot", "build")
    postgres = (ROOT / "requirements/postgres.lock").read_text(encoding="utf-8")
    assert "\nasyncpg==" in postgres
    for lock in (postgres, (ROOT / "requirements/run.lock").read_text(encoding="utf-8")):
        assert not re.search(r"^(numpy|espeakng-loader)==", lock, flags=re.MULTILINE)


def test_the_dockerfile_has_the_targets_that_compose_builds_and_the_bot_where_none_is_named():
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, flags=re.MULTILINE)
    assert set(re.findall(r"^      target: (\S+)$", COMPOSE, flags=re.MULTILINE)) == {"bot", "offline"}
    assert {"bot", "offline"} <= {name for _, name in stages}
    assert stages[-1][1] == "bot"


def test_everything_that_is_copied_reaches_the_build():
    let_in = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE))
    copied = set(re.findall(r"^COPY (?!--)(\S+) ", DOCKERFILE, flags=re.MULTILINE))
    for name in copied:
        for lock in ("run", "postgres") if "${LOCK}" in name else ("",):
            path = name.replace("${LOCK}", lock)
            assert path in let_in
            assert (ROOT / path).exists()


def unit_words() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_the_unit_leaves_what_needs_somebody_alone_and_gives_a_stop_its_time(monkeypatch: pytest.MonkeyPatch):
    words = unit_words()
    assert words["Restart"] == "on-failure"
    assert words["RestartPreventExitStatus"] == "2 3"
    for name in ("DISCORD_TOKEN", "GENERATION_API_KEY"):
        monkeypatch.setenv(name, "x")
    assert float(words["TimeoutStopSec"]) > load_settings(_env_file=None).stop_grace_seconds + 5
    grace = re.search(r"stop_grace_period: (\d+)s", SERVICES["bot"])
    assert grace is not None
    assert float(grace[1]) > load_settings(_env_file=None).stop_grace_seconds + 5


def test_systemd_takes_the_unit_as_it_is(tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    text = UNIT.read_text(encoding="utf-8")
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/compose/.venv/bin/python", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr


def test_the_units_filter_of_system_calls_leaves_the_fence_its_own():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    lines = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    allowed: set[str] = set()
    waiting = [name for line in lines for name in line.split()]
    while waiting:
        name = waiting.pop()
        if not name.startswith("@"):
            allowed.add(name)
            continue
        shown = subprocess.run(
            ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True, timeout=60
        )
        waiting += [line.strip() for line in shown.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    fence = {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp", "prctl", "capget"}
    assert fence | {"capset", "setrlimit", "prlimit64", "setsid", "execve", "kill", "memfd_create"} <= allowed
