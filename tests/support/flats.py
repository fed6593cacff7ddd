"""Scenes laid out by hand, whose every answer one can work out on paper."""

from __future__ import annotations

import pytest

from vlm2.scenes import Box, Intrinsics, Room, Scene, SceneObject, Sighting, Trajectory

# Category → ground-plane centre, and the seconds at which it comes into view. The sofa looks north (+y) at the tv.
#
#        y 5   plant           tv             lamp
#          3                                          bed
#          1   door           sofa            sink
#              x 0             x 3             x 6    x 8
LAYOUT = {
    "sofa": ((3.0, 1.0), 0.0),
    "tv": ((3.0, 5.0), 2.0),
    "plant": ((0.0, 5.0), 4.0),
    "lamp": ((6.0, 5.0), 6.0),
    "sink": ((6.0, 1.0), 8.0),
    "door": ((0.0, 1.0), 10.0),
    "bed": ((8.0, 3.0), 12.0),
}
CHAIRS = ((1.0, 3.0), (1.8, 3.0), (4.6, 2.2))
EDGE = 0.4  # metres, all three edges of every box
RATE = 2  # sampled frames a second


def thing(id: int, category: str, place: tuple[float, float], seen: float, share: float = 0.05) -> SceneObject:
    first = int(seen * RATE)
    sightings = tuple(Sighting(frame, share) for frame in range(first, first + 4))
    return SceneObject(id, category, Box((*place, EDGE / 2), (EDGE, EDGE, EDGE)), room="room", sightings=sightings)


@pytest.fixture
def scene() -> Scene:
    """Seven things alone of their kind, three chairs, and a clock that is hardly seen."""
    things = [thing(id, name, place, seen) for id, (name, (place, seen)) in enumerate(LAYOUT.items(), start=1)]
    things += [thing(8 + index, "chair", place, 1.0) for index, place in enumerate(CHAIRS)]
    things.append(thing(11, "clock", (3.0, 3.0), 5.0, share=0.001))
    times = tuple(frame / RATE for frame in range(40))
    trajectory = Trajectory(Intrinsics(224, 224, 200.0, 200.0, 112.0, 112.0), times, ((0.0,) * 12,) * len(times))
    room = Room("room", "living room", ((0.0, 0.0), (9.0, 0.0), (9.0, 6.0), (0.0, 6.0)), 2.5)
    return Scene(
        "hand", "homes", 54.0, tuple(things), {"chair": 3}, rooms=(room,), duration=20.0, trajectory=trajectory
    )


@pytest.fixture
def box(scene: Scene) -> dict[str, Box]:
    """The boxes of the things by category."""
    return {name: scene.of_category(name)[0].box for name in LAYOUT}


# The flat.
#
#   y 5 ------- window (3, 5) ------+---------------
#     |  desk (1, 4.3)         tv   |
#     |                             |  table (7.6, 3.5)
#     |            chair (3.6, 2.6) |        refrigerator
#     |  chairs                     |
#     |  (0.6, …)   sofa       lamp |        stove
#   0 ------- picture (3, 0) -------+---------------
#     x 0           3             6   6.12        9.12
#
# Category, colour and its share, middle on the ground plane, height of the bottom, edges along x, y, z.
LIVING = (
    ("sofa", "blue", 0.9, (3.0, 0.5), 0.0, (1.0, 0.8, 0.8)),
    ("window", None, None, (3.0, 5.0), 1.0, (1.2, 0.2, 1.0)),
    ("lamp", "white", 0.4, (5.5, 0.9), 0.0, (0.3, 0.3, 1.5)),
    ("chair", "red", 0.9, (0.6, 0.9), 0.0, (0.5, 0.5, 0.9)),
    ("chair", "red", 0.9, (0.6, 1.5), 0.0, (0.5, 0.5, 0.9)),
    ("chair", "blue", 0.9, (3.6, 2.6), 0.0, (0.5, 0.5, 0.9)),
    ("desk", "brown", 0.69, (1.0, 4.3), 0.0, (1.2, 0.6, 0.75)),
    ("laptop", "black", 0.3, (0.8, 4.3), 0.75, (0.3, 0.3, 0.2)),
    ("cup", "red", 0.8, (1.3, 4.3), 0.75, (0.1, 0.1, 0.1)),
    ("picture", "green", 0.2, (3.0, 0.01), 1.3, (0.8, 0.02, 0.5)),
    ("tv", "black", 1.0, (5.7, 4.4), 0.0, (0.2, 0.9, 1.4)),
)
KITCHEN = (
    ("stove", "white", 0.5, (8.8, 0.8), 0.0, (0.6, 0.6, 0.9)),
    ("refrigerator", "grey", 0.8, (8.8, 1.5), 0.0, (0.6, 0.6, 1.8)),
    ("table", "white", 0.7, (7.6, 3.5), 0.0, (0.8, 0.8, 0.75)),
    ("cup", "red", 0.8, (7.5, 3.5), 0.75, (0.1, 0.1, 0.1)),
    ("cup", "red", 0.7, (7.8, 3.6), 0.75, (0.1, 0.1, 0.1)),
)
LARGE = {"laptop": 0.2}  # share of the picture; the others have 0.05


def placed(id: int, room: str, category, colour, share, place, bottom, size) -> SceneObject:
    box = Box((*place, bottom + size[2] / 2), size)
    seen = tuple(Sighting(frame, LARGE.get(category, 0.05)) for frame in range(4))
    return SceneObject(id, category, box, room=room, colour=colour, colour_share=share, sightings=seen)


@pytest.fixture
def flat() -> Scene:
    """A living room and a kitchen, all boxes along the axes, every thing seen well in four frames."""
    rows = [("living room", *row) for row in LIVING] + [("kitchen", *row) for row in KITCHEN]
    things = tuple(placed(id, *row) for id, row in enumerate(rows, start=1))
    rooms = tuple(
        Room(name, name, ((x, 0.0), (x + wide, 0.0), (x + wide, 5.0), (x, 5.0)), 2.5)
        for name, x, wide in (("living room", 0.0, 6.0), ("kitchen", 6.12, 3.0))
    )
    camera = Trajectory(Intrinsics(224, 224, 200.0, 200.0, 112.0, 112.0), (0.0, 1.0, 2.0, 3.0), ((0.0,) * 12,) * 4)
    return Scene("flat", "homes", 45.0, things, {}, rooms=rooms, duration=4.0, trajectory=camera)
