"""The 7B's recipe of toy size: what it takes, how it is launched, seven steps, two processes, shared layers."""

import math
from dataclasses import replace

import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from safetensors.torch import load_file
from toys import ToyVision, toy_config, toy_model
from toysharding import objective, shard_and_step, step
from toytraining import alone, losses, pair, short, write_checkpoint, write_videos

from vlm2.models import parts
from vlm2.models.presets import preset
from vlm2.training.budget import MemoryBudget, StepLoad, activations
from vlm2.training.recipes import seven_b
from vlm2.training.recipes.seven_b import FRAMES, expected_load, model_config, recipe, sharding
from vlm2.training.stage import Optimiser

LOAD = StepLoad(frames=7, patches=24, geometry_patches=24, tokens_a_frame=6, question_tokens=50)


@pytest.fixture
def config(tmp_path, write_video):
    """The recipe for toy parts: a toy checkpoint instead of the preset, fewer questions a step."""
    videos = write_videos(write_video)
    return short(
        recipe(),
        tmp_path / "run",
        steps=7,
        optimiser=replace(recipe().optimiser, accumulate=2),
        save_every=4,
        evaluate_every=7,
        model=write_checkpoint(tmp_path / "model"),
        videos=str(videos),
        questions=(str(videos / "questions.jsonl"),),
        cache=str(tmp_path / "cache"),
        questions_per_video=2,
        held_out=0.2,
    )


@pytest.fixture(autouse=True)
def toy_vision(monkeypatch, toy_encoder):
    monkeypatch.setattr(parts, "load_vision_encoder", lambda name, dtype: ToyVision())


def test_seven_steps(config, tmp_path):
    seven_b.run(config)
    assert list(losses(tmp_path / "run/finetune")) == [1, 2, 3, 4, 5, 6, 7]
    assert (tmp_path / "run/checkpoint/model.safetensors").is_file()


@pytest.mark.full
def test_spared_memory_costs_no_exactness(config, tmp_path):
    found = {}
    for spared in (True, False):
        out = tmp_path / str(spared)
        seven_b.run(replace(config, out=str(out), steps=2, checkpointing=spared))
        found[spared] = losses(out / "finetune")
    assert found[True] == pytest.approx(found[False], rel=1e-5)


@pytest.mark.full
def test_two_processes_have_the_loss_of_one(config, tmp_path):
    toy_model(stores="all").save_pretrained(config.model)  # without dropout: each process draws its own
    for name in ("one", "two"):
        here = replace(config, out=str(tmp_path / name), steps=3)
        assert (alone(seven_b.run, here) if name == "one" else max(pair(seven_b.run, here))) == 0
    one, two = tmp_path / "one/finetune", tmp_path / "two/finetune"
    assert losses(two) == pytest.approx(losses(one), rel=1e-4)
    assert losses(two, "grad_norm") == pytest.approx(losses(one, "grad_norm"), rel=0.02)


def test_the_recipe_is_what_is_written():
    training = recipe()
    assert training.questions_per_video * training.optimiser.accumulate == 128
    assert training.sampling.frames == FRAMES == 32
    config = model_config("nowhere")
    assert (config.lora["r"], config.lora["alpha"]) == (128, 256)
    assert training.optimiser == Optimiser(1e-4, 2e-5, warmup=0.03, weight_decay=0.0, accumulate=16)
    assert training.epochs == 1.0
    assert math.ceil(200_000 / 128) == 1563


def test_the_budget_counts_the_weights_of_the_model(toy_encoder):
    for changes in (
        {"slot_time": True},
        {"lora": None},
        {"representation": "visual", "memory_config": {"episodic": False}},
    ):
        model, config = toy_model(**changes), toy_config(**changes)
        found = MemoryBudget(config, LOAD)
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        assert found.trained_parameters == trained
        assert found.frozen_parameters == sum(p.numel() for p in model.parameters()) - trained
        assert found.optimiser == 12 * trained and found.trained == 4 * trained


def test_shared_layers_take_less_of_each_gpu(toy_encoder):
    found = MemoryBudget(toy_config(), LOAD)
    assert found.total(1) == found.frozen + found.trained + found.optimiser + found.activations
    assert found.total(1) > found.total(2) > found.total(8) > found.frozen - found.layers + found.activations
    assert "total on each of 4 GPUs" in found.table((1, 4))


def test_activations_and_disk_grow_with_the_load_of_a_step(toy_encoder):
    config = toy_config()
    less = activations(config, LOAD)
    assert activations(config, replace(LOAD, frames=14)) > less
    assert activations(config, replace(LOAD, checkpointing=False)) > less
    assert MemoryBudget(config, replace(LOAD, frames=14)).disk == 2 * MemoryBudget(config, LOAD).disk


def test_the_disk_estimate_is_what_a_video_takes(config, tmp_path, toy_encoder):
    seven_b.run(replace(config, steps=1))
    files = sorted((tmp_path / "cache").iterdir())
    sizes = [MemoryBudget(toy_config(), replace(LOAD, frames=6 + k)).disk for k in range(5)]
    assert [file.stat().st_size for file in files] == pytest.approx(sizes, rel=0.15)  # and a header each


def test_an_estimate_needs_no_weights_and_says_how_to_launch(tmp_path, capsys, monkeypatch, toy_encoder):
    monkeypatch.setattr(seven_b, "seven_b", toy_config)
    seven_b.run(short(recipe(), tmp_path / "run", estimate=True, processes=4))
    printed = capsys.readouterr().out
    assert "on each of 4 GPUs" in printed and "MiB of disk" in printed and "accelerate launch --config_file" in printed
    launch = load_config_from_file(str(tmp_path / "run/accelerate.json"))
    assert launch.num_processes == 4 and launch.fsdp_config["fsdp_transformer_layer_cls_to_wrap"] == "LlamaDecoderLayer"


@pytest.mark.full
def test_the_7b_fits_where_it_is_said_to():
    config = preset("7b")
    load = expected_load(config, recipe())
    assert load.tokens_a_frame == 182 and (load.patches, load.geometry_patches) == (729, 1301)
    found = MemoryBudget(config, load)
    assert found.trained_parameters == pytest.approx(367e6, rel=0.01)
    assert 25 < found.total(1) / 2**30 < 40 and found.total(8) / 2**30 < 24
    assert sharding(config, 8)["fsdp_config"]["fsdp_transformer_layer_cls_to_wrap"] == "Qwen2DecoderLayer"


def test_shared_layers_compute_and_save_the_same(tmp_path):
    whole = objective()
    loss = step(whole)
    assert pair(shard_and_step, tmp_path) == [0, 0]
    found = torch.load(tmp_path / "step.pt")
    assert found["wrapped"] == 2
    torch.testing.assert_close(found["loss"], loss, atol=0.02, rtol=0)  # weights in 16 bits
    expected = {name: p.grad for name, p in whole.named_parameters() if p.grad is not None}
    assert set(found["gradients"]) == set(expected)
    for name, gradient in expected.items():
        scale = gradient.abs().max().clamp(min=1e-3)
        assert ((found["gradients"][name] - gradient).abs().max() / scale) < 0.1, name
    whole.model.save_pretrained(tmp_path / "whole")
    files = [load_file(tmp_path / name / "model.safetensors") for name in ("whole", "model")]
    assert files[0].keys() == files[1].keys()
    for name, tensor in files[0].items():
        torch.testing.assert_close(files[1][name], tensor, atol=0, rtol=0)
