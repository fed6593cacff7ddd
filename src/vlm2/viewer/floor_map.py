"""A map from above: what the kept frames show, where the camera walked, and where each kept frame was seen from.

The world is the first camera's frame, which need not be level. Up is taken from the cameras: people hold them level on
the whole, so that the mean of their own up directions is the room's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..streaming.memory_log import NO_SLOT, HeldFrame
from ..streaming.stream import Stream
from ..streaming.thumbnail import picture

SURE = 0.3  # confidence from which on a point is drawn
CEILING = 0.4  # metres above the camera's height; what is higher hides the room
STILL = 0.02  # the world's unit (metres where it is metric), below which a way is none
FAR = 98.0  # per cent of the points lie inside the map
START, END = (37, 99, 235), (220, 38, 38)
INK, FAINT, GROUND, GRID, BANK, LAST = "#22272e", "#8a929c", "#fbfbfa", "#e8ebee", "#c2410c", "#2563eb"


@dataclass(frozen=True)
class FloorPlane:
    """A level plane in the stream's world: `axes` are its right, forward and up (rows)."""

    axes: Float[np.ndarray, "3 3"]

    @staticmethod
    def under(world_from_camera: Float[np.ndarray, "poses 4 4"]) -> FloorPlane:
        """Find the plane that a walk was level with; forward is where the first camera looked."""
        up = -world_from_camera[:, :3, 1].mean(0)
        up /= max(float(np.linalg.norm(up)), 1e-9)
        forward = world_from_camera[0, :3, 2] - up * (world_from_camera[0, :3, 2] @ up)
        if np.linalg.norm(forward) < 1e-3:  # it looked straight down or up
            forward = world_from_camera[0, :3, 0] - up * (world_from_camera[0, :3, 0] @ up)
        forward /= np.linalg.norm(forward)
        return FloorPlane(np.stack((np.cross(forward, up), forward, up)).astype(np.float64))

    def of(self, points: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """Return points as right, forward, up."""
        return points @ self.axes.T


@dataclass(frozen=True)
class SeenFrame:
    """A held frame and where it was seen, in the stream's world."""

    held: HeldFrame
    world_from_camera: Float[Tensor, "4 4"]
    points: Float[Tensor, "patches 3"]


def draw_map(image: Image.Image, stream: Stream, box: tuple[int, int, int, int]) -> None:
    """Draw the map into a box (left, top, right, bottom) of an image."""
    pen = ImageDraw.Draw(image)
    pen.rectangle(box, GROUND, GRID)
    path, kept = stream.trajectory, _seen(stream)
    if not kept:
        pen.text((box[0] + 16, box[1] + 14), "no map: the first window is not full yet", FAINT, _font(15))
        return
    poses = path.world_from_camera.numpy().astype(np.float64)
    floor = FloorPlane.under(poses)
    way = floor.of(poses[:, :3, 3])
    points, tints = _points(kept, floor)
    low, high = _bounds(way[:, :2], points[:, :2])
    inside = (box[0] + 30, box[1] + 50, box[2] - 30, box[3] - 30)
    scale = min((inside[2] - inside[0]) / (high - low)[0], (inside[3] - inside[1]) / (high - low)[1])
    middle, centre = (low + high) / 2, ((inside[0] + inside[2]) / 2, (inside[1] + inside[3]) / 2)

    def at(place: np.ndarray) -> tuple[float, float]:  # forward is up on the page
        return centre[0] + scale * (place[0] - middle[0]), centre[1] - scale * (place[1] - middle[1])

    reach = max(2, round(scale * 0.045))
    for point, tint in zip(points, tints, strict=True):
        x, y = at(point)
        if inside[0] <= x <= inside[2] and inside[1] <= y <= inside[3]:
            pen.rectangle((x - reach, y - reach, x + reach, y + reach), tint)
    for index, (a, b) in enumerate(pairwise(way)):
        share = index / max(len(way) - 2, 1)
        pen.line((*at(a), *at(b)), tuple(round(s + share * (e - s)) for s, e in zip(START, END, strict=True)), 3)
    for entry in kept:
        _draw_camera(pen, entry, floor, at, scale)
    _legend(pen, stream, box, scale)
    if notes := [
        words
        for words, holds in (
            ("the camera did not move", np.ptp(way, axis=0).max() < STILL),
            ("nothing was seen surely", not len(points)),
        )
        if holds
    ]:
        pen.text((box[0] + 16, box[1] + 40), "; ".join(notes), FAINT, _font(14))


def _seen(stream: Stream) -> list[SeenFrame]:
    """Join the held frames with the places in the memory's slots."""
    if stream.memory is None:
        return []
    slots = stream.memory.context_slots()
    places = zip(slots.frames.tolist(), slots.world_from_camera.cpu(), slots.coordinates.cpu(), strict=True)
    known = {frame: place for frame, *place in places}
    return [SeenFrame(held, *known[held.frame]) for held in stream.log.held]


def _points(kept: list[SeenFrame], floor: FloorPlane) -> tuple[Float[np.ndarray, "points 3"], list[tuple[int, ...]]]:
    """Gather the sure points of all kept frames below the ceiling, lowest first, each with its colour in the frame."""
    found: list[tuple[float, np.ndarray, tuple[int, ...]]] = []
    for entry in kept:
        assert entry.held.confidence is not None
        eye = floor.of(entry.world_from_camera[:3, 3].numpy().astype(np.float64))[2]
        points = floor.of(entry.points.numpy().astype(np.float64))
        sure = (entry.held.confidence.numpy() >= SURE) & np.isfinite(points).all(1) & (points[:, 2] < eye + CEILING)
        for point, tint in zip(points[sure], _tints(entry)[sure], strict=True):
            found.append((float(point[2]), point, tuple(int(v) for v in tint)))
    found.sort(key=lambda item: item[0])
    return np.array([point for _, point, _ in found]).reshape(-1, 3), [tint for *_, tint in found]


def _tints(entry: SeenFrame) -> np.ndarray:
    """Return the colour of each patch, paled a little; grey without a thumbnail."""
    patches = len(entry.points)
    if entry.held.thumbnail is None:
        return np.full((patches, 3), 190)
    shown = picture(entry.held.thumbnail)
    rows = max(1, round((patches * shown.height / shown.width) ** 0.5))
    if patches % rows:
        return np.full((patches, 3), 190)
    small = shown.resize((patches // rows, rows), Image.Resampling.BOX)
    return 70 + np.asarray(small, dtype=np.int64).reshape(-1, 3) * 185 // 255


def _bounds(
    way: Float[np.ndarray, "poses 2"], points: Float[np.ndarray, "points 2"]
) -> tuple[Float[np.ndarray, " 2"], Float[np.ndarray, " 2"]]:
    """Return the corners of the map: the whole way, all but the farthest points, and some room around."""
    low, high = way.min(0), way.max(0)
    if len(points):
        low = np.minimum(low, np.percentile(points, 100 - FAR, axis=0))
        high = np.maximum(high, np.percentile(points, FAR, axis=0))
    room = np.maximum(0.03 * (high - low), 0.25)
    return low - room, high + room


def _draw_camera(pen: ImageDraw.ImageDraw, entry: SeenFrame, floor: FloorPlane, at, scale: float) -> None:
    """Draw where a kept frame was seen from, and which way it looked, with its slot."""
    pose = entry.world_from_camera.numpy().astype(np.float64)
    place, ahead = floor.of(pose[:3, 3]), floor.of(pose[:3, 2])
    x, y = at(place)
    ahead = ahead[:2] / max(float(np.linalg.norm(ahead[:2])), 1e-9) * 18
    tint = LAST if entry.held.slot == NO_SLOT else BANK
    pen.line((x, y, x + ahead[0], y - ahead[1]), tint, 3)
    pen.ellipse((x - 8, y - 8, x + 8, y + 8), "white", tint, 2)
    if entry.held.slot != NO_SLOT:
        pen.text((x, y), str(entry.held.slot), INK, _font(10), anchor="mm")


def _legend(pen: ImageDraw.ImageDraw, stream: Stream, box: tuple[int, int, int, int], scale: float) -> None:
    placed = stream.windows.placed if stream.windows is not None else None
    unit = "m" if placed is None or placed.metric else "scene unit"
    length = next((step for step in (0.5, 1, 2, 5, 10, 20, 50) if step * scale >= 70), 100)
    left, bottom = box[0] + 20, box[3] - 20
    pen.line((left, bottom, left + length * scale, bottom), INK, 3)
    pen.text((left, bottom - 8), f"{length:g} {unit}", INK, _font(14), anchor="ls")
    words = (("start", START), ("end of the way", END))
    place = box[0] + 16
    for name, tint in words:
        pen.line((place, box[1] + 22, place + 22, box[1] + 22), tint, 4)
        pen.text((place + 28, box[1] + 22), name, INK, _font(14), anchor="lm")
        place += 40 + int(pen.textlength(name, _font(14)))
    told = "from above; circles are kept frames with their slots, squares what they show"
    pen.text((box[2] - 16, box[1] + 22), told, FAINT, _font(14), anchor="rm")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
