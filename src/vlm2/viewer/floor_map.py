"""A map from above: the points that the kept frames show, the camera's path, and the place of each kept frame.

The world is the first camera's frame, which may be tilted. People hold cameras level on average, so the mean of the
cameras' up directions is the room's up direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Integer
from PIL import Image, ImageDraw, ImageFont

from ..streaming.memory_log import NO_SLOT, HeldFrame
from ..streaming.stream import Stream
from ..streaming.thumbnail import picture

MIN_CONFIDENCE = 0.3  # points with less confidence are not drawn
CEILING = 0.4  # world units above the camera; higher points would hide the room
STILL = 0.02  # world units (metres if metric); a shorter path counts as no movement
INSIDE = 98.0  # per cent of the points that lie on the map
START, END = (37, 99, 235), (220, 38, 38)  # colours of the path
INK, GREY, GROUND, GRID, BANK, LAST = "#14181d", "#4b535d", "#fbfbfa", "#c3c9d0", "#c2410c", "#2563eb"
NO_PICTURE = 150  # grey of points without a thumbnail


@dataclass(frozen=True)
class FloorPlane:
    """A level plane in the stream's world: `axes` are its right, forward and up directions (rows)."""

    axes: Float[np.ndarray, "3 3"]

    @staticmethod
    def under(world_from_camera: Float[np.ndarray, "poses 4 4"]) -> FloorPlane:
        """Find the plane from the cameras' mean up direction. Forward is where the first camera looked."""
        up = -world_from_camera[:, :3, 1].mean(0)
        up /= max(float(np.linalg.norm(up)), 1e-9)
        right, ahead = world_from_camera[0, :3, 0], world_from_camera[0, :3, 2]
        forward = ahead - up * (ahead @ up)
        if np.linalg.norm(forward) < 1e-3:  # the first camera looked straight down or up
            forward = right - up * (right @ up)
        forward /= np.linalg.norm(forward)
        return FloorPlane(np.stack((np.cross(forward, up), forward, up)).astype(np.float64))

    def of(self, points: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Return world points as right, forward, up."""
        return points @ self.axes.T


@dataclass(frozen=True)
class MapScale:
    """The map's position on the page: `scale` in pixels per world unit, `middle` of the map, `centre` in pixels."""

    scale: float
    middle: Float[np.ndarray, " 2"]
    centre: tuple[float, float]

    @staticmethod
    def fit(
        path: Float[np.ndarray, "poses 3"], points: Float[np.ndarray, "points 3"], box: tuple[int, int, int, int]
    ) -> MapScale:
        """Fit the whole path, `INSIDE` per cent of the points, and a margin into a box in pixels."""
        low, high = path[:, :2].min(0), path[:, :2].max(0)
        if len(points):
            low = np.minimum(low, np.percentile(points[:, :2], 100 - INSIDE, axis=0))
            high = np.maximum(high, np.percentile(points[:, :2], INSIDE, axis=0))
        size = high - low + 2 * np.maximum(0.03 * (high - low), 0.25)
        scale = min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])
        return MapScale(scale, (low + high) / 2, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))

    def at(self, place: Float[np.ndarray, " axes"]) -> tuple[float, float]:
        """Return the pixel of a place given as right, forward, and perhaps up. Forward is up on the page."""
        right, forward = self.scale * (place[:2] - self.middle)
        return self.centre[0] + right, self.centre[1] - forward


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of this size in pixels."""
    return ImageFont.load_default(size=size)


@dataclass(frozen=True)
class SeenFrame:
    """A held frame, with its pose and the coordinates of its patches in the stream's world."""

    held: HeldFrame
    world_from_camera: Float[np.ndarray, "4 4"]
    points: Float[np.ndarray, "patches 3"]


def draw_map(image: Image.Image, stream: Stream, box: tuple[int, int, int, int]) -> None:
    """Draw the map into a box (left, top, right, bottom) of an image, in pixels."""
    pen = ImageDraw.Draw(image)
    pen.rectangle(box, GROUND, GRID)
    left, top, right, bottom = box
    pen.text((left + 16, top + 10), "Map from above", INK, font(20))
    if not len(stream.trajectory):
        pen.text((left + 16, top + 42), "no map: the first window is not full yet", GREY, font(15))
        return
    poses = stream.trajectory.world_from_camera.numpy().astype(np.float64)
    floor = FloorPlane.under(poses)
    path = floor.of(poses[:, :3, 3])
    frames = seen_frames(stream)
    points, colours = _points(frames, floor)
    inside = (left + 30, top + 80, right - 30, bottom - 50)
    place = MapScale.fit(path, points, inside)
    reach = max(2, round(place.scale * 0.045))
    for point, colour in zip(points, colours, strict=True):
        x, y = place.at(point)
        if inside[0] <= x <= inside[2] and inside[1] <= y <= inside[3]:
            pen.rectangle((x - reach, y - reach, x + reach, y + reach), tuple(colour.tolist()))
    shades = np.linspace(START, END, max(len(path) - 1, 1)).round().astype(int)
    for (a, b), shade in zip(pairwise(path), shades, strict=False):
        pen.line((*place.at(a), *place.at(b)), tuple(shade.tolist()), 4)
    for frame in frames:
        _draw_camera(pen, frame, floor, place)
    for name, end, colour, anchor, offset in (("start", path[0], START, "mb", -14), ("end", path[-1], END, "mt", 14)):
        x, y = place.at(end)
        pen.text((x, y + offset), name, colour, font(17), anchor, stroke_width=3, stroke_fill="white")
    notes = ["line: camera path", "circles: kept frames with their slots", "squares: what these frames show"]
    notes += ["the camera did not move"] if np.ptp(path, axis=0).max() < STILL else []
    notes += [] if len(points) else ["no point has enough confidence"]
    pen.text((left + 16, top + 42), "; ".join(notes), GREY, font(15))
    _draw_scale_bar(pen, stream, (left + 20, bottom - 20), place.scale)


def seen_frames(stream: Stream) -> list[SeenFrame]:
    """Join the held frames of the log with their places in the memory's slots."""
    if stream.memory is None:
        return []
    slots = stream.memory.context_slots()
    poses, points = (tensor.cpu().double().numpy() for tensor in (slots.world_from_camera, slots.coordinates))
    places = zip(slots.frames.tolist(), poses, points, strict=True)
    known = {frame: place for frame, *place in places}
    return [SeenFrame(held, *known[held.frame]) for held in stream.log.held]


def _points(
    frames: Sequence[SeenFrame], floor: FloorPlane
) -> tuple[Float[np.ndarray, "points 3"], Integer[np.ndarray, "points 3"]]:
    """Return the confident points below the ceiling as right, forward, up, lowest first, and their RGB colours."""
    points, colours = [np.empty((0, 3))], [np.empty((0, 3), int)]
    for frame in frames:
        assert frame.held.confidence is not None
        camera, seen = floor.of(frame.world_from_camera[:3, 3]), floor.of(frame.points)
        shown = (frame.held.confidence.numpy() >= MIN_CONFIDENCE) & np.isfinite(seen).all(1)
        shown &= seen[:, 2] < camera[2] + CEILING
        points.append(seen[shown])
        colours.append(patch_colours(frame.held, len(seen))[shown])
    all_points = np.concatenate(points)
    order = np.argsort(all_points[:, 2], kind="stable")
    return all_points[order], np.concatenate(colours)[order]


def patch_colours(entry: HeldFrame, patches: int) -> Integer[np.ndarray, "patches 3"]:
    """Return the mean colour of each patch of a frame's thumbnail, or grey."""
    if entry.thumbnail is not None:
        shown = picture(entry.thumbnail)
        rows = max(1, round((patches * shown.height / shown.width) ** 0.5))
        if patches % rows == 0:
            small = shown.resize((patches // rows, rows), Image.Resampling.BOX)
            return np.asarray(small, dtype=int).reshape(-1, 3)
    return np.full((patches, 3), NO_PICTURE)


def _draw_camera(pen: ImageDraw.ImageDraw, frame: SeenFrame, floor: FloorPlane, place: MapScale) -> None:
    """Draw the place, the viewing direction and the slot of a kept frame."""
    x, y = place.at(floor.of(frame.world_from_camera[:3, 3]))
    ahead = floor.of(frame.world_from_camera[:3, 2])[:2]
    ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9) * 18
    colour = LAST if frame.held.slot == NO_SLOT else BANK
    pen.line((x, y, x + ahead[0], y - ahead[1]), colour, 3)
    pen.ellipse((x - 8, y - 8, x + 8, y + 8), "white", colour, 2)
    if frame.held.slot != NO_SLOT:
        pen.text((x, y), str(frame.held.slot), INK, font(10), anchor="mm")


def _draw_scale_bar(pen: ImageDraw.ImageDraw, stream: Stream, corner: tuple[int, int], scale: float) -> None:
    """Draw a bar of a round length, with its lower left corner in pixels; `scale` is pixels per world unit."""
    placed = stream.windows.placed if stream.windows is not None else None
    unit = "m" if placed is None or placed.metric else "scene unit"
    length = next((step for step in (0.5, 1, 2, 5, 10, 20, 50) if step * scale >= 70), 100)
    left, bottom = corner
    right = left + length * scale
    pen.line((left, bottom, right, bottom), INK, 4)
    for end in (left, right):
        pen.line((end, bottom - 6, end, bottom + 6), INK, 3)
    pen.text(((left + right) / 2, bottom - 8), f"{length:g} {unit}", INK, font(16), anchor="mb")
