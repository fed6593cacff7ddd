"""Furnish the rooms of a plan as people do: the main group of each room first, then storage, then small things."""

from __future__ import annotations

import numpy as np

from ..scenes.record import Room
from . import furniture_groups as groups
from .floor_plan import FloorPlan, Gap, gap_span
from .placement import against_wall, at_edge, ceiling, in_open, near_wall, on_some_top, on_wall
from .room_layout import Furniture, PlacedModel, Stage


def furnish(plan: FloorPlan, catalogue: Furniture, rng: np.random.Generator) -> dict[str, tuple[PlacedModel, ...]]:
    """Return the pieces of each room by its name; `catalogue` has `.categories` and `.pick(category, rng)`."""
    return {room.name: furnish_room(room, plan.gaps, catalogue, rng) for room in plan.rooms}


def furnish_room(
    room: Room, gaps: tuple[Gap, ...], catalogue: Furniture, rng: np.random.Generator
) -> tuple[PlacedModel, ...]:
    """Furnish one room by its kind."""
    stage = Stage(room, tuple(g for g in gaps if room.name in g.rooms), rng, catalogue)
    stage_by_kind = {
        "living room": living_room,
        "bedroom": bedroom,
        "kitchen": kitchen,
        "bathroom": groups.wash,
        "office": office,
        "dining room": dining_room,
        "laundry room": laundry_room,
    }
    ceiling(stage, "ceiling light")
    _radiators(stage)
    stage_by_kind[room.kind](stage)
    finish(stage)
    return tuple(stage.pieces)


def _storage(stage: Stage, categories: tuple[str, ...], most: int) -> None:
    """Stand up to `most` pieces of storage at walls, and put some things on the low ones."""
    for _ in range(int(stage.rng.integers(0, most + 1))):
        against_wall(stage, stage.choose(categories), 0.45)


def living_room(stage: Stage) -> None:
    """A sofa group; sometimes a dining group, a desk, a fireplace or a piano; shelves."""
    sofa = groups.watch(stage)
    if sofa and stage.chance(0.5):
        groups.rug(stage, sofa)
    if stage.area > 20 and stage.chance(0.5):
        groups.dine(stage)
    if stage.chance(0.15):
        groups.work(stage)
    for category, chance in (("fireplace", 0.15), ("piano", 0.15)):
        if stage.chance(chance):
            against_wall(stage, category, 0.7)
    if stage.area > 17 and stage.chance(0.3):
        against_wall(stage, "sofa", 0.5)
    _storage(stage, ("shelf", "bookshelf", "cabinet", "shelf"), 3)
    if stage.chance(0.3):
        near_wall(stage, "guitar")


def bedroom(stage: Stage) -> None:
    """A bed group (two beds now and then), a closet, storage, sometimes a desk."""
    bed = groups.sleep(stage)
    if stage.area > 12 and stage.chance(0.15):
        groups.sleep(stage)
    if stage.chance(0.75):
        against_wall(stage, "closet", 0.55)
    if stage.chance(0.45):
        groups.work(stage)
    if bed and stage.chance(0.35):
        groups.rug(stage, bed)
    if stage.chance(0.3):
        _hang(stage, "tv") if stage.chance(0.5) else on_some_top(stage, "tv")
    _storage(stage, ("cabinet", "shelf", "bookshelf"), 2)
    if stage.chance(0.3):
        near_wall(stage, stage.choose(("chair", "stool")))


def kitchen(stage: Stage) -> None:
    """A run of appliances, sometimes a table with chairs, stools."""
    groups.cook(stage)
    if stage.area > 8.5 and stage.chance(0.65):
        groups.dine(stage, 4)
    elif stage.chance(0.5):
        for _ in range(int(stage.rng.integers(1, 4))):
            near_wall(stage, "stool")
    _storage(stage, ("cabinet", "shelf"), 1)


def office(stage: Stage) -> None:
    """One to three desks, shelves, whiteboard, printer, sometimes a table with chairs."""
    for _ in range(int(stage.rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))):
        groups.work(stage)
    if stage.chance(0.4):
        on_wall(stage, "whiteboard")
    _storage(stage, ("bookshelf", "shelf", "cabinet"), 4)
    if stage.area > 12 and stage.chance(0.35):
        groups.dine(stage, 8)
    elif stage.chance(0.3):
        against_wall(stage, stage.choose(("sofa", "chair")), 0.5)
    if stage.chance(0.4):
        on_some_top(stage, "printer")


def dining_room(stage: Stage) -> None:
    """A table with many chairs, cabinets, sometimes a second small group."""
    table = groups.dine(stage, 8)
    if table and stage.chance(0.3):
        groups.rug(stage, None)
    _storage(stage, ("cabinet", "shelf", "cabinet", "bookshelf"), 3)
    for category, chance in (("piano", 0.15), ("fireplace", 0.15), ("tv", 0.15)):
        if stage.chance(chance):
            against_wall(stage, category, 0.5)


def laundry_room(stage: Stage) -> None:
    """Washers, a sink, shelves, baskets."""
    for _ in range(int(stage.rng.integers(1, 4))):
        against_wall(stage, "washer", 0.5, corner=stage.chance(0.5))
    if stage.chance(0.7):
        against_wall(stage, "sink", 0.45)
    _storage(stage, ("shelf", "cabinet"), 2)
    for _ in range(int(stage.rng.integers(1, 3))):
        near_wall(stage, "basket")


def _radiators(stage: Stage) -> None:
    """Put radiators under some windows."""
    category = next((c for c in ("heater", "radiator") if c in stage.catalogue.categories), None)
    if category is None:
        return
    for edge in stage.edges:
        for gap in stage.gaps:
            span = gap_span(edge, gap)
            if gap.kind == "window" and span and gap.bottom > 0.7 and stage.chance(0.45):
                low = gap.bottom - 0.1
                model = stage.model(category, lambda m, low=low: m.size[2] < low)
                if model and model.stands == "wall":
                    on_wall(stage, category, 0.12 + model.size[2] / 2, model=model, near=(edge, sum(span) / 2))
                elif model:
                    stage.add(at_edge(model, edge, sum(span) / 2))


SMALL = {  # how many of a thing stand about in a room of a kind: category, kinds (all if empty), most
    "trash bin": ((), 2),
    "plant": ((), 3),
    "lamp": (("living room", "bedroom", "office"), 2),
    "stool": (("living room", "kitchen", "bathroom", "bedroom", "dining room"), 2),
    "backpack": (("bedroom", "office", "living room"), 2),
    "suitcase": (("bedroom", "living room", "laundry room"), 3),
    "basket": (("bathroom", "laundry room", "bedroom", "living room"), 2),
    "box": (("office", "laundry room", "bedroom", "living room"), 3),
    "crate": (("kitchen", "laundry room", "office"), 2),
    "bucket": (("bathroom", "laundry room", "kitchen"), 2),
    "shoes": (("bedroom", "living room"), 3),
    "fan": (("bedroom", "office", "living room"), 1),
    "coat rack": (("bedroom", "office", "living room"), 1),
    "mirror": (("bedroom",), 1),
    "computer tower": (("office",), 1),
}
HUNG = {
    "picture": ((), 4),
    "clock": (("kitchen", "living room", "office", "dining room"), 1),
    "mirror": (("bedroom", "living room"), 1),
    "shelf": (("office", "bedroom", "kitchen", "living room"), 2),
    "whiteboard": (("office",), 1),
    "towel": (("kitchen",), 2),
}
STREWN = {
    "cup": (("living room", "office", "dining room", "kitchen"), 3),
    "plant": (("living room", "bedroom", "office", "kitchen", "dining room"), 2),
    "lamp": (("living room", "bedroom"), 1),
    "telephone": (("living room", "office", "bedroom"), 1),
    "laptop": (("living room", "bedroom", "dining room"), 1),
    "bowl": (("living room", "dining room", "kitchen"), 2),
    "clock": (("bedroom", "living room"), 1),
    "fan": (("bedroom", "office"), 1),
    "printer": (("office",), 1),
    "towel": (("bathroom", "laundry room"), 2),
}


def finish(stage: Stage) -> None:
    """Add the things that hang on walls, stand about and lie on tops, each home with its own habits."""
    for table, put in ((HUNG, _hang), (SMALL, _stand), (STREWN, on_some_top)):
        for category, (kinds, most) in table.items():
            if category in stage.catalogue.categories and (not kinds or stage.room.kind in kinds):
                likely = stage.rng.random() * min(1.0, stage.area / 14)
                for _ in range(int(stage.rng.binomial(most, likely))):
                    put(stage, category)


def _hang(stage: Stage, category: str) -> None:
    if model := stage.model(category, lambda m: m.stands == "wall"):
        on_wall(stage, category, model=model)


def _stand(stage: Stage, category: str) -> None:
    def fits(model):
        return model.stands == "floor"

    if category == "stool" and stage.chance(0.4):
        in_open(stage, category, fits, 0.1)
    else:
        near_wall(stage, category, fits)
