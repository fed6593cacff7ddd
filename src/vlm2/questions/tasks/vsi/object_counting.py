"""The number of objects of a category that has at least two."""

from __future__ import annotations

import numpy as np

from ....query.words import plural
from ....scenes.record import Scene
from ....scenes.visibility import named
from ...question_type import Questions, QuestionType, task
from ...selection import shuffled

FEWEST = 2

TYPE = QuestionType(
    name="object_counting",
    decimals=0,
    is_count=True,
    terse="How many {things}?",
    held_out=4,
    texts=(
        "How many {thing}(s) are in this room?",
        "How many {things} are there?",
        "Count the {things}.",
        "How many {things} did you see?",
        "What is the number of {things} in the video?",
        "Can you count the {things} for me?",
        "How many {things} do I have in here?",
        "Number of {things} in this place?",
        "Tell me how many {things} there are in total.",
        "If I walk through here, how many {things} will I find?",
        "I need to know the total count of {things}.",
        "How many different {things} appear in this home?",
        "how many {things} did I get on camera in here?",
        "Right, I'm doing the inventory for this property before the new tenants move in. Could you go through the "
        "walkthrough and tell me the total number of {things} in the place?",
        "Count the {things} in this room for me please, and don't count the same one twice if I walked past it again!",
        "Sir, kindly tell what is the number of {things} present in the house shown in my video.",
    ),
)


@task(TYPE, column=1)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield one question for each category with several instances, in random order."""
    several = [things for things in named(scene).values() if len(things) >= FEWEST]
    for things in shuffled(several, rng):
        category = things[0].category
        yield TYPE.number(len(things), {"thing": category, "things": plural(category)}, things)
