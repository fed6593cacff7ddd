"""The README's promises: the first command near the top, Python that runs, files that exist, commands that exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vlm2.cli.main import verbs


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


def test_first_command_comes_early(readme):
    lines = readme.splitlines()
    assert next(i for i, line in enumerate(lines, 1) if line.startswith("make ask")) <= 25


def test_links_and_tree_point_at_what_is_there(readme, repository):
    linked = re.findall(r"\]\(([^)#:]+)\)", readme)
    rooms = re.findall(r"^  (\w+/) ", readme, flags=re.MULTILINE)
    missing = [path for path in [*linked, *(f"src/vlm2/{room}" for room in rooms)] if not (repository / path).exists()]
    assert not missing


def test_every_command_named_exists(readme):
    named = set(re.findall(r"vlm2 ([a-z]+)", readme))
    assert named <= set(verbs()) | {"weights"}


def test_python_runs_as_written(readme, repository):
    if not (repository / "src/vlm2/checkpoints/mini/config.json").exists():
        pytest.skip("no packaged checkpoint; train one with `make train-mini`")
    from vlm2.encoders.weights import MissingPart, find_part, needed_parts

    try:
        for part in needed_parts():
            find_part(part)
    except MissingPart as error:
        pytest.skip(str(error))
    (code,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 6
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.match(r"\S.* \[\(\d+\.\d, 0\.\d+\)", done.stdout), done.stdout
