"""The floor area in square metres, all rooms together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene
from ...question import Question
from ...wording import Wording, ask_number

NAME = "room_size_estimation"
SQUARE_FEET = 10.7639

WORDINGS = {
    NAME: (
        Wording(
            "What is the size of this room (in square meters)? \n"
            "If multiple rooms are shown, estimate the size of the combined space."
        ),
        Wording("How big is this place in square meters?"),
        Wording("What is the floor area in square meters?"),
        Wording("How many square meters does this space have, all rooms together?"),
        Wording("What is the total area of the rooms in m²?"),
        Wording("How large is this home? Answer in square metres."),
        Wording("Area of the whole space in sqm?"),
        Wording("How many square feet is this place?", scale=SQUARE_FEET, decimals=0),
        Wording("Estimate the size of everything shown in the video, in square meters."),
        Wording("How much floor is there in here, counted in square meters?"),
        Wording("If I wanted a new carpet everywhere, how many square meters would I need?"),
        Wording("Give me the living area in square metres."),
        Wording(
            "I'm putting the listing together this afternoon. What should I put down as the floor area in square "
            "metres? If I filmed more than one room, I want them all added together.",
            held_out=True,
        ),
        Wording("how many m² is this place, roughly? all the floor you can see in the video", held_out=True),
        Wording(
            "Pricing up some laminate here. Work out the floor for me in square metres, the whole lot I walked "
            "through.",
            held_out=True,
        ),
        Wording(
            "Can you please estimate how large is the floor surface of my flat, in square metres, from what I have "
            "filmed?",
            held_out=True,
        ),
    )
}


def truth(scene: Scene) -> float:
    """Return the floor area of all rooms together in square metres."""
    return scene.floor_area


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield the one question about the size of the place."""
    yield ask_number(NAME, WORDINGS[NAME], f"{truth(scene):.1f}", {}, ())
