"""Which way leads to a thing: forward, backward, left or right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene
from ... import speech
from ...question import Question
from ...situation import situated
from ...stance import Stance, obstacles, stances
from ...visibility import single
from ...wording import ask_words, shuffled
from ..vsi.route_planning import blocked

NAME = "situated_which"
WAYS = {
    "left": ("left", "to the left", "turn left"),
    "right": ("right", "to the right", "turn right"),
    "front": ("forward", "straight", "straight ahead", "ahead", "front"),
    "back": ("backward", "behind", "back", "turn around"),
}
SHORTEST = 1.0  # metres to the thing, at least

WORDINGS = {
    NAME: situated(
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
}


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield questions about things of the room with a free straight way from every spot, in random order, and of each
    direction as many as of the others while that lasts."""
    goals = {thing.id for thing in single(scene) if thing.category not in speech.PLURALS}
    barriers = obstacles(scene)
    found: dict[str, list[tuple[Stance, int]]] = {}
    for stance in stances(scene, rng):
        near = stance.in_room & (stance.distances.min(axis=0) >= SHORTEST)
        for side in WAYS:
            for place in np.flatnonzero(near & stance.on_side(side)):
                if stance.things[place].id in goals:
                    found.setdefault(side, []).append((stance, int(place)))
    while found:
        for side in shuffled(sorted(found), rng):
            stance, place = found[side].pop()
            if not found[side]:
                del found[side]
            goal = stance.things[place]
            ends = np.broadcast_to(np.array(goal.box.center[:2]), stance.spots.shape)
            if not blocked(stance.spots, ends, barriers).any():
                slots = {**stance.slots, "goal": goal.category}
                yield ask_words(NAME, WORDINGS[NAME], WAYS[side], slots, (stance.stand.id, stance.face.id, goal.id))
