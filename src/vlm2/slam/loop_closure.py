"""Loop closure: a place that is seen again corrects the camera's path [choice].

Windows are joined one to the next, so errors add up, and one wrong step rotates everything after it. A pose graph keeps
one keyframe a window, of a bounded number, with its features. A new keyframe is compared with earlier ones; where
enough matches agree on a relative pose, it becomes an edge beside the steps of the path. Then all poses are optimised
together. A robust kernel (Geman and McClure's) down-weights inconsistent edges, loops sooner than steps.

Where the upward direction of keyframes is known from what they show, it levels the pieces of a path that was lost: a
step without matches then turns the path about the vertical only. All keyframes of a piece count as one direction. An
error that a camera has in every frame, such as a slanted phone, would otherwise bend a path that was tracked well.

All values are immutable, and the size of a graph is bounded. Lengths are in the units of the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from .configuration import LoopClosureConfig
from .features import Features, KeyframeFeatures, match, nearest_and_clear
from .pose_optimization import (
    Pose,
    Poses,
    in_world,
    kernel_widening,
    moved,
    normal_equations,
    step_terms,
    summed,
    vertical_terms,
)
from .tracking import estimate_relative_pose

PER_FEATURE = ("pixels", "descriptors", "depth")
DESCRIPTOR_SCALE = 512  # descriptors are kept as integers; their numbers are nearly always at most 1/2


@dataclass(frozen=True)
class Keyframe:
    """A frame of the path whose place may be seen again. `pixels` count from the image's centre. `up` is the upward
    direction in the camera's frame, as what the frame shows tells it; a unit vector, or zero where it is unknown."""

    frame: int
    world_from_camera: Pose
    pixels: Float[np.ndarray, "features 2"]
    descriptors: UInt8[np.ndarray, "features 128"]
    depth: Float[np.ndarray, " features"]
    up: Float[np.ndarray, " 3"] = field(default_factory=lambda: np.zeros(3))

    def features(self) -> Features:
        """Return the features, with descriptors rounded to 1/512."""
        descriptors = self.descriptors.astype(np.float32) / DESCRIPTOR_SCALE
        return Features(self.pixels.astype(np.float64), descriptors, self.depth)


class PoseEdge(NamedTuple):
    """The relative pose of two keyframes, by their frames' numbers, with its standard deviations: radians, and units of
    length. `is_loop`: a closed loop, else a step of the path."""

    first: int
    second: int
    first_from_second: Pose
    rotation_deviation: float
    translation_deviation: float
    is_loop: bool


@dataclass(frozen=True)
class PoseCorrection:
    """The motion of earlier frames by closed loops and verticals. `motion` is new world from old world for the frames
    up to each keyframe; `frames` are the keyframes' numbers."""

    frames: Int[np.ndarray, " keyframes"]
    motion: Float[np.ndarray, "keyframes 4 4"]

    def of(self, frames: Int[np.ndarray, " frames"]) -> Float[np.ndarray, "frames 4 4"]:
        """Return the motion of each frame: that of the first keyframe from it on, or of the last keyframe."""
        return self.motion[np.searchsorted(self.frames, frames).clip(max=len(self.frames) - 1)]


@dataclass(frozen=True)
class PoseGraph:
    """Keyframes in the order of their frames, and the edges between them. The first keyframe's pose is fixed."""

    keyframes: tuple[Keyframe, ...] = ()
    edges: tuple[PoseEdge, ...] = ()

    def add(
        self,
        frame: int,
        pose: Pose,
        found: KeyframeFeatures,
        median_depth: float,
        loops_before: int,
        config: LoopClosureConfig,
        connected: bool = True,
        matched: tuple[int, Pose] | None = None,
        up: Float[np.ndarray, " 3"] | None = None,
    ) -> PoseGraph:
        """Return the graph with one more keyframe, the last one of the result, at `pose` unless loops or verticals
        correct it.

        `connected`: matches connect it with the keyframe before. `matched`: they connect it with an earlier one; its
        frame, and `first_from_second`. Only keyframes of frames before `loops_before` are searched for loops; more of
        them, with more features, for a frame whose neighbours match weakly. `up`: as `Keyframe` has it."""
        features = found.features
        most = config.fine_features if found.fine else config.max_features
        new = Keyframe(
            frame,
            pose,
            features.pixels[:most].astype(np.float32),
            (features.descriptors[:most] * DESCRIPTOR_SCALE).round().clip(0, 255).astype(np.uint8),
            features.depth[:most],
            np.zeros(3) if up is None else up,
        )
        if not self.keyframes:
            return PoseGraph((new,))
        uncertainty = 1.0 if connected else config.unmatched_uncertainty
        step = _step(self.keyframes[-1], new, median_depth, uncertainty, config)
        if not connected:  # the move is unknown, and probably short
            step.first_from_second[:3, 3] = 0
        earlier = [key for key in self.keyframes if key.frame < loops_before]
        candidates = loop_candidates(earlier, new, config.fine_candidates if found.fine else config.candidates, config)
        edges = [match_keyframe(key, new, found.focal, median_depth, config, found.fine) for key in candidates]
        loops = [edge for edge in edges if edge is not None]
        kept = [step]
        if matched is not None and any(key.frame == matched[0] for key in self.keyframes):
            deviations = config.step_rotation, config.step_translation * median_depth
            kept.append(PoseEdge(matched[0], frame, matched[1], *deviations, True))
        graph = PoseGraph((*self.keyframes, new), (*self.edges, *kept, *loops))
        if loops or graph.tilt(config) > config.most_tilt:
            graph = graph.optimized(config)
        return graph._bounded(median_depth, config)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the graph as a few arrays, by name; nothing for an empty one."""
        if not self.keyframes:
            return {}
        deviations = [(edge.rotation_deviation, edge.translation_deviation) for edge in self.edges]
        return {
            "frames": np.array([key.frame for key in self.keyframes]),
            "features": np.array([len(key.depth) for key in self.keyframes]),
            "world_from_camera": self.poses,
            **{name: np.concatenate([getattr(key, name) for key in self.keyframes]) for name in PER_FEATURE},
            "up": np.stack([key.up for key in self.keyframes]),
            "edge_frames": np.array([edge[:2] for edge in self.edges], int).reshape(-1, 2),
            "edge_motions": np.array([edge.first_from_second for edge in self.edges]).reshape(-1, 4, 4),
            "edge_deviations": np.array(deviations).reshape(-1, 2),
            "edge_closes": np.array([edge.is_loop for edge in self.edges], bool),
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray]) -> PoseGraph:
        """Restore a graph from `to_arrays`. Raises KeyError for missing arrays, ValueError for lengths that differ."""
        if not arrays:
            return PoseGraph()
        ends = np.cumsum(arrays["features"])[:-1]
        features = (np.split(arrays[name], ends) for name in PER_FEATURE)
        up = arrays.get("up", np.zeros((len(arrays["frames"]), 3)))  # earlier versions kept none
        lengths = np.linalg.norm(up, axis=-1)
        if up.shape != (len(arrays["frames"]), 3) or not ((lengths == 0) | (abs(lengths - 1) < 1e-3)).all():
            raise ValueError("the upward directions of a graph are one unit vector, or zero, for each keyframe")
        placed = zip(arrays["frames"].tolist(), arrays["world_from_camera"], *features, up, strict=True)
        deviations = zip(*arrays["edge_deviations"].T.tolist(), arrays["edge_closes"].tolist(), strict=True)
        joined = zip(arrays["edge_frames"].tolist(), arrays["edge_motions"], deviations, strict=True)
        edges = tuple(PoseEdge(first, second, motion, *rest) for (first, second), motion, rest in joined)
        return PoseGraph(tuple(Keyframe(*key) for key in placed), edges)

    @property
    def poses(self) -> Poses:
        """The keyframes' poses, world from camera."""
        return np.stack([key.world_from_camera for key in self.keyframes])

    @property
    def up(self) -> Float[np.ndarray, "keyframes 3"]:
        """The keyframes' upward directions in their camera frames; zero where they are unknown."""
        return np.stack([key.up for key in self.keyframes])

    def tilt(self, config: LoopClosureConfig) -> float:
        """Return the angle in radians between the mean upward directions of the newest keyframe's piece and of all
        other pieces; 0 where either is unknown."""
        directions, pieces = in_world(self.poses, self.up), self.pieces(config)
        newest = pieces == pieces[-1]
        ours, theirs = directions[newest].sum(0), directions[~newest].sum(0)
        length = np.linalg.norm(ours) * np.linalg.norm(theirs)
        return float(np.arccos(np.clip(ours @ theirs / length, -1, 1))) if length > 0 else 0.0

    def optimized(self, config: LoopClosureConfig) -> PoseGraph:
        """Return the graph with optimised poses; unchanged where the optimisation fails."""
        number = {key.frame: index for index, key in enumerate(self.keyframes)}
        ends = np.array([(number[edge.first], number[edge.second]) for edge in self.edges])
        try:
            poses = optimize_poses(self.poses, ends, self.edges, config, self.up, self.pieces(config))
        except np.linalg.LinAlgError:
            return self
        if not np.isfinite(poses).all():
            return self
        keyframes = (replace(key, world_from_camera=pose) for key, pose in zip(self.keyframes, poses, strict=True))
        return replace(self, keyframes=tuple(keyframes))

    def correction(self, earlier: PoseGraph) -> PoseCorrection | None:
        """Return how frames moved that an earlier graph of this stream had placed; None where none did."""
        now = {key.frame: key.world_from_camera for key in self.keyframes}
        both = [key for key in earlier.keyframes if key.frame in now]
        if all(now[key.frame] is key.world_from_camera for key in both):
            return None
        motion = [now[key.frame] @ np.linalg.inv(key.world_from_camera) for key in both]
        return PoseCorrection(np.array([key.frame for key in both]), np.stack(motion))

    def pieces(self, config: LoopClosureConfig) -> Int[np.ndarray, " keyframes"]:
        """Return the piece of the path that each keyframe belongs to, numbered from 0 by their first keyframes. Matches
        connect the keyframes of a piece, as steps or as closed loops; where two pieces lie to each other is a guess."""
        number = {key.frame: index for index, key in enumerate(self.keyframes)}
        piece = np.arange(len(number))
        for edge in self.edges:
            if edge.is_loop or edge.rotation_deviation <= config.step_rotation:
                first, second = sorted(piece[[number[edge.first], number[edge.second]]].tolist())
                piece[piece == second] = first
        return np.unique(piece, return_inverse=True)[1]

    def _bounded(self, median_depth: float, config: LoopClosureConfig) -> PoseGraph:
        """Remove the keyframe whose viewpoint is nearest to another's, where there are too many."""
        if len(self.keyframes) <= config.max_keyframes:
            return self
        poses = self.poses
        distance = np.linalg.norm(poses[:, None, :3, 3] - poses[None, :, :3, 3], axis=-1) / median_depth
        cosine = (np.einsum("iab,jab->ij", poses[:, :3, :3], poses[:, :3, :3]) - 1) / 2
        distance += config.rotation_distance * np.arccos(cosine.clip(-1, 1))
        distance[np.tril_indices(len(distance))] = np.inf
        distance[:, -1] = np.inf  # the first and the newest keyframe stay
        gone = int(np.unravel_index(distance.argmin(), distance.shape)[1])
        before, leaving, after = self.keyframes[gone - 1 : gone + 2]
        edges = [edge for edge in self.edges if leaving.frame not in (edge.first, edge.second)]
        steps = [edge for edge in self.edges if leaving.frame in (edge.first, edge.second) and not edge.is_loop]
        # Two steps become one, as uncertain as the more uncertain of them.
        uncertainty = max(step.rotation_deviation for step in steps) / config.step_rotation
        keyframes = (*self.keyframes[:gone], *self.keyframes[gone + 1 :])
        return PoseGraph(keyframes, (*edges, _step(before, after, median_depth, uncertainty, config)))


def _step(
    first: Keyframe, second: Keyframe, median_depth: float, uncertainty: float, config: LoopClosureConfig
) -> PoseEdge:
    motion = np.linalg.inv(first.world_from_camera) @ second.world_from_camera
    translation = uncertainty * config.step_translation * median_depth
    return PoseEdge(first.frame, second.frame, motion, uncertainty * config.step_rotation, translation, False)


def loop_candidates(keyframes: list[Keyframe], new: Keyframe, most: int, config: LoopClosureConfig) -> list[Keyframe]:
    """Return at most `most` keyframes, those that match most of the new one's strongest features."""
    if len(keyframes) <= most:
        return keyframes
    count = config.voting_features
    known = np.zeros((len(keyframes), count, 128), np.float32)
    for row, key in zip(known, keyframes, strict=True):
        row[: len(key.descriptors)] = key.descriptors[:count]
    similarity = new.descriptors[:count].astype(np.float32) @ known.reshape(-1, 128).T / DESCRIPTOR_SCALE**2
    _, _, clear = nearest_and_clear(similarity.reshape(-1, len(keyframes), count), config.tracking.features.max_ratio)
    return [keyframes[index] for index in np.argsort(-clear.sum(0), kind="stable")[:most]]


def match_keyframe(
    key: Keyframe, new: Keyframe, focal: float, median_depth: float, config: LoopClosureConfig, fine: bool = False
) -> PoseEdge | None:
    """Match a keyframe with an earlier one; return the loop's edge, or None where too few matches agree. `fine` allows
    more matches."""
    features = config.tracking.fine_features if fine else config.tracking.features
    matches = match(key.features(), new.features(), 0, 1, features)
    if len(matches) // 2 < config.min_inliers:
        return None
    # Of so few matches a loop needs nearly all to agree, and such a pose is found without a thorough search.
    thorough = config.tracking.clear_share * (len(matches) // 2) >= config.min_inliers
    pair = estimate_relative_pose(matches, focal, config.tracking, thorough=thorough)
    if pair is None or pair.inliers < config.min_inliers:
        return None
    uncertainty = (config.loop_inliers / pair.inliers) ** 0.5
    translation = uncertainty * config.loop_translation * median_depth
    return PoseEdge(key.frame, new.frame, pair.first_from_second, uncertainty * config.loop_rotation, translation, True)


def optimize_poses(
    poses: Poses,
    ends: Int[np.ndarray, "edges 2"],
    edges: tuple[PoseEdge, ...],
    config: LoopClosureConfig,
    up: Float[np.ndarray, "poses 3"] | None = None,
    pieces: Int[np.ndarray, " poses"] | None = None,
) -> Poses:
    """Optimise all poses but the first by Gauss-Newton steps with robust kernels whose widths fall. `ends` are the
    indices of each edge's poses, `up` the upward directions in their camera frames, zero where they are unknown, and
    `pieces` the numbers of the pieces that they belong to. Raises LinAlgError where the equations are singular."""
    up = np.zeros((len(poses), 3)) if up is None else up
    seen = np.flatnonzero(up.any(1))
    piece = (np.zeros(len(poses), int) if pieces is None else pieces)[seen]
    weights = 1 / np.bincount(piece)[piece]
    goals = np.stack([edge.first_from_second for edge in edges])
    scale = np.repeat([(1 / edge.rotation_deviation, 1 / edge.translation_deviation) for edge in edges], 3, axis=1)
    kernel = np.where([edge.is_loop for edge in edges], config.loop_kernel, config.step_kernel)
    for iteration in range(config.iterations):
        jacobian, errors, unknowns = step_terms(poses, ends, goals)
        widening = kernel_widening(config.kernel_start, iteration, config.iterations)
        width = kernel * widening
        robust = 1 / (1 + ((scale * errors) ** 2).sum(1) / width**2)
        factor = scale * robust[:, None]
        size = 6 * len(poses)
        hessian, gradient = normal_equations(factor[:, :, None] * jacobian, factor * errors, unknowns, size)
        terms = vertical_terms(poses[seen], up[seen], weights, config.vertical, config.vertical_kernel * widening)
        turns = 6 * seen[:, None] + np.arange(3)
        for total, part in zip((hessian, gradient), summed(*terms, turns, size), strict=True):
            total += part
        hessian[np.diag_indices(size)] += 1e-9
        change = -np.linalg.solve(hessian[6:, 6:], gradient[6:])
        poses = np.concatenate((poses[:1], moved(poses[1:], change)))
    return poses
