"""The 7b's costs, measured at toy widths: the path is the 7b's own."""

from __future__ import annotations

import json

import pytest
import torch
from toyllava import CONFIG, pi3_config
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.evaluation.speed import scale
from vlm2.models.convert.llava_video import make_plan


@pytest.fixture
def toy(monkeypatch):
    """Toy widths in the place of the 7b's."""
    plan = make_plan(CONFIG, pi3_config().to_dict())
    plan.config.memory_config.window, plan.config.memory_config.capacity = 2, 3
    plan.config.geometry_config.images = {"stride": 14, "max_pixels": 2000}
    build = scale.random_model

    def random_model(depth, device, dtype):
        return build(depth, device, dtype, plan.config, plan.vision.to_dict())

    monkeypatch.setattr(scale, "random_model", random_model)
    return random_model


def test_depth_cuts_every_stack(toy):
    loaded = toy(1, torch.device("cpu"), torch.bfloat16)
    model = loaded.model
    assert len(model.vision.layers) == 1
    assert model.language_model.config.num_hidden_layers == 1
    assert (len(model.geometry.decoder), len(model.geometry.encoder.blocks)) == (2, 1)
    assert {p.dtype for p in model.language_model.parameters()} == {torch.bfloat16}
    assert "depth 1" in loaded.name


def test_memory_mode_reads_no_more_once_it_is_full_and_the_baseline_all(toy):
    loaded = toy(None, torch.device("cpu"), torch.float32)
    marks = scale.watch(loaded, [2, 8, 12])
    assert [mark.frames for mark in marks] == [2, 8, 12]
    # At most the entries of bank and window are read, whatever came before; some of them changed since the last mark.
    tokens = loaded.model.projector.tokens((5, 5))
    words = marks[0].read - 2 * tokens
    assert all(read <= words + 5 * tokens for read in (mark.read for mark in marks))
    assert all(set(mark.seconds) == {*scale.COMPONENTS, "answer"} for mark in marks)
    assert all(seconds > 0 for mark in marks for seconds in mark.seconds.values())
    kept = scale.keep_all(loaded, [2, 6])
    per_frame = (kept[1].read - kept[0].read) / 4
    assert tokens < per_frame < tokens + 9  # and the frame's time in words


@pytest.mark.parametrize(("pooling", "tokens"), [("average", 2 * 3), ("bilinear", 3 * 4), ("max", 2 * 3)])
def test_projector_counts_its_tokens(pooling, tokens):
    from vlm2.core.projector import Projector, ProjectorConfig

    projector = Projector(4, 8, 2, ProjectorConfig.llava_video(pooling))
    assert projector.tokens((5, 5)) == tokens == projector(torch.rand(1, 25, 4), (5, 5)).shape[1]


def test_the_command_prints_both_modes(toy):
    result = CliRunner().invoke(app, ["bench", "scale", "--frames", "2,5", "--depth", "1", "--json", "--device", "cpu"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert [(mark["mode"], mark["frames"]) for mark in report["marks"]] == [
        ("memory", 2),
        ("memory", 5),
        ("baseline", 2),
        ("baseline", 5),
    ]
    table = CliRunner().invoke(app, ["bench", "scale", "--frames", "2", "--depth", "1"], env={"COLUMNS": "200"})
    assert "tokens" in table.output and "GB" in table.output
    error = CliRunner().invoke(app, ["bench", "scale", "--frames", "many"]).exception
    assert isinstance(error, ValueError) and "32,128,1000" in str(error)
