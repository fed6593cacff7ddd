"""Views of generated homes to train a detector on, with true ids and depths. One file a home.

Tensors of `SPLIT_SEED.safetensors` (the format is `tensor_cache`'s, the header holds the scene):

| name | type | shape | content |
|---|---|---|---|
| `jpegs` | uint8 | bytes | the frames as JPEG, one after another |
| `ends` | int64 | views | the end of each frame in `jpegs` |
| `instances` | int16 | views, height, width | ids of the things (0: the shell) |
| `depths` | fp16 | views, height/4, width/4 | metres along the camera's axis, one of each 4×4 pixels |
| `focals` | fp32 | views | focal length, pixels |
| `world_from_camera` | fp32 | views, 4, 4 | true poses |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int, Int16, UInt8
from safetensors import safe_open

from ..homes.build import build_home
from ..homes.camera_walk import walk
from ..homes.home import Split
from ..homes.production import shared_renderer, unseen_scene
from ..homes.renderer import pinhole
from ..scenes.box_geometry import upright_edges
from ..scenes.record import Scene
from ..scenes.vocabulary import category_index
from .home_cache import CachedScene
from .tensor_cache import read_header, write_tensors

VIEWS_FORMAT = "vlm2-views-1"
SIZE = (384, 288)  # pixels of a landscape view
PORTRAIT_SHARE = 0.25  # of the varied homes
FIELDS_OF_VIEW = {False: (45.0, 100.0), True: (38.0, 75.0)}  # horizontal, degrees: landscape, portrait
HEIGHTS = (0.7, 2.1)  # metres of the camera above the floor
DEPTH_BLOCK = 4  # pixels along one side of a stored depth
JPEG_QUALITY = 95


@dataclass(frozen=True)
class ThingTable:
    """Category, centre (m), size and direction of the long side of each thing of a home, by its id.

    Sizes are the logarithms of long side, short side and height in metres. Row 0 is the shell.
    """

    labels: Int[np.ndarray, " ids"]
    centers: Float[np.ndarray, "ids 3"]
    log_sizes: Float[np.ndarray, "ids 3"]
    sides: Float[np.ndarray, "ids 2"]


@dataclass(frozen=True)
class HomeView:
    """One view: its frame, and ids and depths of its pixels. The principal point is the middle of the frame."""

    rgb: UInt8[np.ndarray, "height width 3"]
    instances: Int16[np.ndarray, "height width"]
    depth: Float[np.ndarray, "rows columns"]
    focal: float
    world_from_camera: Float[np.ndarray, "4 4"]
    things: ThingTable


@dataclass(frozen=True)
class HomeViews(CachedScene):
    """The views of one home, read on demand."""

    portrait: bool

    @cached_property
    def things(self) -> ThingTable:
        """The home's things by their ids."""
        return thing_table(self.scene)

    def view(self, index: int) -> HomeView:
        """Read one view."""
        with safe_open(self.path, framework="np") as file:
            ends = file.get_tensor("ends")
            jpeg = file.get_slice("jpegs")[int(ends[index - 1]) if index else 0 : int(ends[index])]
            parts = {name: file.get_slice(name)[index] for name in ("instances", "depths", "focals")}
            pose = file.get_slice("world_from_camera")[index].astype(float)
        rgb = np.ascontiguousarray(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
        depth, focal = parts["depths"].astype(np.float32), float(parts["focals"])
        return HomeView(rgb, parts["instances"], depth, focal, pose, self.things)


def thing_table(scene: Scene) -> ThingTable:
    """Tabulate the things of a scene by their ids."""
    ids = max((thing.id for thing in scene.objects), default=0) + 1
    table = ThingTable(np.zeros(ids, int), np.zeros((ids, 3)), np.zeros((ids, 3)), np.zeros((ids, 2)))
    for thing in scene.objects:
        edges = upright_edges(thing.box)
        side = np.array(thing.box.axes)[edges[0], :2]
        table.labels[thing.id] = category_index(thing.category)
        table.centers[thing.id] = thing.box.center
        table.log_sizes[thing.id] = np.log(np.maximum(np.array(thing.box.size)[[*edges]], 0.01))
        table.sides[thing.id] = side / max(float(np.linalg.norm(side)), 1e-6)
    return table


def views_path(folder: Path | str, seed: int, split: Split) -> Path:
    """Return the place of a home's views in a folder."""
    return Path(folder) / f"{split}_{seed}.safetensors"


def open_views(path: Path) -> HomeViews:
    """Read the header of a home's views. Raises ValueError for a file of another format."""
    header = read_header(path)
    if header.get("format") != VIEWS_FORMAT:
        raise ValueError(f"{path} does not hold views of format {VIEWS_FORMAT}; delete it and run the recipe again.")
    with safe_open(path, framework="np") as file:
        views, height, width = file.get_slice("instances").get_shape()
    return HomeViews(path, header, views, Scene.from_json(header["scene"]), height > width)


def render_views(folder: Path | str, seed: int, split: Split, views: int, varied: bool) -> str | None:
    """Render `views` frames of a home's walk, unless its file is there; return why the home has none, or None.

    Varied views have other fields of view, camera heights and directions than the walk, and a quarter of the homes is
    filmed in portrait. Raises what `Renderer` raises where there is no EGL.
    """
    path = views_path(folder, seed, split)
    if path.is_file():
        return None
    rng = np.random.default_rng([seed, 99])
    try:
        home = build_home(seed, split)
        course = walk(home, seed)
    except ValueError as error:
        return f"home {seed} of {split} is left out: {error}"
    portrait = varied and rng.random() < PORTRAIT_SHARE
    width, height = SIZE[::-1] if portrait else SIZE
    renderer = shared_renderer(width, height)
    renderer.load(home)
    middle = slice(DEPTH_BLOCK // 2, None, DEPTH_BLOCK)
    jpegs, rows = [], []
    for index in np.sort(rng.choice(len(course.times), min(views, len(course.times)), replace=False)):
        pose, fov = course.world_from_camera[index], course.horizontal_fov
        if varied:
            fov = math.radians(rng.uniform(*FIELDS_OF_VIEW[portrait]))
            pose = vary_pose(pose, rng)
        camera = pinhole(width, height, fov)
        shot = renderer.render(pose, camera)
        bgr = np.ascontiguousarray(shot.rgb[..., ::-1])
        jpegs.append(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].ravel())
        depth = shot.depth[middle, middle].astype(np.float16)
        rows.append((shot.instances.astype(np.int16), depth, np.float32(camera.fx), pose.astype(np.float32)))
    names = ("instances", "depths", "focals", "world_from_camera")
    arrays = dict(zip(names, map(np.stack, zip(*rows, strict=True)), strict=True))
    arrays |= {"jpegs": np.concatenate(jpegs), "ends": np.cumsum([len(jpeg) for jpeg in jpegs])}
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    scene = unseen_scene(home, f"{split}_{seed}")
    write_tensors(path, tensors, {"format": VIEWS_FORMAT, "scene": scene.to_json()})
    return None


def vary_pose(pose: Float[np.ndarray, "4 4"], rng: np.random.Generator) -> Float[np.ndarray, "4 4"]:
    """Move a camera up or down, turn it about the vertical, and pitch and roll it."""
    pose = pose.copy()
    pose[2, 3] = np.clip(pose[2, 3] + rng.normal(0, 0.22), *HEIGHTS)
    yaw = cv2.Rodrigues(np.array([0, 0, rng.normal(0, 0.5)]))[0]
    pitch = cv2.Rodrigues(np.array([rng.normal(0, 0.17), 0, 0]))[0]
    roll = cv2.Rodrigues(np.array([0, 0, rng.normal(0, 0.08)]))[0]
    pose[:3, :3] = yaw @ pose[:3, :3] @ pitch @ roll
    return pose
