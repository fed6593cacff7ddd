"""Simplify the meshes of other authors: weld, thin out, and give them normals that are smooth except over creases."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int, Int64

from ..mesh import Material, Part, face_normals, part

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
    """Return about `count` triangles (at most half as many again) that keep the extent and the surface's area.

    Quadric edge collapse is tried first. It loses pieces of models that consist of many loose patches, or cannot thin
    them. The seams of such models are closed with cells of 2 mm and more before collapsing. If that fails too, growing
    cells alone thin the model.
    """
    if len(faces) <= count:
        return positions, faces
    for cell in (None, 0.002, 0.004, 0.008):
        closed = (positions, faces) if cell is None else weld(positions, faces, cell)
        light = _collapsed(*closed, count)
        if len(light[1]) <= 1.5 * count and _alike((positions, faces), light):
            return light
    cell = 0.006
    while len(light[1]) > 1.5 * count or not _alike((positions, faces), light, loss=0.5):
        light = weld(positions, faces, cell)
        if cell > 0.05:
            break
        cell *= 1.25
    return light


def _collapsed(positions: np.ndarray, faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mesh after quadric edge collapse towards a number of triangles."""
    if len(faces) <= count:
        return positions, faces
    import fast_simplification

    light = fast_simplification.simplify(positions, faces.astype(np.int32), target_count=count, agg=4)
    return weld(light[0], light[1])


def _alike(whole: tuple[np.ndarray, np.ndarray], light: tuple[np.ndarray, np.ndarray], loss: float = 0.2) -> bool:
    """Return whether a thinned mesh keeps the extent (to 8 mm or 2 %) and all but a share of the area."""
    bounds, areas = [], []
    for positions, faces in (whole, light):
        if len(faces) == 0:
            return False
        corners = positions[faces]
        bounds.append(np.stack([corners.min((0, 1)), corners.max((0, 1))]))
        areas.append(float(np.linalg.norm(face_normals(positions, faces), axis=1).sum()))
    slack = np.maximum(0.008, 0.02 * np.ptp(bounds[0], axis=0))
    return bool((np.abs(bounds[1] - bounds[0]) < slack).all() and areas[1] > (1 - loss) * areas[0])


def shaded(
    positions: Float64[np.ndarray, "vertices 3"], faces: Int64[np.ndarray, "faces 3"], material: Material
) -> Part:
    """Return a part whose corners share a normal with neighbouring triangles that bend by less than 40°."""
    from scipy import sparse

    crossed = face_normals(positions, faces)
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
