"""VSI-Bench: the real questions and their published chance row, and every score of three public scorers."""

import json
from collections import Counter

import pytest

from vlm2.evaluation.benchmarks.vsi_bench import BENCHMARK, load
from vlm2.questions.tasks import columns

PUBLISHED_CHANCE = (62.1, 32.0, 29.9, 33.1, 25.1, 47.9, 28.4, 25.2)

PUBLIC_OVERALL = {"thinking_in_space": 26.082863, "vlm3r": 26.082863, "lmms_eval_75571cfe": 32.1589}
"""What the scorers themselves sum up to, in percent."""

COUNTS = {
    "object_counting": 565,
    "object_abs_distance": 834,
    "object_size_estimation": 953,
    "room_size_estimation": 288,
    "object_rel_distance": 710,
    "object_rel_direction_easy": 217,
    "object_rel_direction_medium": 378,
    "object_rel_direction_hard": 373,
    "route_planning": 194,
    "obj_appearance_order": 618,
}

NUMBER = {
    "id": 7,
    "dataset": "scannet",
    "scene_name": "scene0011_00",
    "question_type": "object_counting",
    "question": "How many chair(s) are in this room?",
    "options": None,
    "ground_truth": "4",
}
CHOICE = NUMBER | {
    "id": 8,
    "scene_name": "scene0015_00",
    "question_type": "object_rel_direction_easy",
    "question": "Is the tv to my left or my right?",
    "options": ["A. left", "B. right"],
    "ground_truth": "B",
}


@pytest.fixture(scope="module")
def items(shared):
    return load(shared / "data/benchmarks/vsi_bench_test.json").items


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (NUMBER, CHOICE)))
    return tmp_path


def test_the_real_file_loads_completely(items):
    assert Counter(item.question_type for item in items) == COUNTS
    assert len({item.id for item in items}) == len(items) == 5130
    assert len({item.group for item in items}) == 288


@pytest.mark.parametrize(
    ("scorer", "column"),
    [("official", "thinking_in_space"), ("official", "vlm3r"), ("number_words", "lmms_eval_75571cfe")],
)
def test_every_score_is_the_public_scorer_s(shared, items, scorer, column):
    golden = json.loads((shared / "data/benchmarks/golden_vsibench_scores.json").read_text())
    rows = {str(row["id"]): row for row in golden["rows"]}
    score = BENCHMARK.scorer(scorer)
    scores = [(item, score(item, rows[item.id]["prediction"])) for item in items]
    differing = [item.id for item, values in scores if values["score"] != pytest.approx(rows[item.id][column])]
    assert differing == []
    row = BENCHMARK.summary((item.question_type, values) for item, values in scores)
    assert 100 * row["overall"] == pytest.approx(PUBLIC_OVERALL[column], abs=1e-4)


def test_chance_is_the_published_row(items):
    replies, score = BENCHMARK.chance(items), BENCHMARK.scorer()
    row = BENCHMARK.summary((item.question_type, score(item, replies[item.id])) for item in items)
    assert [100 * row[task] for task in columns()] == pytest.approx(PUBLISHED_CHANCE, abs=1.0)
    # The table's own average, 34.0, is not the mean of its columns; ours is.
    assert 100 * row["overall"] == pytest.approx(sum(PUBLISHED_CHANCE) / 8, abs=0.3)


def test_the_prompt_is_the_published_one(folder):
    number, choice = load(folder).items
    assert number.prompt == (
        "These are frames of a video.\nHow many chair(s) are in this room?\n"
        "Please answer the question using a single word or phrase."
    )
    assert choice.prompt == (
        "These are frames of a video.\nIs the tv to my left or my right?\nOptions:\nA. left\nB. right\n"
        "Answer with the option's letter from the given choices directly."
    )


def test_videos_are_found_by_data_set_or_scene_and_missing_ones_named(folder):
    assert load(folder).missing_videos == ("scene0011_00", "scene0015_00")
    (folder / "scannet").mkdir()
    (folder / "scannet/scene0011_00.mp4").touch()
    found = load(folder)
    assert [item.video for item in found.items] == [folder / "scannet/scene0011_00.mp4", None]
    assert found.missing_videos == ("scene0015_00",)
    (folder / "scene0015_00.mp4").touch()
    assert load(folder / "test.jsonl", videos=folder).missing_videos == ()


def test_an_absent_level_is_left_out_of_the_means(folder):
    number, choice = load(folder).items
    scores = [(number.question_type, {"score": 0.5}), (choice.question_type, {"score": 1.0})]
    row = BENCHMARK.summary(scores)
    assert row["object_rel_direction"] == 1.0
    assert row["overall"] == 0.75
    assert BENCHMARK.summary([]) == {}


def test_a_type_of_no_table_is_scored_and_is_a_task_of_its_own(tmp_path):
    (tmp_path / "test.json").write_text(json.dumps([NUMBER, NUMBER | {"id": 8, "question_type": "mood"}]))
    items = load(tmp_path).items
    assert BENCHMARK.chance(items) == {"7": "4.0", "8": "4.0"}
    row = BENCHMARK.summary((item.question_type, BENCHMARK.scorer()(item, "4")) for item in items)
    assert row == {"overall": 1.0, "object_counting": 1.0, "mood": 1.0}
