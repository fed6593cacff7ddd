"""Drift of the camera path and of the points over long walks, for several ways to join windows.

All ways read the same frames, two a second. `joined`: windows with an overlap, placed as a session places them.
`corrected`: the same windows after all loop closures, as a session's maps have them at the end. `unjoined`: windows
without overlap, each in its own first camera's frame. `one_shot`: at most 64 evenly spaced frames, encoded at once.

Poses and points are in the first camera's frame; nothing else is aligned. The measures of a walk:
- `drift`: the mean over frames of the camera's distance from its true position, in percent of the distance walked.
  `drift_end` is that of the last frame.
- `rotation`: the mean orientation error in degrees.
- `points`: the median distance of the points from the true ones in metres.
- `rotation_span` (degrees), `translation_span` (metres): the median error of the relative pose of frames 5 s apart. It
  still separates the ways when the errors of a whole walk are as large as the home.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ...encoders.geometry.cameras import in_first_camera, invert, rotation_angle, transform, valid_depth
from ...encoders.geometry.encoder import Geometry, GeometryEncoder
from ...models.windows import FrameInputs, WindowEncoder
from .geometry import Walk, read_homes
from .measure import FPS, Measure, Table

SPAN = 10  # frames
AT_ONCE = 64
MEASURES = {
    "drift": "drift %",
    "drift_end": "at the end %",
    "rotation": "rotation °",
    "points": "points m",
    "rotation_span": "rotation over 5 s °",
    "translation_span": "translation over 5 s m",
}

Errors = dict[str, float]


def walk_errors(found: Geometry, walk: Walk, distance: float, spans: bool = True) -> Errors:
    """Compare geometry with the truth of the same frames; `distance` (metres) is that of the whole walk."""
    poses = [in_first_camera(p.float()) for p in (found.world_from_camera, walk.world_from_camera)]
    away = (poses[0] - poses[1])[:, :3, 3].norm(dim=-1)
    points = [transform(p, x.float()) for p, x in zip(poses, (found.local_points, walk.local_points), strict=True)]
    apart = (points[0] - points[1]).norm(dim=-1)[valid_depth(walk.local_points) > 0]
    errors = {
        "drift": 100 * float(away.mean()) / distance,
        "drift_end": 100 * float(away[-1]) / distance,
        "rotation": float(rotation_angle(poses[0][:, :3, :3], poses[1][:, :3, :3]).rad2deg().mean()),
        "points": float(apart.median()),
    }
    if spans and len(away) > SPAN:
        ours, true = (invert(p[:-SPAN]) @ p[SPAN:] for p in poses)
        errors["rotation_span"] = float(rotation_angle(ours[:, :3, :3], true[:, :3, :3]).rad2deg().median())
        errors["translation_span"] = float((ours - true)[:, :3, 3].norm(dim=-1).median())
    return errors


def unjoined(windows: WindowEncoder, inputs: FrameInputs) -> Geometry:
    """Encode windows side by side, each in its own first camera's frame."""
    window = windows.encoder.window
    parts = [inputs[start : start + window] for start in range(0, len(inputs), window)]
    return Geometry.join([windows.encode_window(part)[0] for part in parts])


def spread(frames: int) -> list[int]:
    """Choose at most `AT_ONCE` frames evenly, the first and the last among them."""
    return sorted({round(i) for i in np.linspace(0, frames - 1, min(frames, AT_ONCE))})


def one_shot(encoder: GeometryEncoder, inputs: FrameInputs) -> Geometry:
    """Encode all frames at once, also where they are more than the encoder's window, without tracking."""
    wide = copy(encoder)  # the same weights
    wide.window = max(len(inputs), encoder.window)
    return wide.encode(inputs.images, inputs.visual_tokens, inputs.grid)


@torch.no_grad()
def home_errors(windows: WindowEncoder, inputs: FrameInputs, walk: Walk) -> dict[str, Errors]:
    """Measure all ways on one walk, by name."""
    chosen = torch.tensor(spread(len(inputs)))
    few_walk = Walk(walk.local_points[chosen], walk.world_from_camera[chosen])
    joined, corrected = windows.encode_corrected(inputs)
    return {
        "corrected": walk_errors(replace(joined, world_from_camera=corrected), walk, walk.distance),
        "joined": walk_errors(joined, walk, walk.distance),
        "unjoined": walk_errors(unjoined(windows, inputs), walk, walk.distance),
        "one_shot": walk_errors(one_shot(windows.encoder, inputs[chosen]), few_walk, walk.distance, spans=False),
    }


@torch.no_grad()
def run(
    model, processor, folder: Path, count: int | None = None, fps: float = FPS, seconds: float = 180.0
) -> Iterator[dict]:
    """Measure a model's geometry encoder on the first `seconds` of homes made with `--geometry`; yield one row a home.

    Raises ValueError where the folder has no geometry, and for another `fps` than that of the geometry.
    """
    if fps != FPS:
        raise ValueError(
            f"Drift is measured at {FPS:g} frames a second, the rate of the homes' geometry; not at {fps:g}."
        )
    if not model.geometry.needs_visual_tokens:
        raise ValueError("Drift is measured for encoders that read visual tokens, as mini's does.")
    encoder = model.frame_encoder
    for home in read_homes(folder, count, FPS):
        frames = home.frames[: int(seconds * FPS)]
        inputs = encoder.inputs(processor.video_processor.resize(np.stack(frames)))
        size = model.geometry.encode(None, inputs.visual_tokens[:1], inputs.grid).local_points.shape[1:3]
        walk = home.walk(slice(len(frames)), size, inputs.visual_tokens.device)
        yield {"home": home.name, "distance": walk.distance, **home_errors(encoder.windows, inputs, walk)}


def summary(rows: list[dict]) -> dict:
    """Return the mean of every value over the homes, by way, and the ratio of the joined to the unjoined errors."""
    means = {
        way: {m: float(np.mean([row[way][m] for row in rows])) for m in MEASURES if m in rows[0][way]}
        for way in ("corrected", "joined", "unjoined", "one_shot")
    }
    left = {m: means["joined"][m] / means["unjoined"][m] for m in ("drift", "rotation", "points")}
    return {"homes": len(rows), "ways": means, "joined_to_unjoined": left, "rows": rows}


def table(result: dict) -> Table:
    """Lay out a summary: one row a way."""
    rows = [
        [way, *(f"{errors[m]:.2f}" if m in errors else "–" for m in MEASURES)] for way, errors in result["ways"].items()
    ]
    return ["", *MEASURES.values()], rows


MEASURE = Measure(run, summary, table)
