"""Position injection, alignment, fusion and projector, each against its formula; configurations and presets."""

from __future__ import annotations

import pytest
import torch
from toys import ToyVision, toy_config
from transformers import AutoModelForCausalLM

from vlm2.core import MemoryConfig
from vlm2.core.alignment import ViewpointAlignment
from vlm2.core.fusion import Fusion
from vlm2.core.position import PositionInjection
from vlm2.core.projector import Projector
from vlm2.models import VLM2Config, VLM2ForConditionalGeneration, preset
from vlm2.models.checkpoint import stored_names


@pytest.mark.parametrize("features", ["fourier", "raw"])
def test_position_is_added_as_far_as_the_gate_lets_it(features: str) -> None:
    injection = PositionInjection(16, features)
    tokens, coordinates, confidence = torch.randn(2, 6, 16), torch.randn(2, 6, 3), torch.rand(2, 6)
    with torch.no_grad():
        injection.gate[-1].bias.fill_(-100.0)
    torch.testing.assert_close(injection(tokens, coordinates, confidence), tokens)
    with torch.no_grad():
        injection.gate[-1].bias.fill_(100.0)
    added = injection(tokens, coordinates, confidence) - tokens
    moved = injection(tokens, coordinates + 0.1, confidence) - tokens
    same = injection(tokens + 1, coordinates, confidence) - tokens - 1
    torch.testing.assert_close(added, same, atol=1e-5, rtol=0)  # φ sees C alone
    assert (added - moved).abs().max() > 1e-4


def test_raw_position_reads_three_numbers() -> None:
    assert PositionInjection(16, "raw").phi[0].in_features == 3


def test_the_gate_sees_confidence_only_with_its_switch() -> None:
    tokens, coordinates = torch.randn(2, 6, 16), torch.randn(2, 6, 3)
    for switch in (True, False):
        injection = PositionInjection(16, confidence=switch)
        sure, unsure = (injection(tokens, coordinates, torch.full((2, 6), value)) for value in (1.0, 0.0))
        assert torch.equal(sure, unsure) is not switch


def test_alignment_gives_every_patch_its_view_and_the_frame_one_token() -> None:
    alignment = ViewpointAlignment(10, 6, 16)
    geometry, view = torch.randn(2, 5, 10), torch.randn(2, 5, 6)
    aligned = alignment(geometry, view)
    assert aligned.shape == (2, 6, 16)
    order = torch.tensor([3, 1, 4, 0, 2])
    shuffled = alignment(geometry[:, order], view[:, order])
    torch.testing.assert_close(shuffled[:, :5], aligned[:, order])
    torch.testing.assert_close(shuffled[:, 5], aligned[:, 5])  # the mean of Z does not know the order
    other = alignment(geometry, torch.cat([view[:, :1] * -1, view[:, 1:]], dim=1))
    torch.testing.assert_close(other[:, 1:5], aligned[:, 1:5])
    assert not torch.allclose(other[:, 5], aligned[:, 5])


def test_fusion_with_one_geometry_token_returns_its_value() -> None:
    fusion = Fusion(16, 2, residual=False)
    tokens, aligned = torch.randn(3, 4, 16), torch.randn(3, 1, 16)
    expected = fusion.out(fusion.value(aligned)).expand(3, 4, 16)
    torch.testing.assert_close(fusion(tokens, aligned), expected)


def test_fusion_residual_is_normalised() -> None:
    tokens = Fusion(16, 2)(torch.randn(3, 4, 16), torch.randn(3, 7, 16))
    torch.testing.assert_close(tokens.mean(-1), torch.zeros(3, 4), atol=1e-5, rtol=0)


def test_fusion_passes_through_with_its_residual_only() -> None:
    tokens, aligned = torch.randn(3, 4, 16), torch.randn(3, 7, 16)
    torch.testing.assert_close(Fusion(16, 2, pass_through=True)(tokens, aligned), tokens)
    with pytest.raises(ValueError, match="needs residual"):
        Fusion(16, 2, residual=False, pass_through=True)


def test_projector_takes_a_frame_without_leading_dimensions() -> None:
    projector, tokens = Projector(4, 8), torch.randn(24, 4)
    torch.testing.assert_close(projector(tokens, (4, 6)), projector(tokens[None], (4, 6))[0])


def test_projector_pools_two_by_two_in_the_right_places() -> None:
    projector = Projector(4, 8)
    tokens = torch.randn(1, 24, 4)
    pooled = projector(tokens, (4, 6))
    assert pooled.shape == (1, 6, 8)
    every = projector.mlp(projector.norm(tokens))
    torch.testing.assert_close(pooled[0, 4], every[0, [14, 15, 20, 21]].mean(0))  # rows 2–3, columns 2–3


def test_projector_pools_odd_grids_from_what_is_there() -> None:
    projector = Projector(4, 8)
    tokens = torch.randn(2, 15, 4)
    pooled = projector(tokens, (3, 5))
    assert pooled.shape == (2, 6, 8)
    torch.testing.assert_close(pooled[:, -1], projector.mlp(projector.norm(tokens))[:, -1])


def test_mini_has_the_sizes_of_the_design() -> None:
    config = preset("mini")
    assert config.memory == MemoryConfig(dim=384, heads=6, window=8, capacity=32)
    assert config.text_config.hidden_size == 576


@pytest.mark.parametrize("base", ["mini", "7b"])
def test_the_paper_preset_is_algorithm_1(base: str) -> None:
    config = preset("paper", base)
    assert config.memory == MemoryConfig.paper(config.dim, config.heads)
    assert config.context == "frames"
    ours = (config.slot_time, config.position_confidence, config.geometry_config.tracked)
    assert not any(ours)


@pytest.mark.parametrize("name", ["mini", "7b", "paper"])
def test_presets_survive_json(name: str) -> None:
    config = preset(name)
    assert VLM2Config.from_dict(config.to_dict()).to_dict() == config.to_dict()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"context": "all"}, "frames or memory"),
        ({"position_features": "none"}, "fourier or raw"),
        ({"vision_projection": False}, "must be the vision encoder's 12"),
        ({"memory_config": {"capacity": 0}}, "at least 1"),
        ({"memory_config": {"capcity": 8}}, "memory_config has no capcity; it has capacity,"),
        ({"recall": True, "number_decoding": "greedy"}, "VLM2Config has no number_decoding, recall; it has context,"),
        ({"projector_config": {"hidden": 8, "heads": 2}}, "projector_config has no heads"),
        ({"heads": 0}, "does not divide into 0 heads"),
    ],
)
def test_impossible_configurations_are_refused(change: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        toy_config(**change)


def test_unknown_presets_are_refused() -> None:
    with pytest.raises(ValueError, match="mini, 7b or paper"):
        preset("maxi")


def test_what_mini_trains_fits_the_package() -> None:
    config = preset("mini")
    with torch.device("meta"):  # shapes only
        model = VLM2ForConditionalGeneration(
            config, vision=ToyVision(), language_model=AutoModelForCausalLM.from_config(config.text_config)
        )
    sizes = {name: tensor.numel() for name, tensor in model.state_dict().items()}
    trained = sum(sizes[name] for name in stored_names(model, config))
    assert sum(size for name, size in sizes.items() if ".lora_" in name) == 2_442_240
    assert trained <= 12_000_000  # 24 MB in bf16
