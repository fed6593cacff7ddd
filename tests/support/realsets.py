"""A made-up set of real pictures: a camera that steps to the right before a wall with a chair and a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT, FOCAL, STEP, WALL = 96, 64, 80.0, 0.1, 3.0
THINGS = {"chair": ((-0.6, 0.1, 2.0), (0.5, 0.4)), "dining table": ((0.6, 0.1, 2.0), (0.5, 0.4))}
"""Centres (camera axes, metres) and widths and heights of flat things that face the camera."""
QUESTIONS = [
    {"type": "count", "question": "How many chairs are there?", "answer": 1},
    {"type": "path", "question": "How far did the camera travel in all, in meters?", "answer": 0.3, "unit": "m"},
    {"type": "refuse", "question": "How many elephants are there?", "answerable": False},
]


def write_sequence(folder: Path, **changes: Any) -> Path:
    """Write four frames, their depth, `meta.json` and `questions.json`; `changes` replace parts of `meta.json`."""
    folder.mkdir(parents=True)
    rows = []
    for index in range(4):
        image, depth, boxes = _frame(STEP * index)
        Image.fromarray(image).save(folder / f"{index}.png")
        Image.fromarray((1000 * depth).astype(np.uint16)).save(folder / f"{index}.depth.png")
        pose = np.eye(4)
        pose[0, 3] = STEP * index
        rows.append({
            "image": f"{index}.png",
            "depth": f"{index}.depth.png",
            "camera_to_world": pose.tolist(),
            "objects": [{"label": label, "box_xyxy": box} for label, box in boxes.items()],
        })  # fmt: skip
    meta = {
        "what": "made up",
        "intrinsics": {
            "width": WIDTH,
            "height": HEIGHT,
            "K": [[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]],
        },
        "depth_unit": "16-bit PNG, millimetres, 0 = none",
        "frames": rows,
    }
    (folder / "meta.json").write_text(json.dumps(meta | changes))
    (folder / "questions.json").write_text(json.dumps({"questions": QUESTIONS}))
    return folder


def write_photos(folder: Path, count: int = 3) -> Path:
    """Write single pictures with boxes of chairs and tables; lamps are not labelled."""
    folder.mkdir(parents=True)
    rows = []
    for index in range(count):
        image, _, boxes = _frame(STEP * index)
        Image.fromarray(image).save(folder / f"{index}.jpg")
        things = [{"label": label, "box_xyxy": box} for label, box in boxes.items()]
        rows.append({"image": f"{index}.jpg", "objects": things[: 1 + index % 2]})
    meta = {"classes": ["chair", "dining table", "pole"], "images": rows}
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder


def _frame(x: float) -> tuple[np.ndarray, np.ndarray, dict[str, list[float]]]:
    """Return the picture, the depth and the boxes that a camera at x metres to the right sees."""
    image = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    depth, boxes = np.full((HEIGHT, WIDTH), WALL), {}
    for shade, (label, (centre, size)) in enumerate(THINGS.items()):
        middle = np.array([centre[0] - x, centre[1]]) * FOCAL / centre[2] + np.array([WIDTH, HEIGHT]) / 2
        half = np.array(size) * FOCAL / centre[2] / 2
        left, top, right, bottom = np.round([*(middle - half), *(middle + half)]).clip(0, WIDTH).astype(int).tolist()
        image[top:bottom, left:right] = 60 + 60 * shade
        depth[top:bottom, left:right] = centre[2]
        boxes[label] = [left, top, right, bottom]
    return image, depth, boxes
