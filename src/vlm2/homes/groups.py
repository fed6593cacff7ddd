"""Groups of furniture that belong together: a bed with its nightstands, a table with its chairs, a sofa with its tv."""

from __future__ import annotations

import math

from .place import above, against_wall, at_edge, beside, edge_behind, on_top, on_wall, relative, zone_before
from .stage import Footprint, Piece, Stage, facing


def sleep(stage: Stage) -> Piece | None:
    """Put a bed with its head at a wall, nightstands with lamps beside it, pillows on it."""
    bed = against_wall(stage, "bed", zone=0.45)
    if bed is None:
        return None
    sides = [1, -1] if bed.model.size[0] > 1.2 or stage.chance(0.3) else [stage.choose((1, -1))]
    stands = [s for side in sides if stage.chance(0.85) and (s := beside(stage, bed, "nightstand", side, 0.06))]
    for stand in stands:
        if stage.chance(0.75):
            on_top(stage, stand, "lamp", right=0.0, front=-0.04)
    if bed.model.surface_height:
        double = bed.model.size[0] > 1.2
        for side in (-1, 1) if double else (0,):
            if stage.chance(0.9):
                right, front = side * bed.model.size[0] / 4, -bed.model.size[1] / 2 + 0.32
                on_top(stage, bed, "pillow", right, front, turn=float(stage.rng.normal(0, 0.08)))
        for _ in range(int(stage.rng.integers(0, 3))):
            side = float(stage.rng.uniform(-0.3, 0.3)) * bed.model.size[0]
            on_top(stage, bed, "pillow", side, -bed.model.size[1] / 2 + 0.72, turn=float(stage.rng.normal(0, 0.3)))
    if stage.chance(0.5):
        above(stage, bed, "picture", 0.3)
    return bed


def watch(stage: Stage) -> Piece | None:
    """Put a sofa, a tv across from it, a low table between, seats beside, lamps and pillows."""
    sofa = None
    for _ in range(3):
        sofa = sofa or against_wall(stage, "sofa", zone=0.5)
    if sofa is None:
        return None
    across = _wall_before(stage, sofa)
    if across is not None:
        edge, distance, reach = across
        _television(stage, edge, distance, reach)
    low = stage.model("table", lambda m: m.size[2] < 0.56 and m.size[0] < 1.4)
    if low and stage.chance(0.85):
        for apart in (0.4, 0.34, 0.5):
            front = sofa.footprint.deep / 2 + apart + low.size[1] / 2
            table = relative(stage, sofa, low, float(stage.rng.normal(0, 0.08)), front)
            if _place_in_zone(stage, table, sofa):
                for category in stage.rng.permutation(["book", "cup", "plant", "bowl", "laptop"])[: int(stage.rng.integers(0, 4))]:
                    on_top(stage, table, str(category))
                break
    for side in (-1, 1):
        kind = str(stage.rng.choice(["", "armchair", "lamp", "table", "plant"], p=[0.25, 0.3, 0.2, 0.15, 0.1]))
        if kind == "armchair":
            _armchair(stage, sofa, side)
        elif kind:
            beside(stage, sofa, kind, side, 0.08, lambda m: m.size[0] < 0.65 and m.stands == "floor")
    if sofa.model.surface_height:
        for i in range(int(stage.rng.integers(0, 5))):
            right = (-1) ** i * (sofa.model.size[0] / 2 - 0.32 - 0.4 * (i // 2))
            on_top(stage, sofa, "pillow", right, 0.02, turn=float(stage.rng.normal(0, 0.2)))
    if stage.chance(0.5):
        above(stage, sofa, "picture", 0.3)
    return sofa


def _place_in_zone(stage: Stage, piece: Piece, owner: Piece) -> bool:
    """Put a piece on ground that its owner kept free (the sofa's low table)."""
    own = [z for z in stage.zones if z.overlaps(piece.footprint) and abs(z.yaw - owner.yaw) < 1e-9]
    stage.zones = [z for z in stage.zones if z not in own]
    done = stage.add(piece, apart=0.02)
    if done is None:
        stage.zones += own
    return done is not None


def _wall_before(stage: Stage, sofa: Piece):
    """Return the wall that a sofa looks at: (edge, place along it, metres from the sofa's front), if within a room's reach."""
    f = sofa.footprint
    best = None
    for edge in stage.edges:
        if edge.inward[0] * sofa.front[0] + edge.inward[1] * sofa.front[1] < -0.99:
            distance, offset = edge.project((f.x, f.y))
            reach = offset - f.deep / 2
            if 0.3 < distance < edge.length - 0.3 and 1.3 < reach < 5.5 and (best is None or reach < best[2]):
                best = (edge, distance, reach)
    return best


def _television(stage: Stage, edge, distance: float, reach: float) -> None:
    stand = None
    if reach > 1.7 and stage.chance(0.85):
        for category in ("tv stand", "cabinet", "shelf"):
            model = stage.model(category, lambda m: m.stands == "floor" and m.size[2] < 0.8 and m.size[0] > 0.7 and bool(m.surface_height))
            for shift in (0.0, 0.3, -0.3, 0.6, -0.6):
                if model and stand is None:
                    piece = at_edge(model, edge, distance + shift)
                    stand = stage.add(piece, zone_before(piece, 0.4))
    if stand and on_top(stage, stand, "tv", right=0.0, front=0.0, turn=0.0):
        return
    near = edge.project((stand.x, stand.y))[0] if stand else distance
    for shift in (0.0, 0.25, -0.25, 0.5, -0.5):
        model = stage.model("tv", lambda m: m.stands == "wall")
        if model and on_wall(stage, "tv", max(1.25, 0.7 + model.size[2] / 2), model=model, near=(edge, near + shift)):
            return


def _armchair(stage: Stage, sofa: Piece, side: int) -> None:
    """Stand an armchair (or chair) before a sofa's end, looking across its front."""
    model = stage.model("armchair") or stage.model("chair", lambda m: m.size[0] > 0.55)
    if model is None:
        return
    right = side * (sofa.footprint.wide / 2 + model.size[1] / 2 + float(stage.rng.uniform(0.1, 0.35)))
    front = sofa.footprint.deep / 2 + model.size[0] / 2 + float(stage.rng.uniform(0.1, 0.5))
    turn = side * (math.pi / 2) + float(stage.rng.normal(0, 0.15))
    stage.add(relative(stage, sofa, model, right, front, turn), apart=0.03)


def dine(stage: Stage, most: int = 6) -> Piece | None:
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
        candidates.append(Piece(table_model, float(x0 + x * (x1 - x0)), float(y0 + y * (y1 - y0)), 0.0, yaw))
    for table in candidates:
        around = table.footprint.grown(0.45)
        walled = edge_behind(stage, table) is not None and at_wall
        blocked = any(s.low < 1.2 and around.overlaps(s.footprint) for s in stage.solids)
        if (blocked and not walled) or not stage.add(table, apart=0.03):
            continue
        if chair:
            _chairs(stage, table, chair, int(stage.rng.integers(2, most + 1)), walled)
        for category in stage.rng.permutation(["bowl", "cup", "plant", "cup", "bowl", "book", "laptop"])[: int(stage.rng.integers(0, 5))]:
            on_top(stage, table, str(category))
        return table
    return None


def _chairs(stage: Stage, table: Piece, chair, wanted: int, walled: bool) -> None:
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


def work(stage: Stage) -> Piece | None:
    """Put a desk at a wall with a chair at it, and a computer or papers on it."""
    desk = against_wall(stage, "desk", zone=0.75)
    if desk is None:
        return None
    seat = stage.model("chair")
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
    for category, chance in (("lamp", 0.4), ("telephone", 0.35), ("book", 0.4), ("cup", 0.4), ("printer", 0.2), ("plant", 0.15)):
        if stage.chance(chance):
            on_top(stage, desk, category)
    return desk


def cook(stage: Stage) -> list[Piece]:
    """Line a kitchen's appliances and counters up along a wall (and round its corner), with things on the counters."""
    wanted = ["counter", "sink", "counter", "stove", "counter", "refrigerator"]
    if stage.chance(0.45):
        wanted.insert(int(stage.rng.integers(0, 5)), "dishwasher")
    if stage.chance(0.3):
        wanted.insert(int(stage.rng.integers(0, 5)), "counter")
    if stage.chance(0.2):
        wanted.remove("counter")
    if stage.chance(0.5):
        wanted.reverse()
    run: list[Piece] = []
    order = sorted(range(len(stage.edges)), key=lambda i: -stage.edges[i].length * float(stage.rng.uniform(0.7, 1.3)))
    first = order[0]
    models = [m for name in wanted if (m := _fitment(stage, name))]
    for index in [(first + k) % len(stage.edges) for k in range(len(stage.edges))]:
        edge, at = stage.edges[index], 0.05
        while models and at + models[0].size[0] <= edge.length - 0.02:
            piece = at_edge(models[0], edge, at + models[0].size[0] / 2, 0.015)
            if stage.add(piece, zone_before(piece, 0.6), apart=0.0):
                run.append(piece)
                at += models.pop(0).size[0] + 0.004
            else:
                at += 0.1
        if not models:
            break
    tops = [p for p in run if p.model.surface_height and 0.7 < p.model.surface_height < 1.1]
    for category, chance in (("microwave", 0.75), ("kettle", 0.7), ("bowl", 0.6), ("cup", 0.7), ("cup", 0.4), ("bottle", 0.4), ("plant", 0.2)):
        plain = [p for p in tops if p.model.category not in ("stove", "sink")]
        if plain and stage.chance(chance):
            on_top(stage, stage.choose(plain), category)
    for stove in [p for p in tops if p.model.category == "stove"]:
        if stage.chance(0.6):
            on_top(stage, stove, "pan")
    for piece in tops:
        if stage.chance(0.5):
            above(stage, piece, "cabinet", 0.45, lambda m: m.stands == "wall")
    return run


def _fitment(stage: Stage, name: str):
    if name == "counter" and "counter" not in stage.catalogue.categories:
        return stage.model("cabinet", lambda m: m.stands == "floor" and 0.75 < m.size[2] < 1.05 and m.size[1] < 0.75)
    if name == "sink":
        return stage.model("sink", lambda m: m.stands == "floor")
    return stage.model(name, lambda m: m.stands == "floor")


def wash(stage: Stage) -> None:
    """Fit a bathroom: toilet, sink with a mirror above, bathtub, towels, sometimes a washer."""
    tub = against_wall(stage, "bathtub", 0.4, corner=True) if stage.chance(0.8) else None
    toilet = against_wall(stage, "toilet", 0.45)
    for _ in range(2 if stage.area > 6.5 and stage.chance(0.4) else 1):
        sink = against_wall(stage, "sink", 0.45)
        if sink:
            above(stage, sink, "mirror", 0.2)
            if sink.model.stands == "floor" and stage.chance(0.3):
                on_top(stage, sink, "cup")
    if stage.chance(0.35):
        against_wall(stage, "washer", 0.45, corner=True)
    for _ in range(int(stage.rng.integers(1, 4))):
        on_wall(stage, "towel")
    if tub is None and toilet and stage.chance(0.5):
        against_wall(stage, "cabinet", 0.35, lambda m: m.size[0] < 0.8)


def rug(stage: Stage, anchor: Piece | None) -> None:
    """Lay a rug before an anchor, or in the middle; furniture may stand on it."""
    model = stage.model("rug")
    if model is None:
        return
    x0, y0, x1, y1 = stage.bounds
    if anchor is None:
        piece = Piece(model, (x0 + x1) / 2, (y0 + y1) / 2, 0.0, facing((0.0, 1.0)))
    else:
        x, y = anchor.footprint.at(0.0, anchor.footprint.deep / 2 + 0.1 + model.size[1] / 2)
        piece = Piece(model, x, y, 0.0, anchor.yaw)
    inside = all(x0 < x < x1 and y0 < y < y1 for x, y in piece.footprint.corners)
    shrunk: Footprint = piece.footprint.grown(0.02)
    if inside and not any(s.high > 5 and s.footprint.overlaps(shrunk) for s in stage.solids):
        stage.pieces.append(piece)
