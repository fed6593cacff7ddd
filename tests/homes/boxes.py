"""A tiny home for tests: one room with two boxes, made by hand."""

import numpy as np

from vlm2.homes.home import FurnitureModel, Home, Light, Opening, Placement
from vlm2.homes.mesh import Material, Mesh, Part
from vlm2.scenes.record import Room

WIDTH, LENGTH, HEIGHT = 4.0, 5.0, 2.5


def box(low, high, material: Material) -> Mesh:
    """Return a closed box, with the texture laid on each face in metres."""
    low, high = np.array(low, float), np.array(high, float)
    positions, normals, uvs, faces = [], [], [], []
    for axis in range(3):
        for side in (0, 1):
            first, second = [a for a in range(3) if a != axis]
            for a, b in ((0, 0), (1, 0), (1, 1), (0, 1)):
                point = np.empty(3)
                point[axis] = (low, high)[side][axis]
                point[first], point[second] = (low, high)[a][first], (low, high)[b][second]
                positions.append(point)
                normals.append(np.eye(3)[axis] * (1 if side else -1))
                uvs.append((point[first], point[second]))
            start = len(positions) - 4
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    arrays = (np.array(positions, np.float32), np.array(normals, np.float32), np.array(uvs, np.float32))
    return Mesh((Part(*arrays, np.array(faces, np.int32), material),))


def _piece(id: int, category: str, size, place, colour) -> Placement:
    half = np.array([size[0] / 2, size[1] / 2, 0.0])
    mesh = box(-half, half + np.array([0, 0, size[2]]), Material(colour, "wood_01"))
    pose = np.eye(4)
    pose[:3, 3] = place
    return Placement(id, FurnitureModel(f"{category}_1", category, mesh, size), pose, "living")


def box_home(seed: int = 0, split="train") -> Home:
    """Return a 4 × 5 m room with a table, a cabinet and a window; walls are 5 cm thick."""
    edge = 0.05
    shell = [
        box((0, 0, -edge), (WIDTH, LENGTH, 0), Material((1, 1, 1), "wood_floor_01")),
        box((0, 0, HEIGHT), (WIDTH, LENGTH, HEIGHT + edge), Material((0.9, 0.9, 0.9))),
        box((-edge, 0, 0), (0, LENGTH, HEIGHT), Material((0.8, 0.75, 0.7), "wall_01")),
        box((WIDTH, 0, 0), (WIDTH + edge, LENGTH, HEIGHT), Material((0.8, 0.75, 0.7), "wall_01")),
        box((0, -edge, 0), (WIDTH, 0, HEIGHT), Material((0.5, 0.6, 0.7), "wall_02")),
        box((0, LENGTH, 0), (WIDTH, LENGTH + edge, HEIGHT), Material((0.8, 0.75, 0.7), "wallpaper_02")),
    ]
    room = Room("living", "living room", ((0, 0), (WIDTH, 0), (WIDTH, LENGTH), (0, LENGTH)), HEIGHT)
    glass = box((WIDTH - 0.03, 2.0, 1.0), (WIDTH - 0.01, 3.2, 2.0), Material((0.8, 0.9, 1.0), glow=0.9))
    window = Opening("window", (WIDTH, 2.0), (WIDTH, 3.2), 1.0, 2.0, ("living", None), id=3, mesh=glass)
    pieces = (
        _piece(1, "table", (1.2, 0.8, 0.75), (2.4, 2.0, 0.0), (0.9, 0.6, 0.4)),
        _piece(2, "cabinet", (0.8, 0.4, 1.6), (1.0, 4.7, 0.0), (0.5, 0.7, 0.5)),
    )
    lamp = Light((2.0, 2.5, 2.3), (1.0, 0.93, 0.82))
    return Home(seed, split, (room,), Mesh(tuple(p for m in shell for p in m.parts)), (window,), pieces, (lamp,))


def look(eye, target) -> np.ndarray:
    """Return `world_from_camera` of an upright camera at `eye` that looks at `target`."""
    forward = np.array(target, float) - np.array(eye, float)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    pose[:3, 3] = eye
    return pose
