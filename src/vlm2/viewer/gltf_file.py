"""The 3D scene as a binary glTF 2.0 file (.glb), which Blender, three.js and the viewers of most systems open.

glTF has y up, so the root node turns the scene, which has z up. Materials are unlit (KHR_materials_unlit).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from ..objects.floor import ground_of
from ..query.query import clock
from ..scenes.record import Room
from .scene import Scene3D, SceneFrame
from .viser_scene import PATH, quaternion, thing_colour, thing_name

POINTS, LINES, TRIANGLES = 0, 1, 4  # modes of primitives
COMPONENTS = {"float32": 5126, "uint8": 5121, "uint32": 5125}
KINDS = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
GLB, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
FLOOR = (90, 98, 110)
Y_UP = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))
OPENCV_FROM_GLTF = np.diag((1.0, -1.0, -1.0))  # of a camera: glTF's looks along −z, with y up
NEAR = 0.01  # metres

CORNERS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
EDGES = np.array([(a, b) for a in range(8) for b in range(a) if np.abs(CORNERS[a] - CORNERS[b]).sum() == 1])
SIDES = np.array(((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)))
FACES = SIDES[:, (0, 1, 2, 0, 2, 3)].reshape(-1, 3)


def gltf_scene(scene: Scene3D, title: str) -> bytes:
    """Return the bytes of a .glb file. Lengths are those of the scene.

    Its nodes are "points" and "path", one for each room, one for each thing, and a camera for each kept frame. The name
    of a thing's node is its label and number ("chair 3").
    """
    file = GltfWriter()
    nodes = []
    if len(scene.points):
        nodes.append(file.mesh_node("points", file.primitive(POINTS, scene.points, colours=scene.colours)))
    if len(scene.path) > 1:
        steps = np.arange(len(scene.path) - 1)[:, None] + (0, 1)  # segments: some readers know no strips
        nodes.append(file.mesh_node("path", file.primitive(LINES, scene.path, file.material(PATH), steps)))
    nodes += [_room(file, room) for room in scene.map.floor.rooms]
    labels = sorted({track.label for track in scene.things})
    boxes = {label: _box(file, label, thing_colour(label, labels)) for label in labels}
    for track in scene.things:
        at = _placed(np.array(track.box.axes).T, track.box.center)
        node = {"name": thing_name(track), "mesh": boxes[track.label], "scale": [max(s, 0.02) for s in track.box.size]}
        nodes.append(file.add("nodes", node | at))
    nodes += [_camera(file, frame, scene.half_view) for frame in scene.frames]
    file.add("nodes", {"name": title, "children": nodes, **_placed(Y_UP, (0.0, 0.0, 0.0))})
    return file.to_bytes()


class GltfWriter:
    """Collects the parts of a glTF file; the last node is the root of its scene."""

    def __init__(self) -> None:
        self.parts: dict[str, list[dict[str, Any]]] = {}
        self.binary = bytearray()

    def add(self, kind: str, part: dict[str, Any]) -> int:
        """Add a part, such as one of "nodes"; return its index."""
        self.parts.setdefault(kind, []).append(part)
        return len(self.parts[kind]) - 1

    def array(self, values: np.ndarray, bounded: bool = False, normalized: bool = False) -> int:
        """Add an array (rows of float32, uint32 or uint8) with, where `bounded`, its bounds; return its accessor."""
        values = np.ascontiguousarray(values)
        view = self.add(
            "bufferViews", {"buffer": 0, "byteOffset": len(self.binary), "byteLength": values.nbytes}
        )  # offsets are multiples of 4, as rows of all arrays are
        self.binary += values.tobytes()
        width = 1 if values.ndim == 1 else values.shape[1]
        accessor = {
            "bufferView": view,
            "componentType": COMPONENTS[values.dtype.name],
            "count": len(values),
            "type": KINDS[width],
        }
        if bounded:
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        return self.add("accessors", accessor | ({"normalized": True} if normalized else {}))

    def primitive(
        self,
        mode: int,
        points: np.ndarray,
        material: int | None = None,
        indices: np.ndarray | None = None,
        colours: np.ndarray | None = None,
    ) -> dict[str, Any]:
        """Return a primitive of points (metres), with indices into them, and with a colour (RGB) for each."""
        attributes = {"POSITION": self.array(points.astype(np.float32), bounded=True)}
        if colours is not None:
            opaque = np.full((len(colours), 1), 255, np.uint8)
            attributes["COLOR_0"] = self.array(np.hstack((colours, opaque)), normalized=True)
        given: dict[str, Any] = {"mode": mode, "attributes": attributes}
        given |= {"material": self.material((255, 255, 255)) if material is None else material}
        return given if indices is None else given | {"indices": self.array(indices.astype(np.uint32).ravel())}

    def material(self, colour: Sequence[int], opacity: float = 1.0) -> int:
        """Add an unlit material of an sRGB colour; return its index."""
        linear = [(value / 255) ** 2.2 for value in colour]
        part = {"pbrMetallicRoughness": {"baseColorFactor": [*linear, opacity]}, "doubleSided": True}
        blend = {"alphaMode": "BLEND"} if opacity < 1 else {}
        return self.add("materials", part | blend | {"extensions": {"KHR_materials_unlit": {}}})

    def mesh_node(self, name: str, *primitives: dict[str, Any]) -> int:
        """Add a mesh and its node; return the node's index."""
        return self.add(
            "nodes", {"name": name, "mesh": self.add("meshes", {"name": name, "primitives": list(primitives)})}
        )

    def to_bytes(self) -> bytes:
        """Return the file: a header, the description as JSON, and the arrays."""
        described = {
            "asset": {"version": "2.0", "generator": "vlm2"},
            "extensionsUsed": ["KHR_materials_unlit"],
            "scene": 0,
            "scenes": [{"nodes": [len(self.parts["nodes"]) - 1]}],
            "buffers": [{"byteLength": len(self.binary)}],
            **self.parts,
        }
        text = json.dumps(described, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), JSON_CHUNK) + text
        chunks += struct.pack("<II", len(self.binary), BINARY_CHUNK) + self.binary
        return struct.pack("<III", GLB, 2, 12 + len(chunks)) + chunks


def _box(file: GltfWriter, name: str, colour: tuple[int, int, int]) -> int:
    """Add the mesh of a cube of side 1: translucent sides, and edges; return its index."""
    sides = file.primitive(TRIANGLES, CORNERS, file.material(colour, 0.3), FACES)
    edges = file.primitive(LINES, CORNERS, file.material(colour), EDGES)
    return file.add("meshes", {"name": name, "primitives": [sides, edges]})


def _room(file: GltfWriter, room: Room) -> int:
    """Add the node of a room's floor, in triangles."""
    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(ground_of(room)))
    corners = np.array([part.exterior.coords[:3] for part in parts])[..., :2].reshape(-1, 2)
    points = np.hstack((corners, np.zeros((len(corners), 1))))
    return file.mesh_node(room.name, file.primitive(TRIANGLES, points, file.material(FLOOR, 0.4)))


def _camera(file: GltfWriter, frame: SceneFrame, half_view: tuple[float, float]) -> int:
    """Add the node of a kept frame, with a camera of its view."""
    wide, high = half_view
    lens = {"yfov": 2 * math.atan(high), "aspectRatio": wide / high, "znear": NEAR}
    camera = file.add("cameras", {"type": "perspective", "perspective": lens})
    pose = frame.scene_from_camera
    at = _placed(pose[:3, :3] @ OPENCV_FROM_GLTF, pose[:3, 3])
    return file.add("nodes", {"name": f"frame {frame.frame} at {clock(frame.time)}", "camera": camera} | at)


def _placed(rotation: np.ndarray, place: Sequence[float] | np.ndarray) -> dict[str, Any]:
    """Return the fields of a node with this rotation and this place."""
    w, x, y, z = quaternion(rotation)
    return {"rotation": [x, y, z, w], "translation": [float(value) for value in place]}
