"""Rooms: split at doorways, named by what stands in them, with their outlines."""

from __future__ import annotations

import numpy as np
import pytest

from vlm2.objects.floor import Floor, room_area
from vlm2.objects.ground import CELL
from vlm2.objects.rooms import floor_of, split_rooms
from vlm2.objects.track import Track, upright_box

CORNER = np.array([-1.0, 2.0])


def grid(*rectangles: tuple[float, float, float, float], size: tuple[float, float] = (10.0, 8.0)) -> np.ndarray:
    """A grid in which rectangles (left, bottom, right, top, in metres from its corner) were seen."""
    seen = np.zeros((round(size[1] / CELL), round(size[0] / CELL)), bool)
    for left, bottom, right, top in rectangles:
        seen[round(bottom / CELL) : round(top / CELL), round(left / CELL) : round(right / CELL)] = True
    return seen


KITCHEN, BEDROOM, DOOR = (0.5, 0.5, 4.5, 4.0), (4.6, 0.5, 8.6, 5.0), (4.5, 1.5, 4.6, 2.4)


def placed(x: float, y: float) -> tuple[float, float]:
    """A place in the map, from one in the grid."""
    return float(CORNER[0]) + x, float(CORNER[1]) + y


def thing(label: str, x: float, y: float, id: int = 1) -> Track:
    return Track(id=id, label=label, box=upright_box((*placed(x, y), 0.5), (0.5, 0.5, 1.0)))


def made(seen: np.ndarray, tracks: list[Track]) -> Floor:
    """The floor of a grid without walls in it."""
    return floor_of(seen, np.zeros_like(seen), CORNER, tracks)


def things(*given: tuple[str, float, float]) -> list[Track]:
    return [thing(*one, id=number) for number, one in enumerate(given)]


def furnished() -> Floor:
    stands = things(("stove", 1, 1), ("refrigerator", 2, 1), ("bed", 7, 2), ("nightstand", 8, 4), ("chair", 3, 3))
    return made(grid(KITCHEN, BEDROOM, DOOR), stands)


def test_two_rooms_joined_by_a_door_are_two() -> None:
    floor = furnished()
    assert sorted(room.name for room in floor.rooms) == ["bedroom", "kitchen"]
    areas = {room.name: room_area(room) for room in floor.rooms}
    assert areas["kitchen"] == pytest.approx(14.0, rel=0.1)
    assert areas["bedroom"] == pytest.approx(18.0, rel=0.1)
    assert floor.area == pytest.approx(32.1, rel=0.01)
    assert floor.area == pytest.approx(sum(areas.values()))
    assert 0.08 * floor.area < floor.area_std < 0.2 * floor.area


def test_there_is_one_doorway_between_them() -> None:
    (way,) = furnished().doorways
    assert set(way.rooms) == {"kitchen", "bedroom"}
    assert way.middle == pytest.approx(placed(4.55, 1.95), abs=0.15)


def test_things_are_in_their_rooms() -> None:
    floor = furnished()
    for x, y, name in ((1, 1, "kitchen"), (4.2, 3.8, "kitchen"), (7, 2, "bedroom"), (4.9, 4.8, "bedroom")):
        room = floor.room_at(*placed(x, y))
        assert room is not None and room.name == name
    assert floor.room_at(*placed(2.0, 7.0)) is None


def test_outlines_are_counter_clockwise_and_follow_the_walls() -> None:
    for room in furnished().rooms:
        x, y = np.array(room.polygon).T
        assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0
        left, bottom, right, top = KITCHEN if room.name == "kitchen" else BEDROOM
        found = np.array([x.min(), y.min(), x.max(), y.max()]) - np.tile(CORNER, 2)
        assert found == pytest.approx([left, bottom, right, top], abs=0.6)  # half of the doorway may go with it


def test_rooms_of_one_kind_are_numbered() -> None:
    floor = made(grid(KITCHEN, BEDROOM, DOOR), things(("bed", 2, 2), ("bed", 7, 2)))
    assert [room.name for room in floor.rooms] == ["bedroom", "bedroom 2"]
    assert {room.kind for room in floor.rooms} == {"bedroom"}


def test_a_room_without_telling_things_is_a_room() -> None:
    floor = made(grid(KITCHEN), things(("chair", 1, 1)))
    assert [room.name for room in floor.rooms] == ["room"] and not floor.doorways


def test_a_corner_behind_a_wall_stays_with_its_room() -> None:
    """The corner of a room is nearer to the middle of the room behind its wall than to its own."""
    low, high = (0.5, 0.5, 4.0, 3.0), (0.5, 3.05, 9.0, 6.0)
    door = (1.0, 3.0, 1.9, 3.05)
    seen = grid(low, high, door)
    parts = split_rooms(seen, np.zeros_like(seen))
    corner = parts[round(2.95 / CELL), round(3.95 / CELL)]
    assert corner == parts[round(1.5 / CELL), round(2.0 / CELL)]
    assert corner != parts[round(4.5 / CELL), round(5.0 / CELL)]
    (way,) = made(seen, []).doorways
    assert way.middle == pytest.approx(placed(1.45, 3.0), abs=0.25)


def test_a_corridor_narrower_than_a_doorway_belongs_to_a_room() -> None:
    seen = grid((0.5, 0.5, 4.0, 4.0), (4.0, 1.0, 8.0, 1.9))
    parts = split_rooms(seen, np.zeros_like(seen))
    assert set(np.unique(parts)) == {0, 1}
    assert (parts > 0).sum() * CELL**2 == pytest.approx(12.25 + 3.6, rel=0.01)


def test_a_wall_in_the_seen_floor_separates_two_rooms() -> None:
    seen = grid((0.5, 0.5, 8.5, 4.5))
    walls = grid((4.5, 0.5, 4.6, 2.0), (4.5, 2.9, 4.6, 4.5))
    assert set(np.unique(split_rooms(seen, np.zeros_like(seen)))) == {0, 1}
    parts = split_rooms(seen, walls)
    left, right = ((parts == part).sum() * CELL**2 for part in (1, 2))
    assert left == pytest.approx(16.2, rel=0.05) and right == pytest.approx(15.8, rel=0.05)
    assert np.array_equal(parts > 0, seen)  # the walls' own cells are seen floor as well


def test_small_parts_are_no_rooms() -> None:
    floor = made(grid((0.5, 0.5, 4.0, 4.0), (6.0, 6.0, 7.2, 7.2)), [])
    assert len(floor.rooms) == 1


@pytest.mark.parametrize("seen", [np.zeros((1, 1), bool), np.ones((1, 1), bool), np.ones((10, 10), bool)])
def test_hardly_anything_seen_is_no_error(seen) -> None:
    floor = made(seen, [])
    assert len(floor.rooms) <= 1
    assert floor.area == pytest.approx(seen.sum() * CELL**2 if floor.rooms else 0.0)


def test_random_blots_make_a_floor() -> None:
    random = np.random.default_rng(0)
    for _ in range(10):
        coarse = random.random((12, 16)) < random.uniform(0.2, 0.9)
        floor = made(coarse.repeat(8, 0).repeat(8, 1), [])
        assert all(0.1 <= room_area(room) <= coarse.size * (8 * CELL) ** 2 for room in floor.rooms)
