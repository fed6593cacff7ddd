"""Camera tracking: the true motion from rendered pictures and poor poses, and nothing worse than the encoder's."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from toys import toy_model

from vlm2.encoders.geometry.cameras import focal_length, in_first_camera, invert, rigid, rotation_angle
from vlm2.encoders.geometry.encoder import Geometry, GeometryEncoder
from vlm2.models import windows
from vlm2.models.windows import FrameInputs, WindowEncoder, WindowState, grey
from vlm2.slam import bundle_adjustment, features, tracking
from vlm2.slam.configuration import LoopClosureConfig, TrackingConfig

HEIGHT, WIDTH, FOCAL = 144, 192, 165.0  # pixels
WALLS = ((2, 2.5), (0, 1.2))  # axis and place in metres: a corner
CELLS = (24, 32)
CONFIG = TrackingConfig()


def turned(degrees: torch.Tensor) -> torch.Tensor:
    """Rotations about the vertical."""
    angle = torch.deg2rad(degrees)
    zero, one = torch.zeros_like(angle), torch.ones_like(angle)
    columns = (angle.cos(), zero, angle.sin(), zero, one, zero, -angle.sin(), zero, angle.cos())
    return torch.stack(columns, -1).reshape(-1, 3, 3)


def walk(frames: int = 6) -> torch.Tensor:
    """A camera that turns by 5° and moves by 10 cm a frame."""
    step = torch.arange(frames, dtype=torch.float64)
    place = torch.stack((0.06 * step, 0 * step, 0.08 * step), -1)
    return rigid(turned(5 * step - 12), place)


def wall() -> np.ndarray:
    """A picture of 12 × 6 metres, with something to see at every scale."""
    random = np.random.default_rng(0)
    picture = np.zeros((600, 1200))
    for size in (6, 15, 40):
        cells = random.random((600 // size, 1200 // size))
        picture += cv2.resize(cells, (1200, 600), interpolation=cv2.INTER_CUBIC)
    return (255 * (picture - picture.min()) / np.ptp(picture)).astype(np.float32)


def rays(rows: int, columns: int, focal: float) -> np.ndarray:
    """Directions of the centres of equal cells of the picture, z = 1."""
    u = ((np.arange(columns) + 0.5) / columns - 0.5) * WIDTH / focal
    v = ((np.arange(rows) + 0.5) / rows - 0.5) * HEIGHT / focal
    return np.stack((*np.meshgrid(u, v), np.ones((rows, columns))), -1)


def depths(pose: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Depths of the nearest wall."""
    found = []
    for axis, place in WALLS:
        towards = rays(rows, columns, FOCAL) @ pose[axis, :3]
        found.append(np.where(towards > 0, (place - pose[axis, 3]) / towards.clip(1e-9), np.inf))
    return np.minimum(*found)


def film(poses: torch.Tensor) -> torch.Tensor:
    """Pictures of the corner, in [0, 1]."""
    picture, frames = wall(), []
    for pose in poses.numpy():
        points = rays(HEIGHT, WIDTH, FOCAL) * depths(pose, HEIGHT, WIDTH)[..., None] @ pose[:3, :3].T + pose[:3, 3]
        along, up = points[..., 0] - points[..., 2], points[..., 1]  # the walls' paper goes on round the corner
        at = (np.stack((along, up), -1) * 100 + (800, 300)).astype(np.float32)
        frames.append(cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
    return torch.from_numpy(np.stack(frames) / 255).float()[:, None].expand(-1, 3, -1, -1)


def guess(poses: torch.Tensor, focal: float = FOCAL, degrees: float = 8.0) -> tuple[torch.Tensor, torch.Tensor]:
    """What an encoder makes of a walk: points from a focal length of its own and depths some percent off, poses whose
    steps turn `degrees` wrongly, now this way and now that."""
    random = np.random.default_rng(1)
    off = random.normal(0, 0.04, (len(poses), 1, 1)) + random.normal(0, 0.02, (len(poses), *CELLS)).clip(-0.04, 0.04)
    z = np.stack([depths(pose, *CELLS) for pose in poses.numpy()]) * np.exp(off)
    wrong = rigid(turned(degrees * (torch.arange(len(poses)) % 2).double()), torch.zeros(len(poses), 3).double())
    return torch.from_numpy(rays(*CELLS, focal) * z[..., None]), in_first_camera(poses @ wrong)


def track(
    images: np.ndarray,
    points: torch.Tensor,
    poses: torch.Tensor,
    known: bundle_adjustment.FocalEstimate | None = None,
) -> tracking.TrackedPoses:
    """Track the camera of grey pictures from a guess."""
    return tracking.track(images, points[..., 2].numpy(), poses.numpy(), focal_length(points), CONFIG, known)


class Guessing(GeometryEncoder):
    """Gives the guess; `visual_tokens` hold the frames' numbers."""

    geometry_dim = view_dim = 1
    window, needs_visual_tokens = 8, True

    def __init__(self, poses: torch.Tensor, metric: bool = True) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
        self.points, self.poses = (x.float() for x in guess(poses))
        self.metric = metric

    def encode(self, images, visual_tokens=None, grid=None) -> Geometry:
        numbers = visual_tokens[:, 0, 0].long()
        scale = 1.0 if self.metric else 2.0 + float(numbers[0])
        points, poses = self.points[numbers], in_first_camera(self.poses[numbers])
        poses = rigid(poses[:, :3, :3], scale * poses[:, :3, 3])
        sure = torch.ones(points.shape[:3])
        return Geometry(scale * points, sure, poses, visual_tokens, visual_tokens, (1, 1), self.metric)


def numbered(images: torch.Tensor) -> FrameInputs:
    return FrameInputs(images, torch.arange(len(images)).float()[:, None, None], (1, 1))


def tracked(encoder: GeometryEncoder) -> WindowEncoder:
    return WindowEncoder(encoder, CONFIG, LoopClosureConfig())


def step_errors(found: torch.Tensor, true: torch.Tensor) -> tuple[float, float]:
    """Largest errors of the steps between neighbours: degrees, metres."""
    ours, theirs = (invert(p[:-1].double()) @ p[1:].double() for p in (found, true))
    turn = rotation_angle(ours[:, :3, :3], theirs[:, :3, :3]).rad2deg().max()
    return float(turn), float((ours - theirs)[:, :3, 3].norm(dim=-1).max())


@pytest.mark.parametrize("focal", [FOCAL, 0.75 * FOCAL, 1.12 * FOCAL])
def test_the_true_motion_is_found_whatever_the_encoder_takes_for_the_focal_length(focal):
    true = walk()
    points, poses = guess(true, focal)
    assert WIDTH * focal_length(points) == pytest.approx(focal, rel=1e-6)
    assert step_errors(poses, true)[0] > 7
    found = track(grey(film(true)).numpy(), points, poses)
    turn, shift = step_errors(torch.from_numpy(found.poses), true)
    assert turn < 1.0 and shift < 0.08
    assert np.exp(found.focal.logarithm) * WIDTH == pytest.approx(FOCAL, rel=0.12)
    assert found.depth_scale == pytest.approx((FOCAL / focal) ** CONFIG.depth_share, rel=0.06)


def test_frames_that_lie_far_apart_are_tracked_whatever_the_encoder_takes_for_the_focal_length():
    step = torch.arange(4, dtype=torch.float64)
    true = rigid(turned(14 * step - 20), torch.stack((0.25 * step, 0 * step, 0.15 * step), -1))
    points, poses = guess(true, 0.75 * FOCAL, degrees=20)
    found = track(grey(film(true)).numpy(), points, poses)
    assert found.joined(0, 3)
    turn, shift = step_errors(torch.from_numpy(found.poses), true)
    assert turn < 2.5 and shift < 0.12


def test_a_focal_length_that_earlier_windows_determined_stays():
    true = walk()[:1].expand(3, 4, 4)  # a still camera determines none
    points, poses = guess(true, 0.8 * FOCAL)
    known = bundle_adjustment.FocalEstimate(math.log(FOCAL / WIDTH), 0.02)
    found = track(grey(film(true)).numpy(), points, poses, known)
    assert found.focal.logarithm == pytest.approx(known.logarithm, abs=0.01)
    assert found.focal.deviation == pytest.approx(known.deviation, rel=0.1)
    assert found.depth_scale == pytest.approx(1.25**CONFIG.depth_share, rel=0.02)


def test_a_windows_points_lie_on_the_rays_of_the_focal_length_that_was_found():
    true = walk()
    points, poses = guess(true, 0.75 * FOCAL)
    sure, tokens = torch.ones(points.shape[:3]), torch.zeros(len(true), 1, 1)
    encoded = Geometry(points.float(), sure, poses.float(), tokens, tokens, (1, 1), True)
    geometry, found = windows.track_window(encoded, numbered(film(true)), CONFIG)
    assert focal_length(geometry.local_points) == pytest.approx(np.exp(found.focal.logarithm), rel=1e-4)
    assert torch.allclose(geometry.local_points[..., 2], found.depth_scale * encoded.local_points[..., 2])
    assert found.depth_scale > 1.05 and found.width_scale < 0.9


def test_a_still_camera_stays_still():
    true = walk()[:1].expand(5, 4, 4)
    points, poses = guess(true)
    found = torch.from_numpy(track(grey(film(true)).numpy(), points, poses).poses)
    turn, shift = step_errors(found, true)
    assert turn < 0.02 and shift < 1e-3


def test_the_same_frames_give_the_same_poses():
    true = walk(4)
    points, poses = guess(true)
    images = grey(film(true)).numpy()
    cv2.setRNGSeed(1)
    first = track(images, points, poses).poses
    cv2.setRNGSeed(2)
    np.random.default_rng().random()
    assert np.array_equal(first, track(images, points, poses).poses)


@pytest.mark.parametrize("what", ["black", "noise", "flat points", "points behind", "no numbers"])
def test_what_shows_nothing_leaves_finite_poses(what):
    true = walk(4)
    points, poses = guess(true)
    images = grey(film(true)).numpy()
    if what == "black":
        images[:] = 0
    elif what == "noise":
        images = np.random.default_rng(0).integers(0, 255, images.shape, dtype=np.uint8)
    elif what == "flat points":
        points[:] = 0
    elif what == "points behind":
        points[..., 2] = -1
    else:
        points[0, 0] = math.nan
    found = track(images, points, poses).poses
    np.testing.assert_allclose(found, poses.numpy(), atol=1e-9)


def test_a_dark_stretch_goes_on_as_the_camera_moved():
    true = walk(6)
    points, poses = guess(true)
    images = grey(film(true)).numpy()
    images[4:] = 0  # frames 4 and 5 show nothing
    dark = track(images, points, poses)
    found = torch.from_numpy(dark.poses)
    assert step_errors(found[:4], true[:4])[0] < 2.0
    assert dark.joined(0, 3) and not dark.joined(3, 4) and not dark.joined(4, 5)
    assert set(dark.keyframes) == set(range(6))
    steps = invert(found[:-1]) @ found[1:]
    torch.testing.assert_close(steps[3:], steps[2].expand(2, 4, 4), atol=0.05, rtol=0)  # the nearest that is known


def test_windows_are_joined_by_the_tracked_poses_and_a_stream_gives_what_the_whole_gives():
    true = walk(11)
    encoder = tracked(Guessing(true))
    images = film(true)
    whole = encoder.encode(numbered(images))
    assert step_errors(whole.world_from_camera, true)[0] < 1.0
    assert step_errors(WindowEncoder(encoder.encoder).encode(numbered(images)).world_from_camera, true)[0] > 5
    state, parts = WindowState(), []
    for index in range(len(images)):
        state, new = encoder.advance(state, numbered(images)[index : index + 1])
        parts += [] if new is None else [new]
    streamed = Geometry.join([*parts, encoder.finish(state)[1]])
    assert torch.equal(streamed.world_from_camera, whole.world_from_camera)


def test_a_frame_that_windows_share_is_searched_once():
    true, before = walk(11), features._sift.cache_info().misses
    tracked(Guessing(true)).encode(numbered(0.9 * film(true)))  # paler than in any other test
    assert features._sift.cache_info().misses - before == len(true)


def test_windows_of_another_scale_are_brought_to_the_first():
    true = walk(11)
    encoder = tracked(Guessing(true, metric=False))
    found = encoder.encode(numbered(film(true)))
    assert step_errors(found.world_from_camera, true)[0] < 1.0
    ours, inner = (
        points[..., 2].flatten(1).median(dim=1).values for points in (found.local_points, encoder.encoder.points)
    )
    depth = ours / inner
    torch.testing.assert_close(depth, depth[:1].expand(len(depth)), rtol=0.05, atol=0)
    assert float(depth[0]) == pytest.approx(2.0, rel=0.12)  # the focal length that was found stretches it


def test_without_images_or_with_one_frame_poses_are_the_encoders():
    true = walk(3)
    encoder, inputs = tracked(Guessing(true)), numbered(film(true))
    bare, nothing = encoder.encode_window(FrameInputs(None, inputs.visual_tokens, (1, 1)))
    assert torch.equal(bare.world_from_camera, encoder.encoder.encode(None, inputs.visual_tokens).world_from_camera)
    one, _ = encoder.encode_window(inputs[:1])
    assert torch.equal(one.world_from_camera, torch.eye(4)[None]) and nothing is None


def test_the_last_frame_has_features_of_a_keyframe():
    true = walk(3)
    _, found = tracked(Guessing(true)).encode_window(numbered(film(true)))
    keyframe = found.keyframes[2]
    assert found.joined(0, 2) and keyframe.focal == pytest.approx(FOCAL, rel=0.1)
    assert len(keyframe.features.depth) > 50


@pytest.mark.parametrize("loops", [True, False])
def test_a_model_tracks_and_closes_loops_as_configured(loops):
    settings = toy_model().config.geometry_config.to_dict()
    plain = toy_model().frame_encoder.windows
    assert plain.tracking is None and plain.loop_closure is None
    windows = toy_model(geometry_config=settings | {"tracked": True, "loops": loops}).frame_encoder.windows
    assert windows.tracking == TrackingConfig()
    assert windows.loop_closure == (LoopClosureConfig() if loops else None)
    true = walk(11)
    encoder, inputs = replace(windows, encoder=Guessing(true)), numbered(film(true))
    state, _ = encoder.advance(WindowState(), inputs)
    assert len(state.graph.keyframes) == (1 if loops else 0)


@pytest.mark.parametrize("length", [0.0, 1e-3, 1.0, 1e4, 1e12])
def test_deviations_are_whitened_however_uncertain_a_depth_is(length):
    vectors = length * np.array([[0.6, 0.8], [1.0, 0.0]])
    roots = np.moveaxis(bundle_adjustment.inverse_roots(0.5, vectors.T), 2, 0)
    assert np.isfinite(roots).all()
    across = np.array([[-0.8, 0.6], [0.0, 1.0]])
    np.testing.assert_allclose((roots @ across[:, :, None])[:, :, 0], across / 0.5, rtol=1e-3, atol=1e-9)
    along = np.array([[0.6, 0.8], [1.0, 0.0]])
    expected = along / np.hypot(0.5, length)
    np.testing.assert_allclose((roots @ along[:, :, None])[:, :, 0], expected, rtol=1e-3, atol=1e-3)
