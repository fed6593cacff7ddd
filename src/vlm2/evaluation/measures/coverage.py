"""Coverage of a video's time by the episodic memory's slots, for every rule by which a full bank deletes an entry.

Every rule reads the same H. The measures of a video:
- `gap`: the longest time between neighbouring kept frames in seconds. The video's beginning and end count as kept.
  `gap_share` is the same as a share of the video.
- `minutes`: the share of the video's minutes with a kept frame. The last minute may be shorter.
- `first`: the number of frames that filled the bank first and are kept at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import get_args

import numpy as np
import torch

from ...core.configuration import EpisodicWrite
from ...models.frame_features import FrameFeatures
from ...models.windows import WindowState
from ...video import VideoFile
from .measure import FPS, Measure, Table

MINUTE = 60.0
MEASURES = {
    "gap": "largest gap s",
    "gap_share": "of the video",
    "minutes": "minutes with a slot",
    "first": "first slots left",
}
RULES = get_args(EpisodicWrite)

Row = dict[str, float]


def coverage(kept: Sequence[float], first: Sequence[float], end: float) -> Row:
    """Measure the times (seconds) of kept slots in a video from 0 to `end`; `first` are those that filled the bank."""
    times = sorted(kept)
    gap = float(np.diff([0.0, *times, end]).max())
    minutes = max(int(np.ceil(end / MINUTE)), 1)
    seen = {min(int(time // MINUTE), minutes - 1) for time in times}
    return {
        "gap": gap,
        "gap_share": gap / end if end else 0.0,
        "minutes": len(seen) / minutes,
        "first": float(len(set(first) & set(times))),
    }


@torch.no_grad()
def video_coverage(model, processor, video: Path, fps: float = FPS) -> dict[str, Row]:
    """Watch a video once with one memory of each rule; return the coverage by rule.

    Raises ValueError for a model without episodic memory, and VideoError for a file that is no video.
    """
    config = model.memory.config
    if not config.episodic:
        raise ValueError("This model has no episodic memory; coverage is measured for one that has.")
    memories = {}
    for rule in RULES:
        memories[rule] = copy(model.memory)  # the same weights
        memories[rule].config = replace(config, episodic_write=rule)
    states: dict = dict.fromkeys(RULES)
    times: list[float] = []
    for features in _features(model, processor, video, fps):
        tokens_3d = model.represent(features)
        for rule, memory in memories.items():
            states[rule] = memory(tokens_3d[None], features.times[None], state=states[rule], first_frame=len(times))[1]
        times += features.times.tolist()
    kept = {rule: states[rule].to_tensors()["episodic.times"][0].tolist() for rule in RULES}
    return {rule: coverage(kept[rule], times[: config.capacity], times[-1]) for rule in RULES}


def _features(model, processor, video: Path, fps: float) -> Iterator[FrameFeatures]:
    """Yield the features of a video window by window, in one world, as a session joins them."""
    encoder, size = model.frame_encoder, processor.video_processor
    frames, windows, scale = VideoFile(video).sample(fps), WindowState.of(model.geometry.window), None
    while waiting := list(islice(frames, windows.missing)):
        pictures, times = np.stack([f.image for f in waiting]), torch.tensor([f.time for f in waiting])
        inputs = encoder.inputs(size.resize(pictures), size.resize_for_geometry(pictures))
        portion = encoder.advance(windows, inputs, times, scale)
        windows, scale = portion.windows, portion.scale
        yield portion.features


def run(model, processor, folder: Path, count: int | None = None, fps: float = FPS) -> Iterator[dict]:
    """Measure all videos of a folder (of homes, or any), or one file; yield one row a video."""
    home = folder / "videos" if (folder / "videos").is_dir() else folder
    files = [folder] if folder.is_file() else sorted(p for p in home.glob("*") if p.suffix in (".mp4", ".mov", ".mkv"))
    if not files:
        raise ValueError(f"{home} holds no videos; make some with `vlm2 homes make --duration 300 --out {folder}`.")
    for file in files[:count]:
        yield {"video": file.stem, **video_coverage(model, processor, file, fps)}


def summary(rows: list[dict]) -> dict:
    """Return the means over videos, by rule."""
    means = {rule: {m: float(np.mean([row[rule][m] for row in rows])) for m in MEASURES} for rule in RULES}
    return {"videos": len(rows), "rules": means, "rows": rows}


def table(result: dict) -> Table:
    """Lay out a summary: one row a rule."""
    rows = [
        [rule, f"{row['gap']:.1f}", f"{row['gap_share']:.0%}", f"{row['minutes']:.0%}", f"{row['first']:.1f}"]
        for rule, row in result["rules"].items()
    ]
    return ["rule", *MEASURES.values()], rows


MEASURE = Measure(run, summary, table)
