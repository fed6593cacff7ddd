"""The straight distance in metres between the camera's positions in two frames."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ....scenes.record import Scene
from ...numbered_frames import numbered_frames, span_slots
from ...question_type import FEET, Questions, QuestionType, Wording, task
from ...selection import shuffled

SHORTEST, LONGEST = 0.5, 10.0  # metres; less is swaying on the spot

TYPE = QuestionType(
    name="camera_displacement",
    decimals=1,
    held_out=3,
    texts=(
        "Approximately how far (in meters) did the camera move between frame {first} and {last_frame}?",
        "How many meters apart are the camera's places in frame {first} and {last_frame}?",
        "How far from where I was at {start} s was I at {end} s, in meters?",
        "What is the straight distance in meters between the camera at {start} and at {end} seconds?",
        "From second {start} to second {end}, how many metres did I get away from where I stood?",
        "By how many meters did the camera's place change from frame {first} to {last_frame}?",
        Wording("How many centimeters did the camera move from {start} s to {end} s?", scale=100, decimals=0),
        Wording("In feet, how far did I come between {start} and {end} seconds?", scale=FEET, decimals=1),
        "How long, in meters, is the straight line from the camera at {start} s to it at {end} s?",
        "What distance in metres lies between the viewpoints of frame {first} and {last_frame}?",
        "How many meters away was I at {end} seconds from my place at {start} seconds?",
    ),
)


@task(TYPE, column=2)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each two frames with clearly different positions, in random order."""
    for first, last in shuffled(list(combinations(numbered_frames(scene), 2)), rng):
        distance = float(np.linalg.norm(last.position - first.position))
        if SHORTEST <= distance <= LONGEST:
            yield TYPE.number(distance, span_slots(first, last), times=(first.time, last.time))
