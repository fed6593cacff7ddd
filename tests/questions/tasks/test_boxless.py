"""A scan may name a category that it has no box for: every question type leaves it out or names it in an error."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from vlm2.questions.tasks import families, tasks
from vlm2.questions.tasks.situated import how_many, is_there
from vlm2.questions.tasks.vsi import obj_appearance_order
from vlm2.scenes import Box, Room, Scene, SceneObject, Sighting
from vlm2.scenes.scan_metadata import _scene as read_scan
from vlm2.scenes.visibility import named

GHOST = "harpsichord"
TASKS = [(family, name) for family in families() for name in tasks(family)]
ROOM = Room("room", "kitchen", ((-1.0, -5.0), (20.0, -5.0), (20.0, 5.0), (-1.0, 5.0)), 2.5)
CATEGORIES = ("sofa", "bed", "chair", "table", "lamp", "chair")


def thing(id: int, category: str) -> SceneObject:
    box = Box((2.0 * id, 0.0, 0.5), (0.5, 0.5, 1.0))
    return SceneObject(id, category, box, "room", "red", 0.9, sightings=tuple(Sighting(f, 0.01) for f in range(4)))


def scan(count: int) -> Scene:
    """The first `count` things in a row, and two harpsichords without boxes."""
    things = tuple(thing(id, category) for id, category in enumerate(CATEGORIES[:count], 1))
    counts = {GHOST: 2} | {category: sum(t.category == category for t in things) for category in CATEGORIES[:count]}
    return Scene("scan", "scans", 40.0, things, counts, rooms=(ROOM,))


@pytest.mark.parametrize("count", [0, 1, 6])
@pytest.mark.parametrize(("family", "name"), TASKS)
def test_no_question_names_what_has_no_box(family: str, name: str, count: int) -> None:
    for scene in (scan(count), replace(scan(count), rooms=())):
        asked = list(islice(tasks(family)[name](scene, np.random.default_rng(0)), 200))
        assert not any(GHOST in text for q in asked for text in (q.question, *(q.options or ()), q.ground_truth))


def test_scans_of_real_form_keep_the_name_without_a_box() -> None:
    box = {"centroid": [0, 0, 0], "axesLengths": [1, 1, 1], "normalizedAxes": [1, 0, 0, 0, 1, 0, 0, 0, 1]}
    record = {"room_size": 9, "object_counts": {"bed": 1, GHOST: 1}, "object_bbox": {"bed": [box], GHOST: []}}
    scene = read_scan("scan", "scans", record)
    assert set(named(scene)) == {"bed"}


def test_nothing_to_see_has_no_truth() -> None:
    from vlm2.scenes.stance import Stance

    scene = scan(6)
    stance = Stance(scene.objects[0], scene.objects[1], ROOM, np.zeros((1, 2)), scene.objects[2:])
    assert how_many.truth(stance, GHOST, "left") is None
    assert is_there.truth(stance, GHOST, "left") is None
    assert obj_appearance_order.debut(scene, scene.of_category(GHOST)) is None
