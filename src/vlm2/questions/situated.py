"""Questions of a person who stands by one object and faces another: openings, situations, yes and no by turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from ..scenes.box_geometry import point_distances
from ..scenes.record import Scene, SceneObject
from ..scenes.relations import stands_on_floor
from ..scenes.stance import Stance, standing_spots
from ..scenes.visibility import single
from .question import Question
from .question_type import QuestionType
from .selection import shuffled

SPOTS = 8  # free spots around the object that the person stands by, at least
APART = 1.0  # metres from each spot to the object that the person faces, at least
PHRASES = {"left": "to my left", "right": "to my right", "front": "in front of me", "back": "behind me"}

OPENINGS = (
    "I am standing by the {stand} facing the {face}.",
    "I stand next to the {stand} and look at the {face}.",
    "I'm at the {stand}, and the {face} is straight ahead.",
    "Standing beside the {stand}, I face the {face}.",
    "Say I am by the {stand} with my face to the {face}.",
    "My place is at the {stand}; I look towards the {face}.",
    "I have just stopped at the {stand}, facing the {face}.",
    "Here I am next to the {stand}, looking straight at the {face}.",
)
HELD_OUT_OPENINGS = (
    "I walked up to the {stand} and turned to the {face}.",
    "With the {stand} beside me I watch the {face}.",
    "Imagine me at the {stand}, my eyes on the {face}.",
)
T = TypeVar("T")


def situated_type(name: str, *texts: str) -> QuestionType:
    """Return a question type with one text after each opening; the last ones are held out of training.

    Raises ValueError unless there are as many texts as openings.
    """
    openings = (*OPENINGS, *HELD_OUT_OPENINGS)
    whole = tuple(f"{opening} {text}" for opening, text in zip(openings, texts, strict=True))
    return QuestionType(name=name, texts=whole, held_out=len(HELD_OUT_OPENINGS))


def ask(
    kind: QuestionType, stance: Stance, answers: Iterable[str], slots: dict[str, str], things: Iterable[SceneObject]
) -> Question:
    """Return a question of this type in a situation, about `things`; each of `answers` is accepted."""
    names = {"stand": stance.stand.category, "face": stance.face.category}
    return kind.open(answers, names | slots, (stance.stand, stance.face, *things))


def stances(scene: Scene, rng: np.random.Generator) -> Iterator[Stance]:
    """Yield a stance for each two unambiguous objects of one room with free floor around the first, in random order.

    A scene without rooms has none.
    """
    rooms = {room.name: room for room in scene.rooms}
    things = [thing for thing in single(scene) if thing.room in rooms and thing.category != "door"]
    spots = {t.id: standing_spots(scene, t, rooms[str(t.room)]) for t in things if stands_on_floor(t)}
    pairs = [(a, b) for a in things for b in things if a.id in spots and a.id != b.id and a.room == b.room]
    for stand, face in shuffled(pairs, rng):
        free = spots[stand.id]
        if len(free) >= SPOTS and point_distances(free, face.box).min() >= APART:
            others = tuple(thing for thing in scene.objects if thing.id not in (stand.id, face.id))
            if others:
                yield Stance(stand, face, rooms[str(stand.room)], free, others)


def yes_and_no(
    scene: Scene,
    rng: np.random.Generator,
    candidates: Callable[[Stance], Sequence[T]],
    answer: Callable[[Stance, T], str | None],
) -> Iterator[tuple[Stance, T, str]]:
    """Yield stances in random order, each with a candidate for a question and its answer, "yes" and "no" by turns."""
    wanted = "yes"
    for stance in stances(scene, rng):
        for candidate in shuffled(candidates(stance), rng):
            if answer(stance, candidate) == wanted:
                yield stance, candidate, wanted
                wanted = "no" if wanted == "yes" else "yes"
                break
