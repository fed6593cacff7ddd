"""The answers about the camera against what was rendered: depth, world points and instance ids, no record.

Where the camera was follows from the points of a frame alone: the motion that brings those that depth gives, in the
camera's frame, onto those that the renderer gives, in the world. What a thing is follows from all its pixels.
"""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

import jaxtyping
import numpy as np
import pytest

from vlm2.homes.production import SampledHome, sample_home
from vlm2.questions import Question, ask_all, question_types
from vlm2.questions.numbered_frames import numbered_frames
from vlm2.questions.tasks.freeform.which_colour import CLEAR

SIZE = (128, 96)
MOST = 200  # questions of a type
BOX = 0.06  # metres: half a step of the answer's rounding, and the rendered surface's own


class Shots:
    """What was rendered of a home, and the cameras that follow from it."""

    def __init__(self, home: SampledHome, world: np.ndarray) -> None:
        self.home, self.world = home, world
        self.cameras = [_camera(points, seen) for points, seen in zip(world, home.points, strict=True)]
        self.category = {thing.id: thing.category for thing in home.scene.objects}
        self.frames = {time: frame for frame, time in enumerate(home.times.tolist())}

    def asked(self, *types: str) -> list[tuple[Question, list[int]]]:
        """The questions of some types, each with the rendered frames that it is about."""
        found = [(q, [self.frames[time] for time in q.times]) for q in self.questions if q.question_type in types]
        assert {question.question_type for question, _ in found} == set(types)
        return found

    @cached_property
    def questions(self) -> list[Question]:
        return ask_all(self.home.scene, 0, per_type=MOST, families=("vsti",))

    def in_camera(self, id: int, frame: int) -> np.ndarray:
        """The points of a thing that a frame shows, in its camera's frame; it must be clear, and alone of its kind."""
        ids = self.home.instances[frame]
        assert (ids == id).mean() >= 0.00199
        same = [other for other in np.unique(ids) if self.category.get(int(other)) == self.category[id]]
        assert sum((ids == other).mean() >= 0.0005 for other in same) == 1
        return self.home.points[frame][ids == id]

    def distance(self, id: int, frame: int) -> float:
        """Metres from a frame's camera to the nearest point of a thing that any frame shows."""
        position, _ = self.cameras[frame]
        return float(np.linalg.norm(self.clouds[id] - position, axis=1).min())

    @cached_property
    def clouds(self) -> dict[int, np.ndarray]:
        """The world points of every thing, from all frames."""
        return {id: self.world[self.home.instances == id].astype(np.float64) for id in self.category}


def _camera(world: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the position and the axes (columns) of the camera that sees world points as `seen` (Kabsch)."""
    hit = seen[..., 2] > 0
    world, seen = world[hit].astype(np.float64), seen[hit].astype(np.float64)
    u, _, vt = np.linalg.svd((seen - seen.mean(0)).T @ (world - world.mean(0)))
    mirrored = np.sign(np.linalg.det(vt.T @ u.T))
    axes = vt.T @ np.diag([1.0, 1.0, mirrored]) @ u.T
    return world.mean(0) - axes @ seen.mean(0), axes


@pytest.fixture(scope="module", params=[(11, 2), pytest.param((3, 1), marks=pytest.mark.full)], ids=str)
def shots(request: pytest.FixtureRequest) -> Iterator[Shots]:
    """A home of some seed and number of rooms, rendered twice a second on a walk of 25 seconds."""
    seed, rooms = request.param
    jaxtyping.config.update("jaxtyping_disable", True)  # furnishing calls small functions very often
    try:
        home = sample_home(seed, "train", fps=2.0, size=SIZE, rooms=rooms, duration=25.0)
        views = zip(home.points, home.world_from_camera, strict=True)
        world = np.stack([points @ pose[:3, :3].T + pose[:3, 3] for points, pose in views])
        yield Shots(home, world)
    except RuntimeError as error:
        pytest.skip(str(error))
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def test_every_type_is_asked(shots: Shots) -> None:
    assert {question.question_type for question in shots.questions} == set(question_types("vsti"))


def test_questions_name_the_frames_that_were_rendered(shots: Shots) -> None:
    times = [frame.time for frame in numbered_frames(shots.home.scene)]
    for question in shots.questions:
        number = int(question.question.partition("frame ")[2].split()[0])
        assert times[number - 1] == question.times[0]


def test_displacements(shots: Shots) -> None:
    for question, (first, last) in shots.asked("camera_displacement"):
        moved = np.linalg.norm(shots.cameras[last][0] - shots.cameras[first][0])
        assert float(question.ground_truth) == pytest.approx(moved, abs=0.0501)


def test_movement_directions(shots: Shots) -> None:
    middles = {"Forward": 0, "Right": 90, "Backward": 180, "Left": -90}
    asked = shots.asked("camera_movement_direction")
    assert len({question.answer_text for question, _ in asked}) >= 2  # how many depends on the furniture at hand
    for question, (first, last) in asked:
        position, axes = shots.cameras[first]
        right, _, ahead = axes.T @ (shots.cameras[last][0] - position)
        off = np.degrees(np.arctan2(right, ahead)) - middles[question.answer_text]
        assert abs((off + 180) % 360 - 180) <= 31


def test_distances(shots: Shots) -> None:
    """A thing's surface lies in its box: it is never nearer than the answer, and hardly ever much farther."""
    farther = []
    for question, [frame] in shots.asked("camera_obj_abs_dist"):
        (id,) = question.objects
        assert f" {shots.category[id]} in frame" in question.question and len(shots.in_camera(id, frame))
        farther.append(shots.distance(id, frame) - float(question.ground_truth))
    assert len(farther) > 80 and min(farther) >= -BOX
    assert np.median(farther) < 0.1 and np.quantile(farther, 0.9) < 0.25


def test_closest_things(shots: Shots) -> None:
    for question, [frame] in shots.asked(*(f"camera_obj_rel_dist_v{number}" for number in (1, 2, 3))):
        distances = {shots.category[id]: shots.distance(id, frame) for id in question.objects}
        assert sorted(distances) == sorted(option[3:] for option in question.options or ())
        assert min(distances, key=lambda name: distances[name]) == question.answer_text


def test_relative_positions(shots: Shots) -> None:
    """Every pixel of the one thing lies on the asked side of every pixel of the other, by the margin."""
    sides: dict[str, tuple[int, int]] = {
        "Left": (0, 1), "Right": (0, -1), "Up": (1, 1), "Down": (1, -1), "Near": (2, 1), "Far": (2, -1),
    }  # fmt: skip
    asked = shots.asked(*(f"obj_obj_relative_pos_{kind}" for kind in ("lr", "ud", "nf")))
    assert set(Counter(question.answer_text for question, _ in asked)) == set(sides)
    for question, [frame] in asked:
        axis, sign = sides[question.answer_text]
        first, second = (sign * shots.in_camera(id, frame)[:, axis] for id in question.objects)
        assert second.min() - first.max() >= 0.149


# Least and greatest hue in degrees, saturation and value of what one calls so.
LOOKS = {
    "white": ((0, 360), (0.0, 0.3), (0.55, 1.0)),
    "grey": ((0, 360), (0.0, 0.3), (0.2, 0.85)),
    "black": ((0, 360), (0.0, 1.0), (0.0, 0.3)),
    "brown": ((0, 60), (0.1, 1.0), (0.15, 0.8)),
    "beige": ((10, 65), (0.05, 0.5), (0.55, 1.0)),
    "red": ((-20, 25), (0.4, 1.0), (0.15, 1.0)),
    "orange": ((5, 50), (0.5, 1.0), (0.4, 1.0)),
    "yellow": ((35, 75), (0.3, 1.0), (0.4, 1.0)),
    "green": ((60, 180), (0.1, 1.0), (0.15, 1.0)),
    "blue": ((165, 265), (0.1, 1.0), (0.15, 1.0)),
    "purple": ((250, 320), (0.1, 1.0), (0.15, 1.0)),
    "pink": ((300, 375), (0.1, 0.8), (0.5, 1.0)),
}


def test_colours_are_what_the_pixels_show(shots: Shots) -> None:
    clear = [thing for thing in shots.home.scene.objects if (thing.colour_share or 0.0) >= CLEAR]
    assert len({thing.colour for thing in clear}) >= 3
    for thing in clear:
        pixels = shots.home.frames[shots.home.instances == thing.id]
        hue, saturation, value = colorsys.rgb_to_hsv(*np.median(pixels, axis=0) / 255)
        hues, saturations, values = LOOKS[str(thing.colour)]
        assert (hue * 360 - hues[0]) % 360 <= hues[1] - hues[0], thing
        assert saturations[0] <= saturation <= saturations[1] and values[0] <= value <= values[1], thing
