"""`vlm2 bench` at toy size: its tables, its JSON, and its errors."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.evaluation.speed import memory_step as speed


def run(*arguments: object):
    return CliRunner().invoke(app, ["bench", *map(str, arguments)])


@pytest.fixture
def small(monkeypatch):
    """Shapes that take no time, in both dtypes."""
    monkeypatch.setattr(speed, "multiplies_bfloat16", lambda device: True)
    monkeypatch.setattr(speed, "SHAPES", {"mini": speed.Shape(6, 16, 4)})


def test_memory_prints_a_table(small):
    result = run("memory", "--frames", 3)
    assert result.exit_code == 0, result.output
    assert "fp32" in result.stdout and "bf16" in result.stdout


def test_memory_prints_one_object(small):
    result = run("memory", "--frames", 3, "--json", "--device", "cpu")
    report = json.loads(result.stdout)
    assert (report["rounds"], set(report)) == (3, {"machine", "rounds", "memory"})
    assert set(report["machine"]) == {"device", "threads", "torch"}
    row = report["memory"][1]
    assert (row["shape"], row["dtype"]) == ("mini", "bf16")
    assert {"ours_ms", "plain_ms", "floor_ms", "faster", "allowed", "over_floor", "faster_than_fp32"} <= set(row)


def test_an_unknown_shape_is_refused(small):
    result = run("memory", "--shape", "13b")
    assert isinstance(result.exception, ValueError)
    assert "no shape '13b'; choose one of mini" in str(result.exception)


def test_stream_prints_a_table(toy):
    result = run("stream", "--frames", 20)
    assert result.exit_code == 0, result.output
    assert "resident MB" in result.stdout


def test_stream_prints_one_object(toy):
    report = json.loads(run("stream", "--frames", 20, "--json").stdout)
    assert (report["model"], report["eyes"], report["stream"]["frames"]) == ("mini", None, 20)
    assert report["stream"]["late"]["tracks"] is None  # the toy model has no eyes
    assert report["stream"]["late"]["read_again"] == report["stream"]["own_tokens"]
    assert {"frame_ratio", "memory_ratio", "ask_ratio", "frames_a_second"} <= set(report["stream"])


@pytest.mark.parametrize(("option", "words"), [("onnx", "not one of 'torch'"), ("openvino", "leave out --runtime")])
def test_stages_refuse_a_runtime_that_cannot_be_compared(tmp_path, option, words):
    video = tmp_path / "room.mp4"
    video.touch()
    result = run("stages", video, "--against", "HEAD", "--runtime", option)
    assert result.exit_code == 2 and words in " ".join(result.output.replace("│", "").split())
