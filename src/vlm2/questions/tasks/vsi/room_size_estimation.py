"""The floor area in square metres, all rooms together."""

from __future__ import annotations

import numpy as np

from ....scenes.record import Scene
from ...question_type import Questions, QuestionType, Wording, task

SQUARE_FEET = 10.7639  # in a square metre

TYPE = QuestionType(
    name="room_size_estimation",
    decimals=1,
    terse="Floor area, square meters?",
    held_out=4,
    texts=(
        "What is the size of this room (in square meters)? \nIf multiple rooms are shown, estimate the size of the "
        "combined space.",
        "How big is this place in square meters?",
        "What is the floor area in square meters?",
        "How many square meters does this space have, all rooms together?",
        "What is the total area of the rooms in m²?",
        "How large is this home? Answer in square metres.",
        "Area of the whole space in sqm?",
        Wording("How many square feet is this place?", scale=SQUARE_FEET, decimals=0),
        "Estimate the size of everything shown in the video, in square meters.",
        "How much floor is there in here, counted in square meters?",
        "If I wanted a new carpet everywhere, how many square meters would I need?",
        "Give me the living area in square metres.",
        "I'm putting the listing together this afternoon. What should I put down as the floor area in square metres? "
        "If I filmed more than one room, I want them all added together.",
        "how many m² is this place, roughly? all the floor you can see in the video",
        "Pricing up some laminate here. Work out the floor for me in square metres, the whole lot I walked through.",
        "Can you please estimate how large is the floor surface of my flat, in square metres, from what I have filmed?",
    ),
)


@task(TYPE, column=4)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield the one question about the floor area."""
    yield TYPE.number(scene.floor_area, {})
