"""Views of homes: what is stored is what was rendered, and poses vary within bounds."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.homes.build import build_home
from vlm2.homes.renderer import Renderer
from vlm2.training.eye_views import HEIGHTS, open_views, render_views, vary_pose, views_path


def test_views_are_rendered_once_and_read_one_by_one(tmp_path, monkeypatch):
    try:
        Renderer(8, 8).close()
    except RuntimeError as error:
        pytest.skip(str(error))
    monkeypatch.setattr("vlm2.training.eye_views.build_home", lambda seed, split: build_home(seed, split, rooms=1))
    path = views_path(tmp_path, 500_003, "train")
    assert render_views(tmp_path, 500_003, "train", 2, varied=True) is None
    written = path.stat().st_mtime_ns
    assert render_views(tmp_path, 500_003, "train", 2, varied=True) is None and path.stat().st_mtime_ns == written
    home = open_views(path)
    first, second = home.view(0), home.view(1)
    height, width = first.instances.shape
    assert home.frames == 2 and (height > width) == home.portrait and first.rgb.shape == (height, width, 3)
    assert first.depth.shape == (height // 4, width // 4) and 0 < np.median(first.depth) < 10
    assert (first.rgb != second.rgb).any() and not np.allclose(first.world_from_camera, second.world_from_camera)
    assert set(np.unique(first.instances)) - {0} <= {thing.id for thing in home.scene.objects}
    things = home.things
    assert (things.log_sizes[1:, 0] >= things.log_sizes[1:, 1]).all()
    assert np.linalg.norm(things.sides[[o.id for o in home.scene.objects]], axis=-1) == pytest.approx(1.0)


def test_files_of_another_format_are_refused(tmp_path):
    with pytest.raises(ValueError, match="does not hold views"):
        open_views(views_path(tmp_path, 1, "train"))


def test_poses_vary_but_stay_poses():
    rng, pose = np.random.default_rng(0), np.eye(4)
    pose[2, 3] = 1.5
    varied = np.stack([vary_pose(pose, rng) for _ in range(50)])
    rotations = varied[:, :3, :3]
    assert rotations @ rotations.transpose(0, 2, 1) == pytest.approx(np.tile(np.eye(3), (50, 1, 1)))
    assert varied[:, 2, 3].min() >= HEIGHTS[0] and varied[:, 2, 3].max() <= HEIGHTS[1]
    assert np.ptp(varied[:, 2, 3]) > 0.3 and (varied[:, :2, 3] == 0).all()
    assert pose[2, 3] == 1.5
