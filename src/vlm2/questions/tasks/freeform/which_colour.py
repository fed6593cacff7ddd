"""The colour of an object, if its surface has the same colour as its pixels in the video."""

from __future__ import annotations

import numpy as np

from ....query.words import plural
from ....scenes.record import Scene
from ....scenes.visibility import named
from ....scenes.vocabulary import PLURALS
from ... import english
from ...question_type import Questions, QuestionType, task
from ...selection import shuffled

CLEAR = 0.7  # share of an object's pixels in the video that show its colour, at least

TYPE = QuestionType(
    name="freeform_colour",
    held_out=3,
    texts=(
        "What color {is} the {thing}?",
        "What is the color of the {thing}?",
        "Which colour {is} the {thing}?",
        "In what color did you see the {thing}?",
        "Tell me the color of the {thing}.",
        "The {thing} in the video: what color?",
        "What colour would you say the {thing} {is}?",
        "Name the color of the {thing} in here.",
        "How would you describe the {thing} by color?",
        "I forgot what colour the {thing} {is}. Which?",
        "The color of the {thing}, please.",
    ),
)


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each category whose instances all have the same clear colour, in random order."""
    for things in shuffled(list(named(scene).values()), rng):
        category, colours = things[0].category, {thing.colour for thing in things}
        colour = colours.pop()
        clear = all((thing.colour_share or 0.0) >= CLEAR for thing in things)
        if colour is None or colours or not clear or category in PLURALS:
            continue
        one = len(things) == 1
        slots = {"thing": category if one else plural(category), "is": "is" if one else "are"}
        yield TYPE.open(english.colour(colour), slots, things)
