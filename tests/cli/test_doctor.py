"""`vlm2 doctor`: it says what is missing and how to get it, whatever is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from vlm2.cli import doctor
from vlm2.cli.doctor import Check
from vlm2.model import weights

app = typer.Typer()
app.command()(doctor.doctor)

GOOD = Check("torch", True, True, "2.13", "pip install torch")
WITHOUT = Check("renderer (EGL)", False, False, "no context", "apt-get install [mesa]")
MISSING = Check("weights toy", True, False, "not here", "vlm2 weights get")


def run(monkeypatch: pytest.MonkeyPatch, checks: list[Check], *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(doctor, "examine", lambda: iter(checks))
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_ready_although_something_that_asking_does_without_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [GOOD, WITHOUT])
    assert code == 0
    assert "apt-get install [mesa]" in output
    assert "pip install torch" not in output
    assert "is ready" in output


def test_missing_weights_give_status_1_and_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [GOOD, MISSING])
    assert code == 1
    assert "vlm2 weights get" in output


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [GOOD, WITHOUT, MISSING], "--json")
    told = json.loads(output)
    assert code == 1
    assert told["ready"] is False
    assert [check["state"] for check in told["checks"]] == ["ok", "without", "missing"]
    assert [check["command"] for check in told["checks"]] == [None, WITHOUT.command, MISSING.command]


def test_machine_without_torch(tmp_path: Path) -> None:
    blocked = "import sys; sys.modules.update(torch=None, transformers=None, moderngl=None)\n"
    program = f"{blocked}import typer\nfrom vlm2.cli.doctor import doctor\ntyper.run(doctor)"
    result = subprocess.run([sys.executable, "-c", program, "--json"], capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert checks["torch"]["state"] == "missing"
    assert checks["torch"]["command"] == "pip install torch"
    assert checks["frozen parts"]["state"] == "missing"
    assert checks["video (PyAV)"]["state"] == "ok"
    assert checks["renderer (EGL)"]["state"] == "without"


def test_crashing_driver_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "EGL_PROBE", "import os; os.abort()")
    (check,) = doctor.egl()
    assert check.state == "without"
    assert "crashed" in check.found
    assert check.mend == doctor.EGL_INSTALL


def test_hanging_driver_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "EGL_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "EGL_SECONDS", 0.2)
    (check,) = doctor.egl()
    assert "no answer" in check.found


def test_parts_here_in_a_package_and_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path))
    monkeypatch.setattr(weights, "installed_source", lambda part: tmp_path / "w.pth" if "lite0" in part.name else None)
    installed, absent = doctor.parts()
    assert installed.state == "ok"
    assert "prepared at first use" in installed.found
    assert (absent.state, absent.mend) == ("missing", "vlm2 weights get")


def test_this_machine_is_examined_in_full() -> None:
    checks = [*doctor.python(), *doctor.libraries(), *doctor.torch(), *doctor.video(), *doctor.memory(), *doctor.gpu()]
    assert all(check.state == "ok" for check in checks if check.needed)
    assert all(check.found for check in checks)
