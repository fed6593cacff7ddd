"""The position of an object relative to another as the camera sees them: near or far, left or right, up or down."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ....scenes.record import Scene, SceneObject
from ...numbered_frames import NumberedFrame, numbered_frames
from ...question_type import Questions, QuestionType, in_words, task
from ...selection import shuffled

MARGIN = 0.15  # metres of free space between the two boxes along the camera's axis, as in the benchmark

NEAR_FAR = QuestionType(
    name="obj_obj_relative_pos_nf",
    held_out=2,
    texts=(
        "In {frame}, relative to the camera, is {first} [Near/Far] compared to {second}?",
        in_words("In {frame}, is the {first} near or far compared to the {second}?"),
        "At {seconds} s, was the {first} nearer to the camera than the {second}, or farther?",
        in_words("Compared to the {second}, does the camera see the {first} near or far in {frame}?"),
        "{seconds} seconds into the video, how does the {first} lie compared to the {second}?",
        "Does the {first} stand nearer to me than the {second} in {frame}, or farther away?",
        in_words("At {seconds} seconds, next to the {second}, did I have the {first} near or far?"),
        in_words("With the {second} as the measure, is the {first} near or far in {frame}?"),
        "Is the {first} in front of the {second} or beyond it for the camera in {frame}?",
        in_words("Second {seconds}: measured against the {second}, is the {first} near or far?"),
    ),
)
LEFT_RIGHT = QuestionType(
    name="obj_obj_relative_pos_lr",
    held_out=2,
    texts=(
        "In {frame}, relative to {second}, is {first} to the [Left/Right]?",
        "In {frame}, on which side of the {second} is the {first}?",
        in_words("At {seconds} s, did I see the {first} left or right of the {second}?"),
        in_words("As the camera sees it in {frame}, is the {first} left or right of the {second}?"),
        "{seconds} seconds into the video, which side of the {second} shows the {first}?",
        in_words("Is the {first} to the left or to the right of the {second} in {frame}?"),
        in_words("In the picture at {seconds} seconds, is the {first} on the {second}'s left or right?"),
        "To which side do I look from the {second} to find the {first} in {frame}?",
        in_words("Going from the {second} to the {first} in {frame}, do my eyes turn left or right?"),
        "At second {seconds}, to which side of the {second} was the {first}?",
    ),
)
UP_DOWN = QuestionType(
    name="obj_obj_relative_pos_ud",
    held_out=2,
    texts=(
        "In {frame}, relative to {second}, is {first} to the [Up/Down]?",
        in_words("In {frame}, is the {first} further up or further down than the {second}?"),
        in_words("At {seconds} s, did I see the {first} up or down from the {second}?"),
        "As the camera sees it in {frame}, where is the {first} relative to the {second}?",
        "{seconds} seconds into the video, which way from the {second} is the {first}?",
        in_words("Is the {first} up or down as seen from the {second} in {frame}?"),
        in_words("In the picture at {seconds} seconds, is it up or down from the {second} to the {first}?"),
        "Which way do I look from the {second} to find the {first} in {frame}?",
        in_words("Going from the {second} to the {first} in {frame}, do my eyes go up or down?"),
        "At second {seconds}, did the {first} show above or below the {second}?",
    ),
)


RELATIONS = {LEFT_RIGHT: (0, "Left", "Right"), UP_DOWN: (1, "Up", "Down"), NEAR_FAR: (2, "Near", "Far")}
"""Each question type's axis of the camera (0 right, 1 down, 2 forward), and its answers at the axis' two ends."""


def truth(kind: QuestionType, frame: NumberedFrame, first: SceneObject, second: SceneObject) -> str | None:
    """Return the position of `first` relative to `second` in a frame, or None if it is not clear.

    It is clear if the boxes are at least `MARGIN` apart along the camera's axis, and their centres have the same order
    in the picture. For near and far, the distances from the camera must have the same order.
    """
    axis, before, after = RELATIONS[kind]
    (low, high), (other_low, other_high) = (frame.extents[thing.id][:, axis] for thing in (first, second))
    place, other_place = (_place_in_picture(axis, frame, thing) for thing in (first, second))
    if other_low - high >= MARGIN and place < other_place:
        return before
    return after if low - other_high >= MARGIN and place > other_place else None


@task(NEAR_FAR, LEFT_RIGHT, UP_DOWN, column=5)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each frame, two objects in it and clear relation between them, in random order."""
    pairs = [(frame, pair) for frame in numbered_frames(scene) for pair in combinations(frame.things, 2)]
    for frame, pair in shuffled(pairs, rng):
        first, second = shuffled(pair, rng)
        for kind, (_, *answers) in RELATIONS.items():
            right = truth(kind, frame, first, second)
            if right is not None:
                slots = {"first": first.category, "second": second.category, **frame.slots}
                yield kind.choice(shuffled(answers, rng), right, slots, (first, second), [frame.time])


def _place_in_picture(axis: int, frame: NumberedFrame, thing: SceneObject) -> float:
    """Return the angle (radians) of an object's centre from the picture's middle, or its distance (metres)."""
    if axis == 2:
        return frame.distances[thing.id]
    center = frame.in_camera(np.array([thing.box.center]))[0]
    return float(np.arctan2(center[axis], center[2]))
