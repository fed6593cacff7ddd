"""Furnished homes: nothing overlaps or blocks a door, groups stand as people put them, ids count, seeds decide."""

import itertools
import math

import numpy as np
import pytest

from vlm2.homes.build import build_home, floor_area, placement_box, scene_objects
from vlm2.homes.floor_plan import inside, polygon_area
from vlm2.homes.home import Home
from vlm2.homes.room_layout import Footprint
from vlm2.scenes.record import Box

from .places import home

SEEDS = range(8)
# Chairs are tucked under what they stand at; pillows lie on a seat or bed, within its box; rugs lie under all.
NESTED = ({"chair", "table"}, {"chair", "desk"}, {"stool", "counter"})
CARRIERS = {"bed", "sofa"}


def homes() -> list[Home]:
    return [home(seed) for seed in SEEDS]


def footprint(box: Box) -> Footprint:
    return Footprint(*box.center[:2], math.atan2(box.axes[0][1], box.axes[0][0]), *box.size[:2])


def meet(a: Box, b: Box) -> bool:
    apart = abs(a.center[2] - b.center[2]) > (a.size[2] + b.size[2]) / 2 - 0.012
    return not apart and footprint(a).overlaps(footprint(b), 0.004)


def test_ids_count_from_one_and_boxes_have_the_models_sizes():
    for place in homes():
        objects = scene_objects(place)
        assert [o.id for o in objects] == list(range(1, len(objects) + 1))
        ids = [o.id for o in place.openings] + [p.id for p in place.placements]
        assert ids == [o.id for o in objects]
        for placement, thing in zip(place.placements, objects[len(place.openings) :], strict=True):
            assert thing.category == placement.model.category
            assert thing.box.size == pytest.approx(placement.model.size)


def test_boxes_hold_their_meshes():
    for placement in home(2).placements:
        box = placement_box(placement)
        mesh = placement.model.mesh.transformed(placement.world_from_model)
        points = np.concatenate([part.positions for part in mesh.parts])
        local = (points - box.center) @ np.array(box.axes).T
        assert (np.abs(local).max(0) <= np.array(box.size) / 2 + 0.006).all(), placement.model.name
        assert (np.abs(local).max(0) >= np.array(box.size) / 2 - 0.006).all(), placement.model.name


def test_nothing_overlaps():
    for place in homes():
        things = [(p.model, placement_box(p)) for p in place.placements if p.model.category != "rug"]
        for (first, a), (second, b) in itertools.combinations(things, 2):
            one, other = first.category, second.category
            resting = CARRIERS & {one, other} and {"pillow", "blanket"} & {one, other}
            tucked = {"chair", "stool"} & {one, other} and "top" in (first.stands, second.stands)
            if {one, other} not in NESTED and not resting and not tucked:
                assert not meet(a, b), f"home {place.seed}: {one} and {other} overlap"


def test_pieces_are_inside_their_room():
    for place in homes():
        rooms = {room.name: room for room in place.rooms}
        for placement in place.placements:
            box, room = placement_box(placement), rooms[placement.room]
            shrunk = footprint(box).grown(-0.01)
            assert all(inside(room.polygon, corner) for corner in shrunk.corners), placement.model.name
            assert box.center[2] + box.size[2] / 2 < room.height + 0.01
            assert box.center[2] - box.size[2] / 2 > -0.01


def test_doorways_stay_free():
    for place in homes():
        for door in (o for o in place.openings if o.kind == "door"):
            middle = np.add(door.start, door.end) / 2
            along = math.atan2(door.end[1] - door.start[1], door.end[0] - door.start[0])
            way = Footprint(*middle, along, 0.7, 1.5)
            for placement in place.placements:
                box = placement_box(placement)
                if box.center[2] - box.size[2] / 2 < 1.9 and placement.model.category != "rug":
                    # the end of a shelf may stick out beside a door
                    slack = 0.05 if placement.model.stands == "wall" else 1e-6
                    assert not footprint(box).overlaps(way, slack), f"home {place.seed}: {placement.model.name}"


def test_chairs_look_at_their_desk_and_beds_have_their_head_at_a_wall():
    desks = beds = 0
    for place in homes():
        chairs = [p for p in place.placements if p.model.category == "chair"]
        for piece in place.placements:
            spot, front = piece.world_from_model[:2, 3], piece.world_from_model[:2, 1]
            if piece.model.category == "desk":
                near = [c for c in chairs if np.linalg.norm(c.world_from_model[:2, 3] - spot) < 0.9]
                desks += any(c.world_from_model[:2, 1] @ front < -0.6 for c in near)
            if piece.model.category == "bed":
                room = next(r for r in place.rooms if r.name == piece.room)
                behind = spot - front * (piece.model.size[1] / 2 + 0.06)
                assert not inside(room.polygon, tuple(behind.tolist()))
                beds += 1
    assert desks >= 2
    assert beds >= 2


def test_counts_and_categories_vary_between_homes():
    counts = [
        {c: sum(o.category == c for o in scene_objects(place)) for c in ("chair", "window", "plant")}
        for place in homes()
    ]
    for category in ("chair", "window", "plant"):
        assert len({count[category] for count in counts}) >= 3
    assert len({o.category for place in homes() for o in scene_objects(place)}) >= 30


def test_the_same_seed_gives_the_same_home_and_another_a_different_one():
    first, again, other = build_home(5, "train"), build_home(5, "train"), build_home(7, "train")
    assert scene_objects(first) == scene_objects(again)
    assert scene_objects(first) != scene_objects(other)
    assert first.lights == again.lights
    assert all((a.positions == b.positions).all() for a, b in zip(first.shell.parts, again.shell.parts, strict=True))


def test_splits_share_no_model_and_no_texture_of_the_shell():
    train, test = (build_home(3, split, 2) for split in ("train", "test"))
    names = [{p.model.name for p in place.placements} for place in (train, test)]
    textures = [{p.material.texture for p in place.shell.parts} - {None} for place in (train, test)]
    assert not names[0] & names[1]
    assert not textures[0] & textures[1]


def test_floor_area_is_that_of_the_rooms():
    assert floor_area(home(2)) == pytest.approx(sum(polygon_area(room.polygon) for room in home(2).rooms))
