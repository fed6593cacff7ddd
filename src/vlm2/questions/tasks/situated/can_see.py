"""Whether an object is visible to the person without turning around: yes or no."""

from __future__ import annotations

import numpy as np

from ....scenes.line_of_sight import seen_shares
from ....scenes.record import Scene
from ....scenes.stance import Stance
from ....scenes.visibility import single
from ...question_type import Questions, task
from ...situated import ask, situated_type, yes_and_no

PLAIN = 0.7  # share of an object's points that are in view, at least, where the answer is yes

TYPE = situated_type(
    "situated_can",
    "Can I see the {thing} without turning around?",
    "Can I see the {thing} from here, as I look now?",
    "Without turning my head, can I see the {thing}?",
    "Can my eyes reach the {thing} if I do not turn?",
    "Is the {thing} in my view?",
    "Do I see the {thing} like this?",
    "Can the {thing} be seen from here without a turn?",
    "Is it possible to see the {thing} without turning?",
    "Would I notice the {thing} if I kept my head still?",
    "Can I look at the {thing} and stay turned the way I am?",
    "Does my view include the {thing}?",
)


def truth(scene: Scene, stance: Stance, place: int) -> str | None:
    """Return whether the person sees the object of the room at index `place` of `stance.things`.

    "yes": it is in front and plainly visible from every spot. "no": it is behind, or in front and hidden from every
    spot. Else None.
    """
    thing = stance.things[place]
    if stance.on_side("back")[place]:
        return "no"
    if not stance.on_side("front")[place]:
        return None
    shares = seen_shares(scene, stance.room, stance.spots, thing)
    if shares.min() >= PLAIN:
        return "yes"
    return "no" if shares.max() == 0.0 else None


@task(TYPE)
def questions(scene: Scene, rng: np.random.Generator) -> Questions:
    """Yield questions in random order, their answers yes and no by turns."""
    named = {thing.id for thing in single(scene, plurals=False)}

    def answer(stance: Stance, place: int) -> str | None:
        return truth(scene, stance, place) if stance.things[place].id in named else None

    def places(stance: Stance) -> list[int]:
        return np.flatnonzero(stance.in_room).tolist()

    for stance, place, right in yes_and_no(scene, rng, places, answer):
        thing = stance.things[place]
        yield ask(TYPE, stance, [right], {"thing": thing.category}, [thing])
