"""Make foreign triangles light: weld, thin out, and give them normals that are smooth except over creases."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int, Int64

from ..mesh import Material, Part
from .solids import part

CREASE = np.cos(np.radians(40.0))


def weld(
    positions: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"], cell: float = 1e-4
) -> tuple[Float64[np.ndarray, "welded 3"], Int64[np.ndarray, "left 3"]]:
    """Merge the vertices of each cell (its edge in metres) and drop triangles that vanish or double thereby."""
    used, faces = np.unique(faces, return_inverse=True)
    faces = faces.reshape(-1, 3)
    keys = np.round(positions[used] / cell).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    faces = inverse.reshape(-1)[faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (a != c)]
    _, alone = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return positions[used][first].astype(np.float64), faces[np.sort(alone)]


def thinned(
    positions: Float64[np.ndarray, "vertices 3"], faces: Int64[np.ndarray, "faces 3"], count: int
) -> tuple[Float64[np.ndarray, "fewer 3"], Int64[np.ndarray, "left 3"]]:
    """Return about `count` triangles that keep the shape (quadric edge collapse).

    Models cut into many loose patches cannot be thinned well as they are: their seams are closed first, with cells of
    2 mm and then coarser ones, until the count is near enough.
    """
    for cell in (None, 0.002, 0.004, 0.008):
        if len(faces) <= count * 1.25:
            break
        if cell is not None:
            positions, faces = weld(positions, faces, cell)
        if len(faces) > count:
            import fast_simplification

            points, triangles = fast_simplification.simplify(
                positions.astype(np.float32), faces.astype(np.int32), target_count=count, agg=6
            )
            positions, faces = weld(points, triangles)
    return positions, faces


def shaded(positions: Float64[np.ndarray, "vertices 3"], faces: Int64[np.ndarray, "faces 3"], material: Material) -> Part:
    """Return a part whose corners share a normal with neighbouring triangles that bend by less than 40°."""
    from scipy import sparse

    corners = positions[faces]
    crossed = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(crossed, axis=1)
    keep = length > 1e-12
    faces, crossed, length = faces[keep], crossed[keep], length[keep]
    units = crossed / length[:, None]
    count = len(faces)
    own = np.repeat(np.arange(count), 3)
    at_vertex = sparse.csr_matrix((np.ones(3 * count), (faces.reshape(-1), own)), shape=(len(positions), count))
    meeting = at_vertex[faces.reshape(-1)].tocoo()  # corner × triangle: those that meet in the corner's vertex
    alike = (units[own[meeting.row]] * units[meeting.col]).sum(1) > CREASE
    normals = np.zeros((3 * count, 3))
    np.add.at(normals, meeting.row[alike], crossed[meeting.col[alike]])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    keys = np.column_stack([faces.reshape(-1), np.round(normals * 64)]).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    spots = positions[faces.reshape(-1)[first]]
    return part(spots, normals[first], spots[:, :2], inverse.reshape(-1, 3), material)
