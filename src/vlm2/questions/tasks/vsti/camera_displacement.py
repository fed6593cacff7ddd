"""How far the camera moved between two frames, in metres: straight from the one place to the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ....scenes.record import Scene
from ...numbered_frames import numbered_frames
from ...question import Question
from ...wording import Wording, ask_number, shuffled

NAME = "camera_displacement"
SHORTEST, LONGEST = 0.5, 10.0  # metres; less is swaying on the spot
FEET = 3.28084

WORDINGS = {
    NAME: (
        Wording("Approximately how far (in meters) did the camera move between frame {first} and {last_frame}?"),
        Wording("How many meters apart are the camera's places in frame {first} and {last_frame}?"),
        Wording("How far from where I was at {start} s was I at {end} s, in meters?"),
        Wording("What is the straight distance in meters between the camera at {start} and at {end} seconds?"),
        Wording("From second {start} to second {end}, how many metres did I get away from where I stood?"),
        Wording("By how many meters did the camera's place change from frame {first} to {last_frame}?"),
        Wording("How many centimeters did the camera move from {start} s to {end} s?", scale=100, decimals=0),
        Wording("In feet, how far did I come between {start} and {end} seconds?", scale=FEET, decimals=1),
        Wording(
            "How long, in meters, is the straight line from the camera at {start} s to it at {end} s?", held_out=True
        ),
        Wording(
            "What distance in metres lies between the viewpoints of frame {first} and {last_frame}?", held_out=True
        ),
        Wording("How many meters away was I at {end} seconds from my place at {start} seconds?", held_out=True),
    )
}


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield one question for each two frames from clearly different places, in random order."""
    for first, last in shuffled(list(combinations(numbered_frames(scene), 2)), rng):
        distance = float(np.linalg.norm(last.position - first.position))
        if SHORTEST <= distance <= LONGEST:
            slots = {
                "first": str(first.number),
                "last_frame": last.name,
                "start": first.seconds,
                "end": last.seconds,
            }
            yield ask_number(NAME, WORDINGS[NAME], f"{distance:.1f}", slots, (), (first.time, last.time))
