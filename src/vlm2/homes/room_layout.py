"""A room while it is being furnished: what stands where, what must stay free, and whether one can still walk about."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from scipy import ndimage

from ..scenes.record import Room
from .floor_plan import Gap, WallFace, gap_span, inside, polygon_area, room_edges
from .home import FurnitureModel

BODY = 0.36  # metres that a walking person keeps from things
CELL = 0.1  # metres of a cell of the walkability grid


@dataclass(frozen=True)
class Footprint:
    """A rectangle on the ground: centre, direction of its width (radians), full width and depth in metres."""

    x: float
    y: float
    yaw: float
    wide: float
    deep: float

    @property
    def axes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Unit vectors of width (right) and depth (front)."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return (c, s), (-s, c)

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Corners, counter-clockwise from the back left."""
        return tuple(self.at(sx * self.wide / 2, sy * self.deep / 2) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)))

    def at(self, right: float, front: float) -> tuple[float, float]:
        """Return the world point `right` and `front` metres from the centre."""
        (rx, ry), (fx, fy) = self.axes
        return (self.x + right * rx + front * fx, self.y + right * ry + front * fy)

    def grown(self, margin: float) -> Footprint:
        """Return the rectangle grown by a margin on every side."""
        return replace(self, wide=self.wide + 2 * margin, deep=self.deep + 2 * margin)

    def overlaps(self, other: Footprint, slack: float = 1e-6) -> bool:
        """Tell whether two rectangles overlap by more than `slack` metres (separating axes)."""
        dx, dy = other.x - self.x, other.y - self.y
        reach = math.hypot(self.wide, self.deep) + math.hypot(other.wide, other.deep)
        if dx * dx + dy * dy > reach * reach / 4:
            return False
        for one in (self, other):
            for ax, ay in one.axes:
                extent = sum(
                    abs(ax * ux + ay * uy) * half
                    for r in (self, other)
                    for (ux, uy), half in zip(r.axes, (r.wide / 2, r.deep / 2), strict=True)
                )
                if abs(ax * dx + ay * dy) > extent - slack:
                    return False
        return True


@dataclass(frozen=True)
class PlacedModel:
    """A model in a room: the world position of its origin and its turn about z (its front is +y turned by `yaw`)."""

    model: FurnitureModel
    x: float
    y: float
    z: float
    yaw: float

    @property
    def footprint(self) -> Footprint:
        """The ground that it covers."""
        wide, deep, _ = self.model.size
        bare = Footprint(self.x, self.y, self.yaw, wide, deep)
        if self.model.stands == "wall":  # its origin lies in its back
            x, y = bare.at(0, deep / 2)
            return replace(bare, x=x, y=y)
        return bare

    @property
    def heights(self) -> tuple[float, float]:
        """Lowest and highest point, metres."""
        high = self.model.size[2]
        low = self.z - {"wall": high / 2, "ceiling": high}.get(self.model.stands, 0.0)
        return low, low + high

    @property
    def matrix(self) -> np.ndarray:
        """world_from_model, 4×4."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return np.array([[c, -s, 0, self.x], [s, c, 0, self.y], [0, 0, 1, self.z], [0, 0, 0, 1]])

    @property
    def front(self) -> tuple[float, float]:
        """Unit direction that it faces."""
        return (-math.sin(self.yaw), math.cos(self.yaw))


@dataclass(frozen=True)
class Solid:
    """Something that takes up room: its footprint and heights."""

    footprint: Footprint
    low: float
    high: float


def facing(direction: tuple[float, float]) -> float:
    """Return the yaw that turns a model's front to a direction."""
    return math.atan2(-direction[0], direction[1])


@runtime_checkable
class Furniture(Protocol):
    """Where models come from: the catalogue, or a stand-in."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories that there are."""
        ...

    def pick(self, category: str, rng: np.random.Generator) -> FurnitureModel:
        """Draw a model of a category; raise KeyError for an unknown one."""
        ...


@dataclass
class Stage:
    """The room, the pieces in it so far, and the rules that new ones obey."""

    room: Room
    gaps: tuple[Gap, ...]
    rng: np.random.Generator
    catalogue: Furniture
    pieces: list[PlacedModel] = field(default_factory=list)
    solids: list[Solid] = field(default_factory=list)
    zones: list[Footprint] = field(default_factory=list)
    loads: dict[int, list[Footprint]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.edges = room_edges(self.room)
        xs, ys = zip(*self.room.polygon, strict=True)
        self.bounds = (min(xs), min(ys), max(xs), max(ys))
        self.area = polygon_area(self.room.polygon)
        self._notch()
        self.accesses: list[tuple[float, float]] = []
        for edge in self.edges:
            for gap in self.gaps:
                if span := gap_span(edge, gap):
                    self._keep_clear(edge, gap, span)
        self._grid()

    def _notch(self) -> None:
        """Fill the corner that an L-shaped room lacks, so that nothing is put there."""
        x0, y0, x1, y1 = self.bounds
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)):
            inner = next(
                (p for p in self.room.polygon if (x, y) not in self.room.polygon and self._reentrant(p, (x, y))), None
            )
            if inner:
                wide, deep = abs(inner[0] - x), abs(inner[1] - y)
                self.solids.append(Solid(Footprint((inner[0] + x) / 2, (inner[1] + y) / 2, 0.0, wide, deep), 0.0, 9.0))

    def _reentrant(self, point, corner) -> bool:
        """Tell whether a polygon's point is the inner one of the notch at a corner of the bounds."""
        x0, y0, x1, y1 = self.bounds
        return x0 < point[0] < x1 and y0 < point[1] < y1 and corner not in self.room.polygon

    def _keep_clear(self, edge: WallFace, gap: Gap, span: tuple[float, float]) -> None:
        """Keep the ground before a door free, and high furniture away from windows."""
        low, high = span
        yaw, middle = facing(edge.inward), (low + high) / 2
        if gap.kind == "window":
            x, y = edge.at(middle, 0.06)
            self.solids.append(Solid(Footprint(x, y, yaw, high - low + 0.1, 0.12), gap.bottom - 0.04, gap.top + 0.05))
            return
        deep = 1.0 if gap.rooms[0] == self.room.name else 0.85
        x, y = edge.at(middle, deep / 2)
        self.zones.append(Footprint(x, y, yaw, high - low + 0.2, deep))
        x, y = edge.at(middle, 0.02)
        self.solids.append(Solid(Footprint(x, y, yaw, high - low + 0.16, 0.04), 0.0, gap.top + 0.1))
        if gap.angle and gap.rooms[0] == self.room.name:  # the open leaf stands in this room
            hinge, other = edge.project(gap.start)[0], edge.project(gap.end)[0]
            x, y = edge.at(hinge + 0.03 * (1 if other > hinge else -1), (high - low) / 2)
            self.solids.append(Solid(Footprint(x, y, yaw, 0.16, high - low), 0.0, gap.top))
        self.accesses.append(edge.at(middle, 0.5))

    def _grid(self) -> None:
        x0, y0, x1, y1 = self.bounds
        columns, rows = (max(2, round(side / CELL)) for side in (x1 - x0, y1 - y0))
        self._xs = x0 + (np.arange(columns) + 0.5) * CELL
        self._ys = y0 + (np.arange(rows) + 0.5) * CELL
        self._blocked = np.zeros((rows + 2, columns + 2), bool)
        self._blocked[[0, -1]] = self._blocked[:, [0, -1]] = True
        for solid in self.solids:
            self._block(self._blocked, solid)

    def _block(self, grid: np.ndarray, solid: Solid) -> None:
        """Mark the cells that a solid takes from a walking person."""
        if solid.low > 1.85 or solid.high < 0.08:
            return
        f = solid.footprint
        (rx, ry), (fx, fy) = f.axes
        dx, dy = self._xs[None, :] - f.x, self._ys[:, None] - f.y
        grid[1:-1, 1:-1] |= (abs(dx * rx + dy * ry) <= f.wide / 2 + 0.02) & (
            abs(dx * fx + dy * fy) <= f.deep / 2 + 0.02
        )

    def _walkable(self, blocked: np.ndarray) -> bool:
        """Tell whether all doors lead to one common floor that is large enough to stand about on."""
        free = np.asarray(ndimage.distance_transform_edt(~blocked)) * CELL > BODY
        if not free.any():
            return False
        labels = np.asarray(ndimage.label(free)[0])  # type: ignore[index]
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        main = int(sizes.argmax())
        enough = sizes[main] * CELL**2 >= max(0.35, 0.07 * self.area)
        return bool(enough) and all(self._near(labels == main, point) for point in self.accesses)

    def _near(self, mask: np.ndarray, point: tuple[float, float]) -> bool:
        column, row = (int((p - b) / CELL) + 1 for p, b in zip(point, self.bounds[:2], strict=True))
        return bool(mask[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3].any())

    def choose(self, options):
        """Draw one of a sequence."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float) -> bool:
        """Draw true with a probability."""
        return bool(self.rng.random() < share)

    def model(self, category: str, fits: Callable[[FurnitureModel], bool] | None = None) -> FurnitureModel | None:
        """Draw a model of a category that fits; None where the catalogue has none after a dozen draws."""
        if category not in self.catalogue.categories:
            return None
        for _ in range(12):
            model = self.catalogue.pick(category, self.rng)
            if fits is None or fits(model):
                return model
        return None

    def fits(
        self, piece: PlacedModel, zone: Footprint | None = None, apart: float = 0.01, own: tuple[PlacedModel, ...] = ()
    ) -> bool:
        """Tell whether a piece (and the zone that it needs free) fits; `own` are pieces that it may overlap."""
        f, (low, high) = piece.footprint, piece.heights
        x0, y0, x1, y1 = self.bounds
        if any(not (x0 - 1e-6 <= x <= x1 + 1e-6 and y0 - 1e-6 <= y <= y1 + 1e-6) for x, y in f.corners):
            return False
        if high > self.room.height - 0.02 and piece.model.stands != "ceiling":
            return False
        mine = [p.footprint for p in own]
        grown = f.grown(apart)
        for solid in self.solids:
            if (
                solid.low < high
                and low < solid.high
                and solid.footprint not in mine
                and grown.overlaps(solid.footprint)
            ):
                return False
        if piece.model.stands == "wall" and any(
            p.model.stands == "top" and p.z < high and low < p.heights[1] and grown.overlaps(p.footprint)
            for p in self.pieces
        ):
            return False
        if piece.model.stands == "floor" and high > 0.08 and any(f.overlaps(z) for z in self.zones):
            return False
        if zone is not None:
            if any(
                s.low < 1.6 and s.high > 0.08 and s.footprint not in mine and zone.overlaps(s.footprint)
                for s in self.solids
            ):
                return False
            if sum(inside(self.room.polygon, c) for c in zone.corners) < 4:
                return False
        return True

    def add(
        self, piece: PlacedModel, zone: Footprint | None = None, apart: float = 0.01, own: tuple[PlacedModel, ...] = ()
    ) -> PlacedModel | None:
        """Put a piece down if it fits and leaves the room walkable; return it, or None."""
        if not self.fits(piece, zone, apart, own):
            return None
        solid = Solid(piece.footprint, *piece.heights)
        if solid.low < 1.85 and solid.high > 0.08:
            blocked = self._blocked.copy()
            self._block(blocked, solid)
            if not np.array_equal(blocked, self._blocked) and not self._walkable(blocked):
                return None
            self._blocked = blocked
        self.solids.append(solid)
        self.pieces.append(piece)
        if zone is not None:
            self.zones.append(zone)
        return piece

    def take_back(self, piece: PlacedModel, zone: Footprint) -> None:
        """Undo `add` for a piece."""
        self.pieces.remove(piece)
        self.zones.remove(zone)
        self.solids = [s for s in self.solids if s.footprint != piece.footprint]
        self._grid()

    def free_stretches(self, deep: float, high: float) -> list[tuple[WallFace, float, float]]:
        """Return stretches (edge, from, to) of walls before which a row of pieces so deep and high may stand."""
        stretches, step = [], 0.1
        for edge in self.edges:
            start = 0.03
            for at in [*np.arange(0.03, edge.length - 0.03, step).tolist(), None]:
                if at is not None:
                    x, y = edge.at(at + step / 2, deep / 2)
                    cell = Footprint(x, y, facing(edge.inward), step, deep)
                    taken = any(s.low < high and cell.overlaps(s.footprint) for s in self.solids)
                    if not taken and not any(cell.overlaps(z) for z in self.zones):
                        continue
                end = edge.length - 0.03 if at is None else at
                if end - start > 0.5:
                    stretches.append((edge, start, end))
                start = end + step
        return stretches

    def wall_spots(
        self, wide: float, edges: tuple[WallFace, ...] | None = None, corner: bool = False
    ) -> Iterator[tuple[WallFace, float]]:
        """Yield places (edge, distance of the middle) in random order for something `wide` metres wide at a wall."""
        spots = []
        for edge in edges or self.edges:
            low, high = wide / 2 + 0.02, edge.length - wide / 2 - 0.02
            if high < low:
                continue
            ends = [low, high]
            spots += [(edge, d) for d in ends]
            if not corner:
                spots += [(edge, float(d)) for d in self.rng.uniform(low, high, max(2, int((high - low) / 0.4)))]
        for i in self.rng.permutation(len(spots)):
            yield spots[i]
