"""The scene record: one typed description of a place and of a video walked through it.

Generated homes and readers of real scans give the same record, so that the same questions can be asked about both.
World frame: metres, z up, the floor near z = 0 for generated homes. Camera frame: OpenCV's (x right, y down,
z forward). Transforms are named `target_from_source`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

SCHEMA_VERSION = 2

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Box:
    """An oriented box: centre, full edge lengths along its own axes (metres), and those axes in the world (rows)."""

    center: Vector
    size: Vector
    axes: tuple[Vector, Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Sighting:
    """An object seen in one sampled frame: index into `Trajectory.times`, and its share of the image (0–1)."""

    frame: int
    share: float


@dataclass(frozen=True)
class SceneObject:
    """One countable object. `id` is its value in the instance maps (≥ 1; 0 is walls, floor and ceiling).

    `colour` names the colour of most of its surface; `colour_share` is the share (0–1) of its pixels in the sampled
    frames that have this colour.
    """

    id: int
    category: str
    box: Box
    room: str | None = None
    colour: str | None = None
    colour_share: float | None = None
    model: str | None = None
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True)
class Room:
    """A room: its name, its kind ("kitchen"), its floor polygon (metres, ground plane, counter-clockwise)."""

    name: str
    kind: str
    polygon: tuple[tuple[float, float], ...]
    height: float


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera without distortion, in pixels of a `width` × `height` image."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float


@dataclass(frozen=True)
class Trajectory:
    """The camera at sampled times: seconds since the video's start, and `world_from_camera` as 3×4 rows, flattened."""

    intrinsics: Intrinsics
    times: tuple[float, ...]
    world_from_camera: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Scene:
    """A place, the objects in it, and the video that shows it.

    `floor_area` is in square metres (all rooms together). `counts` is the number of instances of each category. Real
    scans state it apart from the boxes; for generated homes it follows from `objects`.
    """

    name: str
    dataset: str
    floor_area: float
    objects: tuple[SceneObject, ...]
    counts: dict[str, int]
    rooms: tuple[Room, ...] = ()
    video: str | None = None
    duration: float | None = None
    trajectory: Trajectory | None = None
    split: str | None = None
    seed: int | None = None
    provenance: dict[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def of_category(self, category: str) -> tuple[SceneObject, ...]:
        """Return the objects of one category, in the order of their ids."""
        return tuple(o for o in self.objects if o.category == category)

    def to_json(self) -> str:
        """Write the record as one JSON document."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def save(self, path: str | Path) -> None:
        """Write the record to a file."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def from_json(text: str) -> Scene:
        """Read a record written by `to_json`. Raises ValueError for another schema version or another shape."""
        data = json.loads(text)
        version = data.get("schema_version")
        if version != SCHEMA_VERSION:
            raise ValueError(
                f"This scene record has schema version {version}; this vlm2 reads version {SCHEMA_VERSION}. "
                "Make it again with `vlm2 homes make`."
            )
        try:
            return TypeAdapter(Scene).validate_python(data, extra="forbid")
        except ValidationError as error:
            fault = error.errors()[0]
            field = ".".join(map(str, fault["loc"]))
            raise ValueError(
                f"This is no scene record: {field}: {fault['msg']}. Make it again with `vlm2 homes make`."
            ) from None

    @staticmethod
    def load(path: str | Path) -> Scene:
        """Read a record from a file."""
        return Scene.from_json(Path(path).read_text(encoding="utf-8"))
