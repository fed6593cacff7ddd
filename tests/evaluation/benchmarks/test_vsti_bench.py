"""VSTI-Bench: the scores of its released code, its two means, and a file in its schema."""

import json

import pytest

from vlm2.evaluation.benchmark import Item
from vlm2.evaluation.benchmarks.vsti_bench import BENCHMARK, load
from vlm2.questions.tasks import columns

VIDEO = "ScanNet/videos/val/scene0011_00.mp4"
NUMBER = {
    "id": 1,
    "video_path": VIDEO,
    "question_type": "camera_displacement",
    "question": "How far did the camera move between frame 3 and frame 9 of 31?",
    "options": None,
    "mc_answer": None,
    "ground_truth": "1.4",
}
CHOICE = {
    "id": 2,
    "video_path": VIDEO.replace("0011", "0015"),
    "question_type": "obj_obj_relative_pos_nf",
    "question": "In frame 4 of 32, is the chair nearer than the bed?",
    "options": ["A. yes", "B. no"],
    "mc_answer": "B",
    "ground_truth": "no",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test.json").write_text(json.dumps([NUMBER, CHOICE]))
    return tmp_path


def test_every_score_and_the_mean_of_nine_are_the_released_code_s(shared):
    golden = json.loads((shared / "data/benchmarks/golden_vstibench_scores.json").read_text())
    scores, score = [], BENCHMARK.scorer()
    for row in golden["rows"]:
        answer = row["ground_truth"] if row["mc_answer"] is None else row["mc_answer"]
        options = None if row["options"] is None else tuple(row["options"])
        item = Item(str(row["id"]), None, "scene", row["question_type"], "q", "q", options, (answer,))
        scores.append((item.question_type, score(item, row["prediction"])))
        public = row["accuracy"] if "accuracy" in row else row["MRA:.5:.95:.05"]
        assert scores[-1][1]["score"] == pytest.approx(public), row
    assert len(scores) == 360
    assert 100 * BENCHMARK.summary(scores)["nine_types"] == pytest.approx(golden["overall"])


def test_a_file_in_the_published_schema_loads(folder):
    video = folder / VIDEO
    video.parent.mkdir(parents=True)
    video.touch()
    loaded = load(folder)
    number, choice = loaded.items
    assert (number.video, number.group, number.answers, number.frames) == (video, "scene0011_00", ("1.4",), 31)
    assert number.prompt.endswith("\nPlease answer the question using a single word or phrase.")
    assert (choice.video, choice.answers, choice.frames) == (None, ("B",), 32)
    assert choice.prompt.splitlines()[2:5] == ["Options:", "A. yes", "B. no"]
    assert loaded.missing_videos == ("scene0015_00",)
    assert BENCHMARK.chance(loaded.items) == {"1": "1.4", "2": "B"}


def test_the_two_means_differ_and_a_partial_run_has_both():
    full = [(kind, {"score": float(len(kinds) > 1)}) for kinds in columns("vsti").values() for kind in kinds]
    row = BENCHMARK.summary(full)
    assert row["five_categories"] == pytest.approx(2 / 5)
    assert row["nine_types"] == pytest.approx(6 / 9)
    part = BENCHMARK.summary([("camera_obj_rel_dist_v2", {"score": 1.0}), ("camera_displacement", {"score": 0.0})])
    assert part["camera_obj_rel_dist"] == 1.0
    assert part["five_categories"] == part["nine_types"] == 0.5
    assert BENCHMARK.summary([]) == {}


def test_a_type_of_no_table_is_read_by_its_answer(tmp_path):
    rows = [row | {"question_type": "camera_obj_dist_change"} for row in (NUMBER, CHOICE)]
    (tmp_path / "test.json").write_text(json.dumps(rows))
    assert [item.numeric for item in load(tmp_path).items] == [True, False]
