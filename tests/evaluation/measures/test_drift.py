"""Drift: none for who knows the truth, all of it for windows that nobody joins."""

import numpy as np
import pytest
import torch
from toyruns import toy_loaded

from vlm2.encoders.geometry.cameras import in_first_camera, rigid
from vlm2.encoders.geometry.encoder import Geometry, GeometryEncoder
from vlm2.evaluation.measures import drift
from vlm2.models.windows import FrameInputs, WindowEncoder

FRAMES = 40


def walk() -> drift.Walk:
    """A camera that turns by 3° and steps 0.1 m a frame, before a bumpy wall."""
    angle = torch.deg2rad(3.0 * torch.arange(FRAMES))
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    rotation = torch.stack((angle.cos(), zero, angle.sin(), zero, one, zero, -angle.sin(), zero, angle.cos()), -1)
    steps = 0.1 * torch.arange(FRAMES)
    poses = rigid(rotation.reshape(-1, 3, 3), torch.stack((steps, zero, zero), -1))
    points = torch.rand(FRAMES, 6, 8, 3, generator=torch.Generator().manual_seed(0)) + torch.tensor([0.0, 0.0, 2.0])
    return drift.Walk(points, poses)


class Knowing(GeometryEncoder):
    """Knows the truth; visual tokens are frame numbers."""

    geometry_dim = view_dim = 1
    window, metric, needs_visual_tokens = 8, True, True

    def encode(self, images, visual_tokens=None, grid=None) -> Geometry:
        numbers = visual_tokens[:, 0, 0].long()
        assert len(numbers) <= self.window
        points, poses = walk().local_points[numbers], walk().world_from_camera[numbers]
        return Geometry(
            points, torch.ones(points.shape[:3]), in_first_camera(poses), visual_tokens, visual_tokens, (1, 1), True
        )


def numbered() -> FrameInputs:
    return FrameInputs(visual_tokens=torch.arange(FRAMES).float()[:, None, None], grid=(1, 1))


def test_who_knows_the_truth_drifts_only_where_windows_are_not_joined():
    encoder = Knowing()
    found = drift.home_errors(WindowEncoder(encoder), numbered(), walk())
    assert found["joined"] == pytest.approx(dict.fromkeys(drift.MEASURES, 0), abs=0.1)
    assert found["one_shot"] == pytest.approx(dict.fromkeys(list(drift.MEASURES)[:4], 0), abs=0.1)
    assert found["unjoined"]["points"] > 1
    assert found["unjoined"]["rotation"] == pytest.approx(48, abs=1)  # the windows begin at 0°, 24°, 48°, 72° and 96°
    assert encoder.window == 8  # seeing all at once has not changed the encoder


def test_known_errors_are_found():
    true = walk()
    still = rigid(torch.eye(3).expand(FRAMES, 3, 3), torch.zeros(FRAMES, 3))
    tokens = torch.zeros(FRAMES, 1, 1)
    found = Geometry(true.local_points, torch.ones(FRAMES, 6, 8), still, tokens, tokens, (1, 1), True)
    errors = drift.walk_errors(found, true, true.distance)
    assert true.distance == pytest.approx(3.9, abs=1e-4)
    assert errors["drift_end"] == pytest.approx(100, abs=1e-3)
    assert errors["drift"] == pytest.approx(50, abs=1e-3)
    assert errors["rotation"] == pytest.approx(3 * 39 / 2, abs=0.1)
    assert errors["rotation_span"] == pytest.approx(30, abs=0.1)
    assert errors["translation_span"] == pytest.approx(1.0, abs=1e-3)


def test_frames_are_spread_from_the_first_to_the_last():
    assert drift.spread(5) == [0, 1, 2, 3, 4]
    chosen = drift.spread(360)
    assert (len(chosen), chosen[0], chosen[-1]) == (64, 0, 359)


def test_homes_are_read_from_their_videos_and_summed_up(write_video, tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (12, 32, 48, 3), dtype=np.uint8)
    for folder in ("videos", "geometry"):
        (tmp_path / folder).mkdir()
    for name in ("a", "b"):
        write_video(list(images), f"videos/{name}.mp4", times=[500 * i for i in range(12)])
        np.savez(
            tmp_path / "geometry" / f"{name}.npz",
            depth=np.full((12, 32, 48), 2.0, np.float16),
            times=np.arange(12) / 2,
            world_from_camera=walk().world_from_camera[:12].double().numpy(),
            intrinsics=np.array([[40.0, 0, 24], [0, 40.0, 16], [0, 0, 1]]),
        )
    toy = toy_loaded().model, toy_loaded().processor
    rows = list(drift.run(*toy, tmp_path))
    assert [row["home"] for row in rows] == ["a", "b"]
    assert rows[0]["distance"] == pytest.approx(1.1, abs=1e-4)
    assert rows[0]["joined"] == rows[1]["joined"]
    result = drift.summary(rows)
    assert result["ways"]["joined"]["points"] == pytest.approx(rows[0]["joined"]["points"])
    headings, cells = drift.table(result)
    assert len(headings) == len(cells[0]) == 7
    short = next(drift.run(*toy, tmp_path, count=1, seconds=2))
    assert short["distance"] == pytest.approx(0.3, abs=1e-4)
    with pytest.raises(ValueError, match="holds no geometry"):
        next(drift.run(*toy, tmp_path / "videos"))
