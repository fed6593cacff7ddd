"""How high a thing lies on a piece whose top is not flat: a pillow on a bed or a sofa."""

from __future__ import annotations

import numpy as np

from .home import FurnitureModel


def rest_height(model: FurnitureModel, right: float, front: float, wide: float, deep: float) -> float | None:
    """Return the height in metres of the highest upward face under a `wide` × `deep` rectangle around a point of the
    model's frame, or None where a part of the rectangle has nothing under it."""
    offsets = np.linspace(-0.45, 0.45, 4)
    points = np.stack(np.meshgrid(right + wide * offsets, front + deep * offsets), -1).reshape(-1, 1, 2)
    triangles = np.concatenate([p.positions[p.faces] for p in model.mesh.parts]).astype(float)
    low, high = triangles[:, :, :2].min(1), triangles[:, :, :2].max(1)
    reach = np.array([wide, deep]) / 2
    near = ((high >= np.array([right, front]) - reach) & (low <= np.array([right, front]) + reach)).all(1)
    a, b, c = (triangles[near, i] for i in range(3))
    u, v = (b - a)[:, :2], (c - a)[:, :2]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    upward = area > 1e-9
    a, b, c, u, v, area = a[upward], b[upward], c[upward], u[upward], v[upward], area[upward]
    d = points - a[None, :, :2]
    s = (d[..., 0] * v[:, 1] - d[..., 1] * v[:, 0]) / area
    t = (u[:, 0] * d[..., 1] - u[:, 1] * d[..., 0]) / area
    covered = (s >= -1e-6) & (t >= -1e-6) & (s + t <= 1 + 1e-6)
    heights = np.where(covered, a[:, 2] + s * (b - a)[:, 2] + t * (c - a)[:, 2], -np.inf)
    if heights.shape[1] == 0 or not covered.any(1).all():
        return None
    return float(heights.max())
