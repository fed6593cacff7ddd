"""The map's plane, and what is drawn on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from vlm2.core import DualState, FramePlacement
from vlm2.streaming.memory_log import HeldFrame, MemoryLog
from vlm2.streaming.stream import Stream
from vlm2.streaming.trajectory import ThinnedTrajectory
from vlm2.viewer.floor_map import NO_PICTURE, FloorPlane, draw_map

RED = (255, 0, 0)


def camera(position: tuple[float, float, float], pitch: float = 0.0) -> torch.Tensor:
    """A camera in an OpenCV world (x right, y down, z forward), pitched down by radians."""
    c, s = np.cos(pitch), np.sin(pitch)
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3] = torch.tensor([[1, 0, 0], [0, c, s], [0, -s, c]], dtype=torch.float64)
    pose[:3, 3] = torch.tensor(position, dtype=torch.float64)
    return pose.float()


def test_level_cameras_give_a_level_floor():
    poses = torch.stack([camera((0, 0, z)) for z in range(4)]).numpy()
    floor = FloorPlane.under(poses)
    np.testing.assert_allclose(floor.of(np.array([2.0, -1.0, 3.0])), [2, 3, 1], atol=1e-6)  # right, forward, up


def test_a_pitched_first_frame_is_levelled():
    """The world is the first camera's frame: with a camera that looks 0.5 rad down, that frame is tilted."""
    tilt = camera((0, 0, 0), 0.5).numpy()
    around = [np.linalg.inv(tilt) @ turn(angle) @ tilt for angle in np.arange(8) * np.pi / 4]
    floor = FloorPlane.under(np.stack(around))
    up = np.linalg.inv(tilt)[:3, :3] @ np.array([0, -1.0, 0])  # the room's up, in the first camera's frame
    np.testing.assert_allclose(floor.axes[2], up, atol=1e-6)
    np.testing.assert_allclose(floor.axes @ floor.axes.T, np.eye(3), atol=1e-6)


def turn(angle: float) -> np.ndarray:
    """A turn about the vertical of an OpenCV world."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s, 0], [0, 1, 0, 0], [-s, 0, c, 0], [0, 0, 0, 1.0]])


def stream(points: torch.Tensor) -> Stream:
    poses = torch.stack([camera((0, 0, z / 2)) for z in range(5)])
    path = ThinnedTrajectory(torch.arange(5), torch.arange(5).double(), poses)
    held = HeldFrame(4, 4.0, 0, confidence=torch.ones(len(points)))
    return Stream(frames=5, last_time=4.0, memory=seen(4, poses[4], points), trajectory=path, log=MemoryLog((held,)))


def seen(frame: int, pose: torch.Tensor, points: torch.Tensor) -> DualState:
    """A memory that holds one frame."""
    tokens = torch.zeros(1, len(points), 4)
    state = DualState.empty(tokens)
    placement = FramePlacement.of(tokens, frame, float(frame), points[None], pose[None])
    return replace(state, recent=state.recent.appended(tokens=tokens, **placement._asdict()))


def drawn(points: torch.Tensor) -> np.ndarray:
    image = Image.new("RGB", (600, 500), "white")
    draw_map(image, stream(points), (0, 0, 600, 500))
    return np.asarray(image).astype(int)


def test_what_was_seen_ahead_lies_above_the_camera_on_the_page():
    cloud = torch.rand(300, 3, generator=torch.Generator().manual_seed(0)) * 0.2 + torch.tensor([-0.1, 0.5, 4.0])
    picture = drawn(cloud)
    grey = np.argwhere((picture == NO_PICTURE).all(-1))  # patches without a thumbnail
    blue = np.argwhere((np.abs(picture - (37, 99, 235)) < 60).all(-1))  # the beginning of the way
    assert len(grey) > 50
    assert grey[:, 0].mean() < blue[blue[:, 0] > 60][:, 0].mean()


def test_ceilings_and_bad_points_do_not_hide_the_room():
    high = torch.tensor([[0.0, -2.0, 3.0]]).repeat(50, 1)
    broken = torch.full((10, 3), float("nan"))
    picture = drawn(torch.cat((high, broken)))
    assert not (picture == NO_PICTURE).all(-1).any()


def words(monkeypatch, shown: Stream) -> str:
    """What is written on a map."""
    written: list[str] = []
    text = ImageDraw.ImageDraw.text

    def note(self, xy, words, *args, **options):
        written.append(words)
        return text(self, xy, words, *args, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", note)
    draw_map(Image.new("RGB", (600, 500), "white"), shown, (0, 0, 600, 500))
    return "\n".join(written)


@pytest.mark.parametrize("poses", [1, 5])
@pytest.mark.parametrize("points", [0, 1, 3])
def test_a_camera_that_did_not_move_has_a_map_that_says_so(monkeypatch, poses, points):
    """Of zero size: one pose or the same one again, and one point or the same one again."""
    still = camera((1, 2, 3)).expand(poses, 4, 4)
    path = ThinnedTrajectory(torch.arange(poses), torch.arange(poses).double(), still)
    cloud = camera((1, 2, 3))[:3, 3].expand(points, 3)
    held = HeldFrame(0, 0.0, 0, confidence=torch.ones(points))
    shown = Stream(frames=poses, memory=seen(0, still[0], cloud), trajectory=path, log=MemoryLog((held,)))
    told = words(monkeypatch, shown)
    assert "the camera did not move" in told
    assert ("no point has enough confidence" in told) is (points == 0)


def test_a_camera_that_moved_is_not_said_to_be_still(monkeypatch):
    assert "did not move" not in words(monkeypatch, stream(torch.ones(3, 3)))


def test_the_map_has_a_title_its_path_two_ends_and_a_scale(monkeypatch):
    written = words(monkeypatch, stream(torch.ones(3, 3))).splitlines()
    assert {"Map from above", "start", "end", "0.5 m"} <= set(written)


def test_without_a_full_window_there_is_no_map_yet(monkeypatch):
    assert "no map: the first window is not full yet" in words(monkeypatch, Stream(frames=1, times=(0.0,)))
