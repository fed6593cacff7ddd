"""`vlm2 weights`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlm2.cli.weights import app
from vlm2.model import weights
from vlm2.model.weights import MissingPart


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no package installed."""
    monkeypatch.setenv("VLM2_CACHE", str(tmp_path))
    monkeypatch.setattr(weights, "installed_source", lambda part: None)
    return tmp_path


def test_get_names_every_part_with_its_licence(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(weights, "find_part", lambda name: cache / name)
    result = CliRunner().invoke(app, ["get"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    for name in weights.needed_parts():
        assert name in result.output
    assert "Apache-2.0" in result.output
    assert str(cache) in result.output.replace("\n", "")


def test_get_of_an_unknown_part_is_an_error_of_the_user() -> None:
    error = CliRunner().invoke(app, ["get", "bert"]).exception
    assert isinstance(error, ValueError)
    assert "efficientnet-lite0" in str(error)


def test_list_says_what_is_not_here() -> None:
    result = CliRunner().invoke(app, ["list"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "no (not needed)" in result.output
    assert "ready" not in result.output


def test_check_of_a_missing_part() -> None:
    assert isinstance(CliRunner().invoke(app, ["check"]).exception, MissingPart)
