"""Floor plans: realistic rooms, joined by doors, with walls between them."""

import itertools
from functools import cache

import numpy as np
import pytest

from vlm2.homes.floor_plan import (
    KINDS,
    WALL,
    FloorPlan,
    inside,
    make_plan,
    opening_wall,
    polygon_area,
    wall_faces,
)
from vlm2.homes.shell import build_shell


@cache
def plans(count: int = 16) -> list[FloorPlan]:
    return [make_plan(np.random.default_rng(seed), 1 + seed % 4) for seed in range(count)]


def test_rooms_have_realistic_sizes():
    for plan in plans():
        for room in plan.rooms:
            low, high = KINDS[room.kind].area
            assert 0.6 * low < polygon_area(room.polygon) < 1.1 * high
            assert 2.4 <= room.height <= 3.0


def test_rooms_do_not_overlap_and_are_a_wall_apart():
    rng = np.random.default_rng(0)
    for plan in plans():
        for a, b in itertools.permutations(plan.rooms, 2):
            for wall in wall_faces(a):
                for share in rng.random(3):
                    assert not inside(b.polygon, wall.at(share * wall.length, -0.9 * WALL))
                    assert not inside(b.polygon, wall.at(share * wall.length, 0.01))


def test_doors_join_all_rooms():
    for plan in plans():
        reached = {plan.rooms[0].name}
        doors = [o for o in plan.openings if o.kind == "door" and None not in o.rooms]
        for _ in doors:
            for door in doors:
                if reached & set(door.rooms):
                    reached |= set(door.rooms)
        assert reached == {room.name for room in plan.rooms}
        assert all(door.angle > 1 for door in doors)


def test_gaps_lie_in_walls_and_apart():
    for plan in plans():
        for opening in plan.openings:
            low, high = opening_wall(plan, opening).span(opening)
            assert 0.4 < high - low < 2.1 and 0 <= opening.bottom < opening.top
        for room in plan.rooms:
            for wall in wall_faces(room):
                spans = sorted(s for o in plan.openings if (s := wall.span(o)))
                assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))


def test_windows_look_outside():
    for plan in plans():
        for opening in (o for o in plan.openings if o.kind == "window"):
            wall = opening_wall(plan, opening)
            middle = wall.at(sum(wall.span(opening)) / 2, -WALL - 0.2)
            assert not any(inside(room.polygon, middle) for room in plan.rooms)


def test_some_rooms_are_l_shaped():
    assert {len(room.polygon) for plan in plans(16) for room in plan.rooms} == {4, 6}


def test_walls_floor_and_ceiling_have_the_plan_s_areas_and_look_inwards():
    plan = make_plan(np.random.default_rng(3), 1)
    (room,) = plan.rooms
    shell = build_shell(plan, "train", np.random.default_rng(0))
    floor = ceiling = 0.0
    for part in shell.parts:
        a, b, c = (part.positions[part.faces[:, i]] for i in range(3))
        cross = np.cross(b - a, c - a)
        normals = part.normals[part.faces[:, 0]]
        assert (np.sum(cross * normals, 1) > 0).all()
        level, up = np.abs(a[:, 2] - c[:, 2]) < 1e-5, cross[:, 2] / 2
        floor += up[level & (a[:, 2] == 0) & (up > 0)].sum()
        ceiling -= up[level & (a[:, 2] > room.height - 1e-3) & (up < 0)].sum()
    area = polygon_area(room.polygon)
    doors = sum(WALL * np.hypot(*np.subtract(o.end, o.start)) for o in plan.openings if o.kind == "door")
    assert ceiling == pytest.approx(area, rel=1e-4)
    assert floor == pytest.approx(area + doors, rel=1e-4)


def test_another_number_of_rooms_is_refused():
    with pytest.raises(ValueError, match="5 rooms"):
        make_plan(np.random.default_rng(0), 5)
