"""The ground that a person can walk on: a distance field around everything in a home, and ways over it."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from .build import opening_box, placement_box
from .floor_plan import WALL, in_rectangle, inside
from .home import Home

CELL = 0.05  # metres of a cell of the distance field
CLEAR = 0.31  # metres that ways keep from things
EYES = 1.5  # metres, height of the eyes
HEAD = 1.9  # metres; things that begin above this height, and those as low as a rug, are no obstacle


class WalkableGround:
    """Distance to the nearest obstacle everywhere, and a graph of free places 2 cells apart.

    Places are (x, y) of the world in metres; grids are indexed [row, column], thus [y, x]. `room` is the index of the
    room of each cell (−1: none), `distance` is in metres. The nodes of the graph have their place (`nodes`) and their
    room (`node_room`). Their distances to obstacles and to the nearest doorway are `node_distance` and `node_door`, in
    metres. `main` marks the nodes of the largest connected part.
    """

    def __init__(self, home: Home) -> None:
        points = np.array([p for room in home.rooms for p in room.polygon])
        self.low = points.min(0) - 0.3
        columns, rows = np.ceil((points.max(0) + 0.3 - self.low) / CELL).astype(int)
        self.xs = self.low[0] + (np.arange(columns) + 0.5) * CELL
        self.ys = self.low[1] + (np.arange(rows) + 0.5) * CELL
        x, y = self.xs[None, :], self.ys[:, None]
        self.room = np.full((rows, columns), -1)
        for i, room in enumerate(home.rooms):
            self.room[inside(room.polygon, (x, y))] = i
        free = self.room >= 0
        for opening in home.openings:
            if opening.kind == "door" and None not in opening.rooms:
                start, end = np.array(opening.start), np.array(opening.end)
                wide = math.dist(start, end)
                free |= in_rectangle(x, y, (start + end) / 2, (end - start) / wide, (wide / 2, WALL / 2 + CELL))
        self._open = free.copy()  # places with nothing at eye height
        boxes = [placement_box(p) for p in home.placements] + [opening_box(o) for o in home.openings]
        for box in boxes:
            low, high = box.center[2] - box.size[2] / 2, box.center[2] + box.size[2] / 2
            if low < HEAD and high > 0.08:
                wide, deep, _ = box.size
                covered = in_rectangle(x, y, box.center, box.axes[0], ((wide + CELL / 2) / 2, (deep + CELL / 2) / 2))
                free &= ~covered
                if low < EYES < high:
                    self._open &= ~covered
        # From cell centre to cell centre; the obstacle's border lies about half a cell nearer.
        self.distance = np.maximum(np.asarray(ndimage.distance_transform_edt(free)) - 0.5, 0) * CELL
        self._doors = [np.add(o.start, o.end) / 2 for o in home.openings if o.kind == "door"]
        self._graph()

    def _graph(self) -> None:
        """Join free places by a grid of ways; ways near things cost more. Only the largest connected part is kept."""
        coarse = self.distance[::2, ::2]
        free = coarse >= CLEAR
        number = np.full(free.shape, -1)
        number[free] = np.arange(free.sum())
        cost = 1 + 1.5 * np.exp(-(coarse - CLEAR) / 0.15)
        heads, tails, weights = [], [], []
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
            a = (slice(0, free.shape[0] - dy), slice(max(0, -dx), free.shape[1] - max(0, dx)))
            b = (slice(dy, None), slice(max(0, dx), free.shape[1] + min(0, dx)))
            both = free[a] & free[b]
            heads.append(number[a][both])
            tails.append(number[b][both])
            weights.append(2 * CELL * math.hypot(dx, dy) * (cost[a] + cost[b])[both] / 2)
        size = int(free.sum())
        matrix = sparse.csr_matrix(
            (np.concatenate(weights), (np.concatenate(heads), np.concatenate(tails))), (size, size)
        )
        _, part = csgraph.connected_components(matrix, directed=False)
        self.matrix = matrix
        rows, columns = np.nonzero(free)
        self.nodes = np.stack([self.xs[2 * columns], self.ys[2 * rows]], 1)
        self.node_room = self.room[2 * rows, 2 * columns]
        self.node_distance = coarse[free]
        self.node_door = np.full(size, np.inf)  # metres to the nearest doorway
        for door in self._doors:
            self.node_door = np.minimum(self.node_door, np.linalg.norm(self.nodes - door, axis=1))
        self.main = part == np.bincount(part).argmax() if size else np.zeros(0, bool)

    def clearance(self, points: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, " points"]:
        """Return the distance in metres from points to the nearest obstacle (bilinear between cells)."""
        at = (np.asarray(points) - self.low) / CELL - 0.5
        return ndimage.map_coordinates(self.distance, [at[:, 1], at[:, 0]], order=1, mode="constant")

    def views(
        self, place: Float[np.ndarray, " xy"], angles: Float[np.ndarray, " angles"]
    ) -> Float[np.ndarray, " angles"]:
        """Return the visible distance from a place at eye height in each direction (radians); metres, 4 at most."""
        steps = np.arange(1, 41) * 0.1
        points = place + steps[None, :, None] * np.stack([np.cos(angles), np.sin(angles)], 1)[:, None]
        column, row = ((points[..., i] - self.low[i]) / CELL for i in range(2))
        rows, columns = self._open.shape
        clear = self._open[np.clip(row, 0, rows - 1).astype(int), np.clip(column, 0, columns - 1).astype(int)]
        return 0.1 * np.cumprod(clear, axis=1).sum(1)

    def ways(self, sources: list[int]) -> tuple[Float[np.ndarray, "sources nodes"], Int[np.ndarray, "sources nodes"]]:
        """Return the costs of the best ways from some nodes to all (metres, more near things), and the predecessors."""
        return csgraph.dijkstra(self.matrix, directed=False, indices=sources, return_predecessors=True)

    def way(self, predecessors: Int[np.ndarray, " nodes"], start: int, end: int) -> Float[np.ndarray, "points 2"]:
        """Return a smooth way from node to node as points about 5 cm apart. `predecessors` are those from `start`."""
        chain = [end]
        while chain[-1] != start:
            chain.append(int(predecessors[chain[-1]]))
        return self._smooth(self._pull(self.nodes[chain[::-1]]))

    def _pull(self, points: np.ndarray) -> np.ndarray:
        """Leave points out wherever the straight line keeps clear."""
        kept, i = [0], 0
        while i < len(points) - 1:
            j = min(len(points) - 1, i + 40)
            while j > i + 1 and not self._straight(points[i], points[j]):
                j = max(i + 1, j - 2)
            kept.append(j)
            i = j
        return points[kept]

    def _straight(self, a: np.ndarray, b: np.ndarray) -> bool:
        steps = np.linspace(0, 1, max(2, int(math.dist(a, b) / CELL)))[:, None]
        return bool((self.clearance(a + (b - a) * steps) >= CLEAR).all())

    def _smooth(self, points: np.ndarray) -> np.ndarray:
        """Resample a polyline about every 5 cm and round its corners as far as things allow."""
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        steps = np.linspace(0, length[-1], max(2, int(length[-1] / CELL)))
        fine = np.stack([np.interp(steps, length, points[:, i]) for i in range(2)], 1)
        for sigma in (6, 4, 2, 1):
            padded = np.concatenate([np.repeat(fine[:1], 24, 0), fine, np.repeat(fine[-1:], 24, 0)])
            rounded = ndimage.gaussian_filter1d(padded, sigma, axis=0)[24:-24]
            rounded[0], rounded[-1] = fine[0], fine[-1]
            if (self.clearance(rounded) >= CLEAR - 0.02).all():
                return rounded
        return fine
