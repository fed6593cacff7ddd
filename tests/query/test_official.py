"""VSI-Bench's own questions, in its own words, through planner and operators on the true maps of its scans."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from vlm2.objects import ObjectMap, Result
from vlm2.query.planners.rules import plan
from vlm2.scenes import read_metadata

EVERY = 30  # of the questions one is asked here; `tests/support/true_maps.py` asks all
# Question type → the least share that agrees; how far a number may be from the official one.
LEAST = {
    "object_counting": 0.98,
    "object_abs_distance": 0.94,
    "object_size_estimation": 0.98,
    "room_size_estimation": 0.98,
    "object_rel_distance": 0.98,
    "object_rel_direction_easy": 0.98,
    "object_rel_direction_medium": 0.98,
    "object_rel_direction_hard": 0.98,
}
WITHIN = {
    "object_counting": 0.0,
    "object_abs_distance": 0.11,
    "object_size_estimation": 1.0,
    "room_size_estimation": 0.051,
}


def agrees(result: Result, question_type: str, truth: str) -> bool:
    if question_type not in WITHIN:
        return result.text == truth
    return isinstance(result.value, int | float) and abs(result.value - float(truth)) <= WITHIN[question_type]


@pytest.fixture(scope="module")
def agreement(shared: Path) -> dict[str, list[bool]]:
    """Whether each question's answer agrees, by question type."""
    files = sorted((shared / "data/scenes").glob("*_meta_info_val.json"))
    scenes = {name: scene for file in files for name, scene in read_metadata(file).items()}
    maps: dict[str, ObjectMap] = {}
    found = defaultdict(list)
    rows = json.loads((shared / "data/benchmarks/vsi_bench_test.json").read_text())
    asked = [row for row in rows if row["scene_name"] in scenes and row["question_type"] in LEAST]
    for row in asked[::EVERY]:
        name, question_type = row["scene_name"], row["question_type"]
        if name not in maps:
            maps[name] = ObjectMap.from_scene(scenes[name])
        result = maps[name].run(plan(row["question"], row["options"]))
        found[question_type].append(agrees(result, question_type, row["ground_truth"]))
    return found


@pytest.mark.parametrize("question_type", LEAST)
def test_answers_agree_with_the_official_ones(agreement: dict[str, list[bool]], question_type: str) -> None:
    answers = agreement[question_type]
    assert len(answers) >= 5
    assert sum(answers) / len(answers) >= LEAST[question_type]
