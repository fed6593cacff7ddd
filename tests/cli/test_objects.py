"""`vlm2 objects` on a video and on a memory of the toy model with toy eyes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from toyeyes import ToyDetector, toy_eyes
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.objects import ObjectMap


@pytest.fixture
def video(write_video):
    """A second of video."""
    return write_video(list(np.random.default_rng(0).integers(0, 255, (12, 32, 48, 3), dtype=np.uint8)))


@pytest.fixture
def seeing(toy, monkeypatch):
    """The toy model with toy eyes, for every command."""
    loaded = replace(toy, eyes=toy_eyes(ToyDetector()))
    monkeypatch.setattr("vlm2.streaming.load", lambda *_, **__: loaded)
    return loaded


def run(*arguments):
    return CliRunner().invoke(app, ["objects", *map(str, arguments)], env={"COLUMNS": "140"})


def test_the_things_of_a_video_are_listed(seeing, video):
    result = run(video, "--fps", 5)
    assert result.exit_code == 0, result.output
    assert f"things in {video.name}" in result.output
    assert "Floor:" in result.output


def test_json_is_the_object_map_and_a_memory_has_the_same(seeing, video, tmp_path):
    first = run(video, "--fps", 5, "--json")
    assert first.exit_code == 0, first.output
    session = seeing.session()
    session.watch(video, fps=5)
    session.save(tmp_path / "room.vlm2mem")
    again = run(tmp_path / "room.vlm2mem", "--json")
    assert again.exit_code == 0, again.output
    assert ObjectMap.from_json(first.stdout) == ObjectMap.from_json(again.stdout) == session.objects
    assert json.loads(first.stdout)["tracks"], "the toy eyes see something"


def test_a_model_and_a_memory_without_eyes_are_refused(toy, video, tmp_path):
    result = run(video)
    assert result.exit_code != 0
    assert "has no eyes for things" in str(result.exception) + result.output
    session = toy.session()
    session.watch(video, fps=5)
    session.save(tmp_path / "blind.vlm2mem")
    result = run(tmp_path / "blind.vlm2mem")
    assert result.exit_code != 0
    assert "holds no object memory" in str(result.exception) + result.output
