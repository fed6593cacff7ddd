"""What is on and above the furniture of the flat laid out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vlm2.questions.tasks.freeform import what
from vlm2.scenes import Scene


def answers(scene: Scene) -> dict[str, tuple[str, ...]]:
    return {q.question: q.answers for q in what.questions(scene, np.random.default_rng(0))}


def test_things_on_and_above(flat: Scene) -> None:
    assert answers(flat) == {
        "What is on the desk?": ("laptop", "cup", "mug"),  # the laptop covers more of the picture
        "What is on the table?": ("cup", "mug"),
        "What is above the sofa?": ("picture", "painting"),
    }


def test_what_is_not_clearly_seen_is_accepted_but_not_the_answer(flat: Scene) -> None:
    hidden = tuple(replace(t, sightings=()) if t.category == "laptop" else t for t in flat.objects)
    assert answers(replace(flat, objects=hidden))["What is on the desk?"] == ("cup", "laptop", "mug")


def test_a_thing_in_the_air_is_not_on_the_desk(flat: Scene) -> None:
    raised = tuple(
        replace(t, box=replace(t.box, center=(*t.box.center[:2], 1.5))) if t.category == "laptop" else t
        for t in flat.objects
    )
    found = answers(replace(flat, objects=raised))
    assert found["What is on the desk?"] == ("cup", "mug")
    assert found["What is above the desk?"] == ("laptop",)
