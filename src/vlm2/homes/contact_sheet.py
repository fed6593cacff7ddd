"""Pictures of a home for people: a contact sheet of its video and a map from above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

from ..scenes.box_geometry import top
from ..scenes.record import SceneObject
from .home import Home

MARGIN, COLUMNS = 4, 6  # pixels between the frames of a sheet, and frames in a row
SCALE = 90.0  # pixels a metre on the map
FLOOR_TINTS = ("#f3ead9", "#e4ecf3", "#e8f1e2", "#f4e5e3", "#ece6f3", "#f2f0dc", "#e2efef", "#f0e4d6")
WALL, DOOR, WINDOW = "#4a4a4a", "#c98a4b", "#6db3e0"


def contact_sheet(frames: Sequence[UInt8[np.ndarray, "height width 3"]], times: Sequence[float]) -> Image.Image:
    """Lay one or more frames out in rows, each with its time in seconds."""
    height, width = frames[0].shape[:2]
    columns = min(COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    size = (columns * (width + MARGIN) + MARGIN, rows * (height + MARGIN) + MARGIN)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for index, (frame, time) in enumerate(zip(frames, times, strict=True)):
        row, column = divmod(index, columns)
        corner = (MARGIN + column * (width + MARGIN), MARGIN + row * (height + MARGIN))
        sheet.paste(Image.fromarray(frame), corner)
        place = (corner[0] + 4, corner[1] + 2)
        pen.text(place, f"{time:.1f} s", "white", font, stroke_width=1, stroke_fill="black")
    return sheet


def home_map(
    home: Home, objects: Iterable[SceneObject], world_from_camera: Float[np.ndarray, "frames 4 4"]
) -> Image.Image:
    """Draw rooms, openings, furniture with its category, and the camera's path (blue at its start, red at its end)."""
    corners = np.array([p for room in home.rooms for p in room.polygon])
    low, high = corners.min(0) - 0.4, corners.max(0) + 0.4
    width, height = (int(n) for n in np.ceil((high - low) * SCALE))
    image = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=11)

    def at(points) -> list[tuple[float, float]]:  # north up
        return [((p[0] - low[0]) * SCALE, (high[1] - p[1]) * SCALE) for p in points]

    for index, room in enumerate(home.rooms):
        outline = at(room.polygon)
        pen.polygon(outline, FLOOR_TINTS[index % len(FLOOR_TINTS)], WALL, 3)
        pen.text(at([np.mean(room.polygon, 0)])[0], room.name, "#9a8f80", ImageFont.load_default(size=18), anchor="mm")
    for opening in home.openings:
        pen.line(at([opening.start, opening.end]), DOOR if opening.kind == "door" else WINDOW, 7)
    for thing in sorted(objects, key=_level):
        if thing.category not in ("door", "window"):
            _draw_thing(pen, thing, at, font)
    path = at(world_from_camera[:, :2, 3])
    for index, (a, b) in enumerate(pairwise(path)):
        share = index / max(len(path) - 2, 1)
        pen.line([a, b], (int(220 * share), 60, int(220 * (1 - share))), 2)
    for index in np.linspace(0, len(path) - 1, 12).astype(int):
        forward = world_from_camera[index, :2, 2]
        tip = at([world_from_camera[index, :2, 3] + 0.35 * forward])[0]
        pen.line([path[index], tip], "black", 2)
    return image


def _level(thing: SceneObject) -> tuple[bool, float]:
    return thing.category != "rug", top(thing.box)


def _draw_thing(pen: ImageDraw.ImageDraw, thing: SceneObject, at, font) -> None:
    center, size, axes = np.array(thing.box.center), np.array(thing.box.size), np.array(thing.box.axes)
    # The two axes that lie flat span the footprint; the third is the most upright one.
    up = int(np.abs(axes[:, 2]).argmax())
    first, second = (0.5 * size[i] * axes[i, :2] for i in range(3) if i != up)
    middle = center[:2]
    outline = [middle + first + second, middle + first - second, middle - first - second, middle - first + second]
    pen.polygon(at(outline), "#ffffff", "#7a6a58", 1)
    pen.text(at([middle])[0], f"{thing.category} {thing.id}", "#303030", font, anchor="mm")
