"""One who stands at random around a thing, with geometry of complex numbers, not the engine's."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator

import numpy as np
import pytest

from vlm2.questions import Question
from vlm2.scenes import Box, Scene, SceneObject


class Stander:
    """Tries many random places within 0.4 m of a thing, and answers from each."""

    def __init__(self, scene: Scene, tries: int = 300) -> None:
        self.scene, self.tries = scene, tries
        self.things = {thing.id: thing for thing in scene.objects}

    def named(self, question: Question) -> tuple[SceneObject, SceneObject, list[SceneObject]]:
        """What the question is about: where one stands, what one faces, and the others."""
        stand, face, *others = (self.things[id] for id in question.objects)
        assert f" by the {stand.category} facing the {face.category}. " in question.question
        return stand, face, others

    def places(self, stand: SceneObject) -> Iterator[complex]:
        """Free places around a thing, of random ones: in its room, within 0.4 m of it, in no other thing."""
        rng = np.random.default_rng(stand.id)
        middle, reach = complex(*stand.box.center[:2]), 0.4 + math.hypot(*stand.box.size[:2]) / 2
        walls = next(room.polygon for room in self.scene.rooms if room.name == stand.room)
        for x, y in rng.uniform(-reach, reach, (self.tries, 2)):
            place = middle + complex(x, y)
            free = all(gap(place, t.box) > 0 for t in self.things.values() if bottom(t) < 1.6 and height(t) > 0.1)
            if 0.15 <= gap(place, stand.box) <= 0.4 and free and winding(place, walls):
                yield place

    def bearings(self, question: Question) -> Iterator[tuple[complex, list[float]]]:
        """For each place: the degrees that one turns (to the left) from the thing faced to each other thing."""
        stand, face, others = self.named(question)
        for place in self.places(stand):
            ahead = complex(*face.box.center[:2]) - place
            ways = [(complex(*thing.box.center[:2]) - place) / ahead for thing in others]
            yield place, [math.degrees(cmath.phase(way)) for way in ways]


def side_of(angle: float) -> str:
    """The quarter around one that a bearing lies in, as a question calls it."""
    names = {0: "in front of me", 1: "to my left", 2: "behind me", 3: "to my right"}
    return names[round(angle / 90) % 4]


def gap(place: complex, box: Box) -> float:
    """Metres from a place to a box, seen from above."""
    turned = (place - complex(*box.center[:2])) * complex(*box.axes[0][:2]).conjugate()
    return math.hypot(max(abs(turned.real) - box.size[0] / 2, 0), max(abs(turned.imag) - box.size[1] / 2, 0))


def bottom(thing: SceneObject) -> float:
    return thing.box.center[2] - thing.box.size[2] / 2


def height(thing: SceneObject) -> float:
    return thing.box.center[2] + thing.box.size[2] / 2


def winding(place: complex, polygon: tuple[tuple[float, float], ...]) -> bool:
    """Whether a polygon goes around a place."""
    rays = [complex(*corner) - place for corner in polygon]
    return abs(sum(cmath.phase(b / a) for a, b in zip(rays, rays[1:] + rays[:1], strict=True))) > math.pi


@pytest.fixture
def stander(flat: Scene) -> Stander:
    return Stander(flat)


@pytest.fixture(scope="session")
def stand_in():
    """Return what makes a stander for another scene, and names the side of a bearing."""
    return Stander, side_of
