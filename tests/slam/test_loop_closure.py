"""Loop closure: a path that went wrong is put right where a place is seen again, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from places import WanderingTracker, keyframe_features, mistaken, turned, worst

from vlm2.encoders.geometry.encoder import Geometry, GeometryEncoder
from vlm2.models import windows
from vlm2.models.windows import FrameInputs, WindowEncoder, WindowState
from vlm2.slam.configuration import LoopClosureConfig, TrackingConfig
from vlm2.slam.features import Features, KeyframeFeatures
from vlm2.slam.loop_closure import PoseCorrection, PoseEdge, PoseGraph, optimize_poses
from vlm2.slam.pose_optimization import in_world, rotation_matrices

EVERY = 5  # frames between keyframes
DEGREES = 18.0  # a keyframe
LOST = 8  # the step that the path has wrong
AROUND = [turned(DEGREES * index, 0.05 * index) for index in range(24)]  # once round, and on


CONFIG = LoopClosureConfig()


def walked(true: list[np.ndarray], path: list[np.ndarray], config: LoopClosureConfig = CONFIG) -> list[PoseGraph]:
    """The graphs of a stream whose windows are joined one to the next."""
    graphs = [PoseGraph()]
    for index, pose in enumerate(true):
        placed = path[index]
        if index:
            placed = graphs[-1].keyframes[-1].world_from_camera @ np.linalg.inv(path[index - 1]) @ path[index]
        frame = EVERY * index
        joined, seen = index != LOST + 1, keyframe_features(pose)
        graphs.append(graphs[-1].add(frame, placed, seen, 3.0, frame - 4 * EVERY, config, joined))
    return graphs[1:]


def test_a_lost_step_is_put_right_where_the_path_comes_back():
    path = mistaken(AROUND, LOST)
    assert worst(path, AROUND) > 39
    graphs = walked(AROUND, path)
    assert worst(graphs[LOST + 1].poses, AROUND[: LOST + 2]) > 39  # nothing was seen again yet
    assert worst(graphs[-1].poses, AROUND) < 2.5
    assert any(edge.is_loop for edge in graphs[-1].edges)


def test_a_lost_step_begins_a_piece_until_a_loop_joins_it():
    graphs = walked(AROUND, mistaken(AROUND, LOST))
    assert graphs[LOST].pieces(CONFIG).tolist() == [0] * (LOST + 1)
    assert graphs[LOST + 1].pieces(CONFIG).tolist() == [0] * (LOST + 1) + [1]
    assert not graphs[-1].pieces(CONFIG).any()
    state = WindowState(graph=graphs[LOST + 1])
    lost = EVERY * LOST + 1  # the first frame after the last keyframe of the first piece
    assert state.pieces(np.array([0, lost - 1, lost, 1000]), CONFIG).tolist() == [0, 0, 1, 1]
    assert WindowState().pieces(np.arange(2), CONFIG).tolist() == [0, 0]


def test_where_nothing_is_seen_again_the_path_stays_as_it_is():
    half = AROUND[:14]
    path = mistaken(half, LOST)
    graph = walked(half, path)[-1]
    assert not any(edge.is_loop for edge in graph.edges)
    np.testing.assert_allclose(graph.poses, path, atol=1e-12)


def test_one_false_loop_does_not_bend_a_path_that_fits():
    ends = np.array([*((i, i + 1) for i in range(19)), (0, 19), (1, 20), *((i, i + 1) for i in range(19, 23)), (3, 12)])
    edges = [
        PoseEdge(a, b, np.linalg.inv(AROUND[a]) @ AROUND[b], CONFIG.step_rotation, 0.06, b - a != 1)
        for a, b in ends.tolist()
    ]
    edges[-1] = edges[-1]._replace(first_from_second=turned(0.0))
    found = optimize_poses(np.stack(AROUND), ends, tuple(edges), CONFIG)
    assert worst(found, AROUND) < 2.0


def test_poses_without_numbers_leave_a_graph_as_it_is():
    graph = walked(AROUND, AROUND)[-1]
    broken = replace(graph, edges=tuple(edge._replace(translation_deviation=np.float64(0)) for edge in graph.edges))
    with np.errstate(all="ignore"):
        assert broken.optimized(CONFIG) is broken


def tilted(path: list[np.ndarray], shown: bool, degrees: float = 30.0) -> PoseGraph:
    """The graph of a path whose lost step tilts it, where the views show the vertical within some degrees."""
    random, tilt, graph = np.random.default_rng(5), np.eye(4), PoseGraph()
    for index, pose in enumerate(path):
        if index == LOST + 1:
            tilt[:3, :3] = rotation_matrices(np.radians([[degrees, 0, 0]]))[0]
        up = pose[:3, :3].T @ (0, -1, 0) + random.normal(0, np.radians(3), 3)
        placed = path[index] if index == 0 else graph.keyframes[-1].world_from_camera
        step = (
            np.eye(4)
            if index == 0
            else np.linalg.inv(path[index - 1]) @ pose @ (tilt if index == LOST + 1 else np.eye(4))
        )
        seen, vertical = keyframe_features(pose), up / np.linalg.norm(up) if shown else None
        graph = graph.add(EVERY * index, placed @ step, seen, 3.0, 0, CONFIG, index != LOST + 1, up=vertical)
    return graph


def test_the_vertical_that_views_show_levels_a_lost_step():
    half = AROUND[:14]
    assert worst(tilted(half, shown=False).poses, half) > 29
    graph = tilted(half, shown=True)
    assert not any(edge.is_loop for edge in graph.edges)
    directions = in_world(graph.poses, np.broadcast_to((0.0, -1.0, 0.0), (14, 3)))
    assert np.degrees(np.arccos(-directions[:, 1].clip(-1, 1))).max() < 5
    assert worst(graph.poses, half) < 6  # nothing was turned about the vertical
    assert graph.tilt(CONFIG) < CONFIG.most_tilt


def test_views_that_show_no_vertical_change_nothing():
    graph = walked(AROUND, mistaken(AROUND, LOST))[-1]
    assert not graph.up.any() and graph.tilt(CONFIG) == 0
    assert PoseGraph((graph.keyframes[0],)).tilt(CONFIG) == 0
    one = replace(graph, keyframes=(replace(graph.keyframes[0], up=np.array([0.0, -1.0, 0.0])), *graph.keyframes[1:]))
    assert one.tilt(CONFIG) == 0
    np.testing.assert_allclose(one.optimized(CONFIG).poses, graph.optimized(CONFIG).poses, atol=1e-9)


def test_one_wrong_vertical_does_not_tilt_a_path_that_fits():
    half = AROUND[:14]
    graph = tilted(half, shown=True, degrees=0.0)
    assert graph.pieces(CONFIG).any()
    wrong = rotation_matrices(np.radians([[60.0, 0, 0]]))[0]
    keys = [replace(key, up=wrong @ key.up) if index == 5 else key for index, key in enumerate(graph.keyframes)]
    assert worst(replace(graph, keyframes=tuple(keys)).optimized(CONFIG).poses, half) < 4


@pytest.mark.parametrize("roll", [8.0, 20.0])
def test_a_slanted_camera_does_not_bend_a_path_that_was_tracked(roll):
    """The detector takes a camera that is always held slanted for an upright one, so its verticals are wrong alike."""
    slant = rotation_matrices(np.radians([[0, 0, roll]]))[0]
    held = np.stack(AROUND[:20])
    held[:, :3, :3] = held[:, :3, :3] @ slant
    graph, lost = PoseGraph(), PoseGraph()
    for index, pose in enumerate(held):
        up, seen, placed = np.array([0.0, -1.0, 0.0]), keyframe_features(pose), pose
        graph = graph.add(EVERY * index, placed, seen, 3.0, 0, CONFIG, up=up)
        if index:
            placed = lost.keyframes[-1].world_from_camera @ np.linalg.inv(held[index - 1]) @ pose
        lost = lost.add(EVERY * index, placed, seen, 3.0, 0, CONFIG, index != 10, up=up)
    np.testing.assert_allclose(graph.poses, held, atol=1e-9)
    # Two pieces that face opposite sides show two verticals, and each piece stays as it is in itself.
    assert worst(lost.poses, graph.poses) < 2.3 * roll
    for part in (slice(0, 10), slice(10, 20)):
        steps = [[np.linalg.inv(a) @ b for a, b in pairwise(found.poses[part])] for found in (lost, graph)]
        assert worst(*steps) < 0.2 * roll


def test_the_first_keyframe_stays():
    graph = walked(AROUND, mistaken(AROUND, LOST))[-1]
    np.testing.assert_array_equal(graph.keyframes[0].world_from_camera, AROUND[0])


@pytest.mark.parametrize("most", [5, 12])
def test_a_graph_is_of_bounded_size_and_in_one_piece(most):
    for index, graph in enumerate(walked(AROUND, AROUND, replace(CONFIG, max_keyframes=most)), 1):
        frames = [key.frame for key in graph.keyframes]
        assert len(frames) == min(index, most) and frames == sorted(frames)
        assert frames[0] == 0 and frames[-1] == EVERY * (index - 1)
        assert {frame for edge in graph.edges for frame in edge[:2]} <= set(frames)
        steps = {edge[:2] for edge in graph.edges if not edge.is_loop}
        assert steps == set(pairwise(frames))
        assert worst(graph.poses, [AROUND[frame // EVERY] for frame in frames]) < 0.5


def test_the_keyframe_that_goes_is_the_one_most_like_another():
    views = [turned(angle) for angle in (0, 40, 80, 83, 120)]
    graph = PoseGraph()
    for frame, view in enumerate(views):
        graph = graph.add(frame, view, keyframe_features(view), 3.0, 0, replace(CONFIG, max_keyframes=4))
    assert [key.frame for key in graph.keyframes] == [0, 1, 2, 4]


def test_a_lost_step_stays_uncertain_when_a_keyframe_beside_it_goes():
    views = [turned(angle) for angle in (0, 40, 80, 83, 120)]
    graph = PoseGraph()
    for frame, view in enumerate(views):
        seen, config = keyframe_features(view), replace(CONFIG, max_keyframes=4)
        graph = graph.add(frame, view, seen, 3.0, 0, config, connected=frame != 3)
    turns = {edge[:2]: edge.rotation_deviation / CONFIG.step_rotation for edge in graph.edges if not edge.is_loop}
    assert turns == {(0, 1): 1.0, (1, 2): 1.0, (2, 4): pytest.approx(CONFIG.unmatched_uncertainty)}


def test_arrays_hold_a_whole_graph():
    graph = walked(AROUND, mistaken(AROUND, LOST))[-1]
    assert any(edge.is_loop for edge in graph.edges)
    graph = replace(graph, keyframes=tuple(replace(key, up=np.array([0.6, -0.8, 0.0])) for key in graph.keyframes))
    again = PoseGraph.from_arrays(graph.to_arrays())
    for ours, theirs in zip(again.keyframes, graph.keyframes, strict=True):
        assert ours.frame == theirs.frame
        for name in ("world_from_camera", "pixels", "descriptors", "depth", "up"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name))
            assert getattr(ours, name).dtype == getattr(theirs, name).dtype
    for ours, theirs in zip(again.edges, graph.edges, strict=True):
        assert (*ours[:2], *ours[3:]) == (*theirs[:2], *theirs[3:])
        assert np.array_equal(ours.first_from_second, theirs.first_from_second)
    assert PoseGraph.from_arrays(PoseGraph().to_arrays()) == PoseGraph()
    arrays = graph.to_arrays()
    earlier = PoseGraph.from_arrays({name: array for name, array in arrays.items() if name != "up"})
    assert not earlier.up.any() and np.array_equal(earlier.poses, graph.poses)
    for up in (graph.up * np.nan, graph.up * 50, graph.up[:, :2], graph.up[1:]):
        with pytest.raises(ValueError, match="unit vector"):
            PoseGraph.from_arrays({**arrays, "up": up})
    with pytest.raises(ValueError, match="for each keyframe"):
        PoseGraph.from_arrays({**arrays, "frames": arrays["frames"][1:]})
    with pytest.raises(ValueError, match="zip"):
        PoseGraph.from_arrays({**arrays, "features": arrays["features"][1:]})
    with pytest.raises(KeyError):
        PoseGraph.from_arrays({"frames": arrays["frames"]})


def test_frames_that_show_nothing_close_no_loop():
    graph = walked(AROUND[:12], AROUND[:12])[-1]
    seen = keyframe_features(AROUND[0])
    none = Features(**{name: values[:0] for name, values in vars(seen.features).items()})
    after = graph.add(99, AROUND[0], KeyframeFeatures(none, seen.focal), 3.0, 90, CONFIG)
    assert after.edges[:-1] == graph.edges and not after.edges[-1].is_loop
    assert after.correction(graph) is None


def test_a_correction_moves_frames_with_the_keyframe_that_follows_them():
    motions = np.stack([turned(degrees) for degrees in (1, 2, 3)])
    moved = PoseCorrection(np.array([4, 9, 14]), motions).of(np.array([0, 4, 5, 9, 10, 30]))
    assert np.array_equal(moved, motions[[0, 0, 1, 1, 2, 2]])


LOST_FRAME = 23  # the step after it


class Numbered(GeometryEncoder):
    """Gives points in a scale of its own each window, and no poses. Values of a frame's image are its number / 255."""

    geometry_dim = view_dim = 1
    window, needs_visual_tokens = 8, False

    def __init__(self, metric: bool) -> None:
        super().__init__()
        self.metric = metric

    def scale(self, first: int) -> float:
        return 1.0 if self.metric else 1 + 0.5 * (first % 3)

    def encode(self, images, visual_tokens=None, grid=None) -> Geometry:
        numbers = (255 * images[:, 0, 0, 0]).round().long().tolist()
        local = torch.stack([torch.randn(6, 8, 3, generator=torch.Generator().manual_seed(n)) for n in numbers])
        local = self.scale(numbers[0]) * (local + torch.tensor([0.0, 0.0, 3.0]))
        tokens, poses = torch.zeros(len(numbers), 1, 1), torch.eye(4).repeat(len(numbers), 1, 1)
        return Geometry(local, torch.ones(local.shape[:-1]), poses, tokens, tokens, (1, 1), self.metric)


TRUE = [turned(9.0 * index, 0.01 * index) for index in range(80)]


def recognising(monkeypatch, metric: bool) -> WindowEncoder:
    """Windows whose tracker recognises places, and gets one step of the path wrong."""
    encoder = Numbered(metric)
    monkeypatch.setattr(windows, "track", WanderingTracker(TRUE, LOST_FRAME, encoder.scale))
    return WindowEncoder(encoder, TrackingConfig(), CONFIG)


def numbered(start: int, stop: int) -> FrameInputs:
    return FrameInputs(images=torch.arange(start, stop).float()[:, None, None, None].expand(-1, 3, 2, 2) / 255)


@pytest.mark.parametrize("metric", [True, False])
def test_windows_that_see_a_place_again_lie_right_and_tell_how_earlier_ones_should(metric, monkeypatch):
    joined, corrected = recognising(monkeypatch, metric).encode_corrected(numbered(0, 80))
    poses = joined.world_from_camera.numpy()
    assert worst(poses[24:35], TRUE[24:35]) > 39 > 2 > worst(poses[50:], TRUE[50:])
    # The lost step lies between keyframes 22 and 27: 23 moves with the latter, and is as wrong as it was right before.
    right = np.arange(80) != LOST_FRAME
    assert worst(corrected.numpy()[right], np.stack(TRUE)[right]) < 2.5


def test_a_stream_gives_what_the_whole_gives_and_goes_on_from_what_was_kept(monkeypatch):
    encoder = recognising(monkeypatch, metric=True)
    whole = encoder.encode(numbered(0, 80))
    state, parts = WindowState(), []
    for index in range(80):
        state, new = encoder.advance(state, numbered(index, index + 1))
        state = replace(state, graph=PoseGraph.from_arrays(state.graph.to_arrays()))
        parts += [] if new is None else [new.world_from_camera]
    streamed = torch.cat(parts)
    assert torch.equal(streamed, whole.world_from_camera[: len(streamed)])
    assert state.frames == len(streamed) and len(state.graph.keyframes) == 15


def test_the_vertical_of_a_keyframe_is_the_mean_over_the_frames_since_the_last_one(monkeypatch):
    encoder = recognising(monkeypatch, metric=True)
    monkeypatch.setattr(windows, "track", WanderingTracker(TRUE, 1000))
    world, random = np.array([0.6, -0.8, 0.0]), np.random.default_rng(2)
    noise = random.normal(0, 0.1, (80, 3))
    up = {frame: TRUE[frame][:3, :3].T @ world + noise[frame] for frame in range(80) if frame % 5 != 3}
    state, _ = encoder.advance(WindowState(), numbered(0, 40), verticals=lambda: up)
    before = -1
    for key in state.graph.keyframes:
        frames = [frame for frame in range(before + 1, key.frame + 1) if frame in up]
        mean = sum(TRUE[key.frame][:3, :3].T @ TRUE[frame][:3, :3] @ up[frame] for frame in frames)
        np.testing.assert_allclose(key.up, mean / np.linalg.norm(mean), atol=1e-6)
        before = key.frame
    assert before > 30
