"""Colours of the flat laid out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vlm2.questions.tasks.freeform import which_colour
from vlm2.scenes import Scene


def answers(scene: Scene) -> dict[str, tuple[str, ...]]:
    return {q.question: q.answers for q in which_colour.questions(scene, np.random.default_rng(0))}


def test_only_clear_colours_that_all_instances_share(flat: Scene) -> None:
    assert answers(flat) == {
        "What color is the sofa?": ("blue",),
        "What color is the tv?": ("black",),
        "What color is the refrigerator?": ("grey", "gray"),
        "What color is the table?": ("white",),
        "What color are the cups?": ("red",),
    }


def test_a_record_that_knows_no_colours_is_not_asked(flat: Scene) -> None:
    plain = tuple(replace(thing, colour_share=None) for thing in flat.objects)
    assert answers(replace(flat, objects=plain)) == {}
