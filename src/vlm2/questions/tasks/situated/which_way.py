"""The direction of an object that can be reached in a straight line: forward, backward, left or right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from ....scenes.box_geometry import blocked
from ....scenes.record import Box, Scene, SceneObject
from ....scenes.stance import Stance, obstacles
from ....scenes.visibility import single
from ...question_type import Questions, task
from ...selection import by_turns
from ...situated import ask, situated_type, stances

WAYS = {
    "left": ("left", "to the left", "turn left"),
    "right": ("right", "to the right", "turn right"),
    "front": ("forward", "straight", "straight ahead", "ahead", "front"),
    "back": ("backward", "behind", "back", "turn around"),
}
SHORTEST = 1.0  # metres to the object, at least

TYPE = situated_type(
    "situated_which",
    "Which way should I go to reach the {goal}?",
    "Which way is the {goal}?",
    "Which direction do I take to get to the {goal}?",
    "Which way do I walk to the {goal}: forward, backward, left or right?",
    "In which direction should I go for the {goal}?",
    "Where do I turn to reach the {goal}: left, right, back or not at all?",
    "I want to go to the {goal}. Which way?",
    "Forward, backward, left or right: which way leads to the {goal}?",
    "Send me to the {goal}. Which direction?",
    "If I needed the {goal}, which way would I go?",
    "Which way must I go if the {goal} is what I want?",
)


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about objects of the room with a free straight way from every spot, in random order.

    The directions take turns until only one of them is left.
    """
    goals = {thing.id for thing in single(scene, plurals=False)}
    barriers = obstacles(scene)
    found = (
        (side, (stance, stance.things[place]))
        for side, stance in product(WAYS, stances(scene, rng))
        for place in np.flatnonzero(stance.in_room & stance.on_side(side) & (stance.distances.min(axis=0) >= SHORTEST))
        if stance.things[place].id in goals and _is_free(stance, stance.things[place], barriers)
    )
    for side, (stance, goal) in by_turns(found, rng, least=2):
        yield ask(TYPE, stance, WAYS[side], {"goal": goal.category}, [goal])


def _is_free(stance: Stance, goal: SceneObject, barriers: Sequence[Box]) -> bool:
    ends = np.broadcast_to(np.array(goal.box.center[:2]), stance.spots.shape)
    return not blocked(stance.spots, ends, barriers).any()
