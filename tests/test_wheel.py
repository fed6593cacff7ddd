"""The wheel, installed where there is no torch: `vlm2 --help` and `vlm2 doctor` must run all the same."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, repository, cwd=out)
    (file,) = out.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def vlm2(wheel: Path, repository: Path) -> Path:
    """The command in an environment that holds the wheel, typer with what it needs, and nothing else."""
    folder = wheel.parent / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=wheel.parent)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "-q"]
    run(*pip, "--no-deps", wheel, cwd=wheel.parent)
    run(*pip, "-c", repository / "constraints.txt", "typer", "rich", cwd=wheel.parent)
    return folder / "bin" / "vlm2"


def test_wheel_holds_the_package_its_data_and_its_licence(wheel, repository):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info" not in name}
    tracked = run("git", "ls-files", "src/vlm2", cwd=repository).split()
    assert held >= {name.removeprefix("src/") for name in tracked}
    assert any(name.endswith("licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_help_lists_the_verbs(vlm2, tmp_path):
    text = run(vlm2, "--help", cwd=tmp_path)
    assert all(verb in text for verb in ("ask", "homes", "train", "weights", "doctor"))


def test_doctor_runs_and_says_what_is_missing(vlm2, tmp_path):
    done = subprocess.run([vlm2, "doctor"], cwd=tmp_path, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert "torch" in said
    assert "Traceback" not in said
