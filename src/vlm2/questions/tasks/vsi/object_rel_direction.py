"""The direction of an object for a person who stands at one object and faces another; three levels of one task."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ....scenes.box_geometry import bearing, ground_distance
from ....scenes.record import Scene
from ....scenes.visibility import single
from ...question_type import Questions, QuestionType, in_words, task
from ...selection import shuffled

MARGIN = 11.0  # degrees kept from every boundary between two answers, as VSI-Bench does
DRAWS = 600  # triples tried
CLOSEST = 0.8  # metres between the centres of any two of the three objects on the ground plane, at least
TERSE = "At {stand}, facing {face}: where is {target}?"


EASY = QuestionType(
    name="object_rel_direction_easy",
    terse=TERSE,
    held_out=4,
    texts=(
        "If I am standing by the {stand} and facing the {face}, is the {target} to the left or the right of the "
        "{face}?",
        "I stand at the {stand} and look at the {face}. Is the {target} left or right of it?",
        in_words("Standing by the {stand}, facing the {face}: on which side is the {target}, left or right?"),
        in_words("From the {stand}, looking towards the {face}, is the {target} on the left or on the right?"),
        "When I look from the {stand} to the {face}, on which side of the {face} is the {target}?",
        in_words("If I face the {face} from the {stand}, is the {target} to my left or to my right?"),
        in_words("Seen from the {stand}, is the {target} left or right of the {face}?"),
        "I'm next to the {stand} facing the {face}. Which side is the {target} on?",
        in_words("With the {stand} at my back and the {face} ahead, is the {target} left or right?"),
        in_words("Would I turn left or right to go from facing the {face} to the {target}, standing at the {stand}?"),
        "Viewed from the {stand}, which side of the {face} has the {target}?",
        "I'm standing by the {stand} looking at the {face}. Is the {target} on my left or my right?",
        "Say you've got your viewer stood at the {stand} and you've turned them to look towards the {face}. Which "
        "hand would the {target} be on, left or right?",
        "The {target}: left or right, when a person is at the {stand} and has the {face} straight in front of him?",
        "If my gran stops next to the {stand} and faces the {face}, does she need to turn left or turn right to see "
        "the {target}?",
    ),
)
MEDIUM = QuestionType(
    name="object_rel_direction_medium",
    terse=TERSE,
    held_out=4,
    texts=(
        "If I am standing by the {stand} and facing the {face}, is the {target} to my left, right, or back?\nAn "
        "object is to my back if I would have to turn at least 135 degrees in order to face it.",
        "I stand at the {stand} and look at the {face}. Is the {target} to my left, to my right or behind me?",
        in_words("Standing by the {stand}, facing the {face}: is the {target} left, right or back?"),
        in_words("From the {stand}, looking towards the {face}, where is the {target}: left, right or back?"),
        "I'm next to the {stand} facing the {face}. Which way do I turn to see the {target}?",
        in_words("If I face the {face} from the {stand}, do I find the {target} left, right or back?"),
        in_words("Where is the {target} when I stand by the {stand} and face the {face}: left, right or back?"),
        "Facing the {face} with the {stand} beside me, in which direction is the {target}?",
        in_words("My back is to the {stand} and I see the {face} ahead. Is the {target} left, right or back?"),
        "Looking at the {face} from the {stand}, which way must I turn for the {target}?",
        in_words("Is the {target} on my left, on my right or at my back if I am at the {stand} and watch the {face}?"),
        "ok so I'm at the {stand}, facing the {face}. is the {target} to my left, to my right or behind me? call it "
        "behind if I'd have to turn more than 135 degrees",
        "Picture a client standing beside the {stand} with the {face} directly ahead of them. Where would they find "
        "the {target}: left, right or at their back? Anything needing a turn beyond 135 degrees I'd describe as back.",
        "Where is {target} when I am standing near {stand} and my face is towards {face} only? Left side, right side "
        "or back side? More than 135 degrees of turning, you please take it as back side.",
        "Tell me whether I'd look left, look right or spin round to the back to see the {target}, supposing I've "
        "planted myself at the {stand} and I'm pointing at the {face}. Over 135 degrees of turn is what I mean by "
        "back.",
    ),
)
HARD = QuestionType(
    name="object_rel_direction_hard",
    terse=TERSE,
    held_out=4,
    texts=(
        "If I am standing by the {stand} and facing the {face}, is the {target} to my front-left, front-right, "
        "back-left, or back-right?\nThe directions refer to the quadrants of a Cartesian plane (if I am standing at "
        "the origin and facing along the positive y-axis).",
        "I stand at the {stand} and look at the {face}. In which quarter around me is the {target}?",
        in_words(
            "Standing by the {stand}, facing the {face}: is the {target} front-left, front-right, back-left or "
            "back-right?"
        ),
        in_words(
            "From the {stand}, looking towards the {face}, where is the {target}: front-left, front-right, back-left "
            "or back-right?"
        ),
        "I'm next to the {stand} facing the {face}. Is the {target} ahead or behind me, and on which side?",
        "If I face the {face} from the {stand}, which of these directions leads to the {target}?",
        in_words(
            "Where is the {target} (front-left, front-right, back-left, back-right) when I stand by the {stand} and "
            "face the {face}?"
        ),
        "Facing the {face} at the {stand}, in which quadrant do I find the {target}?",
        "With my eyes on the {face} and the {stand} beside me, which corner of my surroundings holds the {target}?",
        in_words(
            "Is the {target} to the front-left, front-right, back-left or back-right of someone at the {stand} who "
            "watches the {face}?"
        ),
        "Looking at the {face} from the {stand}, tell me the diagonal direction of the {target}.",
        "Stood at the {stand}, looking dead at the {face}. Where's the {target} from there: front-left, front-right, "
        "back-left or back-right?",
        "Let's pretend I'm at the {stand} and my nose is pointing at the {face}! Is the {target} in front of me or "
        "behind me, and is it on the left side or the right side?",
        "Could you help me get my bearings? Imagine the floor split into four quarters around me as I stand by the "
        "{stand} and face the {face}, with the line I'm looking along as the dividing line between left and right. In "
        "which quarter does the {target} lie, front-left, front-right, back-left or back-right?",
        "I try to find the {target}. I am beside the {stand} and I look in direction of the {face}. It is more to the "
        "front or to the back of me, and to left or to right?",
    ),
)
SECTORS = {
    EASY: {"left": (0, 135), "right": (225, 360)},
    MEDIUM: {"left": (0, 135), "right": (225, 360), "back": (135, 225)},
    HARD: {"front-left": (0, 90), "front-right": (270, 360), "back-left": (90, 180), "back-right": (180, 270)},
}
"""The answers of each level, each with the bearings in degrees where it begins and ends, counter-clockwise (left is
positive). Something straight ahead is no answer at the medium level: the margin keeps it out."""


def truth(level: QuestionType, angle: float, margin: float = 0.0) -> str | None:
    """Return the name of the direction with this bearing in degrees at a level; None where the bearing is less than
    `margin` from a boundary."""
    for name, (start, end) in SECTORS[level].items():
        if margin <= (angle - start) % 360.0 <= end - start - margin:
            return name
    return None


@task(EASY, MEDIUM, HARD, column=6)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions about triples of unambiguous objects, each at one level, in random order."""
    things = single(scene)
    if len(things) < 3:
        return
    levels = list(SECTORS)
    asked = set()
    for _ in range(DRAWS):
        level, drawn = levels[int(rng.integers(len(levels)))], tuple(rng.permutation(len(things))[:3])
        stand, face, target = (things[index] for index in drawn)
        pairs = combinations((stand, face, target), 2)
        right = truth(level, bearing(stand.box, face.box, target.box), MARGIN)
        if (level, drawn) in asked or right is None or any(ground_distance(a.box, b.box) < CLOSEST for a, b in pairs):
            continue
        asked.add((level, drawn))
        slots = {"stand": stand.category, "face": face.category, "target": target.category}
        yield level.choice(shuffled(list(SECTORS[level]), rng), right, slots, (stand, face, target))
