"""The distance in metres between the closest points of two objects."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ....scenes.box_geometry import box_distances
from ....scenes.record import Scene
from ....scenes.visibility import single
from ...question_type import FEET, Questions, QuestionType, Wording, task
from ...selection import shuffled

NEAREST = 0.4  # metres; VSI-Bench asks for no smaller distance

TYPE = QuestionType(
    name="object_abs_distance",
    decimals=1,
    terse="Meters from {first} to {second}?",
    held_out=4,
    texts=(
        "Measuring from the closest point of each object, what is the distance between the {first} and the {second} "
        "(in meters)?",
        "How far is the {first} from the {second}, in meters?",
        "How many meters are there between the {first} and the {second}?",
        "What is the gap between the {first} and the {second} in meters?",
        "How far apart are the {first} and the {second}? Answer in meters.",
        "Distance from the {first} to the {second} in metres?",
        Wording("How many centimeters lie between the {first} and the {second}?", scale=100, decimals=0),
        Wording("How many feet is it from the {first} to the {second}?", scale=FEET, decimals=1),
        "How much space is there between the {first} and the {second}, in meters?",
        "What length of tape, in meters, would reach from the {first} to the {second}?",
        "Roughly how many metres separate the {first} and the {second}?",
        Wording("Give me the distance in centimeters from the {first} to the {second}.", scale=100, decimals=0),
        "What's the gap in metres between the {first} and the {second}, going from nearest edge to nearest edge?",
        "Hey, so if I ran a tape measure from the {first} over to the {second}, at the spots where they come closest "
        "to each other, how many meters would it read?",
        "Need the clearance from {first} to {second} for a job, mate. Closest point on one to closest point on the "
        "other, in metres.",
        "Please, I want to know how much meters there is from the {first} until the {second}, if we measure between "
        "the two points that are the most near.",
    ),
)


@task(TYPE, column=2)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each pair of unambiguous objects that are far enough apart, in random order."""
    things = single(scene)
    boxes = [thing.box for thing in things]
    distances = box_distances(boxes, boxes)
    for i, j in shuffled(list(combinations(range(len(things)), 2)), rng):
        if distances[i, j] < NEAREST:
            continue
        first, second = (things[i], things[j]) if rng.random() < 0.5 else (things[j], things[i])
        slots = {"first": first.category, "second": second.category}
        yield TYPE.number(distances[i, j], slots, (first, second))
