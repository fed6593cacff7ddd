"""Tests of routes: turns, ways that are barred, and what a route asks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlm2.questions.tasks.vsi import route_planning
from vlm2.questions.tasks.vsi.route_planning import WalkableMap, turn_name
from vlm2.scenes import Box, Scene, SceneObject
from vlm2.scenes.visibility import single


@pytest.fixture
def floor(scene: Scene) -> WalkableMap:
    return WalkableMap(single(scene), scene)


def place(floor: WalkableMap, category: str) -> int:
    return [thing.category for thing in floor.things].index(category)


@pytest.mark.parametrize(
    ("angle", "name"),
    [
        (90, "Turn Left"),
        (65, "Turn Left"),
        (-110, "Turn Right"),
        (180, "Turn Back"),
        (-160, "Turn Back"),
        (45, None),
        (0, None),
    ],
)
def test_turn_names(angle: float, name: str | None) -> None:
    assert turn_name(angle) == name


def test_turns_on_the_way(floor: WalkableMap) -> None:
    route = [place(floor, name) for name in ("door", "sofa", "tv", "plant")]
    assert floor.turns(place(floor, "sofa"), route) == [None, "Turn Left", "Turn Left"]  # straight on at first
    assert floor.turns(place(floor, "plant"), route)[0] == "Turn Right"


def test_a_wardrobe_bars_the_way(scene: Scene, floor: WalkableMap) -> None:
    sofa, sink, door = (place(floor, name) for name in ("sofa", "sink", "door"))
    assert floor.free[sofa, sink] and floor.free[sofa, door]
    wardrobe = SceneObject(50, "wardrobe", Box((4.5, 1.0, 1.0), (0.6, 0.6, 2.0)), room="room")
    barred = WalkableMap(floor.things, replace(scene, objects=(*scene.objects, wardrobe)))
    assert not barred.free[sofa, sink] and not barred.free[sink, sofa]
    assert barred.free[sofa, door]


def test_a_lamp_overhead_bars_nothing(scene: Scene, floor: WalkableMap) -> None:
    sofa, sink = place(floor, "sofa"), place(floor, "sink")
    lamp = SceneObject(50, "ceiling light", Box((4.5, 1.0, 2.2), (0.6, 0.6, 0.3)), room="room")
    assert WalkableMap(floor.things, replace(scene, objects=(*scene.objects, lamp))).free[sofa, sink]


def test_walls_bar_the_way(scene: Scene) -> None:
    moved = tuple(replace(thing, room="kitchen") if thing.category == "sink" else thing for thing in scene.objects)
    floor = WalkableMap(single(scene), scene)
    apart = WalkableMap(single(replace(scene, objects=moved)), scene)
    assert floor.free[place(floor, "sofa"), place(floor, "sink")]
    assert not apart.free[place(apart, "sofa"), place(apart, "sink")]


def test_routes_read_as_the_benchmarks(scene: Scene) -> None:
    routes = list(route_planning.questions(scene, np.random.default_rng(0)))
    assert {len(question.answer_text.split(", ")) for question in routes} == {1, 2, 3}
    for question in routes:
        turns = question.answer_text.split(", ")
        assert question.slots["steps"].count("[please fill in]") == len(turns)
        assert question.slots["steps"].endswith(f"Go forward until the {question.slots['goal']}")
        assert "Turn Back" not in turns[1:]
        assert len(question.options or ()) == (3 if len(turns) == 1 else 4)
        if question.slots["steps"].startswith("1. Go"):
            assert question.slots["steps"].startswith(f"1. Go forward until the {question.slots['facing']} 2. ")
