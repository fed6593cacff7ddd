"""Cached homes: what is refused, and the geometry encoder's outputs beside them."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from toys import toy_model
from toytraining import write_homes

from vlm2.encoders.geometry.cameras import rotation_angle
from vlm2.training.home_cache import add_tracking_errors, cache_geometry, open_cache


def test_an_empty_folder_and_a_foreign_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="vlm2 train cache"):
        open_cache(tmp_path)
    save_file({"times": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="not a cached home"):
        open_cache(tmp_path)


def test_homes_of_another_encoder_are_refused(tmp_path):
    homes = write_homes(tmp_path / "homes")
    assert len(open_cache(homes, "toy")) == 3
    with pytest.raises(ValueError, match="cached with toy, but this model uses other"):
        open_cache(homes, "other")


def test_geometry_is_kept_and_made_anew_by_another_encoder(tmp_path):
    homes = open_cache(write_homes(tmp_path / "homes"))
    one, other = (toy_model().frame_encoder.windows for _ in range(2))
    with torch.no_grad():
        for parameter in other.encoder.parameters():
            parameter.add_(0.1)
    cache_geometry(homes, one)
    first = [load_file(home.geometry_path) for home in homes]
    stamps = [home.geometry_path.stat().st_mtime_ns for home in homes]
    cache_geometry(homes, one)
    assert [home.geometry_path.stat().st_mtime_ns for home in homes] == stamps
    cache_geometry(homes, other)
    second = [load_file(home.geometry_path) for home in homes]
    pairs = zip(first, second, strict=True)
    assert not any(torch.equal(was["geometry_tokens"], now["geometry_tokens"]) for was, now in pairs)


def test_a_tracked_path_drifts_a_little_and_stays_rigid():
    true = torch.eye(4).repeat(200, 1, 1)
    true[:, 0, 3] = torch.linspace(3, 13, 200)
    path = add_tracking_errors(true, np.random.default_rng(3))
    torch.testing.assert_close(path[0], torch.eye(4))
    torch.testing.assert_close(path[:, :3, :3] @ path[:, :3, :3].mT, torch.eye(3).expand(200, 3, 3), atol=1e-3, rtol=0)
    steps = torch.linalg.inv(path[:-1]) @ path[1:]
    turns = torch.rad2deg(rotation_angle(steps[:, :3, :3], torch.eye(3).expand(199, 3, 3)))
    assert 0.2 < turns.median() < 1.0 and turns.max() > 2.0
    moved = (steps[:, :3, 3] - torch.tensor([10 / 199, 0, 0])).norm(dim=-1)
    assert 0.005 < moved.median() < 0.03
