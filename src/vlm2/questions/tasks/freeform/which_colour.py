"""Which colour a thing has; asked where its surface and its picture in the video agree."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene
from ... import english as speech
from ...question import Question
from ...visibility import named
from ...wording import Wording, ask_words, shuffled
from ..vsi.object_counting import plural

NAME = "freeform_colour"
CLEAR = 0.7  # of the pixels seen of a thing, at least, show its colour

WORDINGS = {
    NAME: (
        Wording("What color {is} the {thing}?"),
        Wording("What is the color of the {thing}?"),
        Wording("Which colour {is} the {thing}?"),
        Wording("In what color did you see the {thing}?"),
        Wording("Tell me the color of the {thing}."),
        Wording("The {thing} in the video: what color?"),
        Wording("What colour would you say the {thing} {is}?"),
        Wording("Name the color of the {thing} in here."),
        Wording("How would you describe the {thing} by color?", held_out=True),
        Wording("I forgot what colour the {thing} {is}. Which?", held_out=True),
        Wording("The color of the {thing}, please.", held_out=True),
    )
}


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield one question for each category whose instances all clearly have the same colour, in random order."""
    for things in shuffled(list(named(scene).values()), rng):
        category, colours = things[0].category, {thing.colour for thing in things}
        colour = colours.pop()
        clear = all((thing.colour_share or 0.0) >= CLEAR for thing in things)
        if colour is None or colours or not clear or category in speech.PLURALS:
            continue
        one = len(things) == 1
        slots = {"thing": category if one else plural(category), "is": "is" if one else "are"}
        yield ask_words(NAME, WORDINGS[NAME], speech.colour(colour), slots, [thing.id for thing in things])
