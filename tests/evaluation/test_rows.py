"""Rows of every benchmark: bad ones are named before any work, and published files load to the very same items."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from vlm2.evaluation.benchmarks import scanqa, sqa3d, vsi_bench, vsti_bench

VSI = {
    "id": 1,
    "dataset": "scans",
    "scene_name": "kitchen",
    "question_type": "object_counting",
    "question": "How many?",
    "options": None,
    "ground_truth": "4",
}
VSI_CHOICE = VSI | {
    "question_type": "route_planning",
    "options": ["A. Turn Left", "B. Turn Right"],
    "ground_truth": "A",
}
VSTI = {
    "id": 1,
    "video_path": "scannet/scene.mp4",
    "question_type": "camera_displacement",
    "question": "How far?",
    "options": None,
    "mc_answer": None,
    "ground_truth": 0.0,
}
VSTI_CHOICE = VSTI | {"question_type": "obj_obj_relative_pos_lr", "options": ["A. Left", "B. Right"], "mc_answer": "B"}
SCANQA = {"question_id": "val-1", "scene_id": "scene", "question": "What?", "answers": ["chair"]}
SQA3D = SCANQA | {"situation": "I sit.", "answers": [{"answer": "chair"}]}

PUBLISHED = {
    vsi_bench: ("vsi_bench_test.json", "94cbc3adb7149222d4660d677abc31691d9980ada729f68da822bc5b18a0ad96"),
    scanqa: ("ScanQA_v1.0_val.json", "4487402e56d624d6431249d260e0c7055dcdf6dc41f51acc9659834441e4ad06"),
    sqa3d: (".", "c18235071709fc53b146ad88d7a8de2d483c8b5c810f2fa3ef10c05e1cbe5c63"),
}


@pytest.mark.parametrize("benchmark", PUBLISHED, ids=lambda benchmark: benchmark.BENCHMARK.name)
def test_published_items_stay_as_they_are(shared: Path, benchmark) -> None:
    file, expected = PUBLISHED[benchmark]
    items = benchmark.load(shared / "data/benchmarks" / file).items
    assert hashlib.sha256("\n".join(map(repr, items)).encode()).hexdigest() == expected


def write(folder: Path, benchmark, row: dict) -> Path:
    """Write a row, and what the benchmark wants beside it, and return what to load."""
    (folder / benchmark.QUESTIONS.files[0]).write_text(json.dumps([row]))
    if benchmark is sqa3d:
        (folder / sqa3d.ANNOTATIONS.files[0]).write_text(json.dumps([row]))
    return folder


@pytest.mark.parametrize(
    ("benchmark", "row"),
    [
        (vsi_bench, VSI),
        (vsi_bench, VSI_CHOICE),
        (vsi_bench, VSI | {"scene_name": 4}),
        (vsi_bench, VSI | {"dataset": None}),
        (vsi_bench, VSI | {"ground_truth": 4.0}),
        (vsti_bench, VSTI),
        (vsti_bench, VSTI_CHOICE),
        (vsti_bench, VSTI_CHOICE | {"options": ["Left", "Right"]}),
        (scanqa, SCANQA),
        (sqa3d, SQA3D),
    ],
)
def test_good_rows_are_read(tmp_path: Path, benchmark, row: dict) -> None:
    (item,) = benchmark.load(write(tmp_path, benchmark, row)).items
    assert all(isinstance(value, str) and value for value in (item.id, item.group, item.question, *item.answers))


@pytest.mark.parametrize(
    ("benchmark", "row", "words"),
    [
        (vsi_bench, VSI | {"ground_truth": "two"}, "finite number"),
        (vsi_bench, VSI | {"ground_truth": None}, "lacks ground_truth"),
        (vsi_bench, VSI | {"options": ["A. 2", "B. 4"], "ground_truth": "B"}, "object_counting has no options"),
        (vsi_bench, VSI_CHOICE | {"options": None}, "route_planning has two or more options"),
        (vsi_bench, VSI_CHOICE | {"ground_truth": "C"}, "no letter"),
        (vsi_bench, VSI | {"id": None}, "it has no id"),
        (vsi_bench, VSI | {"question_type": ["a"]}, "the question_type is"),
        (vsti_bench, VSTI | {"ground_truth": float("nan")}, "the ground_truth is nan"),
        (vsti_bench, VSTI | {"question_type": ["a"]}, "the question_type is"),
        (vsti_bench, VSTI | {"video_path": 4}, "the video_path is 4"),
        (vsti_bench, VSTI_CHOICE | {"mc_answer": None}, "its mc_answer is null"),
        (vsti_bench, VSTI_CHOICE | {"mc_answer": "C"}, "no letter"),
        (scanqa, SCANQA | {"answers": "chair"}, "the answers are 'chair'"),
        (scanqa, SCANQA | {"answers": []}, "it has no answers"),
        (scanqa, SCANQA | {"question": ""}, "the question is ''"),
        (scanqa, SCANQA | {"scene_id": float("nan")}, "the scene_name is nan"),
        (sqa3d, SQA3D | {"answers": [{"text": "chair"}]}, "the answers are"),
        (sqa3d, SQA3D | {"answers": "chair"}, "the answers are"),
        (sqa3d, SQA3D | {"situation": None}, "the situation is None"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, benchmark, row: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        benchmark.load(write(tmp_path, benchmark, row))
    assert f"{benchmark.QUESTIONS.files[0]}, question 1" in str(error.value) and "\n" not in str(error.value)
