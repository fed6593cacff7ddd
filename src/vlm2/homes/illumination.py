"""The light in a home, computed once on a grid: direct light of lamps and windows with soft shadows, and bounced light.

The shader then needs two look-ups a pixel for any number of lights. The visibility of a light is swept outwards plane
by plane. Each cell takes its share of the light from the point one plane nearer to the light: the share that this point
receives and lets through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64
from scipy.ndimage import gaussian_filter, uniform_filter, zoom

from .floor_plan import inside
from .home import Home, Light

CELL = 0.1  # metres, the least edge of a cell
MOST_CELLS = 900_000
REACH = 7.0  # metres that a light shines
SOURCE_RADIUS = 0.35  # metres around a light in which furniture casts no shadow
BOUNCE = 0.38  # share of the light that surfaces reflect
OCCLUSION = 0.75  # greatest loss of light in corners

Grid = Float32[np.ndarray, "x y z"]


@dataclass(frozen=True)
class Illumination:
    """Light on a grid of cubes: cell (0, 0, 0) has its corner at `origin`; edges of `cell` metres.

    `light`: linear RGB that arrives directly, times weight; then the weight (near 0 in what is solid, 1 in the air).
    `direction`: mean unit vector towards that light, times weight; then the bounced light, times weight.
    Interpolated values are divided by the interpolated weight, so that the inside of walls does not count.
    """

    origin: Float64[np.ndarray, " 3"]
    cell: float
    light: Float32[np.ndarray, "x y z 4"]
    direction: Float32[np.ndarray, "x y z 4"]

    def brightness(self, point: Float[np.ndarray, " 3"]) -> float:
        """Return the bounced light at a point in the world (metres); that of the nearest cell if it lies outside."""
        index = np.clip(((point - self.origin) / self.cell).astype(int), 0, np.array(self.light.shape[:3]) - 1)
        x, y, z = index
        return float(self.direction[x, y, z, 3] / float(self.light[x, y, z, 3]))


def illuminate(home: Home) -> Illumination:
    """Compute the light in a home from its lights. A home takes about a third of a second on one core."""
    low, high = home.shell.bounds.astype(float)
    cell = max(CELL, float(np.prod(high - low + 2 * CELL) / MOST_CELLS) ** (1 / 3))
    origin = low - cell
    shape = tuple(int(n) for n in np.ceil((high - low) / cell).astype(int) + 2)
    shell = _opacity([home.shell], origin, cell, shape)
    pieces = [p.model.mesh.transformed(p.world_from_model) for p in home.placements]
    furniture = _opacity([*pieces, *(o.mesh for o in home.openings if o.kind == "door")], origin, cell, shape)

    total = np.zeros((*shape, 3), np.float32)
    towards = np.zeros((*shape, 3), np.float32)
    for light in home.lights:
        _add(light, total, towards, shell, furniture, origin, cell)

    solid = np.maximum(shell, furniture)
    free = 1.0 - solid
    bounced = _bounced(total.mean(-1), free, cell)
    # Corners and the air under things get less: the nearer the solid about a cell, the darker.
    open = 1.0 - OCCLUSION * np.clip(1.6 * gaussian_filter(solid, 0.13 / cell) - 0.3, 0.0, 1.0)
    towards /= np.maximum(total.mean(-1, keepdims=True), 1e-6)
    values = np.concatenate([total * open[..., None], towards, (bounced * open)[..., None]], -1).astype(np.float32)
    values, weight = _filled(values, (solid < 0.5) & _indoors(home, origin, cell, shape)[..., None])
    return Illumination(
        origin, cell, np.concatenate([values[..., :3], np.ones_like(weight)], -1) * weight, values[..., 3:] * weight
    )


def _indoors(home: Home, origin: np.ndarray, cell: float, shape: tuple[int, ...]) -> np.ndarray:
    """Return, for each column of cells, whether its middle lies in a room or a doorway (not within a wall)."""
    x, y = (origin[i] + cell * (np.arange(shape[i]) + 0.5) for i in (0, 1))
    x, y = x[:, None], y[None, :]
    indoors = np.zeros(shape[:2], bool)
    for room in home.rooms:
        indoors |= inside(room.polygon, (x, y))
    for opening in home.openings:
        start, end = np.array(opening.start), np.array(opening.end)
        wide = float(np.linalg.norm(end - start))
        (along_x, along_y), dx, dy = (end - start) / max(wide, 1e-6), x - start[0], y - start[1]
        far = dx * along_x + dy * along_y
        indoors |= (np.abs(dx * along_y - dy * along_x) < 0.3) & (far > 0) & (far < wide)
    return indoors


def _filled(values: np.ndarray, air: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return values and weights (…, 1) where cells that are not air hold, faintly, the mean of the air beside them."""
    mask = air[..., None].astype(np.float32)
    share = uniform_filter(mask, 3, axes=(0, 1, 2))
    beside = uniform_filter(values * mask, 3, axes=(0, 1, 2)) / np.maximum(share, 1e-3)
    weight = np.where(mask > 0, 1.0, np.where(share > 0.03, 1e-2, 1e-4)).astype(np.float32)
    return np.where(air[..., None], values, beside), weight


def _opacity(meshes, origin: np.ndarray, cell: float, shape: tuple[int, ...]) -> Grid:
    """Return the share of light that each cell stops: the area of surface within it over that of its face.

    Surfaces that glow let light pass, or a lamp would sit in its own shade.
    """
    grid = np.zeros(int(np.prod(shape)), np.float32)
    spacing = 0.5 * cell
    for mesh in meshes:
        corners = [p.positions[p.faces] for p in mesh.parts if p.material.glow == 0.0 and len(p.faces)]
        if not corners:
            continue
        a, b, c = np.moveaxis(np.concatenate(corners).astype(np.float64), 1, 0)
        area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
        count = np.maximum(np.ceil(area / spacing**2), 1).astype(int)
        face = np.repeat(np.arange(len(count)), count)
        # A low-discrepancy sequence over each triangle, folded into it.
        turn = np.arange(len(face))
        s, t = (turn * 0.7548776662466927) % 1.0, (turn * 0.5698402909980532) % 1.0
        fold = s + t > 1.0
        s, t = np.where(fold, 1.0 - s, s)[:, None], np.where(fold, 1.0 - t, t)[:, None]
        points = a[face] + s * (b - a)[face] + t * (c - a)[face]
        index = np.floor((points - origin) / cell).astype(int)
        inside = ((index >= 0) & (index < shape)).all(1)
        flat = np.ravel_multi_index(index[inside].T, shape)
        grid += np.bincount(flat, (area / count)[face[inside]], len(grid)).astype(np.float32)
    return np.clip(grid.reshape(shape) / cell**2, 0.0, 1.0)


def _add(light: Light, total, towards, shell: Grid, furniture: Grid, origin: np.ndarray, cell: float) -> None:
    """Add one light to `total` and `towards`, within its reach."""
    at = (np.array(light.position) - origin) / cell - 0.5
    low = np.clip(np.floor(at - REACH / cell).astype(int), 0, None)
    high = np.minimum(np.ceil(at + REACH / cell).astype(int) + 1, shell.shape)
    if (np.round(at) < low).any() or (np.round(at) >= high).any():
        return
    window = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    offsets = np.meshgrid(*(np.arange(a, b) - p for a, b, p in zip(low, high, at, strict=True)), indexing="ij")
    offset = np.stack(offsets, -1).astype(np.float32) * np.float32(cell)
    square = (offset**2).sum(-1)
    passing = 1.0 - np.maximum(shell[window], np.where(square < SOURCE_RADIUS**2, 0.0, furniture[window]))
    seen = _visibility(passing.astype(np.float32), at - low)
    unit = -offset / np.sqrt(square + 1e-6)[..., None]
    strength = 4.0 * seen / (square + 0.4) * np.clip(1.0 - square / REACH**2, 0.0, 1.0)
    total[window] += strength[..., None] * np.array(light.colour, np.float32)
    towards[window] += (strength * np.float32(np.mean(light.colour)))[..., None] * unit


def _visibility(passing: Grid, at: np.ndarray) -> Grid:
    """Return the share of a point light at `at` (in cells) that reaches each cell (0–1)."""
    seen = np.ones_like(passing)
    reach = [np.abs(np.arange(n) - a).astype(np.float32) for n, a in zip(passing.shape, at, strict=True)]
    for axis in range(3):
        others = [i for i in range(3) if i != axis]
        swept, through = np.moveaxis(seen, axis, 0), np.moveaxis(passing, axis, 0)
        wide = np.maximum(reach[others[0]][:, None], reach[others[1]][None, :])
        for step in (-1, 1):
            start = int(np.floor(at[axis])) if step < 0 else int(np.ceil(at[axis]))
            before: np.ndarray | None = None
            for plane in range(start, -1 if step < 0 else passing.shape[axis], step):
                gap = abs(plane - at[axis])
                here = np.ones_like(wide) if before is None or gap <= 1.0 else _shrunk(before, at[others], 1 - 1 / gap)
                # Only the cells for which this is the longest axis: the rest are swept along another.
                swept[plane] = np.where(wide <= gap + 0.5, here, swept[plane])
                before = here * through[plane]
    return seen


def _shrunk(plane: np.ndarray, centre: np.ndarray, scale: float) -> np.ndarray:
    """Return the plane read at positions drawn towards `centre` by `scale`, with bilinear weights."""
    for axis in (0, 1):
        position = centre[axis] + (np.arange(plane.shape[axis]) - centre[axis]) * scale
        position = np.clip(position, 0, plane.shape[axis] - 1)
        first = np.minimum(position.astype(int), max(plane.shape[axis] - 2, 0))
        share = (position - first).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None, :]
        after = np.minimum(first + 1, plane.shape[axis] - 1)
        plane = plane.take(first, axis) * (1 - share) + plane.take(after, axis) * share
    return plane


def _bounced(direct: Grid, free: Grid, cell: float) -> Grid:
    """Return light after many bounces: the direct light of the air about, blurred, and a little for all."""
    step = 3
    coarse, air = direct[::step, ::step, ::step] * free[::step, ::step, ::step], free[::step, ::step, ::step]
    for _ in range(2):
        size = max(3, int(1.4 / (cell * step)))
        coarse, air = uniform_filter(coarse, size), uniform_filter(air, size)
    mean = np.minimum(coarse, 3.0) / np.maximum(air, 0.05)
    scale = [n / m for n, m in zip(direct.shape, mean.shape, strict=True)]
    return np.float32(0.06) + np.float32(BOUNCE) * np.asarray(zoom(mean, scale, order=1), np.float32)
