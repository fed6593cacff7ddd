"""Tests of the order of first appearances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vlm2.questions.tasks.vsi import obj_appearance_order
from vlm2.scenes import Scene, Sighting

ORDER = ["sofa", "chair", "tv", "plant", "lamp", "sink", "door", "bed"]


def orders(scene: Scene) -> list[list[str]]:
    rng = np.random.default_rng(0)
    return [question.answer_text.split(", ") for question in obj_appearance_order.questions(scene, rng)]


def test_orders_follow_the_first_sightings(scene: Scene) -> None:
    assert len(orders(scene)) > 20
    for order in orders(scene):
        assert order == sorted(order, key=ORDER.index)


def test_a_glimpse_before_the_clear_view_leaves_the_order_in_doubt(scene: Scene) -> None:
    """The bed's first pixel shows with the tv: no question may hold both, or anything between."""
    glimpsed = tuple(
        replace(thing, sightings=(Sighting(4, 0.001), *thing.sightings)) if thing.category == "bed" else thing
        for thing in scene.objects
    )
    doubtful = replace(scene, objects=glimpsed)
    first = obj_appearance_order.debut(doubtful, doubtful.of_category("bed"))
    assert first is not None and (first.glimpse, first.clear) == (2.0, 12.0)
    assert orders(doubtful)
    for order in orders(doubtful):
        assert not {"bed"} < set(order) or not {"tv", "plant", "lamp", "sink", "door"} & set(order)


def test_no_video_no_order(scene: Scene) -> None:
    assert orders(replace(scene, trajectory=None)) == []
