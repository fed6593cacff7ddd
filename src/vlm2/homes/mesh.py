"""Triangle meshes and their materials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int, Int32

Rows = Sequence | np.ndarray  # one row for each vertex or triangle


def face_normals(
    positions: Float[np.ndarray, "vertices 3"], faces: Int[np.ndarray, "faces 3"]
) -> Float[np.ndarray, "faces 3"]:
    """Return the normals of triangles. Their lengths are twice the triangles' areas."""
    a, b, c = np.moveaxis(positions[faces], 1, 0)
    return np.cross(b - a, c - a)


@dataclass(frozen=True)
class Material:
    """The look of a surface.

    `colour` is linear, in [0, 1]. `texture` is a name of `homes.textures`, or none; it multiplies the colour, and one
    repeat of it covers `texture_size` metres. `glow` is the light that the surface emits, `gloss` its shine (0–1).
    """

    colour: tuple[float, float, float] = (0.7, 0.7, 0.7)
    texture: str | None = None
    texture_size: float = 1.0
    glow: float = 0.0
    gloss: float = 0.0


@dataclass(frozen=True)
class Part:
    """Triangles of one material: positions and unit normals in metres, texture coordinates in metres on the surface."""

    positions: Float32[np.ndarray, "vertices 3"]
    normals: Float32[np.ndarray, "vertices 3"]
    uvs: Float32[np.ndarray, "vertices 2"]
    faces: Int32[np.ndarray, "faces 3"]
    material: Material


def part(positions: Rows, normals: Rows, uvs: Rows, faces: Rows, material: Material) -> Part:
    """Return a part of arrays of the shapes that `Part` gives, converted to its types."""
    points, directions, places = (np.asarray(array, np.float32) for array in (positions, normals, uvs))
    return Part(points, directions, places, np.asarray(faces, np.int32), material)


@dataclass(frozen=True)
class Mesh:
    """The triangles of a thing, in one part for each material."""

    parts: tuple[Part, ...]

    @property
    def bounds(self) -> Float32[np.ndarray, "2 3"]:
        """Least and greatest corner over all parts, in metres."""
        points = np.concatenate([p.positions for p in self.parts])
        return np.stack([points.min(0), points.max(0)])

    def transformed(self, target_from_source: Float[np.ndarray, "4 4"]) -> Mesh:
        """Return the mesh moved by a 4×4 transform (rotation, translation, positive scale along axes)."""
        linear, offset = target_from_source[:3, :3], target_from_source[:3, 3]
        normal_map = np.linalg.inv(linear).T
        parts = []
        for p in self.parts:
            normals = p.normals @ normal_map.T
            normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
            parts.append(part(p.positions @ linear.T + offset, normals, p.uvs, p.faces, p.material))
        return Mesh(tuple(parts))


def joined(parts: Iterable[Part]) -> Mesh:
    """Return one mesh of the parts, those of the same material merged into one."""
    groups: dict[Material, list[Part]] = {}
    for p in parts:
        groups.setdefault(p.material, []).append(p)
    merged = []
    for material, group in groups.items():
        starts = np.cumsum([0] + [len(p.positions) for p in group[:-1]])
        faces = np.concatenate([p.faces + start for p, start in zip(group, starts, strict=True)])
        positions, normals, uvs = (
            np.concatenate([getattr(p, name) for p in group]) for name in ("positions", "normals", "uvs")
        )
        merged.append(part(positions, normals, uvs, faces, material))
    return Mesh(tuple(merged))
