"""Depth models of transformers beside our encoder: the pipeline's depth, the own encoder's tokens, a pinhole camera."""

from __future__ import annotations

from pathlib import Path

import pytest
import tinyhub
import torch
from PIL import Image
from tinyhub import picture
from toys import GRID, VISION_DIM, toy_geometry
from transformers import BatchFeature, pipeline

from vlm2.encoders.geometry import build_encoder
from vlm2.encoders.geometry.encoder import GeometryEncoder
from vlm2.encoders.geometry.hub import USUAL_FOCAL, HubGeometry, back_projected, load_depth, own_focal

FRAMES = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tinyhub.depth_anything(tmp_path_factory.mktemp("depth"))


@pytest.fixture(scope="module")
def own() -> GeometryEncoder:
    torch.manual_seed(0)
    made = toy_geometry()
    return build_encoder(made["name"], made["settings"]).eval()


@pytest.fixture(scope="module")
def both(own, folder) -> HubGeometry:
    return load_depth(own, f"hub:{folder}")


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    frames = torch.stack([torch.from_numpy(picture(56, 84, seed=seed)) for seed in range(FRAMES)])
    return frames.permute(0, 3, 1, 2).float() / 255


@pytest.fixture(scope="module")
def tokens() -> torch.Tensor:
    return torch.randn(FRAMES, GRID[0] * GRID[1], VISION_DIM, generator=torch.Generator().manual_seed(0))


def test_depth_is_the_pipelines(both, folder, images) -> None:
    reference = pipeline("depth-estimation", model=str(folder))
    for image in images:
        depth, focal = both.estimate(image)
        pixels = (image * 255).byte().permute(1, 2, 0).numpy()
        theirs = reference(Image.fromarray(pixels))["predicted_depth"]
        torch.testing.assert_close(depth, theirs.clamp(0.01, 100.0))
        assert depth.shape == image.shape[1:] and depth.std() > 0.01 and focal is None


def test_points_have_the_depth_and_tokens_are_the_own_encoders(both, own, images, tokens) -> None:
    found, alone = both.encode(images, tokens, GRID), own.encode(None, tokens, GRID)
    assert (
        found.metric and found.local_points.shape == (FRAMES, 14, 21, 3) and found.confidence.shape == (FRAMES, 14, 21)
    )
    full = torch.stack([both.estimate(image)[0] for image in images])
    assert torch.equal(found.local_points[..., 2], full[:, 2::4, 2::4])
    for name in ("geometry_tokens", "view_tokens"):
        assert torch.equal(getattr(found, name), getattr(alone, name))
    assert torch.equal(found.world_from_camera[:, :3, :3], alone.world_from_camera[:, :3, :3])


def test_poses_take_the_scale_of_the_depth(both, own, images, tokens) -> None:
    found, alone = both.encode(images, tokens, GRID), own.encode(None, tokens, GRID)
    scale = found.local_points[..., 2].median() / alone.local_points[..., 2].median()
    torch.testing.assert_close(found.world_from_camera[:, :3, 3], scale * alone.world_from_camera[:, :3, 3])


def test_a_pinhole_camera_gives_its_focal_length_back() -> None:
    depth = 1 + torch.rand(2, 12, 20, generator=torch.Generator().manual_seed(1))
    for focal, aspect in ((0.8, 0.6), (1.2, 1.7)):
        points = back_projected(depth, focal, aspect)
        assert own_focal(points, aspect) == pytest.approx(focal, rel=1e-4)
        assert torch.equal(points[..., 2], depth)
        bottom = 11.5 / 12 - 0.5
        torch.testing.assert_close(points[:, -1, 0, 1], bottom * aspect / focal * depth[:, -1, 0])


@pytest.mark.parametrize("focal", [0.05, 40.0])
def test_a_focal_length_that_cannot_be_is_not_believed(focal) -> None:
    points = back_projected(torch.ones(1, 8, 8), focal, 1.5)
    assert own_focal(points, 1.5) == pytest.approx(1.5 * USUAL_FOCAL), "of the longer side, in widths"
    assert own_focal(torch.zeros(1, 8, 8, 3), 0.7) == USUAL_FOCAL


def test_a_given_focal_length_comes_first(own, images, tokens, monkeypatch, folder) -> None:
    both = load_depth(own, f"hub:{folder}")
    monkeypatch.setattr(both, "estimate", lambda image: (torch.full(image.shape[1:], 2.0), 0.9))
    assert own_focal(both.encode(images, tokens, GRID).local_points, 56 / 84) == pytest.approx(0.9, rel=1e-4)


class GivesFocal:
    """A processor whose depth has holes, and which gives a focal length, as Depth Pro's does."""

    def __call__(self, images, return_tensors) -> BatchFeature:
        return BatchFeature({})

    def post_process_depth_estimation(self, output, sizes) -> list[dict]:
        depth = torch.tensor([[1.0, float("nan")], [1e6, -1.0]])
        return [{"predicted_depth": depth, "focal_length": torch.tensor(1.6)}]


def test_a_processor_may_give_a_focal_length(both, monkeypatch) -> None:
    monkeypatch.setattr(both, "processor", GivesFocal())
    monkeypatch.setattr(both.model, "forward", lambda: None)
    depth, focal = both.estimate(torch.zeros(3, 2, 2))
    assert focal == pytest.approx(0.8)
    torch.testing.assert_close(depth, torch.tensor([[1.0, 100.0], [100.0, 0.01]]))


def test_the_weights_are_the_own_encoders(both, own) -> None:
    assert set(both.state_dict()) == set(own.state_dict())


def test_images_are_needed(both, tokens) -> None:
    with pytest.raises(ValueError, match="sees images"):
        both.encode(None, tokens, GRID)


def test_relative_depth_is_refused(own, tmp_path) -> None:
    with pytest.raises(ValueError, match="gives relative depth.*Metric-Indoor-Small"):
        load_depth(own, f"hub:{tinyhub.depth_anything(tmp_path, 'relative')}")


def test_a_detector_is_no_depth_model(own, tmp_path) -> None:
    with pytest.raises(ValueError, match="is a detr, which gives no depth in metres here; take one of depth_anything"):
        load_depth(own, f"hub:{tinyhub.detr(tmp_path)}")


@pytest.mark.parametrize("name", ["eagle", "hub:", ""])
def test_a_name_begins_with_hub(own, name) -> None:
    with pytest.raises(ValueError, match="There is no geometry"):
        load_depth(own, name)
