"""Which of four (v1), three (v2) or two (v3) things is the closest to the camera in one frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene
from ...numbered_frames import numbered_frames
from ...question import Question
from ...wording import Wording, ask_choice, shuffled
from ..vsi.object_rel_distance import either, is_clear

CHOICES = {"camera_obj_rel_dist_v1": 4, "camera_obj_rel_dist_v2": 3, "camera_obj_rel_dist_v3": 2}
NEAREST = 0.5  # metres; nearer, the thing fills the picture
DRAWS = 6  # sets of things tried for each frame and type

TEXTS = (
    Wording(
        "Measuring from the closest point of each object, which of these objects ({candidates}) is the closest to the "
        "camera in {frame}?"
    ),
    Wording("In {frame}, which is closest to the camera: {either}?"),
    Wording("What was nearest to me at {seconds} s: {either}?", words=True),
    Wording("Which of these did the camera have closest in {frame}?"),
    Wording("At {seconds} seconds, which one was I standing closest to, {either}?", words=True),
    Wording("Of {candidates}, which one is at the smallest distance from the viewer in {frame}?"),
    Wording("Second {seconds}: is {either} the closest to the camera?", words=True),
    Wording("Which of these things would I have reached first at {seconds} seconds?"),
    Wording("When {seconds} seconds had passed, what lay least far from me: {either}?", words=True, held_out=True),
    Wording("In {frame}, which of the following has the least space between it and the camera?", held_out=True),
    Wording("Name the nearest to the person filming at {seconds} s among {candidates}.", words=True, held_out=True),
)
WORDINGS = dict.fromkeys(CHOICES, TEXTS)


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield questions about frames that show enough things at clearly different distances, in random order."""
    frames = [frame for frame in numbered_frames(scene) if len(frame.things) >= min(CHOICES.values())]
    asked = set()
    for name, index in shuffled([(name, index) for name in CHOICES for index in range(len(frames))] * DRAWS, rng):
        frame = frames[index]
        drawn = shuffled(frame.things, rng)[: CHOICES[name]]
        key = (frame.number, frozenset(thing.id for thing in drawn))
        distances = [frame.distances[thing.id] for thing in drawn]
        if len(drawn) < CHOICES[name] or key in asked or min(distances) < NEAREST or not is_clear(distances):
            continue
        asked.add(key)
        chosen = [thing.category for thing in drawn]
        slots = {
            "candidates": ", ".join(chosen),
            "either": either(chosen),
            "frame": frame.name,
            "seconds": frame.seconds,
        }
        right = chosen[int(np.argmin(distances))]
        yield ask_choice(name, TEXTS, chosen, right, slots, [thing.id for thing in drawn], [frame.time])
