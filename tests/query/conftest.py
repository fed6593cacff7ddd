"""A flat laid out by hand, as an object map, whose every answer one can work out on paper.

y 5 ------- window (3, 5) ------+---------------
  |  desk (1, 4.3)         tv   |
  |                             |  table (7.6, 3.5)
  |            chair (3.6, 2.6) door   refrigerator
  |  chairs                     |
  |  (0.6, …)   sofa       lamp |        stove
0 ------- picture (3, 0) -------+---------------
  x 0           3             6   6.12        9.12
"""

from __future__ import annotations

import pytest

from vlm2.objects import Doorway, Floor, ObjectMap, ObservedPath, Track, TrackView, upright_box
from vlm2.scenes import Room

# Label, colour, middle on the ground plane, height of the bottom, edges along x, y, z, first seen.
LIVING = (
    ("sofa", "blue", (3.0, 0.5), 0.0, (1.0, 0.8, 0.8), 1.0),
    ("window", None, (3.0, 5.0), 1.0, (1.2, 0.2, 1.0), 0.0),
    ("lamp", "white", (5.5, 0.9), 0.0, (0.3, 0.3, 1.5), 3.0),
    ("chair", "red", (0.6, 0.9), 0.0, (0.5, 0.5, 0.9), 4.0),
    ("chair", "red", (0.6, 1.5), 0.0, (0.5, 0.5, 0.9), 5.0),
    ("chair", "blue", (3.6, 2.6), 0.0, (0.5, 0.5, 0.9), 2.0),
    ("desk", "brown", (1.0, 4.3), 0.0, (1.2, 0.6, 0.75), 6.0),
    ("laptop", "black", (0.8, 4.3), 0.75, (0.3, 0.3, 0.2), 6.0),
    ("cup", "red", (1.3, 4.3), 0.75, (0.1, 0.1, 0.1), 6.0),
    ("picture", "green", (3.0, 0.01), 1.3, (0.8, 0.02, 0.5), 1.0),
    ("tv", "black", (5.7, 4.4), 0.0, (0.2, 0.9, 1.4), 7.0),
    ("door", "brown", (6.06, 2.6), 0.0, (0.1, 0.9, 2.0), 7.0),
)
KITCHEN = (
    ("stove", "white", (8.8, 0.8), 0.0, (0.6, 0.6, 0.9), 9.0),
    ("refrigerator", "grey", (8.8, 1.5), 0.0, (0.6, 0.6, 1.8), 9.0),
    ("table", "white", (7.6, 3.5), 0.0, (0.8, 0.8, 0.75), 8.0),
    ("cup", "red", (7.5, 3.5), 0.75, (0.1, 0.1, 0.1), 8.0),
    ("cup", "green", (7.8, 3.6), 0.75, (0.1, 0.1, 0.1), 8.0),
)
NORTH = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0)  # x right, y down, z forward: looks along +y
EAST = (0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0)


def track(id: int, room: str, label, colour, place, bottom, size, seen) -> Track:
    view = TrackView(frame=int(2 * seen), time=seen, share=0.05)
    colours = (colour,) if colour else ()
    box = upright_box((*place, bottom + size[2] / 2), size)
    return Track(
        id=id, label=label, box=box, colours=colours, room=room, first_seen=seen, last_seen=seen + 2.0, views=(view,)
    )


def pose(x: float, y: float, turned: tuple[float, ...]) -> tuple[float, ...]:
    rows = [turned[0:3], turned[3:6], turned[6:9]]
    return tuple(value for row, at in zip(rows, (x, y, 1.5), strict=True) for value in (*row, at))


@pytest.fixture
def flat() -> ObjectMap:
    """A living room and a kitchen; the camera walks north along x = 3 for 4 m, then east for 3 m."""
    rows = [("living room", *row) for row in LIVING] + [("kitchen", *row) for row in KITCHEN]
    rooms = tuple(
        Room(name, name, ((x, 0.0), (x + wide, 0.0), (x + wide, 5.0), (x, 5.0)), 2.5)
        for name, x, wide in (("living room", 0.0, 6.0), ("kitchen", 6.12, 3.0))
    )
    door = Doorway(middle=(6.06, 2.6), rooms=("living room", "kitchen"))
    steps = [(3.0, 0.5 + step, NORTH) for step in range(5)] + [(3.0 + step, 4.5, EAST) for step in range(1, 4)]
    path = ObservedPath(
        times=tuple(float(time) for time in range(len(steps))),
        world_from_camera=tuple(pose(*step) for step in steps),
        half_view=(0.8, 0.6),
    )
    return ObjectMap(
        tracks=tuple(track(id, *row) for id, row in enumerate(rows, start=1)),
        floor=Floor(area=45.0, area_std=0.5, rooms=rooms, doorways=(door,)),
        path=path,
        scale_std=0.02,
    )
