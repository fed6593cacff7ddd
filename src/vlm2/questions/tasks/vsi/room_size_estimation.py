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
        Wording("How much floor is there in here, counted in square meters?", held_out=True),
        Wording("If I wanted a new carpet everywhere, how many square meters would I need?", held_out=True),
        Wording("Give me the living area in square metres.", held_out=True),
        Wording(
            "Roughly how many square metres of floor have we got here? If I filmed more than one room, add them all "
            "together.",
            held_out=True,
        ),
        Wording("floor area of this place in m²?", held_out=True),
        Wording(
            "I'm pricing up new flooring for everything you can see in the footage, so work out about how many square"
            " metres I'd have to cover in total.",
            held_out=True,
        ),
        Wording(
            "What is the surface of the place I have filmed, in m²? I mean the floor, all the space together.",
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
