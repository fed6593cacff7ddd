"""π³: names and shapes of the published weights, equivariance, parity."""

import json
import os
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vlm2.encoders.geometry import build_encoder
from vlm2.encoders.geometry.encoder import native_size
from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3, Pi3Config
from vlm2.encoders.geometry.pi3.heads import NearestRotation

SHARED = Path(os.environ.get("VLM2_SHARED", Path(__file__).parents[3] / "shared"))
needs_shared = pytest.mark.skipif(not (SHARED / "pi3").is_dir(), reason=f"no {SHARED}/pi3 (set VLM2_SHARED)")
SMALL = DecoderSize(width=16, depth=1, heads=2, mlp_ratio=2.0, out=16)


IMAGES = {"input": "images", "backbone_depth": 2, "backbone_positions": 3}


def tiny(**changes) -> Pi3:
    torch.manual_seed(0)
    config = replace(Pi3Config.compact(), width=32, depth=4, heads=2, visual_dim=12, points_per_side=2)
    model = Pi3(replace(config, points=SMALL, confidence=SMALL, camera=SMALL, **changes))
    for parameter in model.parameters():  # away from the start, where cameras do not move
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval()


@needs_shared
def test_published_size_has_the_published_names_and_shapes():
    expected = json.loads((SHARED / "pi3/state_dict.json").read_text())
    with torch.device("meta"):
        ours = {name: list(value.shape) for name, value in Pi3(Pi3Config()).state_dict().items()}
    assert ours == {name: shape for name, (shape, _) in expected.items()}


def test_compact_size_is_small():
    with torch.device("meta"):
        parameters = sum(p.numel() for p in Pi3(Pi3Config.compact()).parameters())
    assert parameters <= 5_600_000


def test_config_survives_json_and_refuses_strangers():
    config = Pi3Config.compact()
    assert Pi3Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(ValueError, match="colour"):
        Pi3Config.from_dict({"colour": "red"})
    with pytest.raises(ValueError, match="DecoderSize has no widht"):
        Pi3Config.from_dict({"points": {"widht": 3}})
    with pytest.raises(ValueError, match="4 × 0 heads"):
        Pi3Config(heads=0)
    with pytest.raises(ValueError, match="multiple of 4"):
        replace(config, width=100)


def test_registry_builds_by_name():
    assert build_encoder("pi3", Pi3Config.compact().to_dict()).metric
    with pytest.raises(ValueError, match="pi3"):
        build_encoder("pi4", {})


def test_permuting_frames_permutes_the_output():
    model, tokens, order = tiny(), torch.randn(2, 3, 6, 12), torch.tensor([2, 0, 1])
    with torch.no_grad():
        plain, permuted = model(tokens, (2, 3)), model(tokens[:, order], (2, 3))
    assert plain.local_points.shape == (2, 3, 4, 6, 3)
    assert (plain.local_points[..., 2] > 0).all()
    for name in ("local_points", "confidence_logits", "shared_from_camera", "geometry_tokens", "view_tokens"):
        torch.testing.assert_close(getattr(plain, name)[:, order], getattr(permuted, name), rtol=1e-4, atol=1e-5)
    assert (plain.shared_from_camera[:, 0] - plain.shared_from_camera[:, 1]).abs().max() > 1e-3


def test_windows_of_a_batch_do_not_see_each_other():
    model, tokens = tiny(), torch.randn(2, 3, 6, 12)
    with torch.no_grad():
        both, alone = model(tokens, (2, 3)), model(tokens[1:], (2, 3))
    torch.testing.assert_close(both.local_points[1], alone.local_points[0], rtol=1e-4, atol=1e-5)


def test_encode_starts_the_world_at_the_first_camera():
    model, tokens = tiny(), torch.randn(3, 6, 12)
    geometry = model.encode(None, tokens, (2, 3))
    torch.testing.assert_close(geometry.world_from_camera[0], torch.eye(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(geometry.point_map[0], geometry.local_points[0], atol=1e-4, rtol=1e-4)
    assert geometry.geometry_tokens.shape == geometry.view_tokens.shape == (3, 6, 16)
    assert geometry.metric and 0 <= geometry.confidence.min() and geometry.confidence.max() <= 1
    with pytest.raises(ValueError, match="do not fit the grid"):
        model.encode(None, tokens, (3, 3))
    with pytest.raises(ValueError, match="at most 8"):
        model.encode(None, torch.randn(9, 6, 12), (2, 3))
    with pytest.raises(ValueError, match="visual_tokens"):
        model.encode(torch.rand(3, 3, 28, 42))


def test_images_go_through_the_dinov2_inside():
    model = tiny(input="images", backbone_depth=1, backbone_positions=3)
    geometry = model.encode(torch.rand(2, 3, 28, 42))
    assert geometry.local_points.shape == (2, 4, 6, 3) and geometry.grid == (2, 3)
    with pytest.raises(ValueError, match="multiples of 14"):
        model.encode(torch.rand(2, 3, 30, 42))


def test_nearest_rotation_and_its_gradient():
    torch.manual_seed(0)
    matrices = torch.eye(3, dtype=torch.float64) + 0.4 * torch.randn(6, 3, 3, dtype=torch.float64)
    rotations = NearestRotation.apply(matrices)
    torch.testing.assert_close(rotations @ rotations.mT, torch.eye(3, dtype=torch.float64).expand(6, 3, 3))
    assert torch.allclose(torch.det(rotations), torch.ones(6, dtype=torch.float64))
    torch.autograd.gradcheck(NearestRotation.apply, matrices.requires_grad_())
    still = torch.eye(3)[None].requires_grad_()  # equal singular values: the decomposition's own gradient is not finite
    NearestRotation.apply(still)[0, 0, 1].backward()
    torch.testing.assert_close(still.grad[0], torch.tensor([[0, 0.5, 0], [-0.5, 0, 0], [0, 0, 0]]))


def fill(name: str, shape: torch.Size) -> torch.Tensor:
    """Follow the rule of shared/pi3/README.md."""
    x = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).standard_normal(tuple(shape), dtype=np.float32)
    if name.endswith("gamma"):
        x = 0.1 + 0.02 * x
    elif name.endswith("weight") and x.ndim == 1:
        x = 1 + 0.1 * x
    else:
        x = 0.02 * x
    return torch.from_numpy(x)


def relative(ours: torch.Tensor, reference: torch.Tensor) -> float:
    """The measure of issue and golden file: max |difference| / max |reference|."""
    return float((ours - reference).abs().max() / reference.abs().max())


def outputs(model: Pi3, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """Everything that the golden file holds, under its names."""
    grid = (images.shape[-2] // 14, images.shape[-1] // 14)
    with torch.inference_mode():
        output = model(images, grid)
        points = torch.einsum("bfij,bfhwj->bfhwi", output.shared_from_camera[..., :3, :3], output.local_points)
    return {
        "point_tokens": output.geometry_tokens.flatten(0, 1),
        "camera_tokens": output.view_tokens.flatten(0, 1),
        "local_points": output.local_points,
        "conf": output.confidence_logits[..., None],
        "camera_poses": output.shared_from_camera,
        "points": points + output.shared_from_camera[..., None, None, :3, 3],
    }


def check_contract(model: Pi3, tolerance: float) -> None:
    """Frames in any order, windows in a batch that do not see each other, frames that are not square."""
    images = torch.rand(2, 3, 3, 28, 42, generator=torch.Generator().manual_seed(1))
    order = torch.tensor([2, 0, 1])
    plain, permuted, alone = (outputs(model, given) for given in (images, images[:, order], images[1:]))
    for name, value in plain.items():
        of_frames = value.reshape(2, 3, *value.shape[1:]) if name.endswith("tokens") else value
        moved = permuted[name].reshape(of_frames.shape)
        assert relative(moved, of_frames[:, order]) < tolerance, name
        assert relative(alone[name].reshape(1, *of_frames.shape[1:]), of_frames[1:]) < tolerance, name
        assert relative(of_frames[:, order], of_frames) > 10 * tolerance, name  # the order does matter to the test
    assert plain["points"].shape == (2, 3, 28, 42, 3)


def test_contract_at_small_width():
    check_contract(tiny(**IMAGES, points_per_side=14), 1e-4)


def test_bfloat16_stays_near_at_small_width():
    model = tiny(**IMAGES, points_per_side=14)
    images = torch.rand(1, 3, 3, 28, 42)
    exact = outputs(model, images)
    rough = outputs(model.to_bfloat16(), images)
    errors = {name: relative(rough[name], exact[name]) for name in exact}
    assert 1e-5 < max(errors.values()) < 0.03, errors  # it is rougher, and not much
    assert all(value.dtype == torch.float32 for value in rough.values())
    assert {p.dtype for p in model.camera_head.parameters()} == {torch.float32}


def test_decoding_in_pieces_changes_nothing(monkeypatch):
    model = tiny(**IMAGES)
    images = torch.rand(1, 5, 3, 28, 28)
    whole = outputs(model, images)
    monkeypatch.setattr("vlm2.encoders.geometry.pi3.model.FRAMES_AT_ONCE", 2)
    for name, value in outputs(model, images).items():
        torch.testing.assert_close(value, whole[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((480, 640), (420, 560)),
        ((1080, 1920), (378, 672)),
        ((640, 480), (560, 420)),
        ((60, 80), (42, 56)),
        ((5, 9), (14, 14)),
    ],
)
def test_frames_keep_their_shape_in_multiples_of_14(frame, expected):
    assert native_size(*frame, 14, 255_000) == expected


@pytest.mark.parametrize("height", [120, 700, 1900])
@pytest.mark.parametrize("width", [170, 640, 1300])
def test_native_sizes_stay_in_the_budget(height, width):
    rows, columns = native_size(height, width, 14, 255_000)
    assert rows % 14 == columns % 14 == 0
    assert rows * columns <= min(255_000, height * width)
    if 0.4 < width / height < 2.5:
        assert abs(columns / rows / (width / height) - 1) < 0.08


def published() -> Pi3:
    """The published size with the fill rule of shared/pi3."""
    with torch.device("meta"):
        model = Pi3(Pi3Config()).eval()
    constants = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    weights = {
        name: torch.tensor(constants[name]).view(1, 3, 1, 1) if name in constants else fill(name, value.shape)
        for name, value in model.state_dict().items()
    }
    model.load_state_dict(weights, assign=True)
    return model


@needs_shared
@pytest.mark.full  # 4 GB of weights
def test_published_size_gives_the_published_outputs():
    golden = np.load(SHARED / "pi3/golden_2x56x70.npz")
    images, model = torch.from_numpy(golden["images"]), published()
    with torch.inference_mode():
        hidden = model.trunk(model.tokens(images, (4, 5)), (4, 5))
    exact = outputs(model, images)
    ours = exact | {"hidden": hidden[:, model.config.registers :][:, ::4]}
    errors = {
        name: relative(value, torch.from_numpy(golden[name]).reshape(value.shape)) for name, value in ours.items()
    }
    print("fp32", errors)
    assert max(errors.values()) < 1e-4, errors
    check_contract(model, 1e-3)
    rough = outputs(model.to_bfloat16(), images)
    errors = {name: relative(rough[name], exact[name]) for name in exact}
    print("bf16", errors)
    assert max(errors.values()) < 0.03, errors
