"""The longest side of an object in centimetres."""

from __future__ import annotations

import numpy as np

from ....scenes.record import Scene
from ....scenes.visibility import single
from ...question_type import Questions, QuestionType, Wording, task
from ...selection import shuffled

INCHES = 1 / 2.54  # in a centimetre

TYPE = QuestionType(
    name="object_size_estimation",
    decimals=0,
    terse="Longest side of the {thing}, cm?",
    held_out=4,
    texts=(
        "What is the length of the longest dimension (length, width, or height) of the {thing}, measured in "
        "centimeters?",
        "How big is the {thing} along its longest side, in centimeters?",
        "What is the longest side of the {thing} in cm?",
        "How many centimeters does the {thing} measure at its longest?",
        "How large is the {thing}? Give its longest dimension in centimeters.",
        "Size of the {thing} in centimeters, longest edge?",
        Wording("How many meters long is the longest side of the {thing}?", scale=0.01, decimals=2),
        Wording("What is the largest dimension of the {thing} in meters?", scale=0.01, decimals=2),
        Wording("How many inches is the longest side of the {thing}?", scale=INCHES, decimals=0),
        "Of height, width and depth, how many centimeters is the greatest for the {thing}?",
        "I want to move the {thing}: how long is its longest edge in centimeters?",
        Wording("In metres, what does the {thing} measure along its longest side?", scale=0.01, decimals=2),
        "I've got to get the {thing} through a narrow doorway on moving day. How long is it along its longest side, "
        "in centimetres?",
        "longest dimension of the {thing} in cm?",
        "How big is the {thing}? I mean the biggest way you can measure it, whether that's tall or wide or deep, in "
        "centimetres.",
        "Would you be so kind as to work out the {thing}'s greatest measurement, be it height, width or length, in cm?",
    ),
)


@task(TYPE, column=3)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each unambiguous object, in random order."""
    for thing in shuffled(single(scene), rng):
        yield TYPE.number(100 * max(thing.box.size), {"thing": thing.category}, [thing])
