"""A run over a folder of homes: scored beside chance, and the same after a kill."""

import json

import numpy as np
import pytest
from toys import toy_model, toy_processor

from vlm2.benchmarks import homes, runner
from vlm2.session.load import LoadedModel

ROWS = [
    ("object_counting", "How many chair(s) are in this room?", None, "4"),
    ("room_size_estimation", "What is the size of this room?", None, "20.5"),
    ("object_rel_distance", "Which is the closest to the bed?", ["A. chair", "B. tv"], "B"),
]


@pytest.fixture
def folder(tmp_path, write_video):
    rng = np.random.default_rng(0)
    (tmp_path / "videos").mkdir()
    lines = []
    for home in ("home_0", "home_1"):
        write_video([rng.integers(0, 256, (32, 48, 3), dtype=np.uint8) for _ in range(8)], name=f"videos/{home}.mp4")
        for kind, question, options, truth in ROWS:
            row = {"id": len(lines), "dataset": "homes", "scene_name": home, "question_type": kind}
            lines.append(json.dumps(row | {"question": question, "options": options, "ground_truth": truth}))
    (tmp_path / "questions.jsonl").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def answerer(monkeypatch, folder):
    model, processor = toy_model().eval(), toy_processor()
    monkeypatch.setattr(runner, "_load", lambda answerer: LoadedModel("toy", folder, model, processor))
    return runner.Answerer("toy")


def test_a_killed_run_ends_with_the_predictions_of_an_unbroken_one(folder, answerer, tmp_path):
    items = homes.load(folder)
    assert len(items) == 6
    assert list(runner.run(answerer, items, tmp_path / "whole"))[-1] == (6, 6)
    whole = (tmp_path / "whole" / runner.PREDICTIONS).read_bytes()

    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / runner.PREDICTIONS).write_bytes(whole[: whole.index(b"\n") + 20])
    assert list(runner.run(answerer, items, broken))[-1] == (6, 6)
    assert (broken / runner.PREDICTIONS).read_bytes() == whole


def test_scores_stand_beside_chance(folder):
    items = homes.load(folder)
    right = {item.id: {"prediction": item.question.ground_truth} for item in items}
    table = runner.scores(items, right)
    assert table["overall"] == {"questions": 6, "score": 1.0, "chance": 1.0}
    right["home_0/2"]["prediction"] = "A"
    assert runner.scores(items, right)["object_rel_distance"]["score"] == 0.5


def test_missing_videos_and_folders_are_named(folder, tmp_path):
    (folder / "videos/home_1.mp4").unlink()
    with pytest.raises(ValueError, match=r"1 videos are missing .*home_1"):
        homes.load(folder)
    with pytest.raises(ValueError, match="vlm2 homes make"):
        homes.load(tmp_path / "nowhere")
