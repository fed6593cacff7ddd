"""Furnish the rooms of a plan as people do: the main group of each room first, then storage, then small things."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..scenes.record import Room
from . import furniture_groups as groups
from .floor_plan import WallOpening
from .furniture.catalogue import Catalogue
from .placement import against_wall, at_wall, ceiling, hang, in_open, near_wall, on_some_top, on_wall, stands_on
from .room_layout import PlacedModel, RoomLayout


def furnish(
    room: Room, openings: tuple[WallOpening, ...], catalogue: Catalogue, rng: np.random.Generator
) -> list[PlacedModel]:
    """Furnish a room by its kind. `openings` are those of the whole plan."""
    layout = RoomLayout(room, tuple(o for o in openings if room.name in o.rooms), rng, catalogue)
    ceiling(layout, "ceiling light")
    _radiators(layout)
    FURNISH[room.kind](layout)
    _finish(layout)
    return layout.pieces


def _storage(layout: RoomLayout, categories: tuple[str, ...], most: int) -> None:
    """Stand up to `most` pieces of storage at walls."""
    for _ in range(layout.integer(0, most)):
        against_wall(layout, layout.choose(categories), 0.45)


def living_room(layout: RoomLayout) -> None:
    """A sofa group; sometimes a dining group, a desk, a fireplace or a piano; shelves."""
    sofa = groups.watch(layout)
    if sofa and layout.chance(0.5):
        groups.rug(layout, sofa)
    if layout.area > 20 and layout.chance(0.5):
        groups.dine(layout)
    if layout.chance(0.15):
        groups.work(layout)
    for category in layout.likely((("fireplace", 0.15), ("piano", 0.15))):
        against_wall(layout, category, 0.7)
    if layout.area > 17 and layout.chance(0.3):
        against_wall(layout, "sofa", 0.5)
    _storage(layout, ("shelf", "bookshelf", "cabinet", "shelf"), 3)
    if layout.chance(0.3):
        near_wall(layout, "guitar")


def bedroom(layout: RoomLayout) -> None:
    """A bed group (two beds now and then), a closet, storage, sometimes a desk."""
    bed = groups.sleep(layout)
    if layout.area > 12 and layout.chance(0.15):
        groups.sleep(layout)
    if layout.chance(0.75):
        against_wall(layout, "closet", 0.55)
    if layout.chance(0.45):
        groups.work(layout)
    if bed and layout.chance(0.35):
        groups.rug(layout, bed)
    if layout.chance(0.3):
        _hang(layout, "tv") if layout.chance(0.5) else on_some_top(layout, "tv")
    _storage(layout, ("cabinet", "shelf", "bookshelf"), 2)
    if layout.chance(0.3):
        near_wall(layout, layout.choose(("chair", "stool")))


def kitchen(layout: RoomLayout) -> None:
    """A run of appliances, sometimes a table with chairs, stools."""
    groups.cook(layout)
    if layout.area > 8.5 and layout.chance(0.65):
        groups.dine(layout, 4)
    elif layout.chance(0.5):
        for _ in range(layout.integer(1, 3)):
            near_wall(layout, "stool")
    _storage(layout, ("cabinet", "shelf"), 1)


def office(layout: RoomLayout) -> None:
    """One to three desks, shelves, whiteboard, printer, sometimes a table with chairs."""
    for _ in range(int(layout.rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))):
        groups.work(layout)
    if layout.chance(0.4):
        on_wall(layout, "whiteboard")
    _storage(layout, ("bookshelf", "shelf", "cabinet"), 4)
    if layout.area > 12 and layout.chance(0.35):
        groups.dine(layout, 8)
    elif layout.chance(0.3):
        against_wall(layout, layout.choose(("sofa", "chair")), 0.5)
    if layout.chance(0.4):
        on_some_top(layout, "printer")


def dining_room(layout: RoomLayout) -> None:
    """A table with many chairs, cabinets, sometimes a piano, a fireplace or a tv."""
    table = groups.dine(layout, 8)
    if table and layout.chance(0.3):
        groups.rug(layout, None)
    _storage(layout, ("cabinet", "shelf", "cabinet", "bookshelf"), 3)
    for category in layout.likely((("piano", 0.15), ("fireplace", 0.15), ("tv", 0.15))):
        against_wall(layout, category, 0.5)


def laundry_room(layout: RoomLayout) -> None:
    """Washers, a sink, shelves, baskets."""
    for _ in range(layout.integer(1, 3)):
        against_wall(layout, "washer", 0.5, corner=layout.chance(0.5))
    if layout.chance(0.7):
        against_wall(layout, "sink", 0.45)
    _storage(layout, ("shelf", "cabinet"), 2)
    for _ in range(layout.integer(1, 2)):
        near_wall(layout, "basket")


FURNISH: dict[str, Callable[[RoomLayout], None]] = {
    "living room": living_room,
    "bedroom": bedroom,
    "kitchen": kitchen,
    "bathroom": groups.wash,
    "office": office,
    "dining room": dining_room,
    "laundry room": laundry_room,
}


def _radiators(layout: RoomLayout) -> None:
    """Put radiators under some windows."""
    for wall in layout.walls:
        for opening in layout.openings:
            span = wall.span(opening)
            if opening.kind == "window" and span and opening.bottom > 0.7 and layout.chance(0.45):
                low = opening.bottom - 0.1
                model = layout.model("radiator", lambda m, low=low: m.size[2] < low)
                if model:
                    layout.add(at_wall(model, wall, sum(span) / 2))


# For each category: the kinds of rooms that may have it (all if empty), and the greatest number in a room.
SMALL: dict[str, tuple[tuple[str, ...], int]] = {
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
HUNG: dict[str, tuple[tuple[str, ...], int]] = {
    "picture": ((), 4),
    "clock": (("kitchen", "living room", "office", "dining room"), 1),
    "mirror": (("bedroom", "living room"), 1),
    "shelf": (("office", "bedroom", "kitchen", "living room"), 2),
    "whiteboard": (("office",), 1),
    "towel": (("kitchen",), 2),
}
STREWN: dict[str, tuple[tuple[str, ...], int]] = {
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


def _finish(layout: RoomLayout) -> None:
    """Add the things that hang on walls, stand about and lie on tops. How many is drawn for each room and category."""
    for table, put in ((HUNG, _hang), (SMALL, _stand), (STREWN, on_some_top)):
        for category, (kinds, most) in table.items():
            if not kinds or layout.room.kind in kinds:
                likely = layout.rng.random() * min(1.0, layout.area / 14)
                for _ in range(int(layout.rng.binomial(most, likely))):
                    put(layout, category)


def _hang(layout: RoomLayout, category: str) -> None:
    hang(layout, layout.model(category, stands_on("wall")))


def _stand(layout: RoomLayout, category: str) -> None:
    if category == "stool" and layout.chance(0.4):
        in_open(layout, category, stands_on("floor"), 0.1)
    else:
        near_wall(layout, category, stands_on("floor"))
