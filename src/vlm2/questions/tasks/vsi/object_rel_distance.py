"""Which of four categories is the closest to an object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....scenes.box_geometry import box_distances
from ....scenes.record import Scene
from ....scenes.visibility import named, single
from ...english import either
from ...question_type import Questions, QuestionType, in_words, task
from ...selection import shuffled

CHOICES = 4
GAP = 0.15  # metres, and a share of the greater distance: between neighbours in the order, and to the closest
NEAR_SHARE = 0.85
DRAWS = 12  # sets of candidates tried for each target, before the next one has its turn

TYPE = QuestionType(
    name="object_rel_distance",
    target="target",
    terse="Closest to the {target}?",
    held_out=4,
    texts=(
        "Measuring from the closest point of each object, which of these objects ({candidates}) is the closest to the "
        "{target}?",
        "Which is closest to the {target}: {either}?",
        in_words("What is nearest to the {target}: {either}?"),
        "Which of these is the nearest to the {target}?",
        "Out of {candidates}, which one stands closest to the {target}?",
        in_words("Which one is closer to the {target} than the others, {either}?"),
        in_words("I am at the {target}. Which of these would I reach first: {either}?"),
        in_words("Is {either} the closest to the {target}?"),
        "Of these things, which has the smallest distance to the {target}?",
        in_words("Starting from the {target}, which is the shortest way: to {either}?"),
        "Which of the following has the least space between it and the {target}?",
        in_words("Name the thing next to the {target} among {candidates}."),
        "Which of these is nearest to the {target}?",
        "If I was a little ant standing on the {target}, which one of these things could I get to with the shortest "
        "crawl?",
        "Out of this lot, what's sat closest to the {target}? Go by the nearest bits of each, not the middles.",
        "I was just wondering, thinking back over the rooms I showed you, which of the following items has the "
        "smallest distance between it and the {target}, measuring at their closest points?",
    ),
)


def is_clear(distances: Sequence[float]) -> bool:
    """Tell whether distances in metres have a clear order: no two nearly equal, and the smallest not nearly 0."""
    ordered = sorted(distances)
    gaps = np.diff(ordered)
    return ordered[0] >= GAP and bool((gaps >= GAP).all()) and ordered[0] <= NEAR_SHARE * ordered[1]


@task(TYPE, column=5)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about unambiguous objects, a few sets of candidate categories each, in random order."""
    groups, targets = named(scene), single(scene)
    if len(groups) <= CHOICES:
        return
    things = [thing for group in groups.values() for thing in group]
    categories = np.array([thing.category for thing in things])
    distances = box_distances([target.box for target in targets], [thing.box for thing in things])
    for index in shuffled(list(range(len(targets))) * DRAWS, rng):
        target = targets[index]
        chosen = shuffled([category for category in groups if category != target.category], rng)[:CHOICES]
        reach = [float(distances[index, categories == category].min()) for category in chosen]
        if not is_clear(reach):
            continue
        slots = {"candidates": ", ".join(chosen), "either": either(chosen), "target": target.category}
        asked = [target, *(thing for category in chosen for thing in groups[category])]
        yield TYPE.choice(chosen, chosen[int(np.argmin(reach))], slots, asked)
