"""A scene laid out by hand, whose every answer one can work out on paper."""

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
