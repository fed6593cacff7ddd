"""The free floor around things of the flat laid out by hand, and what is on which side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlm2.questions.situated import stances
from vlm2.scenes import Scene, SceneObject
from vlm2.scenes.stance import SIDES, Stance, standing_spots


def of(scene: Scene, stand: str, face: str) -> Stance:
    found = stances(scene, np.random.default_rng(0))
    return next(s for s in found if (s.stand.category, s.face.category) == (stand, face))


def beside(scene: Scene, *extra: SceneObject) -> Scene:
    return replace(scene, objects=(*scene.objects, *extra))


def test_one_stands_on_free_floor_within_reach(flat: Scene) -> None:
    sofa = flat.of_category("sofa")[0]
    spots = standing_spots(flat, sofa, flat.rooms[0])
    over = np.maximum(np.abs(spots - [3.0, 0.5]) - [0.5, 0.4], 0.0)
    assert len(spots) > 20 and (spots[:, 1] >= 0).all()
    assert np.linalg.norm(over, axis=1).min() >= 0.15 and np.linalg.norm(over, axis=1).max() <= 0.4 + 1e-6
    assert spots[:, 0].min() == pytest.approx(2.1) and spots[:, 0].max() == pytest.approx(3.9)


def test_other_things_take_floor_but_rugs_do_not(flat: Scene) -> None:
    sofa, lamp = flat.of_category("sofa")[0], flat.of_category("lamp")[0]
    before = standing_spots(flat, sofa, flat.rooms[0])
    near = replace(lamp, id=90, box=replace(lamp.box, center=(3.8, 0.5, 0.75), size=(0.4, 2.0, 1.5)))
    rug = replace(near, id=91, category="rug", box=replace(near.box, center=(3.8, 0.5, 0.01), size=(2.0, 2.0, 0.02)))
    assert len(standing_spots(beside(flat, near), sofa, flat.rooms[0])) < len(before)
    assert len(standing_spots(beside(flat, rug), sofa, flat.rooms[0])) == len(before)


def test_sides_of_the_sofa(flat: Scene) -> None:
    stance = of(flat, "sofa", "window")
    sides = {side: {stance.things[i].id for i in np.flatnonzero(stance.on_side(side))} for side in SIDES}
    assert {3} <= sides["right"] and {4, 5} <= sides["left"] and {6} <= sides["front"] and not sides["back"]
    for side in SIDES:
        assert not (stance.on_side(side) & stance.off_side(side)).any()
    assert stance.off_side("left")[[t.id for t in stance.things].index(3)]


def test_a_thing_at_a_corner_is_on_no_side(flat: Scene) -> None:
    lamp = flat.of_category("lamp")[0]
    corner = replace(lamp, box=replace(lamp.box, center=(5.0, 2.6, 0.75)))  # front right
    scene = replace(flat, objects=tuple(corner if t.id == lamp.id else t for t in flat.objects))
    stance = of(scene, "sofa", "window")
    place = [t.id for t in stance.things].index(lamp.id)
    assert not any(stance.on_side(side)[place] for side in SIDES)
    assert not stance.off_side("right")[place] and not stance.off_side("front")[place]
    assert stance.off_side("back")[place] and stance.off_side("left")[place]


def test_no_stance_without_rooms(flat: Scene) -> None:
    assert list(stances(replace(flat, rooms=()), np.random.default_rng(0))) == []
