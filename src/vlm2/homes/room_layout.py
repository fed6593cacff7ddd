"""A room while it is furnished: the pieces in it, the ground to keep free, and whether people can still walk."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64
from scipy import ndimage

from ..scenes.record import Room
from .floor_plan import WallFace, WallOpening, WallStretch, in_rectangle, inside, polygon_area, wall_faces
from .home import FurnitureModel

if TYPE_CHECKING:
    from .furniture.catalogue import Catalogue

Fits = Callable[[FurnitureModel], bool] | None  # a condition on models, or none

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
        x, y = self.wide / 2, self.deep / 2
        return self.at(-x, -y), self.at(x, -y), self.at(x, y), self.at(-x, y)

    def at(self, right: float, front: float) -> tuple[float, float]:
        """Return the world point (x, y) that lies `right` and `front` metres from the centre along the axes."""
        (rx, ry), (fx, fy) = self.axes
        return (self.x + right * rx + front * fx, self.y + right * ry + front * fy)

    def grown(self, margin: float) -> Footprint:
        """Return the rectangle grown by a margin on every side."""
        return replace(self, wide=self.wide + 2 * margin, deep=self.deep + 2 * margin)

    def overlaps(self, other: Footprint, slack: float = 1e-6) -> bool:
        """Return whether two rectangles overlap by more than `slack` metres (separating axis theorem)."""
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

    def ground_before(self, deep: float) -> Footprint:
        """Return the ground before its front, as wide as the piece and `deep` metres deep."""
        f = self.footprint
        return Footprint(*f.at(0, (f.deep + deep) / 2 + 0.01), f.yaw, f.wide, deep)

    @property
    def heights(self) -> tuple[float, float]:
        """Lowest and highest point, metres."""
        high = self.model.size[2]
        low = self.z - {"wall": high / 2, "ceiling": high}.get(self.model.stands, 0.0)
        return low, low + high

    @property
    def matrix(self) -> Float64[np.ndarray, "4 4"]:
        """world_from_model."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return np.array([[c, -s, 0, self.x], [s, c, 0, self.y], [0, 0, 1, self.z], [0, 0, 0, 1]])

    @property
    def front(self) -> tuple[float, float]:
        """Unit direction that it faces."""
        return (-math.sin(self.yaw), math.cos(self.yaw))


@dataclass(frozen=True)
class Solid:
    """Something that takes up space: its footprint and heights."""

    footprint: Footprint
    low: float
    high: float

    @property
    def obstructs(self) -> bool:
        """Whether a walking person would run into it: it is neither overhead nor as flat as a rug."""
        return self.low <= 1.85 and self.high >= 0.08


def facing(direction: tuple[float, float]) -> float:
    """Return the yaw (radians) that turns a model's front, +y, to a direction (x, y)."""
    return math.atan2(-direction[0], direction[1])


@dataclass
class RoomLayout:
    """The room, the pieces in it so far, and the rules that new ones obey.

    `solids` take up space, `zones` must stay free on the floor, and `loads` are the footprints on a piece's top, by the
    piece's `id()`.
    """

    room: Room
    openings: tuple[WallOpening, ...]
    rng: np.random.Generator
    catalogue: Catalogue
    pieces: list[PlacedModel] = field(default_factory=list)
    solids: list[Solid] = field(default_factory=list)
    zones: list[Footprint] = field(default_factory=list)
    loads: dict[int, list[Footprint]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.walls = wall_faces(self.room)
        xs, ys = zip(*self.room.polygon, strict=True)
        self.bounds = (min(xs), min(ys), max(xs), max(ys))
        self.area = polygon_area(self.room.polygon)
        self._fill_notch()
        self.accesses: list[tuple[float, float]] = []  # points before the doors
        for wall in self.walls:
            for opening in self.openings:
                if span := wall.span(opening):
                    self._keep_clear(wall, opening, span)
        self._mark_blocked()

    def _fill_notch(self) -> None:
        """Fill the missing corner of an L-shaped room with a solid, so that nothing is put there."""
        x0, y0, x1, y1 = self.bounds
        inner = next(((x, y) for x, y in self.room.polygon if x0 < x < x1 and y0 < y < y1), None)
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)):
            if inner and (x, y) not in self.room.polygon:
                middle = ((inner[0] + x) / 2, (inner[1] + y) / 2)
                notch = Footprint(*middle, 0.0, abs(inner[0] - x), abs(inner[1] - y))
                self.solids.append(Solid(notch, 0.0, 9.0))

    def _keep_clear(self, wall: WallFace, opening: WallOpening, span: tuple[float, float]) -> None:
        """Keep the ground before a door free, and high furniture away from windows."""
        low, high = span
        yaw, middle, wide = facing(wall.inward), (low + high) / 2, high - low

        def at_opening(offset: float, wide: float, deep: float) -> Footprint:
            return Footprint(*wall.at(middle, offset), yaw, wide, deep)

        if opening.kind == "window":
            before = at_opening(0.06, wide + 0.1, 0.12)
            self.solids.append(Solid(before, opening.bottom - 0.04, opening.top + 0.05))
            return
        opens_here = opening.rooms[0] == self.room.name
        deep = 1.0 if opens_here else 0.85
        self.zones.append(at_opening(deep / 2, wide + 0.2, deep))
        self.solids.append(Solid(at_opening(0.02, wide + 0.16, 0.04), 0.0, opening.top + 0.1))
        if opening.angle and opens_here:  # the open leaf stands in this room
            hinge, other = wall.project(opening.start)[0], wall.project(opening.end)[0]
            x, y = wall.at(hinge + 0.03 * (1 if other > hinge else -1), wide / 2)
            self.solids.append(Solid(Footprint(x, y, yaw, 0.16, wide), 0.0, opening.top))
        self.accesses.append(wall.at(middle, 0.5))

    def _mark_blocked(self) -> None:
        """Make the walkability grid of all solids, with a border of blocked cells."""
        x0, y0, x1, y1 = self.bounds
        columns, rows = (max(2, round(side / CELL)) for side in (x1 - x0, y1 - y0))
        self._xs = x0 + (np.arange(columns) + 0.5) * CELL
        self._ys = y0 + (np.arange(rows) + 0.5) * CELL
        self._blocked = np.ones((rows + 2, columns + 2), bool)
        self._blocked[1:-1, 1:-1] = False
        for solid in self.solids:
            self._block(self._blocked, solid)

    def _block(self, grid: np.ndarray, solid: Solid) -> None:
        """Mark the cells that a solid takes from a walking person."""
        if not solid.obstructs:
            return
        f = solid.footprint
        xs, ys = self._xs[None, :], self._ys[:, None]
        grid[1:-1, 1:-1] |= in_rectangle(xs, ys, (f.x, f.y), f.axes[0], (f.wide / 2 + 0.02, f.deep / 2 + 0.02))

    def _walkable(self, blocked: np.ndarray) -> bool:
        """Return whether all doors lead to one common floor that is large enough to stand on."""
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

    def choose(self, options: Sequence[Any] | np.ndarray) -> Any:
        """Draw one of a sequence."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        """Draw true with a probability."""
        return bool(self.rng.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        """Draw a number between two bounds."""
        return float(self.rng.uniform(low, high))

    def normal(self, deviation: float) -> float:
        """Draw a normally distributed number of mean 0."""
        return float(self.rng.normal(0, deviation))

    def integer(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def likely(self, chances: Iterable[tuple[str, float]]) -> Iterator[str]:
        """Yield each category with its probability. Each is drawn when the one before has been used."""
        for category, probability in chances:
            if self.chance(probability):
                yield category

    def model(self, category: str, fits: Fits = None) -> FurnitureModel | None:
        """Draw a model of a category that fits; None where the catalogue gives none in a dozen draws."""
        models = (self.catalogue.pick(category, self.rng) for _ in range(12))
        return next((model for model in models if fits is None or fits(model)), None)

    def fits(
        self, piece: PlacedModel, before: float | None = None, apart: float = 0.01, own: tuple[PlacedModel, ...] = ()
    ) -> bool:
        """Return whether a piece fits; the arguments are those of `add`."""
        f, (low, high), stands = piece.footprint, piece.heights, piece.model.stands
        x0, y0, x1, y1 = self.bounds
        if any(not (x0 - 1e-6 <= x <= x1 + 1e-6 and y0 - 1e-6 <= y <= y1 + 1e-6) for x, y in f.corners):
            return False
        if high > self.room.height - 0.02 and stands != "ceiling":
            return False
        mine, grown = [p.footprint for p in own], f.grown(apart)
        others = [s for s in self.solids if s.footprint not in mine]
        if any(s.low < high and low < s.high and grown.overlaps(s.footprint) for s in others):
            return False
        on_tops = (p for p in self.pieces if p.model.stands == "top" and p.z < high and low < p.heights[1])
        if stands == "wall" and any(grown.overlaps(p.footprint) for p in on_tops):
            return False
        if stands == "floor" and high > 0.08 and any(f.overlaps(z) for z in self.zones):
            return False
        if before is None:
            return True
        zone = piece.ground_before(before)
        if any(s.low < 1.6 and s.high > 0.08 and zone.overlaps(s.footprint) for s in others):
            return False
        return all(inside(self.room.polygon, corner) for corner in zone.corners)

    def add(
        self, piece: PlacedModel, before: float | None = None, apart: float = 0.01, own: tuple[PlacedModel, ...] = ()
    ) -> PlacedModel | None:
        """Put a piece down if it fits and leaves the room walkable; return it, or None.

        `before` metres of ground before its front must be free and are kept free. `apart` is the distance in metres
        that it keeps from other pieces, except from those of `own`.
        """
        if not self.fits(piece, before, apart, own):
            return None
        solid = Solid(piece.footprint, *piece.heights)
        blocked = self._blocked.copy()
        self._block(blocked, solid)
        if not np.array_equal(blocked, self._blocked) and not self._walkable(blocked):
            return None
        self._blocked = blocked
        self.solids.append(solid)
        self.pieces.append(piece)
        if before is not None:
            self.zones.append(piece.ground_before(before))
        return piece

    def add_first(
        self, pieces: Iterable[PlacedModel], before: float | None = None, apart: float = 0.01
    ) -> PlacedModel | None:
        """Put down the first of some pieces that fits (see `add`); return it, or None. The rest is not generated."""
        return next((piece for piece in pieces if self.add(piece, before, apart)), None)

    def load(self, piece: PlacedModel, carrier: PlacedModel, apart: float) -> PlacedModel | None:
        """Put a piece on its carrier if it stays `apart` metres from what lies there already; return it, or None."""
        loads = self.loads.setdefault(id(carrier), [])
        if any(piece.footprint.grown(apart).overlaps(load) for load in loads):
            return None
        loads.append(piece.footprint)
        self.pieces.append(piece)
        return piece

    def take_back(self, piece: PlacedModel, before: float) -> None:
        """Undo `add` for a piece with the ground before it."""
        self.pieces.remove(piece)
        self.zones.remove(piece.ground_before(before))
        self.solids = [s for s in self.solids if s.footprint != piece.footprint]
        self._mark_blocked()

    def free_stretches(self, deep: float, high: float) -> list[WallStretch]:
        """Return stretches of walls before which a row of pieces of that depth and height (metres) may stand."""
        stretches, step = [], 0.1
        for wall in self.walls:
            start, end = 0.03, wall.length - 0.03

            def taken(at: float, wall: WallFace = wall) -> bool:
                cell = Footprint(*wall.at(at + step / 2, deep / 2), facing(wall.inward), step, deep)
                solids = (s.footprint for s in self.solids if s.low < high)
                return any(cell.overlaps(other) for other in (*solids, *self.zones))

            stops = [at for at in np.arange(start, end, step).tolist() if taken(at)]
            gaps = zip([start, *(at + step for at in stops)], [*stops, end], strict=True)
            stretches += [(wall, first, last) for first, last in gaps if last - first > 0.5]
        return stretches

    def wall_spots(self, wide: float, corner: bool = False) -> Iterator[tuple[WallFace, float]]:
        """Yield places (wall, distance of the middle) in random order for something `wide` metres wide at a wall.

        `corner` restricts them to the ends of walls.
        """
        spots = []
        for wall in self.walls:
            low, high = wide / 2 + 0.02, wall.length - wide / 2 - 0.02
            if high < low:
                continue
            spots += [(wall, low), (wall, high)]
            if not corner:
                spots += [(wall, float(d)) for d in self.rng.uniform(low, high, max(2, int((high - low) / 0.4)))]
        for i in self.rng.permutation(len(spots)):
            yield spots[i]
