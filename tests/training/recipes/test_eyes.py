"""The detector's recipe at toy size: it renders, encodes, trains, measures, and skips what is there."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from toys import ToyVision
from toystages import ToyStages
from toytraining import losses

from vlm2.encoders.detectors import homes, load_detector
from vlm2.encoders.detectors.dense_head import DensePrediction
from vlm2.homes.build import build_home
from vlm2.homes.renderer import Renderer
from vlm2.training.eye_targets import LABELS, SURFACES
from vlm2.training.model_card import read_records
from vlm2.training.recipes import eyes
from vlm2.training.recipes.eyes import STAGES, EncodedBatches, detection_losses, label_weights

HOME = 500_001


@pytest.fixture
def small_homes(monkeypatch):
    """Homes have one room."""
    try:
        Renderer(8, 8).close()
    except RuntimeError as error:
        pytest.skip(str(error))
    monkeypatch.setattr("vlm2.training.eye_views.build_home", lambda seed, split: build_home(seed, split, rooms=1))


@pytest.fixture
def toy_stages(monkeypatch):
    torch.manual_seed(1)
    encoder = ToyStages()
    for module in (eyes, homes):
        monkeypatch.setattr(
            module, "load_vision_encoder", lambda name, dtype=torch.float32: deepcopy(encoder).to(dtype)
        )
    return encoder


def training(out, **changes):
    config = replace(
        eyes.recipe(),
        out=str(out),
        first_home=HOME,
        homes=1,
        views=2,
        batches=2,
        batch=2,
        steps=4,
        tuning=replace(eyes.recipe().tuning, steps=2),
        log_every=1,
        save_every=2,
        width=8,
        fine_width=8,
        encoder="toy-stages",
        validation_homes=1,
        workers=0,
    )
    return replace(config, **changes)


def test_the_recipe_renders_encodes_trains_and_continues(small_homes, toy_stages, tmp_path, monkeypatch):
    out = tmp_path / "run"
    config = training(out)
    eyes.run(config)
    metrics = json.loads((out / "metrics.json").read_text())
    assert 0 <= metrics["mean_iou"] <= 1 and metrics["categories"] > 0
    assert read_records(out / "detector")[0]["scores"] == metrics
    assert read_records(out / "detector")[0]["data"]["frames"] == 2
    detector = load_detector(f"homes:{out}/detector")
    assert detector.labels == LABELS[1 : -len(SURFACES)] and detector.encoder == "toy-stages"
    assert len(detector.detect(np.zeros((1, 64, 96, 3), np.uint8))) == 1
    weights = detector.head.state_dict()
    assert len(losses(out / "training")) == 4 and len(losses(out / "tuning")) == 2
    assert set(detector.tuned) == {"deeper.weight", "deeper.bias"}
    assert not torch.equal(detector.tuned["deeper.weight"], toy_stages.deeper.weight)
    loaded = detector.vision.state_dict()  # in bfloat16 on some machines
    for name, weight in (("deeper.weight", detector.tuned["deeper.weight"]), ("layer.weight", toy_stages.layer.weight)):
        assert torch.equal(loaded[name], weight.to(loaded[name]))

    def refuse(*args, **kwargs):
        raise AssertionError("what is there is not made again")

    shutil.rmtree(out / "training/checkpoint-4")
    shutil.rmtree(out / "tuning")
    monkeypatch.setattr(eyes, "render_views", refuse)
    monkeypatch.setattr(eyes, "vary", refuse)
    again = eyes.run(config).head.state_dict()  # from step 2, with its running statistics
    for name, value in weights.items():
        torch.testing.assert_close(again[name], value, rtol=1e-2, atol=1e-4)
    with pytest.raises(ValueError, match="another views"):
        eyes.run(replace(config, views=3))


def test_homes_without_a_walk_are_left_out(small_homes, tmp_path, monkeypatch, capsys):
    def fail(home, seed):
        raise ValueError("the rooms have no way in")

    monkeypatch.setattr("vlm2.training.eye_views.walk", fail)
    with pytest.raises(ValueError, match="No train home"):
        eyes.run(training(tmp_path))
    assert f"home {HOME} of train is left out: the rooms have no way in" in capsys.readouterr().out


def test_several_processes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="without torchrun"):
        eyes.run(training(tmp_path))


def test_an_encoder_without_stages_is_refused():
    encoder = ToyStages()
    encoder.tokens_and_stages = lambda images: (images, None)
    with pytest.raises(ValueError, match="no stages"):
        eyes.read_stages(encoder, torch.zeros(1, 32, 32, 3, dtype=torch.uint8))


def test_an_encoder_that_cannot_be_tuned_is_refused(toy_stages):
    with pytest.raises(ValueError, match="tuning.steps 0"):
        eyes.tune(ToyVision())
    eyes.tune(toy_stages)
    assert [name for name, value in toy_stages.named_parameters() if value.requires_grad] == [
        "deeper.weight",
        "deeper.bias",
    ]


def test_each_pass_reads_every_batch_in_another_order(tmp_path, monkeypatch):
    monkeypatch.setattr(eyes, "load_file", lambda path: {"number": torch.tensor(int(path.name))})
    batches = EncodedBatches([tmp_path / str(i) for i in range(9)], seed=0)
    first, second = ([int(batches[i]["number"]) for i in range(start, start + 9)] for start in (0, 9))
    assert sorted(first) == sorted(second) == list(range(9)) and first != second


def test_rare_categories_weigh_more():
    counts = np.full(len(LABELS), 100)
    counts[1], counts[2], counts[-1] = 10_000, 0, 1
    weights = label_weights(counts)
    assert weights[[0, 1, 2, 3, -1]].tolist() == [0.5, 0.5, 1.5, 1.0, 0.5]


def test_a_given_detector_is_tuned_further_with_its_statistics(small_homes, toy_stages, tmp_path):
    first = eyes.run(training(tmp_path / "first", validation_homes=0))
    start = str(tmp_path / "first/detector")
    second = eyes.run(training(tmp_path / "second", start=start, validation_homes=0))
    assert not (tmp_path / "second/training").exists() and len(losses(tmp_path / "second/tuning")) == 2
    before, after = first.head.state_dict(), second.head.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before if "running" in name)
    assert not torch.equal(after["output.weight"], before["output.weight"])
    assert not torch.equal(second.tuned["deeper.weight"], first.tuned["deeper.weight"])


def test_the_truth_costs_nothing_and_only_cells_with_truth_count():
    torch.manual_seed(0)
    label = torch.randint(0, len(LABELS), (1, 4, 4))
    channels = {"vote": 2, "center": 3, "size": 3, "heading": 2, "depth": 1, "up": 3}
    truth = {name: torch.randn(1, 4, 4, count) for name, count in channels.items()}
    truth |= {"label": label, "thing": torch.zeros(1, 4, 4, dtype=torch.bool), "valid": torch.ones(1, 4, 4).bool()}
    truth["thing"][0, 0] = True
    logits = 50.0 * torch.nn.functional.one_hot(label, len(LABELS)).float()
    right = {name: truth[name].permute(0, 3, 1, 2).clone() for name in channels}
    right["center"][:, :, 1:] += 9.0  # cells without a thing
    found = detection_losses(DensePrediction(logits.permute(0, 3, 1, 2), **right), truth, torch.ones(len(LABELS)))
    assert found["loss"] < 1e-6
    right["center"] += 1.0
    found = detection_losses(DensePrediction(logits.permute(0, 3, 1, 2), **right), truth, torch.ones(len(LABELS)))
    assert found["center"] == pytest.approx(0.5 * (1.0 - 0.1)) and found["loss"] == pytest.approx(0.45, abs=1e-4)


def test_the_head_is_within_the_budget():
    config = eyes.recipe()
    with torch.device("meta"):
        head = eyes.DenseHead(eyes.DenseHeadConfig(LABELS, len(SURFACES), config.width, config.fine_width))
    assert sum(parameter.numel() for parameter in head.parameters()) <= 2_000_000
    assert STAGES == ("stage_8", "stage_16", "stage_32")
