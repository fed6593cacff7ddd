"""The distance in metres between the closest points of two things."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ....scenes.record import Box, Scene
from ...boxes import box_distance, box_distances
from ...question import Question
from ...visibility import single
from ...wording import Wording, ask_number, shuffled

NAME = "object_abs_distance"
NEAREST = 0.4  # metres; VSI-Bench asks for no smaller distance
FEET = 3.28084

WORDINGS = {
    NAME: (
        Wording(
            "Measuring from the closest point of each object, what is the distance between the {first} and the "
            "{second} (in meters)?"
        ),
        Wording("How far is the {first} from the {second}, in meters?"),
        Wording("How many meters are there between the {first} and the {second}?"),
        Wording("What is the gap between the {first} and the {second} in meters?"),
        Wording("How far apart are the {first} and the {second}? Answer in meters."),
        Wording("Distance from the {first} to the {second} in metres?"),
        Wording("How many centimeters lie between the {first} and the {second}?", scale=100, decimals=0),
        Wording("How many feet is it from the {first} to the {second}?", scale=FEET, decimals=1),
        Wording("How much space is there between the {first} and the {second}, in meters?"),
        Wording("What length of tape, in meters, would reach from the {first} to the {second}?", held_out=True),
        Wording("Roughly how many metres separate the {first} and the {second}?", held_out=True),
        Wording(
            "Give me the distance in centimeters from the {first} to the {second}.",
            scale=100,
            decimals=0,
            held_out=True,
        ),
        Wording(
            "If I ran a tape measure from the {first} to the {second}, nearest edge to nearest edge, how many metres "
            "would it read?",
            held_out=True,
        ),
        Wording(
            "what's the gap between {first} and {second} in meters? closest points, not the middles", held_out=True
        ),
        Wording(
            "I'm trying to work out whether a cable will reach, so I need to know how far the {first} is from the "
            "{second}. Take the shortest straight line between the two and give me that in metres.",
            held_out=True,
        ),
        Wording(
            "Estimate for me please how many meters are separating the {first} and the {second}, from the closest "
            "part of one to the closest part of other.",
            held_out=True,
        ),
    )
}


def truth(first: Box, second: Box) -> float:
    """Return the distance in metres between the closest points of two boxes."""
    return box_distance(first, second)


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield one question for each pair of unambiguous things that do not all but touch, in random order."""
    things = single(scene)
    boxes = [thing.box for thing in things]
    distances = box_distances(boxes, boxes)
    for i, j in shuffled(list(combinations(range(len(things)), 2)), rng):
        if distances[i, j] < NEAREST:
            continue
        first, second = (things[i], things[j]) if rng.random() < 0.5 else (things[j], things[i])
        slots = {"first": first.category, "second": second.category}
        yield ask_number(NAME, WORDINGS[NAME], f"{distances[i, j]:.1f}", slots, (first.id, second.id))
