"""Groups of furniture that belong together: a bed with its nightstands, a table with its chairs, a sofa with its tv."""

from __future__ import annotations

import math

import numpy as np

from .placement import (
    above,
    against_wall,
    at_edge,
    beside,
    edge_behind,
    in_open,
    near_wall,
    on_soft,
    on_some_top,
    on_top,
    on_wall,
    relative,
    zone_before,
)
from .room_layout import Footprint, PlacedModel, Stage, facing


def sleep(stage: Stage) -> PlacedModel | None:
    """Put a bed with its head at a wall, nightstands with lamps beside it, pillows on it."""
    bed = against_wall(stage, "bed", zone=0.45)
    if bed is None:
        return None
    sides = [1, -1] if bed.model.size[0] > 1.2 or stage.chance(0.3) else [stage.choose((1, -1))]
    stands = [s for side in sides if stage.chance(0.85) and (s := beside(stage, bed, "nightstand", side, 0.06))]
    for stand in stands:
        if stage.chance(0.75):
            on_top(stage, stand, "lamp", right=0.0, front=-0.04)
    wide, deep = bed.model.size[:2]
    head = -deep / 2 + 0.3
    for side in (-1, 1) if wide > 1.2 else (0,):
        if stage.chance(0.92):
            on_soft(stage, bed, "pillow", side * wide / 4, head, float(stage.rng.normal(0, 0.06)))
    for _ in range(int(stage.rng.choice([0, 1, 2, 3], p=[0.45, 0.25, 0.2, 0.1]))):
        right = float(stage.rng.uniform(-0.32, 0.32)) * wide
        on_soft(
            stage, bed, "pillow", right, head + float(stage.rng.uniform(0.35, 0.7)), float(stage.rng.normal(0, 0.4))
        )
    if stage.chance(0.3):
        on_soft(
            stage,
            bed,
            "blanket",
            float(stage.rng.uniform(-0.2, 0.2)) * wide,
            0.25 * deep,
            float(stage.rng.normal(0, 0.2)),
        )
    if stage.chance(0.5):
        above(stage, bed, "picture", 0.3)
    return bed


def watch(stage: Stage) -> PlacedModel | None:
    """Put a sofa, a tv across from it, a low table between, seats beside, lamps and pillows."""
    sofa = (
        _sofa_with_tv(stage)
        or against_wall(stage, "sofa", 0.5)
        or against_wall(stage, "sofa", 0.4, lambda m: m.size[0] < 2.2)
    )
    if sofa is None:
        return None
    _low_table(stage, sofa)
    for side in (-1, 1):
        kind = str(stage.rng.choice(["", "armchair", "lamp", "table", "plant"], p=[0.25, 0.3, 0.2, 0.15, 0.1]))
        if kind == "armchair":
            _armchair(stage, sofa, side)
        elif kind:
            side_piece = beside(stage, sofa, kind, side, 0.08, lambda m: m.size[0] < 0.65 and m.stands == "floor")
            if side_piece and kind == "table" and stage.chance(0.6):
                on_top(stage, side_piece, "lamp", 0.0, 0.0)
    cushions(stage, sofa)
    if stage.chance(0.5):
        above(stage, sofa, "picture", 0.3)
    return sofa


def cushions(stage: Stage, sofa: PlacedModel) -> None:
    """Lay up to four pillows and sometimes a blanket on a sofa's seat."""
    places = np.linspace(-1, 1, 4) * (sofa.model.size[0] / 2 - 0.5)
    for i in stage.rng.permutation(4)[: int(stage.rng.integers(0, 5))]:
        on_soft(stage, sofa, "pillow", float(places[i]), -0.1, float(stage.rng.normal(0, 0.25)))
    if stage.chance(0.2):
        on_soft(stage, sofa, "blanket", float(stage.choose(places)), -0.05, float(stage.rng.normal(0, 0.2)))


def _sofa_with_tv(stage: Stage) -> PlacedModel | None:
    """Put a sofa and a tv at walls across from each other, where both fit."""
    for _ in range(2):
        model = stage.model("sofa")
        if model is None:
            return None
        for edge, distance in stage.wall_spots(model.size[0]):
            sofa = at_edge(model, edge, distance)
            zone = zone_before(sofa, 0.5)
            across = _wall_before(stage, sofa)
            if across is None or not stage.fits(sofa, zone, 0.02):
                continue
            if stage.add(sofa, zone, 0.02):
                if _television(stage, *across):
                    return sofa
                stage.take_back(sofa, zone)
    return None


def _low_table(stage: Stage, sofa: PlacedModel) -> None:
    low = stage.model("table", lambda m: m.size[2] < 0.56 and m.size[0] < 1.4)
    if low is None or stage.chance(0.15):
        return
    for apart in (0.4, 0.34, 0.5):
        front = sofa.footprint.deep / 2 + apart + low.size[1] / 2
        table = relative(stage, sofa, low, float(stage.rng.normal(0, 0.08)), front)
        if _place_in_zone(stage, table, sofa):
            for category in stage.rng.permutation(["cup", "plant", "bowl", "laptop", "cup"])[
                : int(stage.rng.integers(0, 4))
            ]:
                on_top(stage, table, str(category))
            return


def _place_in_zone(stage: Stage, piece: PlacedModel, owner: PlacedModel) -> bool:
    """Put a piece on ground that its owner kept free (the sofa's low table)."""
    own = [z for z in stage.zones if z.overlaps(piece.footprint) and abs(z.yaw - owner.yaw) < 1e-9]
    stage.zones = [z for z in stage.zones if z not in own]
    done = stage.add(piece, apart=0.02)
    if done is None:
        stage.zones += own
    return done is not None


def _wall_before(stage: Stage, sofa: PlacedModel):
    """Return the wall that a sofa looks at: (edge, place along it, metres from the sofa's front), if near enough."""
    f = sofa.footprint
    best = None
    for edge in stage.edges:
        if edge.inward[0] * sofa.front[0] + edge.inward[1] * sofa.front[1] < -0.99:
            distance, offset = edge.project((f.x, f.y))
            reach = offset - f.deep / 2
            if 0.3 < distance < edge.length - 0.3 and 1.3 < reach < 5.5 and (best is None or reach < best[2]):
                best = (edge, distance, reach)
    return best


def _television(stage: Stage, edge, distance: float, reach: float) -> PlacedModel | None:
    """Put a tv at a wall, on a stand or hanging, near a place along it; None where nothing fits."""
    shifts = (0.0, 0.25, -0.25, 0.5, -0.5)
    stand = None
    if reach > 1.8 and stage.chance(0.85):
        category = "tv stand" if stage.chance(0.75) else "cabinet"
        model = stage.model(category, lambda m: m.size[2] < 0.8 and m.size[0] > 0.7 and bool(m.surface_height))
        for shift in shifts:
            piece = at_edge(model, edge, distance + shift) if model else None
            if piece and (stand := stage.add(piece, zone_before(piece, 0.35))):
                break
    if stand and stage.chance(0.75) and (tv := on_top(stage, stand, "tv", 0.0, 0.0, 0.0, lambda m: m.stands == "top")):
        return tv
    near = edge.project((stand.x, stand.y))[0] if stand else distance
    model = stage.model("tv", lambda m: m.stands == "wall")
    for shift in shifts:
        if model is None:
            break
        height = max(1.25, 0.7 + model.size[2] / 2)
        if tv := on_wall(stage, "tv", height, model=model, near=(edge, near + shift)):
            return tv
    return on_top(stage, stand, "tv", 0.0, 0.0, 0.0, lambda m: m.stands == "top") if stand else None


def _armchair(stage: Stage, sofa: PlacedModel, side: int) -> None:
    """Stand an armchair (or chair) before a sofa's end, looking across its front."""
    model = stage.model("chair", lambda m: m.size[0] > 0.6)
    if model is None:
        return
    right = side * (sofa.footprint.wide / 2 + model.size[1] / 2 + float(stage.rng.uniform(0.1, 0.35)))
    front = sofa.footprint.deep / 2 + model.size[0] / 2 + float(stage.rng.uniform(0.1, 0.5))
    turn = side * (math.pi / 2) + float(stage.rng.normal(0, 0.15))
    stage.add(relative(stage, sofa, model, right, front, turn), apart=0.03)


def dine(stage: Stage, most: int = 6) -> PlacedModel | None:
    """Put a dining table in the open or at a wall, with chairs tucked in around it and things on it."""
    table_model = stage.model("table", lambda m: 0.66 < m.size[2] < 0.85 and m.stands == "floor" and m.size[0] < 2.3)
    chair = stage.model("chair", lambda m: m.size[0] < 0.66 and m.size[1] < 0.72)
    if table_model is None:
        return None
    x0, y0, x1, y1 = stage.bounds
    at_wall = stage.room.kind == "kitchen" or stage.chance(0.2)
    candidates = []
    if at_wall:
        for edge, distance in stage.wall_spots(table_model.size[0]):
            candidates.append(at_edge(table_model, edge, distance))
    for _ in range(40):
        yaw = stage.choose((0.0, math.pi / 2))
        x, y = stage.rng.uniform(0.3, 0.7, 2)
        candidates.append(PlacedModel(table_model, float(x0 + x * (x1 - x0)), float(y0 + y * (y1 - y0)), 0.0, yaw))
    for table in candidates:
        around = table.footprint.grown(0.45)
        walled = edge_behind(stage, table) is not None and at_wall
        blocked = any(s.low < 1.2 and around.overlaps(s.footprint) for s in stage.solids)
        if (blocked and not walled) or not stage.add(table, apart=0.03):
            continue
        if chair:
            _chairs(stage, table, chair, int(stage.rng.integers(2, most + 1)), walled)
        for category in stage.rng.permutation(["bowl", "cup", "plant", "cup", "bowl", "laptop", "cup"])[
            : int(stage.rng.integers(0, 5))
        ]:
            on_top(stage, table, str(category))
        return table
    return None


def _chairs(stage: Stage, table: PlacedModel, chair, wanted: int, walled: bool) -> None:
    """Tuck equal chairs in around a table, spread over its sides."""
    wide, deep = table.footprint.wide, table.footprint.deep
    per_side = max(1, int((wide - 0.1) / (chair.size[0] + 0.08)))
    seats = []
    for i in range(per_side):
        right = (i + 0.5) / per_side * (wide - 0.1) - (wide - 0.1) / 2
        seats += [(right, 1, "long"), (right, -1, "long")]
    if deep > chair.size[0] + 0.05:
        seats += [(0.0, 1, "short"), (0.0, -1, "short")]
    seats = [s for s in seats if not (walled and s[1:] == (-1, "long"))]
    own = [table]
    for i in stage.rng.permutation(len(seats)):
        if len(own) > wanted:
            return
        along, sign, side = seats[i]
        tuck = float(stage.rng.uniform(0.02, 0.2)) * (stage.rng.random() < 0.85)
        out = (deep if side == "long" else wide) / 2 + chair.size[1] / 2 - tuck + 0.02
        turn = float(stage.rng.normal(0, 0.06))
        if side == "long":
            piece = relative(stage, table, chair, along, sign * out, (math.pi if sign > 0 else 0.0) + turn)
        else:
            piece = relative(stage, table, chair, sign * out, along, sign * math.pi / 2 + turn)
        others = [p.footprint for p in own[1:]]
        if not any(piece.footprint.overlaps(o) for o in others) and (done := stage.add(piece, own=(table,))):
            own.append(done)


def work(stage: Stage) -> PlacedModel | None:
    """Put a desk at a wall with a chair at it, and a computer or papers on it."""
    desk = against_wall(stage, "desk", zone=0.75)
    if desk is None:
        return None
    seat = stage.model("chair", lambda m: "office" in m.name) if stage.chance(0.6) else None
    seat = seat or stage.model("chair", lambda m: m.size[0] < 0.68)
    if seat:
        zone = next(z for z in stage.zones[::-1] if abs(z.yaw - desk.yaw) < 1e-9)
        stage.zones.remove(zone)
        for tuck in (0.2, 0.1, 0.0):
            out = desk.footprint.deep / 2 + seat.size[1] / 2 + 0.04 - tuck * float(stage.rng.uniform(0.5, 1))
            turn = math.pi + float(stage.rng.normal(0, 0.25))
            right = float(stage.rng.normal(0, 0.08))
            if stage.add(relative(stage, desk, seat, right, out, turn), own=(desk,)):
                break
    deep = desk.footprint.deep
    if stage.chance(0.25):
        on_top(stage, desk, "printer", right=stage.choose((-1.0, 1.0)) * desk.footprint.wide / 2)
    # Things on a desk look at the one who sits before it: its front is the side of the chair.
    if stage.chance(0.75):
        screens = 2 if desk.footprint.wide > 1.3 and stage.chance(0.35) else 1
        for i in range(screens):
            right = 0.0 if screens == 1 else (i - 0.5) * 0.62
            on_top(stage, desk, "monitor", right, -deep / 2 + 0.15, turn=(0.15 - 0.3 * i) if screens == 2 else 0.0)
        on_top(stage, desk, "keyboard", 0.0, deep / 2 - 0.18, turn=0.0)
        on_top(stage, desk, "computer mouse", 0.32, deep / 2 - 0.18, turn=0.0)
    else:
        on_top(stage, desk, "laptop", 0.0, 0.03, turn=float(stage.rng.normal(0, 0.1)))
    if stage.chance(0.25):
        beside(stage, desk, "computer tower", stage.choose((1, -1)), 0.03)
    for category, chance in (
        ("lamp", 0.4),
        ("telephone", 0.35),
        ("cup", 0.4),
        ("plant", 0.2),
        ("clock", 0.1),
    ):
        if stage.chance(chance):
            on_top(stage, desk, category)
    return desk


def cook(stage: Stage) -> list[PlacedModel]:
    """Line a kitchen's appliances and counters up along a wall (and the next), with things on the counters."""
    wanted = ["counter", "sink", "stove", "refrigerator"]
    for extra, chance in (("dishwasher", 0.5), ("counter", 0.5), ("washer", 0.12), ("counter", 0.3)):
        if stage.chance(chance):
            wanted.insert(int(stage.rng.integers(0, len(wanted))), extra)
    if stage.chance(0.5):
        wanted.reverse()
    models = [m for name in wanted if (m := _fitment(stage, name))]
    run: list[PlacedModel] = []
    for edge, low, high in sorted(stage.free_stretches(0.75, 0.95), key=lambda s: s[1] - s[2]):
        at = low
        while models and at < high:
            for model in models:
                piece = at_edge(model, edge, at + model.size[0] / 2, 0.015)
                if at + model.size[0] <= high + 0.05 and stage.add(piece, zone_before(piece, 0.5), apart=0.0):
                    run.append(piece)
                    models.remove(model)
                    at += model.size[0] + 0.004
                    break
            else:
                at += 0.1
    plain = [
        p for p in run if p.model.surface_height and p.model.category in ("counter", "cabinet", "dishwasher", "washer")
    ]
    for category, chance in (
        ("microwave", 0.7),
        ("kettle", 0.7),
        ("bowl", 0.6),
        ("cup", 0.7),
        ("cup", 0.4),
        ("bowl", 0.3),
    ):
        if plain and stage.chance(chance):
            on_top(stage, stage.choose(plain), category)
    for stove in [p for p in run if p.model.category == "stove"]:
        for _ in range(int(stage.rng.integers(0, 3))):
            on_top(stage, stove, "pan")
    for piece in plain:
        if stage.chance(0.35):
            above(stage, piece, "shelf", 0.45, lambda m: m.stands == "wall")
    if stage.area > 10 and stage.chance(0.25):
        bar(stage)
    return run


def bar(stage: Stage) -> None:
    """Put a high counter in the open with stools along it."""
    counter = in_open(stage, "counter", lambda m: m.size[2] > 0.97, 0.3, stage.choose((0.0, math.pi / 2)))
    if counter is None:
        return
    stool = stage.model("stool", lambda m: m.size[2] > 0.55)
    count = int(stage.rng.integers(1, 5))
    if stool is None:
        return
    for i in range(count):
        right = ((i + 0.5) / count - 0.5) * (counter.footprint.wide - 0.1)
        front = -counter.footprint.deep / 2 - stool.size[1] / 2 - 0.03
        stage.add(relative(stage, counter, stool, right, front), apart=0.02)


def _fitment(stage: Stage, name: str):
    """Draw a model for a kitchen's run."""
    if name == "counter":
        return stage.model("counter", lambda m: m.size[2] < 0.97 and m.size[0] < 1.9)
    if name == "sink":
        return stage.model("sink", lambda m: "kitchen" in m.name) or stage.model("sink", lambda m: m.size[0] > 0.5)
    return stage.model(name, lambda m: m.stands == "floor")


def wash(stage: Stage) -> None:
    """Fit a bathroom: toilet, sink with a mirror above, bathtub, towels, sometimes a washer."""

    def basin(model):
        return "kitchen" not in model.name and model.size[0] < (0.75 if stage.area < 6 else 1.2)

    tub = against_wall(stage, "bathtub", 0.3, corner=True) if stage.chance(0.85) else None
    against_wall(stage, "toilet", 0.4)
    for _ in range(2 if stage.area > 6.5 and stage.chance(0.35) else 1):
        sink = against_wall(stage, "sink", 0.4, basin)
        if sink and stage.chance(0.85):
            above(stage, sink, "mirror", 0.15, lambda m: m.stands == "wall")
    if stage.chance(0.4):
        against_wall(stage, "washer", 0.4, corner=True)
    for _ in range(int(stage.rng.integers(1, 4))):
        on_wall(stage, "towel", fits=lambda m: m.stands == "wall")
    if stage.chance(0.25):
        near_wall(stage, "towel", lambda m: m.stands == "floor")
    on_some_top(stage, "towel")
    if tub is None or stage.area > 7:
        against_wall(stage, "cabinet", 0.35, lambda m: m.size[0] < 0.85)


def rug(stage: Stage, anchor: PlacedModel | None) -> None:
    """Lay a rug before an anchor, or in the middle; furniture may stand on it."""
    model = stage.model("rug")
    if model is None:
        return
    x0, y0, x1, y1 = stage.bounds
    if anchor is None:
        piece = PlacedModel(model, (x0 + x1) / 2, (y0 + y1) / 2, 0.0, facing((0.0, 1.0)))
    else:
        x, y = anchor.footprint.at(0.0, anchor.footprint.deep / 2 + 0.1 + model.size[1] / 2)
        piece = PlacedModel(model, x, y, 0.0, anchor.yaw)
    inside = all(x0 < x < x1 and y0 < y < y1 for x, y in piece.footprint.corners)
    shrunk: Footprint = piece.footprint.grown(0.02)
    if inside and not any(s.high > 5 and s.footprint.overlaps(shrunk) for s in stage.solids):
        stage.pieces.append(piece)
