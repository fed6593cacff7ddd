"""Ways to put one piece somewhere: at a wall, on it, beside another piece, on a top, in the open, at the ceiling."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .floor_plan import WallFace, WallSpot
from .home import FurnitureModel
from .room_layout import Fits, PlacedModel, RoomLayout, facing

GAP = 0.025  # metres between a wall and what stands at it (the skirting board is thinner)

# Height of the centre of what hangs on a wall, metres. Other categories hang at eye level.
HANGING = {"clock": 1.95, "towel": 1.25, "tv": 1.25, "whiteboard": 1.45, "shelf": 1.55, "lamp": 1.75}
EYE_LEVEL = 1.5
SEATS = ("bed", "sofa", "chair", "stool")


def stands_on(place: str) -> Callable[[FurnitureModel], bool]:
    """Return a condition on models: what carries them is `place` (floor, top, wall or ceiling)."""
    return lambda model: model.stands == place


def at_wall(model: FurnitureModel, wall: WallFace, distance: float, gap: float = GAP) -> PlacedModel:
    """Stand a model with its back at a wall, its middle `distance` metres along the wall."""
    return PlacedModel(model, *wall.at(distance, gap + model.size[1] / 2), 0.0, facing(wall.inward))


def against_wall(
    layout: RoomLayout, category: str, zone: float = 0.5, fits: Fits = None, corner: bool = False
) -> PlacedModel | None:
    """Stand a piece of a category at some wall, the ground before it kept free for `zone` metres."""
    model = layout.model(category, fits)
    if model is None:
        return None
    if model.stands == "wall":
        return hang(layout, model)
    if model.stands == "top":
        return on_some_top(layout, category, model)
    spots = layout.wall_spots(model.size[0], corner)
    return layout.add_first((at_wall(model, *spot) for spot in spots), zone, apart=0.02)


def on_wall(layout: RoomLayout, category: str) -> PlacedModel | None:
    """Hang a piece of a category on some wall, or stand it at one if its model stands on the floor."""
    model = layout.model(category)
    if model and model.stands == "floor":
        return against_wall(layout, category, 0.3, lambda m: m.name == model.name)
    return hang(layout, model) if model and model.stands == "wall" else None


def hang(
    layout: RoomLayout, model: FurnitureModel | None, height: float | None = None, near: WallSpot | None = None
) -> PlacedModel | None:
    """Hang a model of a wall piece with its centre at a height (metres); `near` gives the wall and the place along it.

    None where there is no model, or no place for it.
    """
    if model is None:
        return None
    wanted = height or HANGING.get(model.category, EYE_LEVEL) + layout.normal(0.06)
    z = min(wanted, layout.room.height - 0.08 - model.size[2] / 2)
    z = max(z, model.size[2] / 2 + 0.1)
    spots = [near] if near else layout.wall_spots(model.size[0] + 0.1)
    pieces = (PlacedModel(model, *wall.at(distance, 0.002), z, facing(wall.inward)) for wall, distance in spots)
    return layout.add_first(pieces, apart=0.05)


def wall_behind(layout: RoomLayout, piece: PlacedModel) -> WallSpot | None:
    """Return the wall at a piece's back (within half a metre) and the place of the piece along it."""
    for wall in layout.walls:
        distance, offset = wall.project((piece.footprint.x, piece.footprint.y))
        aligned = wall.inward[0] * piece.front[0] + wall.inward[1] * piece.front[1]
        if aligned > 0.99 and 0 < distance < wall.length and offset - piece.footprint.deep / 2 < 0.5:
            return wall, distance
    return None


def above(layout: RoomLayout, piece: PlacedModel, category: str, clear: float, fits: Fits = None) -> PlacedModel | None:
    """Hang something on the wall above a piece, at least `clear` metres over it."""
    behind = wall_behind(layout, piece)
    model = layout.model(category, fits)
    if behind is None or model is None or model.stands != "wall":
        return None
    height = max(piece.heights[1] + clear + model.size[2] / 2, HANGING.get(category, EYE_LEVEL))
    if height + model.size[2] / 2 > layout.room.height - 0.05:
        return None
    return hang(layout, model, height, behind)


def relative(anchor: PlacedModel, model: FurnitureModel, right: float, front: float, turn: float = 0.0) -> PlacedModel:
    """Return a model standing at an offset from an anchor's footprint centre, turned relative to it."""
    return PlacedModel(model, *anchor.footprint.at(right, front), 0.0, anchor.yaw + turn)


def beside(
    layout: RoomLayout, anchor: PlacedModel, category: str, side: int, apart: float, fits: Fits = None
) -> PlacedModel | None:
    """Stand a piece next to an anchor, backs in line; `side` is +1 to the anchor's right (x of its frame) or −1."""
    model = layout.model(category, fits)
    if model is None or model.stands != "floor":
        return None
    right = side * (anchor.footprint.wide / 2 + model.size[0] / 2 + apart)
    front = (model.size[1] - anchor.footprint.deep) / 2
    return layout.add(relative(anchor, model, right, front), apart=0.005)


def in_open(
    layout: RoomLayout, category: str, fits: Fits, margin: float, turn: float | None = None
) -> PlacedModel | None:
    """Stand a piece somewhere on the floor, with `margin` metres around it free."""
    model = layout.model(category, fits)
    if model is None or model.stands != "floor":
        return None
    x0, y0, x1, y1 = layout.bounds

    def anywhere() -> PlacedModel:
        yaw = layout.uniform(-math.pi, math.pi) if turn is None else turn
        return PlacedModel(model, layout.uniform(x0, x1), layout.uniform(y0, y1), 0.0, yaw)

    return layout.add_first((anywhere() for _ in range(25)), apart=max(margin, 0.03))


def _half_extents(model: FurnitureModel, angle: float) -> tuple[float, float]:
    """Return half the width and half the depth of the upright rectangle around a model turned by an angle."""
    (wide, deep, _), c, s = model.size, abs(math.cos(angle)), abs(math.sin(angle))
    return (c * wide + s * deep) / 2, (c * deep + s * wide) / 2


def near_wall(layout: RoomLayout, category: str, fits: Fits = None) -> PlacedModel | None:
    """Stand a small thing on the floor close to a wall, loosely turned; corners are likely."""
    model = layout.model(category, fits)
    if model is None or model.stands != "floor":
        return None

    def turned(wall: WallFace, distance: float) -> PlacedModel:
        yaw = facing(wall.inward) + layout.uniform(-0.6, 0.6)
        deep = _half_extents(model, yaw - facing(wall.inward))[1]
        return PlacedModel(model, *wall.at(distance, GAP + deep + layout.uniform(0, 0.06)), 0.0, yaw)

    spots = layout.wall_spots(math.hypot(*model.size[:2]), corner=layout.chance(0.5))
    return layout.add_first((turned(*spot) for spot in spots), apart=0.03)


def on_top(
    layout: RoomLayout,
    carrier: PlacedModel,
    category: str,
    right: float | None = None,
    front: float | None = None,
    turn: float | None = None,
    fits: Fits = None,
    model: FurnitureModel | None = None,
) -> PlacedModel | None:
    """Put a thing on a carrier's top, at an offset from its middle or anywhere free there; None if nothing is free."""
    model = model or layout.model(category, fits)
    surface = carrier.model.surface_height
    if model is None or model.stands != "top" or surface is None:
        return None
    top = carrier.footprint
    for _ in range(1 if right is not None and front is not None else 10):
        angle = layout.normal(0.12) if turn is None else turn
        reach_x, reach_y = _half_extents(model, angle)
        free_x, free_y = top.wide / 2 - reach_x - 0.01, top.deep / 2 - reach_y - 0.01
        if free_x < 0 or free_y < 0:
            return None
        dx = layout.uniform(-free_x, free_x) if right is None else max(-free_x, min(free_x, right))
        dy = layout.uniform(-free_y, free_y) if front is None else max(-free_y, min(free_y, front))
        piece = PlacedModel(model, *top.at(dx, dy), carrier.z + surface, carrier.yaw + angle)
        f, high = piece.footprint, piece.heights[1]
        # A solid beneath this top is a chair tucked in. Only solids that hang over the top can be in the way.
        blocked = any(piece.z - 0.01 < s.low < high and s.footprint.overlaps(f) for s in layout.solids)
        if high <= layout.room.height - 0.1 and not blocked and layout.load(piece, carrier, 0.015):
            return piece
    return None


def rest_height(model: FurnitureModel, right: float, front: float, wide: float, deep: float) -> float | None:
    """Return the height in metres at which a thing lies on a model whose top is not flat.

    That is the highest upward face under a `wide` × `deep` rectangle around a point of the model's frame. None where a
    part of the rectangle has nothing under it.
    """
    offsets = np.linspace(-0.45, 0.45, 4)
    points = np.stack(np.meshgrid(right + wide * offsets, front + deep * offsets), -1).reshape(-1, 1, 2)
    triangles = np.concatenate([p.positions[p.faces] for p in model.mesh.parts]).astype(float)
    low, high = triangles[:, :, :2].min(1), triangles[:, :, :2].max(1)
    middle, reach = np.array([right, front]), np.array([wide, deep]) / 2
    a, b, c = np.moveaxis(triangles[((high >= middle - reach) & (low <= middle + reach)).all(1)], 1, 0)
    # Barycentric coordinates s and t of the points in each triangle that looks upwards.
    u, v = b - a, c - a
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    upward = area > 1e-9
    a, u, v, area = a[upward], u[upward], v[upward], area[upward]
    d = points - a[None, :, :2]
    s = (d[..., 0] * v[:, 1] - d[..., 1] * v[:, 0]) / area
    t = (u[:, 0] * d[..., 1] - u[:, 1] * d[..., 0]) / area
    covered = (s >= -1e-6) & (t >= -1e-6) & (s + t <= 1 + 1e-6)
    if not covered.any(1).all():
        return None
    return float(np.where(covered, a[:, 2] + s * u[:, 2] + t * v[:, 2], -np.inf).max())


def on_soft(
    layout: RoomLayout, carrier: PlacedModel, category: str, right: float, front: float, turn: float
) -> PlacedModel | None:
    """Lay a pillow or a blanket on a bed or a sofa, about at an offset from its middle, where that is low and free."""
    model = layout.model(category)
    if model is None or model.stands != "top":
        return None
    for step in (0.0, 0.08, 0.16, 0.24):
        height = rest_height(carrier.model, right, front + step, model.size[0] * 0.8, model.size[1] * 0.8)
        if height is None or not 0.25 < height < 0.64:
            continue
        piece = PlacedModel(model, *carrier.footprint.at(right, front + step), carrier.z + height, carrier.yaw + turn)
        if layout.load(piece, carrier, 0.01):
            return piece
    return None


def on_some_top(layout: RoomLayout, category: str, model: FurnitureModel | None = None) -> PlacedModel | None:
    """Put a thing on a top between 0.25 and 1.3 m, but not on a seat."""
    tops = [
        piece
        for piece in layout.pieces
        if 0.25 < (piece.model.surface_height or 0) < 1.3
        and piece.model.stands == "floor"
        and piece.model.category not in SEATS
    ]
    model = model or layout.model(category)
    for i in layout.rng.permutation(len(tops)):
        if model and (piece := on_top(layout, tops[i], category, model=model)):
            return piece
    return None


def ceiling(layout: RoomLayout, category: str) -> PlacedModel | None:
    """Hang a lamp at the middle of the ceiling."""
    model = layout.model(category, lambda m: m.stands == "ceiling" and m.size[2] < layout.room.height - 1.95)
    if model is None:
        return None
    x0, y0, x1, y1 = layout.bounds

    def near_middle(spread: float) -> PlacedModel:
        x = (x0 + x1) / 2 + layout.uniform(-spread, spread) * (x1 - x0)
        y = (y0 + y1) / 2 + layout.uniform(-spread, spread) * (y1 - y0)
        return PlacedModel(model, x, y, layout.room.height, 0.0)

    return layout.add_first(near_middle(spread) for spread in (0.08, 0.2, 0.3))
