"""Camera tracking: poses from matched image features and a geometry encoder's depths.

A learnt encoder of few parameters knows how far things are, and only roughly how the camera turned. Corners that are
found again in another frame know the turn to a fraction of a degree, and not how far things are. `Tracked` has both:
the inner encoder's points stay, its poses become the start of, and the last resort in, a small bundle adjustment.
The poses of a window and one focal length are chosen so that the points of each frame fall on their matches in the
others. Nothing is kept between windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .cameras import in_first_camera, rigid
from .encoder import Geometry, GeometryEncoder

Array = np.ndarray


@dataclass(frozen=True)
class TrackingConfig:
    features: int = 1000
    contrast: float = 0.005
    edge: float = 15.0
    scale: float = 1.0
    ratio: float = 0.85
    least: int = 12
    least_share: float = 0.25
    tolerance: float = 2.0
    kernel: float = 2.0
    pixel: float = 1.0
    depth_error: float = 0.1
    everything: bool = True
    wide: float = 4.0
    trust: float = 0.3
    rounds: int = 12
    prior_rotation: float = 6.0
    prior_translation: float = 0.05
    prior_focal: float = 0.2
    prior_weight: float = 1.0
    multipliers: tuple = (0.8, 0.9, 1.0, 1.1, 1.25)


@dataclass(frozen=True)
class Keypoints:
    pixels: Array  # n, 2 from the image's centre
    descriptors: Array  # n, 128 unit
    depth: Array  # n


def detect(images: Array, depths: Array, config: TrackingConfig) -> list[Keypoints]:
    import cv2

    sift = cv2.SIFT_create(nfeatures=config.features, contrastThreshold=config.contrast, edgeThreshold=config.edge)
    height, width = images.shape[1:3]
    found = []
    for image, depth in zip(images, depths, strict=True):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        points, descriptors = sift.detectAndCompute(grey, None)
        if descriptors is None or not len(points):
            found.append(Keypoints(np.zeros((0, 2)), np.zeros((0, 128), np.float32), np.zeros(0)))
            continue
        pixels = np.array([p.pt for p in points])
        descriptors = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
        rows, columns = depth.shape
        v = ((pixels[:, 1] + 0.5) * rows / height).astype(int).clip(0, rows - 1)
        u = ((pixels[:, 0] + 0.5) * columns / width).astype(int).clip(0, columns - 1)
        z = depth[v, u]
        good = np.isfinite(z) & (z > 0.1) & (z < 30)
        centred = pixels + 0.5 - np.array([width, height]) / 2
        found.append(Keypoints(centred[good], descriptors[good], z[good]))
    return found


def match(first: Keypoints, second: Keypoints, ratio: float) -> Array:
    """Mutual nearest descriptors that are clearly nearer than the second nearest: index pairs."""
    if len(first.depth) < 2 or len(second.depth) < 2:
        return np.zeros((0, 2), int)
    likeness = first.descriptors @ second.descriptors.T
    best = likeness.argmax(1)
    back = likeness.argmax(0)
    top = np.partition(likeness, -2, axis=1)[:, -2:]
    near, next_ = np.sqrt(np.maximum(2 - 2 * top[:, 1], 0)), np.sqrt(np.maximum(2 - 2 * top[:, 0], 1e-9))
    index = np.arange(len(best))
    keep = (back[best] == index) & (near < ratio * next_)
    return np.stack([index[keep], best[keep]], 1)


def lift(pixels: Array, depth: Array, focal: float) -> Array:
    return np.concatenate([pixels / focal, np.ones((len(pixels), 1))], 1) * depth[:, None]


def reproject(points: Array, pose: Array, focal: float) -> Array:
    moved = points @ pose[:3, :3].T + pose[:3, 3]
    z = np.where(moved[:, 2] > 0.05, moved[:, 2], np.nan)
    return focal * moved[:, :2] / z[:, None]


def pnp(points: Array, pixels: Array, focal: float, tolerance: float):
    """second_from_first of RANSAC, or None."""
    import cv2

    k = np.array([[focal, 0, 0], [0, focal, 0], [0, 0, 1.0]])
    try:
        good, turn, shift, inliers = cv2.solvePnPRansac(
            points, pixels, k, None, iterationsCount=200, reprojectionError=tolerance, confidence=0.999, flags=cv2.SOLVEPNP_AP3P
        )
    except cv2.error:
        return None
    if not good or inliers is None:
        return None
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = cv2.Rodrigues(turn)[0], shift[:, 0]
    return pose


def errors_of(a: Keypoints, b: Keypoints, m: Array, pose: Array, focal: float, config) -> Array:
    """Larger of both directions' errors."""
    there = distance(a.pixels[m[:, 0]], a.depth[m[:, 0]], b.pixels[m[:, 1]], pose, focal, config)
    back = distance(b.pixels[m[:, 1]], b.depth[m[:, 1]], a.pixels[m[:, 0]], np.linalg.inv(pose), focal, config)
    return np.nan_to_num(np.maximum(there, back), nan=1e9)


def distance(p, z, q, pose, focal, config):
    """Mahalanobis-like distance in pixels."""
    x = lift(p, z, focal)
    here = reproject(x, pose, focal)
    further = reproject(x * (1 + config.depth_error), pose, focal)
    nearer = reproject(x / (1 + config.depth_error), pose, focal)
    along = (further - nearer) / 2
    e = here - q
    d2 = (e**2).sum(1) - (e * along).sum(1) ** 2 / (config.pixel**2 + (along**2).sum(1))
    return np.sqrt(np.maximum(d2, 0))


@dataclass
class Edge:
    i: int
    j: int
    matches: Array
    pose: Array  # j from i
    inliers: Array  # bool

    @property
    def count(self):
        return int(self.inliers.sum())


def angle(r: Array) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(r) - 1) / 2, -1, 1))))


def edge(i, j, a, b, m, focal, config: TrackingConfig):
    if len(m) < config.least:
        return None
    best = None
    for flip in (False, True):
        x, y = (b, a) if flip else (a, b)
        k = m[:, ::-1] if flip else m
        pose = pnp(lift(x.pixels[k[:, 0]], x.depth[k[:, 0]], focal), y.pixels[k[:, 1]], focal, config.tolerance)
        if pose is None:
            continue
        pose = np.linalg.inv(pose) if flip else pose
        inl = errors_of(a, b, m, pose, focal, config) < 2 * config.tolerance
        if best is None or inl.sum() > best.count:
            best = Edge(i, j, m, pose, inl)
    if best is None or best.count < config.least or best.count < config.least_share * len(m):
        return None
    return best


def spanning_tree(edges: list[Edge], relative, frames: int):
    """world_from_camera by the strongest edges; encoder's relative poses where nothing bridges. And components."""
    parent = list(range(frames))

    def root(x):
        while parent[x] != x:
            x = parent[x]
        return x

    links = {k: [] for k in range(frames)}
    for e in sorted(edges, key=lambda e: -e.count):
        if root(e.i) != root(e.j):
            parent[root(e.i)] = root(e.j)
            links[e.i].append((e.j, np.linalg.inv(e.pose)))
            links[e.j].append((e.i, e.pose))
    pieces = len({root(k) for k in range(frames)})
    for d in range(1, frames):
        for i in range(frames - d):
            if root(i) != root(i + d):
                parent[root(i)] = root(i + d)
                step = relative(i, i + d)
                links[i].append((i + d, step))
                links[i + d].append((i, np.linalg.inv(step)))
    poses = [None] * frames
    poses[0] = np.eye(4)
    todo = [0]
    while todo:
        k = todo.pop()
        for n, step in links[k]:  # k from n
            if poses[n] is None:
                poses[n] = poses[k] @ step
                todo.append(n)
    return np.stack(poses), pieces


def skew(v: Array) -> Array:
    z = np.zeros(len(v))
    return np.stack([np.stack([z, -v[:, 2], v[:, 1]], -1), np.stack([v[:, 2], z, -v[:, 0]], -1), np.stack([-v[:, 1], v[:, 0], z], -1)], 1)


def log_rotation(r):
    import cv2

    return cv2.Rodrigues(r)[0][:, 0]


def adjust(poses: Array, focal: float, keypoints, edges: list[Edge], start: Array, config: TrackingConfig):
    """Bundle adjustment over poses and the log of the focal length, robust; start: the encoder's poses as a prior."""
    import cv2

    frames = len(poses)
    rows = []
    for e in edges:
        a, b = keypoints[e.i], keypoints[e.j]
        m = e.matches if config.everything else e.matches[e.inliers]
        rows.append((np.full(len(m), e.i), np.full(len(m), e.j), a.pixels[m[:, 0]], a.depth[m[:, 0]], b.pixels[m[:, 1]]))
        rows.append((np.full(len(m), e.j), np.full(len(m), e.i), b.pixels[m[:, 1]], b.depth[m[:, 1]], a.pixels[m[:, 0]]))
    s, d, p, z, q = (np.concatenate(x) for x in zip(*rows))
    f, f0 = focal, focal
    n = 6 * frames + 1
    poses = poses.copy()
    kernel = config.kernel

    for turn in range(config.rounds):
        kernel = config.kernel * max(1.0, config.wide * (1 - 2 * turn / config.rounds))
        rot, tr = poses[:, :3, :3], poses[:, :3, 3]
        x = lift(p, z, f)
        world = np.einsum("mij,mj->mi", rot[s], x) + tr[s]
        y = np.einsum("mji,mj->mi", rot[d], world - tr[d])
        ok = y[:, 2] > 0.05
        iz = 1 / np.where(ok, y[:, 2], 1)
        e = f * y[:, :2] * iz[:, None] - q
        jp = np.zeros((len(s), 2, 3))
        jp[:, 0, 0] = jp[:, 1, 1] = f * iz
        jp[:, :, 2] = -f * y[:, :2] * iz[:, None] ** 2
        rel = np.einsum("mji,mjk->mik", rot[d], rot[s])
        js = jp @ rel
        along = np.einsum("mij,mj->mi", js, x) * config.depth_error  # pixels that a deviation of depth moves a point
        shrink = (e * along).sum(1) / (config.pixel**2 + (along**2).sum(1))
        e_white = e - shrink[:, None] * along  # Sigma^-1 e * pixel^2
        d2 = np.maximum((e * e_white).sum(1), 0) / config.pixel**2
        w = np.where(ok, 1 / (1 + d2 / kernel**2) ** 2, 0)
        J = np.zeros((len(s), 2, n))
        r = np.arange(len(s))
        blocks = ((6 * s, -js @ skew(x)), (6 * s + 3, js), (6 * d, jp @ skew(y)), (6 * d + 3, -jp))
        for c0, b in blocks:
            for c in range(3):
                J[r, :, c0 + c] = b[:, :, c]
        dx = np.concatenate([-x[:, :2], np.zeros((len(x), 1))], 1)
        J[:, :, -1] = f * y[:, :2] * iz[:, None] + np.einsum("mij,mj->mi", js, dx)
        # Sigma = pixel^2 I + along along^T; its inverse square root shrinks e along `along`
        length2 = (along**2).sum(1)
        factor = np.where(length2 > 1e-12, (1 - config.pixel / np.sqrt(config.pixel**2 + length2)) / np.maximum(length2, 1e-12), 0)
        white = (np.eye(2) - factor[:, None, None] * along[:, :, None] * along[:, None, :]) / config.pixel
        J = (white @ J) * np.sqrt(w)[:, None, None]
        ew = np.einsum("mij,mj->mi", white, e) * np.sqrt(w)[:, None]
        J = J.reshape(-1, n)
        A = config.trust * J.T @ J
        g = config.trust * J.T @ ew.ravel()
        # priors: steps between neighbours as the encoder has them; the focal length
        for k in range(frames - 1):
            target = np.linalg.inv(start[k]) @ start[k + 1]
            step = np.linalg.inv(poses[k]) @ poses[k + 1]
            er = log_rotation(target[:3, :3].T @ step[:3, :3])
            et = step[:3, 3] - target[:3, 3]
            wr = config.prior_weight / np.radians(config.prior_rotation) ** 2
            wt = config.prior_weight / config.prior_translation**2
            wr *= 1 / (1 + (er @ er) / np.radians(3 * config.prior_rotation) ** 2) ** 2
            Jr = np.zeros((3, n))
            Jr[:, 6 * k : 6 * k + 3] = -step[:3, :3].T
            Jr[:, 6 * k + 6 : 6 * k + 9] = np.eye(3)
            Jt = np.zeros((3, n))
            Jt[:, 6 * k : 6 * k + 3] = skew(step[None, :3, 3])[0]
            Jt[:, 6 * k + 3 : 6 * k + 6] = -np.eye(3)
            Jt[:, 6 * k + 9 : 6 * k + 12] = step[:3, :3]
            A += wr * Jr.T @ Jr + wt * Jt.T @ Jt
            g += wr * Jr.T @ er + wt * Jt.T @ et
        A[-1, -1] += 1 / config.prior_focal**2
        g[-1] += np.log(f / f0) / config.prior_focal**2
        A[:6, :6] += 1e9 * np.eye(6)
        A += 1e-6 * np.eye(n)
        delta = -np.linalg.solve(A, g)
        for k in range(1, frames):
            turn = cv2.Rodrigues(delta[6 * k : 6 * k + 3])[0]
            poses[k, :3, 3] += poses[k, :3, :3] @ delta[6 * k + 3 : 6 * k + 6]
            poses[k, :3, :3] = poses[k, :3, :3] @ turn
        f *= float(np.exp(np.clip(delta[-1], -0.2, 0.2)))
    return poses, f


def guess_focal(points: Array, width: int) -> float:
    columns = points.shape[2]
    u = (np.arange(columns) + 0.5) / columns * width - width / 2
    side = np.abs(u) > width / 6
    x, zz = points[..., side, 0], points[..., side, 2]
    return float(np.median(np.abs(u[side]) * zz / np.maximum(np.abs(x), 1e-3)))


def track(images: Array, points: Array, start: Array, config: TrackingConfig, focal=None, fixed=False, info=None):
    """images uint8 frames,h,w,3; local points; start world_from_camera."""
    frames = len(images)
    given = focal
    f = guess_focal(points, images.shape[2]) if focal is None else focal
    keys = detect(images, points[..., 2], config)
    matches = {(i, j): match(keys[i], keys[j], config.ratio) for i, j in combinations(range(frames), 2)}
    if given is None and config.multipliers:
        strong = sorted(matches, key=lambda k: -len(matches[k]))[:6]
        def score(mult):
            total = 0
            for i, j in strong:
                e = edge(i, j, keys[i], keys[j], matches[i, j], f * mult, config)
                total += 0 if e is None else e.count
            return total
        scores = [score(m) for m in config.multipliers]
        if max(scores) > 0:
            f = f * config.multipliers[int(np.argmax(scores))]
    edges = []
    for (i, j), m in matches.items():
        e = edge(i, j, keys[i], keys[j], m, f, config)
        if e is not None:
            edges.append(e)
    inv = np.linalg.inv
    poses, pieces = spanning_tree(edges, lambda i, j: inv(start[i]) @ start[j], frames)
    tree = poses
    f1 = f
    if edges and config.rounds:
        poses, f = adjust(poses, f, keys, edges, start, config if not fixed else replace(config, prior_focal=1e-4))
    if info is not None:
        info.update(edges=edges, pieces=pieces, focal=f, focal_searched=f1, tree=tree)
    return poses, f
