"""How evidence is rated, and that a real model's evidence points at what was asked."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from toyruns import toy_loaded

from vlm2.evaluation.measures.evidence import EvidenceRating, nearest, rate, run, showing, summary, table
from vlm2.scenes.record import Scene
from vlm2.streaming import Evidence


@pytest.fixture
def home(repository, tmp_path):
    """The example home as a folder of homes."""
    for kind, file in (("scenes", "home.json"), ("videos", "home.mp4")):
        (tmp_path / kind).mkdir()
        shutil.copy(repository / "examples" / file, tmp_path / kind)
    return tmp_path


def test_nearest_time():
    assert [nearest([0.0, 0.5, 1.0], time) for time in (0.0, 0.2, 0.3, 0.99, 5.0)] == [0, 0, 1, 2, 2]


def test_weight_on_frames_that_show_the_thing():
    evidence = [Evidence(1.0, 0.5), Evidence(0.0, 0.3), Evidence(2.0, 0.2)]
    rated = rate(evidence, [0.0, 0.5, 1.0, 1.5], [0.0, 0.5, 1.0, 1.5, 2.0], {2, 4})
    assert rated == {"evidence": pytest.approx(0.7), "heaviest": 1.0, "uniform": 0.25}


def test_only_clear_sightings_count(repository):
    scene = Scene.load(repository / "examples" / "home.json")
    door = scene.objects[0]
    shown = showing(scene, [door.id])
    assert shown < {seen.frame for seen in door.sightings}
    assert 38 in shown
    assert 41 not in shown  # 0.09 % of the image
    assert showing(scene, []) == set()


def test_means_over_questions_and_gain_over_homes():
    rows = [
        EvidenceRating("a", "?", 0.5, 1.0, 0.25),
        EvidenceRating("a", "?", 0.5, 0.0, 0.25),
        EvidenceRating("b", "?", 0.8, 1.0, 0.3),
    ]
    found = summary(rows)
    assert (found["homes"], found["questions"]) == (2, 3)
    assert found["evidence"] == pytest.approx(0.6)
    assert found["heaviest"] == pytest.approx(2 / 3)
    assert found["gain"] == pytest.approx(np.mean([0.25, 0.5]))
    assert found["gain_error"] == pytest.approx(0.125)
    headings, cells = table(found)
    assert [len(row) for row in cells] == [len(headings)]
    assert cells[0][2:] == ("60.0", "66.7", "26.7")


def test_a_home_is_watched_and_asked(home):
    toy = toy_loaded().model, toy_loaded().processor
    rows = list(run(*toy, home, fps=0.1, per_type=1))
    assert len(rows) == 2
    assert all(0 <= value <= 1 for row in rows for value in (row.evidence, row.heaviest, row.uniform))
    with pytest.raises(ValueError, match="holds no scenes"):
        next(run(*toy, home / "videos"))


@pytest.mark.full
def test_minis_evidence_is_better_than_a_uniform_choice(home):
    import vlm2

    mini = vlm2.load("mini")
    found = summary(list(run(mini.model, mini.processor, home)))
    assert found["evidence"] > found["uniform"] + 0.03
    assert found["heaviest"] > found["uniform"]
