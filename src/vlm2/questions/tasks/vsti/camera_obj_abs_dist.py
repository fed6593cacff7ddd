"""The distance in metres from the camera to the nearest point of an object in one frame."""

from __future__ import annotations

import numpy as np

from ....scenes.record import Scene
from ...numbered_frames import numbered_frames
from ...question_type import FEET, Questions, QuestionType, Wording, task
from ...selection import shuffled

NEAREST, FARTHEST = 0.5, 10.0  # metres; a truth of a few decimetres is no better than its rounding

TYPE = QuestionType(
    name="camera_obj_abs_dist",
    decimals=1,
    held_out=3,
    texts=(
        "What is the approximate distance (in meters) between the camera (or the person filming) and the nearest "
        "point of the {thing} in {frame}?",
        "In {frame}, how many meters away is the {thing}?",
        "How far was I from the {thing} {seconds} seconds into the video, in meters?",
        "At {seconds} s, what is the distance from the camera to the {thing} in meters?",
        "How many meters lie between the camera and the {thing} in {frame}?",
        "When {seconds} seconds had passed, how close was the {thing} to me, in metres?",
        Wording("How many centimeters is the {thing} from the lens in {frame}?", scale=100, decimals=0),
        Wording("At {seconds} seconds, how many feet away from the camera was the {thing}?", scale=FEET, decimals=1),
        "In {frame}, what gap in meters separates the viewer from the {thing}?",
        "After {seconds} seconds of filming, how many metres would I have had to reach the {thing}?",
        Wording(
            "Give the camera's distance from the {thing} at second {seconds} in centimeters.", scale=100, decimals=0
        ),
    ),
)


@task(TYPE, column=1)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each frame and object that is alone of its category in it, in random order."""
    seen = [(frame, thing) for frame in numbered_frames(scene) for thing in frame.things]
    for frame, thing in shuffled(seen, rng):
        distance = frame.distances[thing.id]
        if NEAREST <= distance <= FARTHEST:
            yield TYPE.number(distance, {"thing": thing.category, **frame.slots}, [thing], [frame.time])
