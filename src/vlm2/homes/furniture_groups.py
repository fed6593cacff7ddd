"""Groups of furniture that belong together: a bed with its nightstands, a table with its chairs, a sofa with its tv."""

from __future__ import annotations

import math

import numpy as np

from . import placement as put
from .floor_plan import WallFace
from .home import FurnitureModel
from .room_layout import PlacedModel, RoomLayout, facing

TURNS = (0.0, math.pi / 2)
SHIFTS = (0.0, 0.25, -0.25, 0.5, -0.5)  # metres along a wall from the wanted place of a tv
ON_COUNTERS = (("microwave", 0.7), ("kettle", 0.7), ("bowl", 0.6), ("cup", 0.7), ("cup", 0.4), ("bowl", 0.3))
ON_DESKS = (("lamp", 0.4), ("telephone", 0.35), ("cup", 0.4), ("plant", 0.2), ("clock", 0.1))


def sleep(layout: RoomLayout) -> PlacedModel | None:
    """Put a bed with its head at a wall, nightstands with lamps beside it, pillows on it."""
    bed = put.against_wall(layout, "bed", zone=0.45)
    if bed is None:
        return None
    wide, deep = bed.model.size[:2]
    sides = [1, -1] if wide > 1.2 or layout.chance(0.3) else [layout.choose((1, -1))]
    stands = [s for side in sides if layout.chance(0.85) and (s := put.beside(layout, bed, "nightstand", side, 0.06))]
    for stand in stands:
        if layout.chance(0.75):
            put.on_top(layout, stand, "lamp", right=0.0, front=-0.04)
    head = -deep / 2 + 0.3
    for side in (-1, 1) if wide > 1.2 else (0,):
        if layout.chance(0.92):
            put.on_soft(layout, bed, "pillow", side * wide / 4, head, layout.normal(0.06))
    for _ in range(int(layout.rng.choice([0, 1, 2, 3], p=[0.45, 0.25, 0.2, 0.1]))):
        right = layout.uniform(-0.32, 0.32) * wide
        put.on_soft(layout, bed, "pillow", right, head + layout.uniform(0.35, 0.7), layout.normal(0.4))
    if layout.chance(0.3):
        put.on_soft(layout, bed, "blanket", layout.uniform(-0.2, 0.2) * wide, 0.25 * deep, layout.normal(0.2))
    if layout.chance(0.5):
        put.above(layout, bed, "picture", 0.3)
    return bed


def watch(layout: RoomLayout) -> PlacedModel | None:
    """Put a sofa, a tv across from it, a low table between, seats beside, lamps and pillows."""
    sofa = (
        _sofa_with_tv(layout)
        or put.against_wall(layout, "sofa", 0.5)
        or put.against_wall(layout, "sofa", 0.4, lambda m: m.size[0] < 2.2)
    )
    if sofa is None:
        return None
    _low_table(layout, sofa)
    for side in (-1, 1):
        kind = str(layout.rng.choice(["", "armchair", "lamp", "table", "plant"], p=[0.25, 0.3, 0.2, 0.15, 0.1]))
        if kind == "armchair":
            _armchair(layout, sofa, side)
        elif kind:
            neighbour = put.beside(layout, sofa, kind, side, 0.08, lambda m: m.size[0] < 0.65 and m.stands == "floor")
            if neighbour and kind == "table" and layout.chance(0.6):
                put.on_top(layout, neighbour, "lamp", 0.0, 0.0)
    _cushions(layout, sofa)
    if layout.chance(0.5):
        put.above(layout, sofa, "picture", 0.3)
    return sofa


def _cushions(layout: RoomLayout, sofa: PlacedModel) -> None:
    """Lay up to four pillows and sometimes a blanket on a sofa's seat."""
    places = np.linspace(-1, 1, 4) * (sofa.model.size[0] / 2 - 0.5)
    for i in layout.rng.permutation(4)[: layout.integer(0, 4)]:
        put.on_soft(layout, sofa, "pillow", float(places[i]), -0.1, layout.normal(0.25))
    if layout.chance(0.2):
        put.on_soft(layout, sofa, "blanket", float(layout.choose(places)), -0.05, layout.normal(0.2))


def _sofa_with_tv(layout: RoomLayout) -> PlacedModel | None:
    """Put a sofa and a tv at walls across from each other, where both fit."""
    for _ in range(2):
        model = layout.model("sofa")
        if model is None:
            return None
        for wall, distance in layout.wall_spots(model.size[0]):
            sofa = put.at_wall(model, wall, distance)
            across = _wall_before(layout, sofa)
            if across is None or not layout.add(sofa, 0.5, 0.02):
                continue
            if _television(layout, *across):
                return sofa
            layout.take_back(sofa, 0.5)
    return None


def _low_table(layout: RoomLayout, sofa: PlacedModel) -> None:
    """Put a low table with a few things on it before a sofa."""
    low = layout.model("table", lambda m: m.size[2] < 0.56 and m.size[0] < 1.4)
    if low is None or layout.chance(0.15):
        return
    for apart in (0.4, 0.34, 0.5):
        front = sofa.footprint.deep / 2 + apart + low.size[1] / 2
        table = put.relative(sofa, low, layout.normal(0.08), front)
        if _place_in_zone(layout, table, sofa):
            _strew(layout, table, ["cup", "plant", "bowl", "laptop", "cup"], 3)
            return


def _strew(layout: RoomLayout, carrier: PlacedModel, categories: list[str], most: int) -> None:
    """Put up to `most` things on a top, in random order."""
    for category in layout.rng.permutation(categories)[: layout.integer(0, most)]:
        put.on_top(layout, carrier, str(category))


def _place_in_zone(layout: RoomLayout, piece: PlacedModel, owner: PlacedModel) -> bool:
    """Put a piece on ground that its owner keeps free (the sofa's low table)."""
    own = [z for z in layout.zones if z.overlaps(piece.footprint) and abs(z.yaw - owner.yaw) < 1e-9]
    layout.zones = [z for z in layout.zones if z not in own]
    done = layout.add(piece, apart=0.02)
    if done is None:
        layout.zones += own
    return done is not None


def _wall_before(layout: RoomLayout, sofa: PlacedModel) -> tuple[WallFace, float, float] | None:
    """Return the wall that a sofa looks at: (wall, place along it, metres from the sofa's front), if near enough."""
    f = sofa.footprint
    found = []
    for wall in layout.walls:
        if wall.inward[0] * sofa.front[0] + wall.inward[1] * sofa.front[1] < -0.99:
            distance, offset = wall.project((f.x, f.y))
            reach = offset - f.deep / 2
            if 0.3 < distance < wall.length - 0.3 and 1.3 < reach < 5.5:
                found.append((wall, distance, reach))
    return min(found, key=lambda spot: spot[2], default=None)


def _television(layout: RoomLayout, wall: WallFace, distance: float, reach: float) -> PlacedModel | None:
    """Put a tv at a wall, on a stand or hanging, near a place along it; None where nothing fits."""
    stand = None
    if reach > 1.8 and layout.chance(0.85):
        category = "tv stand" if layout.chance(0.75) else "cabinet"
        model = layout.model(category, lambda m: m.size[2] < 0.8 and m.size[0] > 0.7 and bool(m.surface_height))
        if model:
            stand = layout.add_first((put.at_wall(model, wall, distance + shift) for shift in SHIFTS), 0.35)
    if stand and layout.chance(0.75) and (tv := _tv_on(layout, stand)):
        return tv
    near = wall.project((stand.x, stand.y))[0] if stand else distance
    model = layout.model("tv", put.stands_on("wall"))
    for shift in SHIFTS:
        height = max(1.25, 0.7 + model.size[2] / 2) if model else None
        if tv := put.hang(layout, model, height, (wall, near + shift)):
            return tv
    return _tv_on(layout, stand) if stand else None


def _tv_on(layout: RoomLayout, stand: PlacedModel) -> PlacedModel | None:
    return put.on_top(layout, stand, "tv", 0.0, 0.0, 0.0, put.stands_on("top"))


def _armchair(layout: RoomLayout, sofa: PlacedModel, side: int) -> None:
    """Stand an armchair (or chair) before a sofa's end, looking across its front."""
    model = layout.model("chair", lambda m: m.size[0] > 0.6)
    if model is None:
        return
    right = side * (sofa.footprint.wide / 2 + model.size[1] / 2 + layout.uniform(0.1, 0.35))
    front = sofa.footprint.deep / 2 + model.size[0] / 2 + layout.uniform(0.1, 0.5)
    turn = side * (math.pi / 2) + layout.normal(0.15)
    layout.add(put.relative(sofa, model, right, front, turn), apart=0.03)


def dine(layout: RoomLayout, most: int = 6) -> PlacedModel | None:
    """Put a dining table in the open or at a wall, with chairs tucked in around it and things on it."""
    model = layout.model("table", lambda m: 0.66 < m.size[2] < 0.85 and m.stands == "floor" and m.size[0] < 2.3)
    chair = layout.model("chair", lambda m: m.size[0] < 0.66 and m.size[1] < 0.72)
    if model is None:
        return None
    x0, y0, x1, y1 = layout.bounds
    candidates = []
    to_wall = layout.room.kind == "kitchen" or layout.chance(0.2)
    if to_wall:
        candidates += [put.at_wall(model, wall, distance) for wall, distance in layout.wall_spots(model.size[0])]
    for _ in range(40):
        yaw, x, y = layout.choose(TURNS), layout.uniform(0.3, 0.7), layout.uniform(0.3, 0.7)
        candidates.append(PlacedModel(model, x0 + x * (x1 - x0), y0 + y * (y1 - y0), 0.0, yaw))
    for table in candidates:
        around = table.footprint.grown(0.45)
        walled = to_wall and put.wall_behind(layout, table) is not None
        blocked = any(s.low < 1.2 and around.overlaps(s.footprint) for s in layout.solids)
        if (blocked and not walled) or not layout.add(table, apart=0.03):
            continue
        if chair:
            _chairs(layout, table, chair, layout.integer(2, most), walled)
        _strew(layout, table, ["bowl", "cup", "plant", "cup", "bowl", "laptop", "cup"], 4)
        return table
    return None


def _chairs(layout: RoomLayout, table: PlacedModel, chair: FurnitureModel, wanted: int, walled: bool) -> None:
    """Tuck equal chairs in around a table, spread over its sides; `walled`: its back is at a wall."""
    wide, deep = table.footprint.wide, table.footprint.deep
    per_side = max(1, int((wide - 0.1) / (chair.size[0] + 0.08)))
    seats = []
    for i in range(per_side):
        right = (i + 0.5) / per_side * (wide - 0.1) - (wide - 0.1) / 2
        seats += [(right, 1, "long")] if walled else [(right, 1, "long"), (right, -1, "long")]
    if deep > chair.size[0] + 0.05:
        seats += [(0.0, 1, "short"), (0.0, -1, "short")]
    placed: list[PlacedModel] = []
    for i in layout.rng.permutation(len(seats)):
        if len(placed) >= wanted:
            return
        along, sign, side = seats[i]
        tuck = layout.uniform(0.02, 0.2) * (layout.rng.random() < 0.85)
        out = (deep if side == "long" else wide) / 2 + chair.size[1] / 2 - tuck + 0.02
        turn = layout.normal(0.06)
        if side == "long":
            piece = put.relative(table, chair, along, sign * out, (math.pi if sign > 0 else 0.0) + turn)
        else:
            piece = put.relative(table, chair, sign * out, along, sign * math.pi / 2 + turn)
        free = not any(piece.footprint.overlaps(other.footprint) for other in placed)
        if free and layout.add(piece, own=(table,)):
            placed.append(piece)


def work(layout: RoomLayout) -> PlacedModel | None:
    """Put a desk at a wall with a chair at it, and a computer or papers on it."""
    desk = put.against_wall(layout, "desk", zone=0.75)
    if desk is None:
        return None
    _desk_chair(layout, desk)
    wide, deep = desk.footprint.wide, desk.footprint.deep
    if layout.chance(0.25):
        put.on_top(layout, desk, "printer", right=layout.choose((-1.0, 1.0)) * wide / 2)
    # Things on a desk face the person who sits before it: the desk's front is the side of the chair.
    if layout.chance(0.75):
        if wide > 1.3 and layout.chance(0.35):
            put.on_top(layout, desk, "monitor", -0.31, -deep / 2 + 0.15, turn=0.15)
            put.on_top(layout, desk, "monitor", 0.31, -deep / 2 + 0.15, turn=0.15 - 0.3)
        else:
            put.on_top(layout, desk, "monitor", 0.0, -deep / 2 + 0.15, turn=0.0)
        put.on_top(layout, desk, "keyboard", 0.0, deep / 2 - 0.18, turn=0.0)
        put.on_top(layout, desk, "computer mouse", 0.32, deep / 2 - 0.18, turn=0.0)
    else:
        put.on_top(layout, desk, "laptop", 0.0, 0.03, turn=layout.normal(0.1))
    if layout.chance(0.25):
        put.beside(layout, desk, "computer tower", layout.choose((1, -1)), 0.03)
    for category in layout.likely(ON_DESKS):
        put.on_top(layout, desk, category)
    return desk


def _desk_chair(layout: RoomLayout, desk: PlacedModel) -> None:
    """Stand a chair on the ground that the desk keeps free, tucked in as far as it fits."""
    seat = layout.model("chair", lambda m: "office" in m.name) if layout.chance(0.6) else None
    seat = seat or layout.model("chair", lambda m: m.size[0] < 0.68)
    if seat is None:
        return
    layout.zones.remove(next(z for z in layout.zones[::-1] if abs(z.yaw - desk.yaw) < 1e-9))
    for tuck in (0.2, 0.1, 0.0):
        out = desk.footprint.deep / 2 + seat.size[1] / 2 + 0.04 - tuck * layout.uniform(0.5, 1)
        turn = math.pi + layout.normal(0.25)
        if layout.add(put.relative(desk, seat, layout.normal(0.08), out, turn), own=(desk,)):
            return


def cook(layout: RoomLayout) -> None:
    """Line a kitchen's appliances and counters up along walls, with things on the counters."""
    wanted = ["counter", "sink", "stove", "refrigerator"]
    for extra in layout.likely((("dishwasher", 0.5), ("counter", 0.5), ("washer", 0.12), ("counter", 0.3))):
        wanted.insert(layout.integer(0, len(wanted) - 1), extra)
    if layout.chance(0.5):
        wanted.reverse()
    models = [m for name in wanted if (m := _kitchen_unit(layout, name))]
    run: list[PlacedModel] = []
    for wall, low, high in sorted(layout.free_stretches(0.75, 0.95), key=lambda s: s[1] - s[2]):
        at = low
        while models and at < high:
            for model in models:
                piece = put.at_wall(model, wall, at + model.size[0] / 2, 0.015)
                if at + model.size[0] <= high + 0.05 and layout.add(piece, 0.5, apart=0.0):
                    run.append(piece)
                    models.remove(model)
                    at += model.size[0] + 0.004
                    break
            else:
                at += 0.1
    tops = ("counter", "cabinet", "dishwasher", "washer")
    plain = [p for p in run if p.model.surface_height and p.model.category in tops]
    for category in layout.likely(ON_COUNTERS if plain else ()):
        put.on_top(layout, layout.choose(plain), category)
    for stove in [p for p in run if p.model.category == "stove"]:
        for _ in range(layout.integer(0, 2)):
            put.on_top(layout, stove, "pan")
    for piece in plain:
        if layout.chance(0.35):
            put.above(layout, piece, "shelf", 0.45, put.stands_on("wall"))
    if layout.area > 10 and layout.chance(0.25):
        _bar(layout)


def _bar(layout: RoomLayout) -> None:
    """Put a high counter in the open with stools along it."""
    counter = put.in_open(layout, "counter", lambda m: m.size[2] > 0.97, 0.3, layout.choose(TURNS))
    if counter is None:
        return
    stool = layout.model("stool", lambda m: m.size[2] > 0.55)
    count = layout.integer(1, 4)
    if stool is None:
        return
    for i in range(count):
        right = ((i + 0.5) / count - 0.5) * (counter.footprint.wide - 0.1)
        front = -counter.footprint.deep / 2 - stool.size[1] / 2 - 0.03
        layout.add(put.relative(counter, stool, right, front), apart=0.02)


def _kitchen_unit(layout: RoomLayout, name: str) -> FurnitureModel | None:
    """Draw a model for a kitchen's run."""
    if name == "counter":
        return layout.model("counter", lambda m: m.size[2] < 0.97 and m.size[0] < 1.9)
    if name == "sink":
        return layout.model("sink", lambda m: "kitchen" in m.name) or layout.model("sink", lambda m: m.size[0] > 0.5)
    return layout.model(name, put.stands_on("floor"))


def wash(layout: RoomLayout) -> None:
    """Fit a bathroom: toilet, sink with a mirror above, bathtub, towels, sometimes a washer."""

    def basin(model: FurnitureModel) -> bool:
        return "kitchen" not in model.name and model.size[0] < (0.75 if layout.area < 6 else 1.2)

    tub = put.against_wall(layout, "bathtub", 0.3, corner=True) if layout.chance(0.85) else None
    put.against_wall(layout, "toilet", 0.4)
    for _ in range(2 if layout.area > 6.5 and layout.chance(0.35) else 1):
        sink = put.against_wall(layout, "sink", 0.4, basin)
        if sink and layout.chance(0.85):
            put.above(layout, sink, "mirror", 0.15, put.stands_on("wall"))
    if layout.chance(0.4):
        put.against_wall(layout, "washer", 0.4, corner=True)
    for _ in range(layout.integer(1, 3)):
        put.hang(layout, layout.model("towel", put.stands_on("wall")))
    if layout.chance(0.25):
        put.near_wall(layout, "towel", put.stands_on("floor"))
    put.on_some_top(layout, "towel")
    if tub is None or layout.area > 7:
        put.against_wall(layout, "cabinet", 0.35, lambda m: m.size[0] < 0.85)


def rug(layout: RoomLayout, anchor: PlacedModel | None) -> None:
    """Lay a rug before an anchor, or in the middle; furniture may stand on it."""
    model = layout.model("rug")
    if model is None:
        return
    x0, y0, x1, y1 = layout.bounds
    if anchor is None:
        piece = PlacedModel(model, (x0 + x1) / 2, (y0 + y1) / 2, 0.0, facing((0.0, 1.0)))
    else:
        piece = put.relative(anchor, model, 0.0, anchor.footprint.deep / 2 + 0.1 + model.size[1] / 2)
    indoors = all(x0 < x < x1 and y0 < y < y1 for x, y in piece.footprint.corners)
    grown = piece.footprint.grown(0.02)
    if indoors and not any(s.high > 5 and s.footprint.overlaps(grown) for s in layout.solids):
        layout.pieces.append(piece)
