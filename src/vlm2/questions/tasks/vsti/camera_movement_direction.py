"""The main direction of the camera's movement between two frames, relative to its view in the first."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from jaxtyping import Float64

from ....scenes.record import Scene
from ...english import listed
from ...numbered_frames import NumberedFrame, numbered_frames, span_slots
from ...question_type import Questions, QuestionType, in_words, task
from ...selection import grouped, shuffled, take_turns

DIRECTIONS = ("Forward", "Backward", "Left", "Right")
CHOICES = (4, 3, 2)  # the benchmark asks with as many options, in equal parts
SHORTEST = 0.5  # metres along the main direction
ASIDE = 0.6  # of the main direction's metres, at most, across it: 14° from the diagonal
DETOUR = 1.5  # times the straight distance, at most, on the way: else the direction is not consistent

TYPE = QuestionType(
    name="camera_movement_direction",
    held_out=3,
    texts=(
        "During the sequence between frame {first} and {last_frame}, what was the primary consistent direction of the "
        "camera's movement relative to its orientation at the start? The options are {choices}.",
        "Which way did the camera mainly move from frame {first} to {last_frame}, seen from its start?",
        in_words("From {start} s to {end} s, did I move forward, backward, left or right?"),
        "Looking the way I looked at {start} s, in which direction had I gone by {end} s?",
        in_words(
            "Between {start} and {end} seconds, was the camera's way forward, backward, left or right of its first "
            "view?"
        ),
        "In which direction did I walk between {start} and {end} seconds, as I faced at the beginning?",
        "Relative to the view in frame {first}, where to did the camera go until {last_frame}?",
        "Which of these describes my movement from second {start} to second {end}?",
        in_words("As seen in frame {first}, did the camera go forward, backward, left or right up to {last_frame}?"),
        "Facing as at {start} s, which way leads to where I was at {end} s?",
        "What was the overall course of the camera between {start} and {end} seconds?",
    ),
)


def direction(moved: Float64[np.ndarray, " 3"]) -> str | None:
    """Return the name of a movement in the first frame's camera frame (metres), or None if it has no clear direction.

    Up and down do not count, as in the benchmark.
    """
    right, _, forward = moved
    across, along = sorted((abs(right), abs(forward)))
    if along < SHORTEST or across > ASIDE * along:
        return None
    if along == abs(forward):
        return "Forward" if forward > 0 else "Backward"
    return "Right" if right > 0 else "Left"


@task(TYPE, column=3)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about pairs of frames in random order, the directions by turns."""
    moves: list[tuple[str, tuple[NumberedFrame, NumberedFrame]]] = []
    for first, last in shuffled(list(combinations(numbered_frames(scene), 2)), rng):
        moved = first.in_camera(last.position[None])[0]
        name = direction(moved)
        if name is not None and last.walked - first.walked <= DETOUR * np.linalg.norm(moved):
            moves.append((name, (first, last)))
    for name, (first, last) in take_turns(dict(sorted(grouped(moves).items())), rng):
        wrong = shuffled([other for other in DIRECTIONS if other != name], rng)
        choices = shuffled([name, *wrong[: int(rng.choice(CHOICES)) - 1]], rng)
        slots = {**span_slots(first, last), "choices": listed(choices)}
        yield TYPE.choice(choices, name, slots, times=(first.time, last.time))
