"""How many things of a category there are; asked where there are at least two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....scenes.record import Scene
from ...question import Question
from ...visibility import named
from ...wording import Wording, ask_number, shuffled

NAME = "object_counting"
FEWEST = 2

WORDINGS = {
    NAME: (
        Wording("How many {thing}(s) are in this room?"),
        Wording("How many {things} are there?"),
        Wording("Count the {things}."),
        Wording("How many {things} did you see?"),
        Wording("What is the number of {things} in the video?"),
        Wording("Can you count the {things} for me?"),
        Wording("How many {things} do I have in here?"),
        Wording("Number of {things} in this place?"),
        Wording("Tell me how many {things} there are in total."),
        Wording("If I walk through here, how many {things} will I find?"),
        Wording("I need to know the total count of {things}."),
        Wording("How many different {things} appear in this home?"),
        Wording("how many {things} did I get on camera in here?", held_out=True),
        Wording(
            "Right, I'm doing the inventory for this property before the new tenants move in. Could you go through "
            "the walkthrough and tell me the total number of {things} in the place?",
            held_out=True,
        ),
        Wording(
            "Count the {things} in this room for me please, and don't count the same one twice if I walked past it "
            "again!",
            held_out=True,
        ),
        Wording(
            "Sir, kindly tell what is the number of {things} present in the house shown in my video.", held_out=True
        ),
    )
}


def truth(scene: Scene, category: str) -> int:
    """Return how many instances of a category the scene has: its known count, else its boxes.

    Raises ValueError for a category that the scene does not name at all.
    """
    count = scene.counts.get(category, len(scene.of_category(category)))
    if category not in scene.counts and not count:
        raise ValueError(f"The scene {scene.name} has no {category}.")
    return count


def questions(scene: Scene, rng: np.random.Generator) -> Iterator[Question]:
    """Yield one question for each category with several instances, in random order."""
    several = [things for things in named(scene).values() if len(things) >= FEWEST]
    for things in shuffled(several, rng):
        category = things[0].category
        slots = {"thing": category, "things": plural(category)}
        yield ask_number(NAME, WORDINGS[NAME], str(truth(scene, category)), slots, [thing.id for thing in things])


def plural(noun: str) -> str:
    """Return an English noun's plural: "trash bin" gives "trash bins", "shelf" gives "shelves"."""
    if noun.endswith("mouse"):
        return noun.removesuffix("mouse") + "mice"
    if noun.endswith("shelf"):
        return noun.removesuffix("f") + "ves"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun.removesuffix("y") + "ies"
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun if noun.endswith(("curtains", "blinds", "stairs", "shoes")) else noun + "es"
    return noun + "s"
