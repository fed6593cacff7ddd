"""Which of four (v1), three (v2) or two (v3) objects is the closest to the camera in one frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....scenes.record import Scene
from ...english import either
from ...numbered_frames import numbered_frames
from ...question_type import Questions, QuestionType, in_words, task
from ...selection import shuffled
from ..vsi.object_rel_distance import is_clear

NEAREST = 0.5  # metres; a nearer object fills the picture
DRAWS = 6  # sets of objects tried for each frame and type


FOUR = QuestionType(
    name="camera_obj_rel_dist_v1",
    held_out=3,
    texts=(
        "Measuring from the closest point of each object, which of these objects ({candidates}) is the closest to "
        "the camera in {frame}?",
        "In {frame}, which is closest to the camera: {either}?",
        in_words("What was nearest to me at {seconds} s: {either}?"),
        "Which of these did the camera have closest in {frame}?",
        in_words("At {seconds} seconds, which one was I standing closest to, {either}?"),
        "Of {candidates}, which one is at the smallest distance from the viewer in {frame}?",
        in_words("Second {seconds}: is {either} the closest to the camera?"),
        "Which of these things would I have reached first at {seconds} seconds?",
        in_words("When {seconds} seconds had passed, what lay least far from me: {either}?"),
        "In {frame}, which of the following has the least space between it and the camera?",
        in_words("Name the nearest to the person filming at {seconds} s among {candidates}."),
    ),
)
CHOICES = {
    FOUR: 4,
    replace(FOUR, name="camera_obj_rel_dist_v2"): 3,
    replace(FOUR, name="camera_obj_rel_dist_v3"): 2,
}


@task(*CHOICES, column=4)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about objects at clearly different distances in one frame, in random order."""
    frames = [frame for frame in numbered_frames(scene) if len(frame.things) >= min(CHOICES.values())]
    asked = set()
    for kind, frame in shuffled([(kind, frame) for kind in CHOICES for frame in frames] * DRAWS, rng):
        drawn = shuffled(frame.things, rng)[: CHOICES[kind]]
        key = (frame.number, frozenset(thing.id for thing in drawn))
        distances = [frame.distances[thing.id] for thing in drawn]
        if len(drawn) < CHOICES[kind] or key in asked or min(distances) < NEAREST or not is_clear(distances):
            continue
        asked.add(key)
        chosen = [thing.category for thing in drawn]
        slots = {"candidates": ", ".join(chosen), "either": either(chosen), **frame.slots}
        yield kind.choice(chosen, chosen[int(np.argmin(distances))], slots, drawn, [frame.time])
