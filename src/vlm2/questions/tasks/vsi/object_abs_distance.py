"""The distance in metres between the closest points of two things."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ....scenes.record import Box, Scene
from ...box_geometry import box_distance, box_distances
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
        Wording("What length of tape, in meters, would reach from the {first} to the {second}?"),
        Wording("Roughly how many metres separate the {first} and the {second}?"),
        Wording(
            "Give me the distance in centimeters from the {first} to the {second}.",
            scale=100,
            decimals=0,
        ),
        Wording(
            "What's the gap in metres between the {first} and the {second}, going from nearest edge to nearest edge?",
            held_out=True,
        ),
        Wording(
            "Hey, so if I ran a tape measure from the {first} over to the {second}, at the spots where they come "
            "closest to each other, how many meters would it read?",
            held_out=True,
        ),
        Wording(
            "Need the clearance from {first} to {second} for a job, mate. Closest point on one to closest point on "
            "the other, in metres.",
            held_out=True,
        ),
        Wording(
            "Please, I want to know how much meters there is from the {first} until the {second}, if we measure "
            "between the two points that are the most near.",
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
