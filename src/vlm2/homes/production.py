"""Produce homes: a video, its record, pictures for people and, on request, exact geometry; or frames for training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Float32, Float64, Int, Int32, UInt8

from ..cache import whole_file
from ..scenes.record import Intrinsics, Scene, Sighting, Trajectory
from .build import build_home, floor_area, scene_objects
from .camera_walk import walk
from .contact_sheet import contact_sheet, home_map
from .furniture.catalogue import Catalogue
from .home import CameraWalk, Home, Split
from .renderer import Rendered, Renderer, camera_points, pinhole
from .seen_colours import SeenColours

DATASET = "homes"
SIGHTING_HZ = 2.0  # sampled frames a second, those of the record
LEAST_SHARE = 0.0005  # of the image, from which on a thing counts as seen
SHEET_FRAMES = 24  # pictures on a contact sheet
VIDEO_OPTIONS = {"crf": "23", "preset": "fast", "threads": "1"}
CLOCK = 90_000  # ticks a second of a frame's time in the video


@dataclass(frozen=True)
class HomeOrder:
    """The settings of one home: its name, seed and split, the video's size in pixels and frames a second.

    `rooms` and `duration` (seconds) are drawn from the seed where they are None; `sweethome` is `Catalogue`'s.
    """

    name: str
    seed: int
    split: Split
    size: tuple[int, int] = (320, 240)
    fps: float = 10.0
    rooms: int | None = None
    duration: float | None = None
    geometry: bool = False
    sheets: bool = True
    sweethome: bool | None = None

    def __post_init__(self) -> None:
        if any(side % 2 or side <= 0 for side in self.size):
            raise ValueError(f"Cannot make a video of {self.size[0]} × {self.size[1]} pixels; both must be even.")
        if not 0 < self.fps <= 120:
            raise ValueError(f"Cannot make a video of {self.fps} frames a second; give a number in (0, 120].")

    def files(self, out: Path) -> dict[str, Path]:
        """Return the paths of its files under `out`, by kind of file."""
        files = {"video": out / "videos" / f"{self.name}.mp4", "scene": out / "scenes" / f"{self.name}.json"}
        if self.sheets:
            files["sheet"] = out / "sheets" / f"{self.name}.png"
            files["map"] = out / "sheets" / f"{self.name}_map.png"
        if self.geometry:
            files["geometry"] = out / "geometry" / f"{self.name}.npz"
        return files


@dataclass(frozen=True)
class SampledHome:
    """Frames of a home for training: sRGB, points, instance ids, seconds and poses.

    Points are metres in each frame's own camera frame (z is the depth; 0 where nothing is hit).
    """

    scene: Scene
    frames: UInt8[np.ndarray, "frames height width 3"]
    points: Float32[np.ndarray, "frames height width 3"]
    instances: Int32[np.ndarray, "frames height width"]
    times: Float64[np.ndarray, " frames"]
    world_from_camera: Float64[np.ndarray, "frames 4 4"]


@dataclass
class SeenThings:
    """The things that the sampled frames of a video show: the sightings and the colours of each, by its id."""

    frames: int = 0
    sightings: dict[int, list[Sighting]] = field(default_factory=dict)
    colours: SeenColours = field(default_factory=SeenColours)

    def add(self, shot: Rendered) -> None:
        """Count the next sampled frame."""
        for id, share in shares(shot.instances).items():
            self.sightings.setdefault(id, []).append(Sighting(self.frames, round(share, 6)))
        self.colours.add(shot.rgb, shot.instances)
        self.frames += 1


def scene_of(
    home: Home, name: str, path: CameraWalk, intrinsics: Intrinsics, seen: SeenThings, video: str | None = None
) -> Scene:
    """Return the record of a home. `path` holds the sampled frames only, those that `seen` has counted."""
    unseen = unseen_scene(home, name)
    objects = tuple(
        replace(o, sightings=tuple(seen.sightings.get(o.id, ())), colour_share=seen.colours.share(o.id, o.colour))
        for o in unseen.objects
    )
    poses = tuple(tuple(float(v) for v in pose[:3].ravel()) for pose in path.world_from_camera)
    trajectory = Trajectory(intrinsics, tuple(float(t) for t in path.times), poses)
    return replace(unseen, objects=objects, video=video, duration=float(path.times[-1]), trajectory=trajectory)


def unseen_scene(home: Home, name: str) -> Scene:
    """Return the record of a home without a video."""
    objects = scene_objects(home)
    counts = dict(Counter(thing.category for thing in objects))
    return Scene(name, DATASET, floor_area(home), objects, counts, home.rooms, split=home.split, seed=home.seed)


def shares(instances: Int32[np.ndarray, "height width"]) -> dict[int, float]:
    """Return the share of the image (0–1) of each thing that covers enough of it to count as seen."""
    counts = np.bincount(instances.ravel()) / instances.size
    return {int(id): float(counts[id]) for id in np.flatnonzero(counts >= LEAST_SHARE) if id > 0}


def sampled_frames(times: Float64[np.ndarray, " frames"], hertz: float) -> Int[np.ndarray, " sampled"]:
    """Return the indices of the frames that sample a path at `hertz`, from its first frame on; `times` in seconds."""
    wanted = np.arange(times[0], times[-1] + 1e-6, 1.0 / hertz)
    return np.unique(np.searchsorted(times, wanted - 1e-6))


def sample_home(
    seed: int,
    split: Split,
    fps: float = 2.0,
    size: tuple[int, int] = (256, 192),
    rooms: int | None = None,
    duration: float | None = None,
    film: Callable[[Home], CameraWalk] | None = None,
    vary: Callable[[CameraWalk, tuple[int, int]], tuple[CameraWalk, Intrinsics]] | None = None,
) -> SampledHome:
    """Build a home and render only the frames that training uses: `fps` a second, `size` = (width, height) pixels.
    `film` may give another path than a walk through all rooms. `vary` may turn the whole path into another one, with a
    camera of that size."""
    home = build_home(seed, split, rooms)
    whole = walk(home, seed, duration=duration) if film is None else film(home)
    if vary is None:
        path = whole.at(sampled_frames(whole.times, fps))
        intrinsics = pinhole(*size, path.horizontal_fov)
    else:
        path, intrinsics = vary(whole, size)
    renderer = shared_renderer(*size)
    renderer.load(home)
    seen, shots = SeenThings(), [renderer.render(pose, intrinsics) for pose in path.world_from_camera]
    for shot in shots:
        seen.add(shot)
    return SampledHome(
        scene_of(home, f"{split}_{seed}", path, intrinsics, seen),
        np.stack([shot.rgb for shot in shots]),
        np.stack([camera_points(shot.depth, intrinsics) for shot in shots]),
        np.stack([shot.instances for shot in shots]),
        path.times,
        path.world_from_camera,
    )


def produce_home(order: HomeOrder, out: Path) -> Scene:
    """Make one home's files under `out` and return its record; only read the record if all files exist already.

    Every file appears whole or not at all. Raises what `Renderer` raises where there is no EGL.
    """
    files = order.files(out)
    if all(file.exists() for file in files.values()):
        return Scene.load(files["scene"])
    home = build_home(order.seed, order.split, order.rooms, Catalogue(order.split, order.sweethome))
    path = walk(home, order.seed, fps=order.fps, duration=order.duration)
    intrinsics = pinhole(*order.size, path.horizontal_fov)
    renderer = shared_renderer(*order.size)
    renderer.load(home)
    chosen = sampled_frames(path.times, SIGHTING_HZ)
    shown = np.linspace(0, len(path.times) - 1, SHEET_FRAMES).astype(int)
    seen, sampled, depths, pictures = SeenThings(), path.at(chosen), [], {}
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(files["video"]) as file, _video(file, order.size, order.fps) as write:
        for index, (time, pose) in enumerate(zip(path.times.tolist(), path.world_from_camera, strict=True)):
            shot = renderer.render(pose, intrinsics)
            write(shot.rgb, time - float(path.times[0]))
            if index in chosen:
                seen.add(shot)
                if order.geometry:
                    depths.append(shot.depth)
            if index in shown:
                pictures[time] = shot.rgb

    scene = scene_of(home, order.name, sampled, intrinsics, seen, f"videos/{order.name}.mp4")
    scene = replace(scene, duration=float(path.times[-1] - path.times[0] + 1.0 / order.fps))
    if order.sheets:
        with whole_file(files["sheet"]) as file:
            contact_sheet(list(pictures.values()), list(pictures)).save(file, "PNG")
        with whole_file(files["map"]) as file:
            home_map(home, scene.objects, path.world_from_camera).save(file, "PNG")
    if order.geometry:
        with whole_file(files["geometry"]) as partial, partial.open("wb") as file:
            _save_geometry(file, np.stack(depths), sampled, intrinsics)
    with whole_file(files["scene"]) as file:
        scene.save(file)
    return scene


@cache
def shared_renderer(width: int, height: int) -> Renderer:
    """Return this process's renderer of one size."""
    return Renderer(width, height)


@contextmanager
def _video(file: Path, size: tuple[int, int], fps: float) -> Iterator[Callable[[np.ndarray, float], None]]:
    """Open an H.264 video for writing; the value writes one frame (sRGB) at its time in seconds."""
    import av

    with av.open(str(file), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=VIDEO_OPTIONS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, CLOCK)

        def write(rgb: np.ndarray, time: float) -> None:
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = round(time * CLOCK), Fraction(1, CLOCK)
            container.mux(stream.encode(frame))

        yield write
        container.mux(stream.encode(None))


def _save_geometry(file: IO[bytes], depth: np.ndarray, path: CameraWalk, intrinsics: Intrinsics) -> None:
    """Write depth (metres along the camera's axis, 16-bit floats), times, poses and the pinhole matrix."""
    matrix = np.array([[intrinsics.fx, 0, intrinsics.cx], [0, intrinsics.fy, intrinsics.cy], [0, 0, 1]])
    poses = path.world_from_camera
    np.savez_compressed(
        file, depth=depth.astype(np.float16), times=path.times, world_from_camera=poses, intrinsics=matrix
    )
