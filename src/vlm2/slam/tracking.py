"""Camera tracking: poses from matched features and a geometry encoder's depths [choice].

A small learnt encoder knows how far things are, and only roughly how the camera turned between two frames. Features
that are found again in another frame know the turn to a fraction of a degree, and not how far things are. `Tracked`
joins the two: features (SIFT) of all pairs of a window's frames are matched; each pair's motion is found from one
frame's points and their places in the other (perspective-n-point, by random samples) and has to agree in both
directions and, roughly, with the encoder; the strongest pairs give first poses; and all poses and the one unknown focal
length are adjusted together so that points fall on their matches. Where no pair joins two frames, the camera is taken
to move as in the nearest step that is known: on walks of homes that is nearer than the encoder's step, which was
up to 113° wrong there and is the last resort. Nothing is kept between windows here; `loops` closes loops between them.

Pixels are counted from the image's centre, which is taken for the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ..encoders.geometry.encoder import Geometry, GeometryEncoder
from .features import Landmarks, Sights, detect, match, opencv
from .linear import product, solve

SAMPLES = 100  # of random points, a pair and direction
TOLERANCE = 2.0  # pixels, of a sample's supporters
PIXEL = 1.0  # deviation of a match, pixels
DEPTH = 0.15  # deviation of the encoder's depths, as a share of them
AGREES = 4.0  # deviations
LEAST, LEAST_SHARE = 12, 0.4  # matches that must agree on a pair's motion, and their share
MOST_TURN = np.radians(90)  # between a pair's motion and the encoder's, which can be far off
MOST_SHIFT = 1.0  # of a pair's motion, in median depths
ROUNDS = 12  # of the adjustment
KERNEL, WIDE = 2.0, 4.0  # deviations at which a match loses its say, and how many times that at the start
TRUST = 0.3  # in a match: neighbouring ones share their errors
STEP_TURN, STEP_SHIFT = np.radians(4), 0.03  # deviations of the first steps: radians, median depths
FOCAL = 0.2  # deviation of the logarithm of the encoder's focal length

Poses = Float[np.ndarray, "frames 4 4"]
Pose = Float[np.ndarray, "4 4"]


class Tracked(GeometryEncoder):
    """A geometry encoder whose poses are tracked. Its tensors keep their names. Without images (features from a cache)
    or with one frame it gives what the encoder gives. `closes_loops`: it gives landmarks, by which windows are joined
    where a place is seen again."""

    trusted_poses = True

    def __init__(self, inner: GeometryEncoder, closes_loops: bool = True) -> None:
        super().__init__()
        self.inner, self.closes_loops = inner, closes_loops
        self.geometry_dim, self.view_dim = inner.geometry_dim, inner.view_dim
        self.metric, self.window = inner.metric, inner.window
        self.needs_visual_tokens = inner.needs_visual_tokens
        self.register_load_state_dict_pre_hook(_name_inner)

    @property
    def needs_images(self) -> bool:
        """True: features are found in images."""
        return True

    def state_dict(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the inner encoder's tensors under its own names."""
        return self.inner.state_dict(*args, **options)

    @torch.no_grad()
    def encode(
        self,
        images: Float[Tensor, "frames 3 height width"] | None,
        visual_tokens: Float[Tensor, "frames patches dim"] | None = None,
        grid: tuple[int, int] | None = None,
    ) -> Geometry:
        """Encode frames together, and track the camera where images are given; the last frame gets landmarks."""
        geometry = self.inner.encode(images, visual_tokens, grid)
        if images is None or len(images) < 2:
            return geometry
        found = track(
            grey(images),
            geometry.local_points.cpu().double().numpy(),
            geometry.world_from_camera.cpu().double().numpy(),
        )
        poses = torch.from_numpy(found.poses).float().to(geometry.world_from_camera)
        return replace(geometry, world_from_camera=poses, landmarks=found.last if self.closes_loops else None)


def _name_inner(module: Tracked, tensors: dict[str, Any], prefix: str, *_: Any) -> None:
    """Give the tensors of a state to be loaded the names that they have inside the wrapper."""
    for name in [name for name in tensors if name.startswith(prefix)]:
        tensors[f"{prefix}inner.{name.removeprefix(prefix)}"] = tensors.pop(name)


def grey(images: Float[Tensor, "frames 3 height width"]) -> UInt8[np.ndarray, "frames height width"]:
    """Turn images in [0, 1] into grey ones of 8 bits (BT.601)."""
    weights = images.new_tensor([0.299, 0.587, 0.114])[:, None, None]
    return (images * weights).sum(1).mul(255).round().clamp(0, 255).byte().cpu().numpy()


@dataclass(frozen=True)
class Track:
    """A camera's poses, in the first one's frame, and what may be recognised in its last frame."""

    poses: Poses
    last: Landmarks | None = None


def track(
    images: UInt8[np.ndarray, "frames height width"],
    local_points: Float[np.ndarray, "frames rows columns 3"],
    world_from_camera: Poses,
) -> Track:
    """Find better poses than `world_from_camera`. Nothing in it is left to chance."""
    encoded = np.linalg.inv(world_from_camera[0]) @ world_from_camera
    unit = float(np.median(local_points[..., 2]))
    focal = focal_length(local_points, images.shape[2])
    if not (np.isfinite(local_points).all() and np.isfinite(encoded).all() and unit > 0):
        return Track(encoded)
    features = [detect(*frame) for frame in zip(images, local_points[..., 2], strict=True)]
    pairs: list[Pair] = []
    for i, j in combinations(range(len(images)), 2):
        expected = np.linalg.inv(encoded[i]) @ encoded[j]
        pair = find_motion(match(features[i], features[j], i, j), focal, expected, unit)
        pairs += [] if pair is None else [pair]
    poses, certain = chain(pairs, encoded)
    if pairs:
        poses, focal = adjust(Sights.join([pair.sights for pair in pairs]), poses, focal, unit)
    return Track(poses, Landmarks(features[-1], focal, certain))


def focal_length(local_points: Float[np.ndarray, "frames rows columns 3"], width: int) -> float:
    """Return the focal length (pixels of an image `width` wide) that the points of an encoder speak for."""
    columns = local_points.shape[2]
    pixels = np.abs((np.arange(columns) + 0.5) / columns - 0.5) * width
    outer = pixels > width / 6  # near the middle x says little
    x, z = local_points[:, :, outer, 0], local_points[:, :, outer, 2]
    return float(np.median(pixels[outer] * z / np.abs(x).clip(1e-6)))


# The motion of a pair


@dataclass(frozen=True)
class Pair:
    """Two frames whose motion is known, by their sights in both directions."""

    first: int
    second: int
    first_from_second: Pose
    sights: Sights
    agreeing: int


def find_motion(sights: Sights, focal: float, expected: Pose | None = None, unit: float = np.inf) -> Pair | None:
    """Find the motion between two frames from the sights that `match` gave; None where too few agree on one, or on
    none that lies near an `expected` one. `unit` is the median depth."""
    count = len(sights.depth) // 2
    if count < LEAST:
        return None
    first, second = int(sights.source[0]), int(sights.target[0])
    best: Pair | None = None
    for half in (slice(count), slice(count, None)):
        motion = _sample(lift(sights, focal)[half], sights.seen[half], focal)
        if motion is None:
            continue
        step = np.linalg.inv(motion) if half.start is None else motion
        poses = np.tile(np.eye(4), (max(first, second) + 1, 1, 1))
        poses[second] = step
        agree = (project(sights, poses, focal).squared_deviations() < AGREES**2).reshape(2, count).all(0)
        near = expected is None or _angle(expected.T @ step) < MOST_TURN
        plausible = near and np.linalg.norm(step[:3, 3]) < MOST_SHIFT * unit
        if plausible and agree.sum() > (0 if best is None else best.agreeing):
            best = Pair(first, second, step, sights, int(agree.sum()))
    return best if best is not None and best.agreeing >= max(LEAST, LEAST_SHARE * count) else None


def _sample(points: Float[np.ndarray, "points 3"], seen: Float[np.ndarray, "points 2"], focal: float) -> Pose | None:
    """Find `target_from_source` by random samples, which OpenCV draws with a seed of its own."""
    cv2 = opencv()
    try:
        camera, options = np.diag([focal, focal, 1.0]), {"iterationsCount": SAMPLES, "reprojectionError": TOLERANCE}
        found, turn, shift, _ = cv2.solvePnPRansac(
            points, seen, camera, None, **options, confidence=0.999, flags=cv2.SOLVEPNP_AP3P
        )
    except cv2.error:  # points from which no pose follows
        return None
    if not found or not np.isfinite((turn, shift)).all():
        return None
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = cv2.Rodrigues(turn)[0], shift[:, 0]
    return pose


def chain(pairs: list[Pair], encoded: Poses) -> tuple[Poses, bool]:
    """Chain the pairs' motions along the spanning tree of most agreeing matches. What no pair joins goes on as
    in the nearest step that is known, or else as the encoder has it. Also tell whether the pairs join all frames."""
    poses, group = np.tile(np.eye(4), (len(encoded), 1, 1)), np.arange(len(encoded))

    def join(first: int, second: int, first_from_second: Pose) -> None:
        moved = group == group[second]
        poses[moved] = poses[first] @ first_from_second @ np.linalg.inv(poses[second]) @ poses[moved]
        group[moved] = group[first]

    for pair in sorted(pairs, key=lambda pair: -pair.agreeing):
        if group[pair.first] != group[pair.second]:
            join(pair.first, pair.second, pair.first_from_second)
    linked = group[:-1] == group[1:]
    certain = bool((group == group[0]).all())
    steps = np.linalg.inv(poses[:-1]) @ poses[1:]
    for index in np.flatnonzero(~linked).tolist():
        nearest = min(np.flatnonzero(linked).tolist(), key=lambda known: abs(known - index), default=None)
        step = np.linalg.inv(encoded[index]) @ encoded[index + 1] if nearest is None else steps[nearest]
        if group[index] != group[index + 1]:
            join(index, index + 1, step)
    return np.linalg.inv(poses[0]) @ poses, certain


# The adjustment of all poses


@dataclass(frozen=True)
class Projection:
    """Where poses put points, in the source's and the target's camera, and how that moves.

    `errors` are pixels from where they were seen; `slopes` pixels per unit of length of the point in the target's
    camera; `along` is how far one deviation of its depth moves a point: errors that way weigh less.
    """

    source_points: Float[np.ndarray, "points 3"]
    target_points: Float[np.ndarray, "points 3"]
    target_from_source: Float[np.ndarray, "points 3 3"]
    errors: Float[np.ndarray, "points 2"]
    slopes: Float[np.ndarray, "points 2 3"]
    along: Float[np.ndarray, "points 2"]

    def squared_deviations(self) -> Float[np.ndarray, " points"]:
        """Measure the errors in deviations of matches and depths, squared; infinite behind the target's camera."""
        length = PIXEL**2 + (self.along**2).sum(1)
        squared = (self.errors**2).sum(1) - (self.errors * self.along).sum(1) ** 2 / length
        return np.where(self.target_points[:, 2] > 0, squared.clip(0) / PIXEL**2, np.inf)

    def whitening(self) -> Float[np.ndarray, "points 2 2"]:
        """Give the matrices that turn pixels into deviations: inverse roots of PIXEL² I + along alongᵀ."""
        length = (self.along**2).sum(1)
        shrink = (1 - PIXEL / np.sqrt(PIXEL**2 + length)) / length.clip(1e-12)
        outer = self.along[:, :, None] * self.along[:, None, :]
        return (np.eye(2) - shrink[:, None, None] * outer) / PIXEL


def lift(sights: Sights, focal: float) -> Float[np.ndarray, "points 3"]:
    """Give the points of sights in their source's camera."""
    return np.concatenate((sights.pixels / focal, np.ones((len(sights.depth), 1))), 1) * sights.depth[:, None]


def project(sights: Sights, poses: Poses, focal: float) -> Projection:
    """Project points into the frames that see them."""
    rotation, place = poses[:, :3, :3], poses[:, :3, 3]
    points, to_world, to_target = lift(sights, focal), rotation[sights.source], rotation[sights.target].mT
    shift = (place[sights.source] - place[sights.target])[:, :, None]
    turn = to_target @ to_world
    moved = (turn @ points[:, :, None] + to_target @ shift)[:, :, 0]
    depth = np.where(moved[:, 2] > 0, moved[:, 2], 1.0)[:, None]
    pixels = focal * moved[:, :2] / depth
    slopes = np.zeros((len(points), 2, 3))
    slopes[:, 0, 0] = slopes[:, 1, 1] = focal / depth[:, 0]
    slopes[:, :, 2] = -pixels / depth
    along = DEPTH * (slopes @ turn @ points[:, :, None])[:, :, 0]
    return Projection(points, moved, turn, pixels - sights.seen, slopes, along)


def adjust(sights: Sights, start: Poses, focal: float, unit: float) -> tuple[Poses, float]:
    """Adjust poses and focal length: Gauss and Newton's steps, matches weighed by Geman and McClure's estimator, whose
    kernel narrows. A step that matches say nothing of stays as it was. Returns both; the first pose stays."""
    cv2, first_focal = opencv(), focal
    poses = start.copy()
    for turn in range(ROUNDS):
        kernel = KERNEL * max(1.0, WIDE * (1 - 2 * turn / ROUNDS))
        slopes, errors = _match_terms(sights, poses, focal, kernel)
        curvature, gradient = TRUST * product(slopes.T, slopes), TRUST * product(slopes.T, errors)
        for slope, error in _step_terms(poses, start, unit):
            curvature, gradient = curvature + slope.T @ slope, gradient + slope.T @ error
        curvature[-1, -1] += FOCAL**-2
        gradient[-1] += np.log(focal / first_focal) * FOCAL**-2
        free = slice(6, None)
        change = -solve(curvature[free, free], gradient[free])
        for pose, (turning, moving) in zip(poses[1:], change[:-1].reshape(-1, 2, 3), strict=True):
            pose[:3, 3] += pose[:3, :3] @ moving
            pose[:3, :3] = pose[:3, :3] @ cv2.Rodrigues(turning)[0]
        focal *= float(np.exp(change[-1].clip(-0.2, 0.2)))
    return poses, focal


def _match_terms(sights: Sights, poses: Poses, focal: float, kernel: float) -> tuple[np.ndarray, np.ndarray]:
    """Linearise the weighed errors of matches, in deviations. A frame has six unknowns, its turn and its motion in its
    own camera's frame; the last unknown is the logarithm of the focal length."""
    seen = project(sights, poses, focal)
    weight = (1 + seen.squared_deviations() / kernel**2) ** -1.0
    back = seen.slopes @ seen.target_from_source
    slopes = np.zeros((len(weight), 2, 6 * len(poses) + 1))
    rows = np.arange(len(weight))[:, None]
    blocks = (
        (6 * sights.source, -back @ cross(seen.source_points)),
        (6 * sights.source + 3, back),
        (6 * sights.target, seen.slopes @ cross(seen.target_points)),
        (6 * sights.target + 3, -seen.slopes),
    )
    for column, block in blocks:
        slopes[rows, :, column[:, None] + np.arange(3)] = block.mT
    sideways = seen.source_points * (-1.0, -1.0, 0.0)
    slopes[:, :, -1] = seen.errors + sights.seen + (back @ sideways[:, :, None])[:, :, 0]
    weighed = seen.whitening() * weight[:, None, None]
    return (weighed @ slopes).reshape(-1, slopes.shape[2]), (weighed @ seen.errors[:, :, None]).reshape(-1)


def _step_terms(poses: Poses, start: Poses, unit: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Linearise how far the steps between neighbours are from the first ones, in deviations; a step that is farther
    off than one deviation pulls no harder."""
    terms = []
    steps, wanted = (np.linalg.inv(p[:-1]) @ p[1:] for p in (poses, start))
    for index, (step, goal) in enumerate(zip(steps, wanted, strict=True)):
        turn = opencv().Rodrigues(goal[:3, :3].T @ step[:3, :3])[0][:, 0]
        shift = step[:3, 3] - goal[:3, 3]
        slopes = np.zeros((6, 6 * len(poses) + 1))
        here, there = 6 * index, 6 * index + 6
        slopes[:3, here : here + 3], slopes[:3, there : there + 3] = -step[:3, :3].T, np.eye(3)
        slopes[3:, here : here + 3], slopes[3:, here + 3 : here + 6] = cross(step[None, :3, 3])[0], -np.eye(3)
        slopes[3:, there + 3 : there + 6] = step[:3, :3]
        for part, error, deviation in ((slice(3), turn, STEP_TURN), (slice(3, 6), shift, STEP_SHIFT * unit)):
            scale = min(1.0, deviation / max(float(np.linalg.norm(error)), 1e-12)) ** 0.5 / deviation
            terms.append((scale * slopes[part], scale * error))
    return terms


def cross(vectors: Float[np.ndarray, "vectors 3"]) -> Float[np.ndarray, "vectors 3 3"]:
    """Give the matrices of the cross product with vectors from the left."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    return np.stack((zero, -z, y, z, zero, -x, -y, x, zero), -1).reshape(-1, 3, 3)


def _angle(transform: Pose) -> float:
    """Measure the angle of a rotation, in radians."""
    return float(np.arccos(((np.trace(transform[:3, :3]) - 1) / 2).clip(-1, 1)))
