"""The formulas of the vision encoders, held against the encoders."""

from __future__ import annotations

import pytest
import torch
from counted import operations, parameters, working
from transformers import SiglipVisionConfig, SiglipVisionModel

from vlm2.encoders.vision.efficientnet_lite0 import EfficientNetLite0
from vlm2.encoders.vision.siglip import SigLIP
from vlm2.models import VLM2Config, preset
from vlm2.models.capacity import sizes, vision
from vlm2.models.capacity.counting import BlockSize
from vlm2.models.capacity.vision import EfficientNet, VisionTransformer


def siglip() -> SigLIP:
    config = SiglipVisionConfig(
        hidden_size=144,
        intermediate_size=538,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=112,
        patch_size=14,
        vision_use_head=False,
    )
    return SigLIP(SiglipVisionModel(config))


@pytest.mark.parametrize(
    ("encoder", "formula", "grid"),
    [
        (siglip(), VisionTransformer(BlockSize(144, 538), depth=2, positions=64), (8, 8)),
        (EfficientNetLite0(), EfficientNet(), (6, 8)),
    ],
    ids=["siglip", "efficientnet-lite0"],
)
def test_parameters_and_operations_are_exact_and_working_memory_is_near(encoder, formula, grid):
    images = torch.rand(2, 3, grid[0] * encoder.stride, grid[1] * encoder.stride)
    assert encoder(images).shape[1] == grid[0] * grid[1]
    assert parameters(encoder) == formula.parameters
    assert operations(lambda: encoder(images)) == formula.operations(2, grid)
    assert working(lambda: encoder(images)) + images.numel() == pytest.approx(formula.working(2, grid), rel=0.15)


def test_siglip_so400m_has_the_parameters_of_its_kept_layers():
    with torch.device("meta"):
        embeddings = SiglipVisionModel(
            SiglipVisionConfig(
                hidden_size=1152,
                intermediate_size=4304,
                num_hidden_layers=2,  # one is kept
                num_attention_heads=16,
                image_size=384,
                patch_size=14,
                vision_use_head=False,
            )
        )
    one = parameters(SigLIP(embeddings))
    whole = vision(preset("7b"))
    assert isinstance(whole, VisionTransformer)
    assert whole.parameters == one + 25 * whole.block.parameters


def test_sizes_of_frames_are_those_that_the_encoders_choose():
    for height, width in ((720, 1280), (480, 640), (1920, 1080)):
        grid, same = sizes(preset("mini"), height, width)
        encoder = EfficientNetLite0()
        assert grid == same == encoder.grid(*encoder.frame_size(height, width))
    square, wide = sizes(preset("7b"), 720, 1280)
    assert square == (27, 27)
    assert 0.5 * 255_000 <= wide[0] * wide[1] * 196 <= 255_000
    assert wide[1] / wide[0] == pytest.approx(16 / 9, rel=0.05)
    _, fewer = sizes(preset("7b"), 720, 1280, pixels=100_000)
    assert 50_000 <= fewer[0] * fewer[1] * 196 <= 100_000


def test_an_encoder_without_a_formula_is_refused_by_name():
    with pytest.raises(ValueError, match="no capacity formula for the vision encoder 'toy'; .*siglip"):
        vision(VLM2Config(vision={"name": "toy", "dim": 12, "stride": 8}))
