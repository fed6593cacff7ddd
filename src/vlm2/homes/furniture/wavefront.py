"""Read Wavefront OBJ and MTL text: triangles by material, and the materials' colours."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import Float64, Int64
from PIL import Image


@dataclass(frozen=True)
class TriangleSoup:
    """Shared vertices, and the triangles of each material by its name."""

    positions: Float64[np.ndarray, "vertices 3"]
    faces: dict[str, Int64[np.ndarray, "faces 3"]]
    libraries: tuple[str, ...]


def read_obj(text: str) -> TriangleSoup:
    """Read vertices and faces; polygons are cut into fans. Normals and texture coordinates are left out."""
    vertices: list[str] = []
    triangles: dict[str, list[tuple[int, int, int]]] = {}
    libraries: list[str] = []
    current = triangles.setdefault("", [])
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("v "):
            vertices.append(line[2:])
        elif line.startswith("f "):
            corners = [int(word.split("/")[0]) for word in line[2:].split()]
            corners = [c - 1 if c > 0 else len(vertices) + c for c in corners]
            current.extend((corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1))
        elif line.startswith("usemtl"):
            current = triangles.setdefault(line[6:].strip(), [])
        elif line.startswith("mtllib"):
            libraries.append(line[6:].strip())
    positions = np.array([v.split()[:3] for v in vertices], np.float64).reshape(-1, 3)
    return TriangleSoup(
        positions, {name: np.array(f, np.int64) for name, f in triangles.items() if f}, tuple(libraries)
    )


def read_mtl(text: str, read: Callable[[str], bytes | None]) -> dict[str, tuple[float, float, float]]:
    """Read each material's sRGB colour in [0, 1]: the mean of its texture (fetched with `read` by name), or its Kd."""
    colours: dict[str, tuple[float, float, float]] = {}
    name = ""
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "newmtl":
            name = line.strip()[6:].strip()
        elif words[0] == "Kd" and len(words) >= 4:
            colours.setdefault(name, (float(words[1]), float(words[2]), float(words[3])))
        elif words[0] == "map_Kd":
            data = read(posixpath.basename(line.strip()[6:].strip().replace("\\", "/")))
            if data is not None:
                colours[name] = _mean_colour(data)
    return colours


def _mean_colour(data: bytes) -> tuple[float, float, float]:
    """Return the mean sRGB colour of a picture's opaque part."""
    image = np.asarray(Image.open(BytesIO(data)).convert("RGBA").resize((32, 32)), np.float64) / 255
    weights = image[..., 3:] + 1e-6
    mean = (image[..., :3] * weights).sum((0, 1)) / weights.sum()
    return (float(mean[0]), float(mean[1]), float(mean[2]))
