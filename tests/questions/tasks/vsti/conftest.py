"""A generated home with its camera, read from its record, and the independent geometry that the tests check against."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from vlm2.questions import Question
from vlm2.scenes import Box, Scene


@pytest.fixture(scope="session")
def home(repository: Path) -> Scene:
    """The example home: two rooms, 46 s of walking, made by `vlm2 homes make`."""
    return Scene.load(repository / "examples/home.json")


class Witness:
    """Reads a question's text and answers it from sampled points and 4 × 4 matrices, without the engine's geometry."""

    def __init__(self, scene: Scene) -> None:
        assert scene.trajectory is not None
        self.scene = scene
        self.times = scene.trajectory.times
        rows = np.array(scene.trajectory.world_from_camera).reshape(-1, 3, 4)
        self.poses = np.concatenate([rows, np.tile([[[0.0, 0.0, 0.0, 1.0]]], (len(rows), 1, 1))], axis=1)

    def samples(self, question: Question) -> list[int]:
        """Which sampled frames the text names: number n of m is (n − 1) of m − 1 equal steps through the samples."""
        *numbers, count = (
            int(text) for text in re.findall(r"frame (\d+)|of (\d+)", question.question) for text in text if text
        )
        return [round((number - 1) * (len(self.times) - 1) / (count - 1)) for number in numbers]

    def points(self, category: str, sample: int) -> np.ndarray:
        """Points of the one thing of a category that the sample shows, in the camera's frame."""
        shown = [o for o in self.scene.of_category(category) if sample in {s.frame for s in o.sightings}]
        assert len(shown) == 1, f"{category} in sample {sample}: {len(shown)} are in the picture"
        assert max(s.share for s in shown[0].sightings if s.frame == sample) >= 0.002
        world = np.c_[dense(shown[0].box), np.ones(21**3)]
        return (np.linalg.inv(self.poses[sample]) @ world.T).T[:, :3]

    def distance(self, category: str, sample: int) -> float:
        return float(np.linalg.norm(self.points(category, sample), axis=1).min())


def dense(box: Box) -> np.ndarray:
    shares = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, 21)] * 3), axis=-1).reshape(-1, 3)
    return np.array(box.center) + (shares * np.array(box.size)) @ np.array(box.axes)


@pytest.fixture(scope="session")
def witness(home: Scene) -> Witness:
    return Witness(home)
