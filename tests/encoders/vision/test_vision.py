"""Vision encoders: one contract for all of them, and each one's own architecture."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch.nn import functional
from transformers import SiglipVisionConfig, SiglipVisionModel

from vlm2 import registry
from vlm2.encoders import weights
from vlm2.encoders.vision import VisionEncoder, load_vision_encoder
from vlm2.encoders.vision.efficientnet_lite0 import GROUPS, Convolution, EfficientNetLite0, fold
from vlm2.encoders.vision.siglip import SigLIP

SIGLIP = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}


def random_siglip() -> SiglipVisionModel:
    return SiglipVisionModel(SiglipVisionConfig(**SIGLIP, image_size=56, patch_size=14)).eval()


# The builders make each encoder with random weights and, where its size is free, small.
BUILDERS = {
    "efficientnet-lite0": EfficientNetLite0,
    "siglip": lambda: SigLIP(random_siglip()),
}


NAMES = [name.replace("_", "-") for name in registry.entries("vlm2.encoders.vision", "load")]


@pytest.fixture(params=NAMES)
def encoder(request: pytest.FixtureRequest) -> VisionEncoder:
    torch.manual_seed(0)
    return BUILDERS[request.param]()


def test_contract(encoder: VisionEncoder) -> None:
    height, width = encoder.frame_size(120, 160)
    rows, columns = encoder.grid(height, width)
    tokens = encoder(torch.rand(2, 3, height, width))
    assert tokens.shape == (2, rows * columns, encoder.dim)
    assert not tokens.requires_grad
    assert encoder.name in NAMES
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert not any(module.training for module in encoder.train().modules())


def test_tokens_are_the_same_with_stages(encoder: VisionEncoder) -> None:
    height, width = encoder.frame_size(120, 160)
    images = torch.rand(2, 3, height, width)
    tokens, stages = encoder.tokens_and_stages(images)
    torch.testing.assert_close(tokens, encoder(images))
    for stage in stages or ():
        assert stage.shape[0] == 2 and not stage.requires_grad
        assert height % stage.shape[2] == 0 and width % stage.shape[3] == 0


@pytest.mark.parametrize("part", weights.read_parts().values(), ids=lambda part: part.name)
def test_every_part_is_prepared_by_the_module_that_holds_its_record(part: weights.FrozenPart) -> None:
    module = import_module(part.module)
    records = [value for value in vars(module).values() if isinstance(value, weights.FrozenPart)]
    assert replace(part, module="") in records
    assert callable(module.prepare)


def test_frames_do_not_see_each_other(encoder: VisionEncoder) -> None:
    images = torch.rand(3, 3, *encoder.frame_size(64, 64))
    together, alone = encoder(images), encoder(images[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-3, atol=1e-4)


def test_patches_are_row_major(encoder: VisionEncoder) -> None:
    height, width = encoder.frame_size(64, 96)
    rows, columns = encoder.grid(height, width)
    image = torch.rand(1, 3, height, width)
    changed = image.clone()
    row, column = rows // 2, columns - 1
    changed[:, :, row * encoder.stride : (row + 1) * encoder.stride, column * encoder.stride :] = 0
    difference = (encoder(image) - encoder(changed)).norm(dim=-1)[0]
    assert difference.argmax() == row * columns + column


def test_bfloat16(encoder: VisionEncoder) -> None:
    image = torch.rand(1, 3, *encoder.frame_size(64, 64))
    exact, rough = encoder(image), encoder.to(torch.bfloat16)(image)
    assert rough.dtype == torch.bfloat16
    assert functional.cosine_similarity(exact.flatten(), rough.float().flatten(), dim=0) > 0.98


def test_wrong_size_is_refused(encoder: VisionEncoder) -> None:
    with pytest.raises(ValueError, match=rf"{encoder.name} takes frames"):
        encoder(torch.rand(1, 3, 97, 131))


def test_unknown_encoder_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="efficientnet_lite0"):
        load_vision_encoder("resnet")


def test_missing_siglip_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="google/siglip-so400m-patch14-384"):
        load_vision_encoder(f"siglip:{tmp_path}")


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((480, 640), (192, 256)),
        ((540, 960), (192, 320)),
        ((1024, 576), (320, 192)),
        ((333, 333), (256, 256)),
        ((1, 10_000), (64, 1024)),
    ],
)
def test_frame_size(frame: tuple[int, int], expected: tuple[int, int]) -> None:
    assert EfficientNetLite0().frame_size(*frame) == expected


def test_frame_size_is_bounded_and_pools() -> None:
    encoder = EfficientNetLite0()
    for height in range(50, 2000, 190):
        for width in range(50, 2000, 170):
            rows, columns = encoder.grid(*encoder.frame_size(height, width))
            assert rows % 2 == columns % 2 == 0
            assert 32 <= rows * columns <= 64
            if 0.4 < width / height < 2.5:
                assert abs(math.log(columns / rows / (width / height))) < math.log(1.26)


def test_frame_without_pixels() -> None:
    with pytest.raises(ValueError, match="0×480"):
        EfficientNetLite0().frame_size(480, 0)


@pytest.mark.parametrize(
    ("kernel", "size", "before", "after"), [(3, 8, 0, 1), (5, 8, 1, 2), (3, 2, 0, 1), (5, 6, 1, 2)]
)
def test_padding_is_tensorflows(kernel: int, size: int, before: int, after: int) -> None:
    convolution = Convolution(1, 1, kernel, 2)
    image = torch.rand(1, 1, size, size)
    padded = functional.pad(image, (before, after, before, after))
    expected = functional.conv2d(padded, convolution.weight, convolution.bias, stride=2)
    torch.testing.assert_close(convolution(image), expected)


def published_names() -> dict[str, torch.Tensor]:
    """Random weights under the names of the published checkpoint."""
    source: dict[str, torch.Tensor] = {}

    def put(convolution: str, norm: str, shape: tuple[int, ...]) -> None:
        source[f"{convolution}.weight"] = torch.randn(shape) / math.sqrt(math.prod(shape[1:]))
        source[f"{norm}.weight"], source[f"{norm}.bias"] = torch.rand(shape[0]) + 0.5, torch.randn(shape[0])
        source[f"{norm}.running_mean"], source[f"{norm}.running_var"] = torch.randn(shape[0]), torch.rand(shape[0])

    put("_conv_stem", "_bn0", (32, 3, 3, 3))
    channels, index = 32, 0
    for count, kernel, _, expansion, out_channels in GROUPS:
        for _ in range(count):
            block, inner = f"_blocks.{index}", channels * expansion
            if expansion > 1:
                put(f"{block}._expand_conv", f"{block}._bn0", (inner, channels, 1, 1))
            put(f"{block}._depthwise_conv", f"{block}._bn1", (inner, 1, kernel, kernel))
            put(f"{block}._project_conv", f"{block}._bn2", (out_channels, inner, 1, 1))
            channels, index = out_channels, index + 1
    return source


def test_folding_equals_convolution_then_normalisation() -> None:
    torch.manual_seed(0)
    source, encoder = published_names(), EfficientNetLite0()
    encoder.load_state_dict(fold(source))  # strict: every name, every shape

    def norm(name: str, features: torch.Tensor) -> torch.Tensor:
        mean, variance = source[f"{name}.running_mean"], source[f"{name}.running_var"]
        return functional.batch_norm(
            features, mean, variance, source[f"{name}.weight"], source[f"{name}.bias"], eps=1e-3
        )

    features = torch.randn(1, 32, 8, 8)
    inner = functional.conv2d(features, source["_blocks.0._depthwise_conv.weight"], padding=1, groups=32)
    inner = functional.relu6(norm("_blocks.0._bn1", inner))
    expected = norm("_blocks.0._bn2", functional.conv2d(inner, source["_blocks.0._project_conv.weight"]))
    torch.testing.assert_close(encoder.blocks[0](features), expected, rtol=1e-4, atol=1e-4)


def test_tokens_put_the_four_cells_of_stride_16_beside_their_patch() -> None:
    torch.manual_seed(0)
    encoder = EfficientNetLite0()
    image = torch.rand(1, 3, 64, 128)
    eighth, sixteenth, last = encoder.stages(image)
    torch.testing.assert_close(encoder.later_stages(eighth), (sixteenth, last))
    token = encoder(image)[0, 1 * 4 + 2]
    torch.testing.assert_close(token[:320], last[0, :, 1, 2] / 3.0)
    torch.testing.assert_close(token[320:].view(112, 2, 2), sixteenth[0, :, 2:4, 4:6] / 6.7)


def test_siglip_stops_before_the_last_layer() -> None:
    backbone = random_siglip()
    images = torch.rand(2, 3, 56, 56)
    with torch.no_grad():
        hidden = backbone((images - 0.5) / 0.5, output_hidden_states=True).hidden_states
    torch.testing.assert_close(SigLIP(backbone)(images), hidden[-2])


@pytest.mark.full
def test_published_efficientnet_gives_the_same_tokens_as_ever() -> None:
    try:
        encoder = load_vision_encoder("efficientnet-lite0")
    except weights.MissingPart as error:
        pytest.skip(str(error))
    rows, columns = torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 64), indexing="ij")
    tokens = encoder(torch.stack([rows, columns, 1 - rows])[None])
    expected = torch.tensor([[0.5948, -1.3015, 0.8371], [0.4174, -1.4683, 0.9455]])
    torch.testing.assert_close(tokens[0, :2, :3], expected, rtol=0, atol=2e-3)
    torch.testing.assert_close(tokens.std(), torch.tensor(0.9618), rtol=0, atol=1e-3)


def test_depthwise_convolutions_stay_in_single_precision_under_autocast() -> None:
    torch.manual_seed(0)
    maps = torch.randn(1, 8, 6, 6)
    depthwise, pointwise = Convolution(8, 8, 5, groups=8), Convolution(8, 8, 1)
    depthwise(maps).square().sum().backward()
    exact = depthwise.weight.grad
    depthwise.weight.grad = None
    with torch.autocast("cpu", torch.bfloat16):
        found = depthwise(maps)
        assert found.dtype == torch.float32 and pointwise(maps).dtype == torch.bfloat16
        found.square().sum().backward()
    assert exact is not None and torch.equal(depthwise.weight.grad, exact)
    assert depthwise.to("meta")(maps.to("meta")).shape == maps.shape  # a device that autocast does not know
