"""Ways to put one piece somewhere: at a wall, on it, beside another piece, on a top, in the open, at the ceiling."""

from __future__ import annotations

import math
from collections.abc import Callable

from .floor_plan import WallFace
from .home import FurnitureModel
from .rest_height import rest_height
from .room_layout import Footprint, PlacedModel, Stage, facing

Fits = Callable[[FurnitureModel], bool] | None
GAP = 0.025  # metres between a wall and what stands at it (the skirting board is thinner)

# Height of the centre of what hangs on a wall, metres; pieces that are not here hang at eye level.
HANGING = {
    "clock": 1.95,
    "towel": 1.25,
    "tv": 1.25,
    "mirror": 1.5,
    "whiteboard": 1.45,
    "shelf": 1.55,
    "picture": 1.5,
    "lamp": 1.75,
}
EYE_LEVEL = 1.5


def zone_before(piece: PlacedModel, deep: float, aside: float = 0.0) -> Footprint:
    """Return the ground before a piece's front, as wide as the piece and `aside` metres more on each side."""
    f = piece.footprint
    x, y = f.at(0, (f.deep + deep) / 2 + 0.01)
    return Footprint(x, y, f.yaw, f.wide + 2 * aside, deep)


def at_edge(model: FurnitureModel, edge: WallFace, distance: float, gap: float = GAP) -> PlacedModel:
    """Stand a model with its back at a wall, its middle `distance` metres along the edge."""
    x, y = edge.at(distance, gap + model.size[1] / 2)
    return PlacedModel(model, x, y, 0.0, facing(edge.inward))


def against_wall(
    stage: Stage,
    category: str,
    zone: float = 0.5,
    fits: Fits = None,
    edges: tuple[WallFace, ...] | None = None,
    corner: bool = False,
    gap: float = GAP,
) -> PlacedModel | None:
    """Stand a piece of a category at some wall, the ground before it kept free for `zone` metres."""
    model = stage.model(category, fits)
    if model is None:
        return None
    if model.stands == "wall":
        return on_wall(stage, category, model=model, edges=edges)
    if model.stands == "top":
        return on_some_top(stage, category, model=model)
    for edge, distance in stage.wall_spots(model.size[0], edges, corner):
        piece = at_edge(model, edge, distance, gap)
        if stage.add(piece, zone_before(piece, zone) if zone else None, apart=0.02):
            return piece
    return None


def on_wall(
    stage: Stage,
    category: str,
    height: float | None = None,
    fits: Fits = None,
    edges: tuple[WallFace, ...] | None = None,
    model: FurnitureModel | None = None,
    near: tuple[WallFace, float] | None = None,
) -> PlacedModel | None:
    """Hang a piece on a wall with its centre at a height; `near` fixes the edge and the place along it."""
    model = model or stage.model(category, fits)
    if model is None:
        return None
    if model.stands != "wall":
        return against_wall(stage, category, 0.3, lambda m: m.name == model.name) if model.stands == "floor" else None
    wanted = height or HANGING.get(category, EYE_LEVEL) + float(stage.rng.normal(0, 0.06))
    z = min(wanted, stage.room.height - 0.08 - model.size[2] / 2)
    z = max(z, model.size[2] / 2 + 0.1)
    spots = [near] if near else stage.wall_spots(model.size[0] + 0.1, edges)
    for edge, distance in spots:
        x, y = edge.at(distance, 0.002)
        if piece := stage.add(PlacedModel(model, x, y, z, facing(edge.inward)), apart=0.05):
            return piece
    return None


def edge_behind(stage: Stage, piece: PlacedModel) -> tuple[WallFace, float] | None:
    """Return the wall at a piece's back (within half a metre) and the place of the piece along it."""
    for edge in stage.edges:
        distance, offset = edge.project((piece.footprint.x, piece.footprint.y))
        turned = edge.inward[0] * piece.front[0] + edge.inward[1] * piece.front[1]
        if turned > 0.99 and 0 < distance < edge.length and offset - piece.footprint.deep / 2 < 0.5:
            return edge, distance
    return None


def above(stage: Stage, piece: PlacedModel, category: str, clear: float = 0.2, fits: Fits = None) -> PlacedModel | None:
    """Hang something on the wall above a piece, `clear` metres over it at least."""
    behind = edge_behind(stage, piece)
    model = stage.model(category, fits)
    if behind is None or model is None or model.stands != "wall":
        return None
    height = max(piece.heights[1] + clear + model.size[2] / 2, HANGING.get(category, EYE_LEVEL))
    if height + model.size[2] / 2 > stage.room.height - 0.05:
        return None
    return on_wall(stage, category, height, model=model, near=behind)


def relative(
    stage: Stage, anchor: PlacedModel, model: FurnitureModel, right: float, front: float, turn: float = 0.0
) -> PlacedModel:
    """Return a model standing at an offset from an anchor's footprint centre, turned relative to it."""
    x, y = anchor.footprint.at(right, front)
    return PlacedModel(model, x, y, 0.0, anchor.yaw + turn)


def beside(
    stage: Stage, anchor: PlacedModel, category: str, side: int, apart: float = 0.05, fits: Fits = None
) -> PlacedModel | None:
    """Stand a piece next to an anchor, backs in line; `side` is +1 to the anchor's right (x of its frame) or −1."""
    model = stage.model(category, fits)
    if model is None or model.stands != "floor":
        return None
    right = side * (anchor.footprint.wide / 2 + model.size[0] / 2 + apart)
    front = (model.size[1] - anchor.footprint.deep) / 2
    return stage.add(relative(stage, anchor, model, right, front), apart=0.005)


def in_open(
    stage: Stage, category: str, fits: Fits = None, margin: float = 0.0, turn: float | None = None
) -> PlacedModel | None:
    """Stand a piece somewhere on the floor, with `margin` metres around it free."""
    model = stage.model(category, fits)
    if model is None or model.stands != "floor":
        return None
    x0, y0, x1, y1 = stage.bounds
    for _ in range(25):
        yaw = float(stage.rng.uniform(-math.pi, math.pi)) if turn is None else turn
        piece = PlacedModel(model, float(stage.rng.uniform(x0, x1)), float(stage.rng.uniform(y0, y1)), 0.0, yaw)
        if stage.add(piece, apart=max(margin, 0.03)):
            return piece
    return None


def near_wall(stage: Stage, category: str, fits: Fits = None, turned: bool = True) -> PlacedModel | None:
    """Stand a small thing on the floor close to a wall or furniture's side, loosely turned; corners are likely."""
    model = stage.model(category, fits)
    if model is None or model.stands != "floor":
        return None
    reach = math.hypot(model.size[0], model.size[1]) if turned else model.size[0]
    for edge, distance in stage.wall_spots(reach, corner=stage.chance(0.5)):
        yaw = facing(edge.inward) + (float(stage.rng.uniform(-0.6, 0.6)) if turned else 0.0)
        deep = (
            abs(math.cos(yaw - facing(edge.inward))) * model.size[1]
            + abs(math.sin(yaw - facing(edge.inward))) * model.size[0]
        ) / 2
        x, y = edge.at(distance, GAP + deep + float(stage.rng.uniform(0, 0.06)))
        if piece := stage.add(PlacedModel(model, x, y, 0.0, yaw), apart=0.03):
            return piece
    return None


def on_top(
    stage: Stage,
    carrier: PlacedModel,
    category: str,
    right: float | None = None,
    front: float | None = None,
    turn: float | None = None,
    fits: Fits = None,
    model: FurnitureModel | None = None,
) -> PlacedModel | None:
    """Put a thing on a carrier's top, at an offset from its middle or anywhere free there; None if it finds no room."""
    model = model or stage.model(category, fits)
    surface = carrier.model.surface_height
    if model is None or model.stands != "top" or surface is None:
        return None
    top = carrier.footprint
    loads = stage.loads.setdefault(id(carrier), [])
    for _ in range(1 if right is not None and front is not None else 10):
        angle = float(stage.rng.normal(0, 0.12)) if turn is None else turn
        reach_x = (abs(math.cos(angle)) * model.size[0] + abs(math.sin(angle)) * model.size[1]) / 2
        reach_y = (abs(math.cos(angle)) * model.size[1] + abs(math.sin(angle)) * model.size[0]) / 2
        free_x, free_y = top.wide / 2 - reach_x - 0.01, top.deep / 2 - reach_y - 0.01
        if free_x < 0 or free_y < 0:
            return None
        dx = float(stage.rng.uniform(-free_x, free_x)) if right is None else max(-free_x, min(free_x, right))
        dy = float(stage.rng.uniform(-free_y, free_y)) if front is None else max(-free_y, min(free_y, front))
        x, y = top.at(dx, dy)
        piece = PlacedModel(model, x, y, carrier.z + surface, carrier.yaw + angle)
        if (
            any(piece.footprint.grown(0.015).overlaps(load) for load in loads)
            or piece.heights[1] > stage.room.height - 0.1
        ):
            continue
        # What stands on the floor beneath this top is a chair tucked in; only what hangs over it can be in the way.
        if any(
            piece.z - 0.01 < s.low < piece.heights[1] and s.footprint.overlaps(piece.footprint) for s in stage.solids
        ):
            continue
        loads.append(piece.footprint)
        stage.pieces.append(piece)
        return piece
    return None


def on_soft(
    stage: Stage, carrier: PlacedModel, category: str, right: float, front: float, turn: float
) -> PlacedModel | None:
    """Lay a pillow or a blanket on a bed or a sofa, about at an offset from its middle, where that is low and free."""
    model = stage.model(category)
    if model is None or model.stands != "top":
        return None
    loads = stage.loads.setdefault(id(carrier), [])
    for step in (0.0, 0.08, 0.16, 0.24):
        height = rest_height(carrier.model, right, front + step, model.size[0] * 0.8, model.size[1] * 0.8)
        if height is None or not 0.25 < height < 0.64:
            continue
        x, y = carrier.footprint.at(right, front + step)
        piece = PlacedModel(model, x, y, carrier.z + height, carrier.yaw + turn)
        if not any(piece.footprint.grown(0.01).overlaps(load) for load in loads):
            loads.append(piece.footprint)
            stage.pieces.append(piece)
            return piece
    return None


def on_some_top(
    stage: Stage, category: str, carriers: tuple[str, ...] = (), model: FurnitureModel | None = None
) -> PlacedModel | None:
    """Put a thing on the top of any piece below 1.3 m that carries things (of some categories)."""
    tops = [
        p
        for p in stage.pieces
        if p.model.surface_height
        and 0.25 < p.model.surface_height < 1.3
        and p.model.stands == "floor"
        and (p.model.category in carriers if carriers else p.model.category not in ("bed", "sofa", "chair", "stool"))
    ]
    model = model or stage.model(category)
    for i in stage.rng.permutation(len(tops)):
        if model and (piece := on_top(stage, tops[i], category, model=model)):
            return piece
    return None


def ceiling(stage: Stage, category: str) -> PlacedModel | None:
    """Hang a lamp at the middle of the ceiling."""
    model = stage.model(category, lambda m: m.stands == "ceiling" and m.size[2] < stage.room.height - 1.95)
    if model is None or model.stands != "ceiling":
        return None
    x0, y0, x1, y1 = stage.bounds
    for spread in (0.08, 0.2, 0.3):
        x = (x0 + x1) / 2 + float(stage.rng.uniform(-spread, spread)) * (x1 - x0)
        y = (y0 + y1) / 2 + float(stage.rng.uniform(-spread, spread)) * (y1 - y0)
        if piece := stage.add(PlacedModel(model, x, y, stage.room.height, 0.0)):
            return piece
    return None
