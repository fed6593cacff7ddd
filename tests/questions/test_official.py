"""The question engine's geometry against VSI-Bench's own answers, on every scan whose boxes are at hand."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from vlm2.questions.question import Question
from vlm2.questions.row import read_row
from vlm2.questions.tasks import question_types
from vlm2.questions.tasks.vsi import object_rel_direction
from vlm2.scenes import Box, Scene, read_metadata
from vlm2.scenes.box_geometry import bearing, box_distance, box_distances


def boxes(scene: Scene, category: str) -> list[Box]:
    return [thing.box for thing in scene.of_category(category)]


def alone(scene: Scene, *categories: str) -> bool:
    return all(len(scene.of_category(category)) == 1 for category in categories)


def number(question: Question) -> float:
    return float(question.ground_truth)


def names(pattern: str, question: Question) -> tuple[str, ...]:
    found = re.search(pattern, question.question)
    assert found is not None, question.question
    return found.groups()


# Each returns whether our truth agrees with the official one, or None where the question is ambiguous by our care.


def counting(scene: Scene, question: Question) -> bool | None:
    (category,) = names(r"How many (.+)\(s\) are", question)
    return scene.counts.get(category, len(boxes(scene, category))) == number(question)


def size(scene: Scene, question: Question) -> bool | None:
    (category,) = names(r"height\) of the (.+), measured", question)
    if not alone(scene, category):
        return None
    return abs(100 * max(boxes(scene, category)[0].size) - number(question)) <= 1.0


def room_size(scene: Scene, question: Question) -> bool | None:
    return abs(scene.floor_area - number(question)) <= 0.05 + 1e-9


def distance(scene: Scene, question: Question) -> bool | None:
    first, second = names(r"between the (.+) and the (.+) \(in meters\)", question)
    if not alone(scene, first, second):
        return None
    truth = box_distance(boxes(scene, first)[0], boxes(scene, second)[0])
    return abs(truth - number(question)) <= 0.11


def nearest(scene: Scene, question: Question) -> bool | None:
    candidates, target = names(r"objects \((.+)\) is the closest to the (.+)\?", question)
    if not alone(scene, target):
        return None
    listed = candidates.split(", ")
    distances = [box_distances(boxes(scene, target), boxes(scene, name)).min() for name in listed]
    return listed[distances.index(min(distances))] == question.answer_text


def direction(scene: Scene, question: Question) -> bool | None:
    things = names(r"standing by the (.+) and facing the (.+), is the (.+?) to (?:my|the)", question)
    if not alone(scene, *things):
        return None
    angle = bearing(*(boxes(scene, name)[0] for name in things))
    return object_rel_direction.truth(question_types()[question.question_type], angle) == question.answer_text


# Question type → how to check it, the least share that must agree, and the least number of questions checked.
CHECKS: dict[str, tuple[Callable[[Scene, Question], bool | None], float, int]] = {
    "object_counting": (counting, 0.99, 380),
    "object_abs_distance": (distance, 0.94, 600),
    "object_size_estimation": (size, 0.99, 700),
    "room_size_estimation": (room_size, 0.99, 230),
    "object_rel_distance": (nearest, 0.99, 400),
    "object_rel_direction_easy": (direction, 0.99, 150),
    "object_rel_direction_medium": (direction, 0.99, 270),
    "object_rel_direction_hard": (direction, 0.99, 260),
}


@pytest.fixture(scope="module")
def agreement(shared: Path) -> dict[str, list[bool]]:
    """Whether each question with an unambiguous answer agrees, by question type; prints the table."""
    files = sorted((shared / "data/scenes").glob("*_meta_info_val.json"))
    scenes = {name: scene for file in files for name, scene in read_metadata(file).items()}
    found = defaultdict(list)
    for record in json.loads((shared / "data/benchmarks/vsi_bench_test.json").read_text()):
        scene, question = scenes.get(record["scene_name"]), read_row(record).question
        if scene is not None and question.question_type in CHECKS:
            agrees = CHECKS[question.question_type][0](scene, question)
            if agrees is not None:
                found[question.question_type].append(agrees)
    print(f"\n{'question type':30} {'questions':>9} {'agree':>8}")
    for name in CHECKS:
        print(f"{name:30} {len(found[name]):9} {100 * sum(found[name]) / len(found[name]):7.2f}%")
    return found


@pytest.mark.parametrize("question_type", CHECKS)
def test_truths_agree_with_official_answers(agreement: dict[str, list[bool]], question_type: str) -> None:
    _, least, fewest = CHECKS[question_type]
    agrees = agreement[question_type]
    assert len(agrees) >= fewest
    assert sum(agrees) / len(agrees) >= least
