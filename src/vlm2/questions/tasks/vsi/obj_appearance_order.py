"""The order in which four categories first appear in the video."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np

from ....scenes.record import Scene, SceneObject
from ....scenes.visibility import CLEAR_SHARE, named
from ...question_type import Questions, QuestionType, in_words, task
from ...selection import shuffled

CHOICES = 4
GAP_SECONDS = 1.0  # from the clear view of a category to the first pixel of the next, at least
DRAWS = 400  # sets of four categories tried

TYPE = QuestionType(
    name="obj_appearance_order",
    ordered=True,
    terse="Which order?",
    held_out=4,
    texts=(
        "What will be the first-time appearance order of the following categories in the video: {categories}?",
        "In which order do these first appear in the video: {categories}?",
        in_words("In what order did I first see these: {categories}?"),
        "Which order do {categories} come into view for the first time?",
        in_words("Sort by when they are first seen: {categories}."),
        "As the video plays, in what order do these show up: {categories}?",
        in_words("List {categories} in the order in which they first appear."),
        "What came first, second, third and last: {categories}?",
        "Watching from the start, how would you order {categories} by first sight?",
        in_words("Arrange these from earliest to latest seen: {categories}."),
        "Which of these sequences matches when {categories} are first shown?",
        "In what order do these first pop up in the video: {categories}?",
        "Thinking about my walk round the property from the moment I pressed record, could you put the following in "
        "sequence according to when each one first came into shot? {categories}",
        "{categories} - which did you see first, then which next, and so on to the last one?",
        "Sort these by when they're first seen in my clip, earliest to latest: {categories}.",
    ),
)


@dataclass(frozen=True)
class Debut:
    """When a category first appears, in seconds: its first pixel (`glimpse`), and its first clear view (`clear`)."""

    category: str
    glimpse: float
    clear: float


def debut(scene: Scene, things: tuple[SceneObject, ...]) -> Debut | None:
    """Return when the first of a category's instances appears, or None if none of them is ever clearly visible."""
    sightings = [sighting for thing in things for sighting in thing.sightings]
    clear = [sighting.frame for sighting in sightings if sighting.share >= CLEAR_SHARE]
    if scene.trajectory is None or not clear:
        return None
    times = scene.trajectory.times
    return Debut(things[0].category, times[min(sighting.frame for sighting in sightings)], times[min(clear)])


@task(TYPE, column=8)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about four categories whose first appearances lie clearly apart, in random order."""
    groups = named(scene)
    found = (debut(scene, things) for things in groups.values())
    debuts = sorted(filter(None, found), key=lambda first: first.clear)
    if len(debuts) < CHOICES:
        return
    asked = set()
    for _ in range(DRAWS):
        drawn = tuple(sorted(rng.permutation(len(debuts))[:CHOICES]))
        four = [debuts[index] for index in drawn]
        gaps = [after.glimpse - before.clear for before, after in pairwise(four)]
        if drawn in asked or min(gaps) < GAP_SECONDS:
            continue
        asked.add(drawn)
        names = [first.category for first in four]
        right, *wrong = (", ".join(order) for order in permutations(names))
        choices = shuffled([right, *shuffled(wrong, rng)[: CHOICES - 1]], rng)
        slots = {"categories": ", ".join(shuffled(names, rng))}
        yield TYPE.choice(choices, right, slots, [thing for name in names for thing in groups[name]])
