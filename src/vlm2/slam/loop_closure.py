"""Loop closure: a place that is seen again corrects the camera's path [choice].

Windows are joined one to the next, so their errors add up, and one lost step turns all that follows. A pose graph keeps
one keyframe a window, of a bounded number, with its features. A new keyframe is compared with those that it may show
again; where enough features agree on one motion, that motion becomes an edge beside the steps of the path, and all
poses are relaxed together, so that the error goes to the steps that were wrong: every edge loses its say as it strains
(Geman and McClure's estimator), a step of the path later than a closed loop.

All values are immutable; what a graph holds does not grow. Lengths are in the units of the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from .features import RATIO, Features, Landmarks, match
from .linear import product, solve
from .tracking import Pose, Poses, cross, find_motion

KEYFRAMES = 64  # at most; the least needed goes
KEPT = 300  # features of a keyframe: the strongest
QUICK = 100  # of them, to find keyframes that may show the same
CANDIDATES = 4  # keyframes that are compared in full
LEAST = 25  # matches that must agree on a closed loop
PER_FEATURE = ("pixels", "descriptors", "depth")
FINE = 512  # steps of a descriptor's number, which is at most 1/2 nearly always
TURN = 2.0  # median depths that a radian counts as in the distance of two viewpoints
# Deviations of a step of the path, and of a closed loop on `USUAL` matches: radians, median depths [validation homes].
STEP_TURN, STEP_SHIFT = np.radians(2), 0.04
LOOP_TURN, LOOP_SHIFT = np.radians(2), 0.04
USUAL = 40
LOST = 10.0  # times as uncertain is a step that no matches tell
ROUNDS = 10  # of relaxing
STEP_KERNEL, LOOP_KERNEL, WIDE = 4.0, 3.0, 16.0  # deviations at which an edge loses its say; times that at the start


@dataclass(frozen=True)
class Keyframe:
    """A frame of the path, whose place may be seen again. `pixels` count from the image's centre."""

    frame: int
    world_from_camera: Pose
    pixels: Float[np.ndarray, "features 2"]
    descriptors: UInt8[np.ndarray, "features 128"]
    depth: Float[np.ndarray, " features"]

    def features(self) -> Features:
        """Give the features as they were found, nearly."""
        return Features(self.pixels.astype(np.float64), self.descriptors.astype(np.float32) / FINE, self.depth)


class PoseEdge(NamedTuple):
    """How two keyframes, by their frames' numbers, lie to each other, with deviations: radians, units of length."""

    first: int
    second: int
    first_from_second: Pose
    turn: float
    shift: float
    closes: bool  # a loop; else a step of the path


@dataclass(frozen=True)
class Correction:
    """How a graph moved what was placed before: `motion` is new world from old, for the frames up to each keyframe."""

    frames: Int[np.ndarray, " keyframes"]
    motion: Float[np.ndarray, "keyframes 4 4"]

    def of(self, frames: Int[Tensor, " frames"]) -> Float[Tensor, "frames 4 4"]:
        """Give the motion of each frame."""
        index = np.searchsorted(self.frames, frames.numpy()).clip(max=len(self.frames) - 1)
        return torch.from_numpy(self.motion[index]).float()


@dataclass(frozen=True)
class PoseGraph:
    """Keyframes in the order of their frames, and the edges between them. The first keyframe stays where it is."""

    keyframes: tuple[Keyframe, ...] = ()
    edges: tuple[PoseEdge, ...] = ()

    def then(self, frame: int, pose: Pose, landmarks: Landmarks, unit: float, since: int) -> PoseGraph:
        """Return the graph with one more keyframe, where the path puts it, or where closed loops do. `unit` is the
        median depth; with keyframes from the frame `since` on no loop is looked for."""
        features = landmarks.features
        new = Keyframe(
            frame,
            pose,
            features.pixels[:KEPT].astype(np.float32),
            (features.descriptors[:KEPT] * FINE).round().clip(0, 255).astype(np.uint8),
            features.depth[:KEPT],
        )
        if not self.keyframes:
            return PoseGraph((new,))
        step = _step(self.keyframes[-1], new, unit, 1.0 if landmarks.certain else LOST)
        earlier = [key for key in self.keyframes if key.frame < since]
        loops = [loop for key in likely(earlier, new) if (loop := close(key, new, landmarks.focal, unit)) is not None]
        graph = PoseGraph((*self.keyframes, new), (*self.edges, step, *loops))
        return (graph.relaxed() if loops else graph)._thinned(unit)

    def to_tensors(self) -> dict[str, Tensor]:
        """Give what the graph holds as a few tensors, by name; nothing for an empty one."""
        if not self.keyframes:
            return {}
        arrays = {
            "frames": np.array([key.frame for key in self.keyframes]),
            "features": np.array([len(key.depth) for key in self.keyframes]),
            "world_from_camera": self.poses,
            **{name: np.concatenate([getattr(key, name) for key in self.keyframes]) for name in PER_FEATURE},
            "edge_frames": np.array([edge[:2] for edge in self.edges], int).reshape(-1, 2),
            "edge_motions": np.array([edge.first_from_second for edge in self.edges]).reshape(-1, 4, 4),
            "edge_deviations": np.array([(edge.turn, edge.shift) for edge in self.edges]).reshape(-1, 2),
            "edge_closes": np.array([edge.closes for edge in self.edges], bool),
        }
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}

    @staticmethod
    def from_tensors(tensors: Mapping[str, Tensor]) -> PoseGraph:
        """Restore a graph from `to_tensors`. Raises KeyError or ValueError where something is missing or does not
        fit."""
        if not tensors:
            return PoseGraph()
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        ends = np.cumsum(arrays["features"])[:-1]
        features = (np.split(arrays[name], ends) for name in PER_FEATURE)
        placed = zip(arrays["frames"].tolist(), arrays["world_from_camera"], *features, strict=True)
        deviations = zip(*arrays["edge_deviations"].T.tolist(), arrays["edge_closes"].tolist(), strict=True)
        joined = zip(arrays["edge_frames"].tolist(), arrays["edge_motions"], deviations, strict=True)
        edges = tuple(PoseEdge(first, second, motion, *rest) for (first, second), motion, rest in joined)
        return PoseGraph(tuple(Keyframe(*key) for key in placed), edges)

    @property
    def poses(self) -> Poses:
        """The keyframes' poses, world from camera."""
        return np.stack([key.world_from_camera for key in self.keyframes])

    def relaxed(self) -> PoseGraph:
        """Return the graph with poses that its edges agree on best; as it is where they have no such poses."""
        number = {key.frame: index for index, key in enumerate(self.keyframes)}
        ends = np.array([(number[edge.first], number[edge.second]) for edge in self.edges])
        try:
            poses = relax(self.poses, ends, self.edges)
        except np.linalg.LinAlgError:
            return self
        if not np.isfinite(poses).all():
            return self
        keyframes = (replace(key, world_from_camera=pose) for key, pose in zip(self.keyframes, poses, strict=True))
        return replace(self, keyframes=tuple(keyframes))

    def correction(self, earlier: PoseGraph) -> Correction | None:
        """Tell how what was placed by an earlier graph of this stream has moved; None where nothing did."""
        now = {key.frame: key.world_from_camera for key in self.keyframes}
        both = [key for key in earlier.keyframes if key.frame in now]
        if all(now[key.frame] is key.world_from_camera for key in both):
            return None
        motion = [now[key.frame] @ np.linalg.inv(key.world_from_camera) for key in both]
        return Correction(np.array([key.frame for key in both]), np.stack(motion))

    def _thinned(self, unit: float) -> PoseGraph:
        """Return the graph without the keyframe that shows most nearly what another does, where there are too many."""
        if len(self.keyframes) <= KEYFRAMES:
            return self
        poses = self.poses
        apart = np.linalg.norm(poses[:, None, :3, 3] - poses[None, :, :3, 3], axis=-1) / unit
        cosine = (np.einsum("iab,jab->ij", poses[:, :3, :3], poses[:, :3, :3]) - 1) / 2
        apart += TURN * np.arccos(cosine.clip(-1, 1))
        apart[np.tril_indices(len(apart))] = np.inf
        apart[:, -1] = np.inf  # the newest stays, and the first
        gone = int(np.unravel_index(apart.argmin(), apart.shape)[1])
        before, leaving, after = self.keyframes[gone - 1 : gone + 2]
        edges = [edge for edge in self.edges if leaving.frame not in (edge.first, edge.second)]
        steps = [edge for edge in self.edges if leaving.frame in (edge.first, edge.second) and not edge.closes]
        rough = max(step.turn for step in steps) / STEP_TURN  # two steps become one, as uncertain as the worse
        keyframes = (*self.keyframes[:gone], *self.keyframes[gone + 1 :])
        return PoseGraph(keyframes, (*edges, _step(before, after, unit, rough)))


def _step(first: Keyframe, second: Keyframe, unit: float, rough: float = 1.0) -> PoseEdge:
    motion = np.linalg.inv(first.world_from_camera) @ second.world_from_camera
    return PoseEdge(first.frame, second.frame, motion, rough * STEP_TURN, rough * STEP_SHIFT * unit, False)


def likely(keyframes: list[Keyframe], new: Keyframe) -> list[Keyframe]:
    """Return the few keyframes that most of the strongest features speak for."""
    if len(keyframes) <= CANDIDATES:
        return keyframes
    known = np.zeros((len(keyframes), QUICK, 128), np.float32)
    for row, key in zip(known, keyframes, strict=True):
        row[: len(key.descriptors)] = key.descriptors[:QUICK]
    likeness = product(new.descriptors[:QUICK].astype(np.float32), known.reshape(-1, 128).T) / FINE**2
    likeness = likeness.reshape(-1, len(keyframes), QUICK)
    next_best, best = np.moveaxis(np.partition(likeness, -2, axis=2)[:, :, -2:], 2, 0)
    votes = ((1 - best).clip(0) < RATIO**2 * (1 - next_best)).sum(0)
    return [keyframes[index] for index in np.argsort(-votes, kind="stable")[:CANDIDATES]]


def close(key: Keyframe, new: Keyframe, focal: float, unit: float) -> PoseEdge | None:
    """Find how a keyframe lies to an earlier one that shows the same; None where too few features agree."""
    sights = match(key.features(), new.features(), 0, 1)
    if len(sights.depth) // 2 < LEAST:
        return None
    pair = find_motion(sights, focal)
    if pair is None or pair.agreeing < LEAST:
        return None
    rough = (USUAL / pair.agreeing) ** 0.5
    return PoseEdge(key.frame, new.frame, pair.first_from_second, rough * LOOP_TURN, rough * LOOP_SHIFT * unit, True)


def relax(poses: Poses, ends: Int[np.ndarray, "edges 2"], edges: tuple[PoseEdge, ...]) -> Poses:
    """Move poses, but the first, to where the edges between `ends` agree best: Gauss and Newton's steps, with kernels
    that narrow."""
    poses = poses.copy()
    goals = np.stack([edge.first_from_second for edge in edges])
    scale = np.repeat([(1 / edge.turn, 1 / edge.shift) for edge in edges], 3, axis=1)
    kernel = np.where([edge.closes for edge in edges], LOOP_KERNEL, STEP_KERNEL)
    at = 6 * ends[:, :, None] + np.arange(6)  # unknowns of an edge's two poses
    at = at.reshape(len(edges), 12)
    for turn in range(ROUNDS):
        steps = np.linalg.inv(poses[ends[:, 0]]) @ poses[ends[:, 1]]
        rotation, place = steps[:, :3, :3], steps[:, :3, 3]
        errors = np.concatenate((axis_angle(goals[:, :3, :3].mT @ rotation), place - goals[:, :3, 3]), 1) * scale
        slopes = np.zeros((len(edges), 6, 12))
        slopes[:, :3, :3], slopes[:, :3, 6:9] = -rotation.mT, np.eye(3)
        slopes[:, 3:, :3], slopes[:, 3:, 3:6], slopes[:, 3:, 9:] = cross(place), -np.eye(3), rotation
        slopes *= scale[:, :, None]
        width = kernel * max(1.0, WIDE * (1 - 2 * turn / ROUNDS))
        weight = (1 + (errors**2).sum(1) / width**2) ** -2.0
        curvature, gradient = np.zeros((6 * len(poses),) * 2), np.zeros(6 * len(poses))
        np.add.at(curvature, (at[:, :, None], at[:, None, :]), slopes.mT * weight[:, None, None] @ slopes)
        np.add.at(gradient, at, ((slopes.mT * weight[:, None, None]) @ errors[:, :, None])[:, :, 0])
        curvature[np.diag_indices(len(curvature))] += 1e-9
        change = -solve(curvature[6:, 6:], gradient[6:]).reshape(-1, 2, 3)
        poses[1:, :3, 3] += (poses[1:, :3, :3] @ change[:, 1, :, None])[:, :, 0]
        poses[1:, :3, :3] = poses[1:, :3, :3] @ rotations(change[:, 0])
    return poses


def axis_angle(rotation: Float[np.ndarray, "batch 3 3"]) -> Float[np.ndarray, "batch 3"]:
    """Give rotations as axis times angle (radians)."""
    odd = np.stack([rotation[:, 2, 1], rotation[:, 0, 2], rotation[:, 1, 0]], 1)
    odd = (odd - np.stack([rotation[:, 1, 2], rotation[:, 2, 0], rotation[:, 0, 1]], 1)) / 2
    sine = np.linalg.norm(odd, axis=1)
    angle = np.arctan2(sine, (np.trace(rotation, axis1=1, axis2=2) - 1) / 2)
    return odd * (angle / sine.clip(1e-12))[:, None]


def rotations(turns: Float[np.ndarray, "batch 3"]) -> Float[np.ndarray, "batch 3 3"]:
    """Give the rotations of axes times angles (Rodrigues's formula)."""
    angle = np.linalg.norm(turns, axis=1)[:, None, None]
    skew = cross(turns) / angle.clip(1e-12)
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
