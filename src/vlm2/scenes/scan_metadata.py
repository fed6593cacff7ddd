"""Read real scans: VSI-Bench's scene metadata (`*_meta_info_val.json`), boxes, counts and room size of each scene."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .record import Box, Scene, SceneObject, Vector

SUFFIX = "_meta_info"


def read_metadata(path: str | Path) -> dict[str, Scene]:
    """Read a metadata file and return its scenes by name, in metres with z up.

    The data set is what each record names, else the file name before "_meta_info". These scans carry no sightings,
    trajectory or rooms. Raises ValueError for a file of another shape.
    """
    path = Path(path)
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        dataset = path.name.split(SUFFIX)[0]
        return {name: _scene(name, record.get("dataset", dataset), record) for name, record in records.items()}
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} is not a scene metadata file ({error!r}). Expected a JSON object of scenes, each with "
            "room_size, object_counts and object_bbox (centroid, axesLengths, normalizedAxes)."
        ) from error


def _scene(name: str, dataset: str, record: dict[str, Any]) -> Scene:
    boxes = [(category, box) for category, found in record["object_bbox"].items() for box in found]
    return Scene(
        name=name,
        dataset=dataset,
        floor_area=float(record["room_size"]),
        objects=tuple(SceneObject(id, category, _box(box)) for id, (category, box) in enumerate(boxes, start=1)),
        counts=dict(record["object_counts"]),
        split="validation",
        provenance={"reader": "vlm2.scenes.scan_metadata"},
    )


def _box(record: dict[str, Any]) -> Box:
    axes = record["normalizedAxes"]
    return Box(
        center=_vector(record["centroid"]),
        size=_vector(record["axesLengths"]),
        axes=(_vector(axes[0:3]), _vector(axes[3:6]), _vector(axes[6:9])),
    )


def _vector(values: list[float]) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
