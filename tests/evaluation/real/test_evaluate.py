"""A made-up set through the sessions that users run, with the truth in the place of parts, and the page about it."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from realsets import write_photos, write_sequence
from toyeyes import toy_eyes
from toyruns import toy_loaded

from vlm2.evaluation.real import report
from vlm2.evaluation.real.evaluate import evaluate, tables
from vlm2.evaluation.real.sets import read_sets
from vlm2.evaluation.real.watching import Oracle, watch


@pytest.fixture
def real(tmp_path):
    write_sequence(tmp_path / "data" / "room")
    return read_sets(tmp_path / "data")[0]


@pytest.fixture
def loaded():
    return replace(toy_loaded(), eyes=toy_eyes())


def test_the_session_is_that_of_users(real, loaded):
    seen, session = watch(real, real.frames, loaded, Oracle()), loaded.session()
    for frame in real.frames:
        session.observe(frame.image, frame.time)
    assert seen.map == session.objects
    answers = [session.ask(question.question) for question in real.questions]
    assert [one.answer.sentence for one in seen.answers] == [answer.sentence for answer in answers]
    assert list(seen.detections) == list(seen.depths) == [0.0, 0.5, 1.0, 1.5]
    assert [box.label for box in seen.detections[0.0]] and max(seen.detections[0.0][1].box) == 1.0


def test_true_depth_and_poses_give_the_true_path(real, loaded):
    seen = watch(real, real.frames, loaded, Oracle(geometry=True))
    assert np.allclose(np.diff(seen.map.path.poses[:, :, 3], axis=0), np.diff(real.poses[:, :3, 3], axis=0), atol=1e-5)
    assert [one.score for one in seen.answers][1:] == [1.0, 1.0]
    assert sorted({round(float(z), 5) for z in np.unique(seen.depths[0.0])}) == [2.0, 3.0]


def test_depth_has_the_scale_of_the_map(real, loaded, monkeypatch):
    before = watch(real, real.frames, loaded, Oracle(geometry=True))
    monkeypatch.setattr("vlm2.objects.mapping.corrected_scale", lambda *_: (1.5, 0.1))
    seen = watch(real, real.frames, loaded, Oracle(geometry=True))
    assert (before.correction, seen.correction) == (pytest.approx(1.0), pytest.approx(1.5))
    started = watch(real, real.frames[:3], loaded, Oracle(geometry=True))  # all wait for their window
    assert started.correction == pytest.approx(1.5)
    assert watch(real, real.frames[:1], loaded, Oracle(geometry=True)).correction == 1.0
    assert np.allclose(seen.depths[0.5], 1.5 * before.depths[0.5])


def test_with_all_that_is_true_the_answers_are_right(real, loaded):
    seen = watch(real, real.frames, loaded, Oracle(boxes=True, geometry=True))
    assert [one.score for one in seen.answers] == [1.0, 1.0, 1.0]
    things = {track.label: np.array(track.box.center) for track in seen.map.tracks}
    assert set(things) == {"chair", "dining table"}
    assert np.linalg.norm(things["chair"] - things["dining table"]) == pytest.approx(1.2, abs=0.15)


def test_without_eyes_the_tokens_answer(real):
    seen = watch(real, real.frames, toy_loaded(), Oracle())
    assert {one.answer.source for one in seen.answers} == {"tokens"} and seen.answers[2].score == 0.0
    assert len(seen.depths) == 4 and seen.map.path.times == (0.0, 0.5, 1.0, 1.5)


def test_values_and_page_of_a_sequence_and_of_photos(real, loaded, tmp_path):
    write_photos(tmp_path / "data" / "photos")
    steps: list[str] = []
    results = list(evaluate(loaded, read_sets(tmp_path / "data"), progress=steps.append))
    assert [step for step in steps if "room" in step] == [
        "room, as it is",
        "room, true boxes",
        "room, true depth and poses",
        "room, true boxes and true depth and poses",
    ]
    photos, room = (result.values for result in results)
    assert set(photos) == {"frames", "seconds", "recognition"} and photos["recognition"]["pictures"] == 3
    assert set(room) == {"frames", "seconds", "geometry", "recognition", "answers"}
    assert room["answers"]["true boxes and true depth and poses"]["score"] == 1.0
    titles = [title for title, _, _ in tables(results)]
    assert titles[:2] == ["Depth and path", "Recognition"] and titles[-1] == "Answers about room, percent"
    page, values = report.write(results, loaded, tmp_path / "out")
    read = json.loads(values.read_text())
    assert read["sets"]["room"]["geometry"] == room["geometry"] and read["eyes"] == "toy"
    assert [row["score"] for row in read["sets"]["room"]["answered"]["as it is"]][2] == 1.0
    html = page.read_text()
    assert "How many elephants are there?" in html and "polyline" in html
    assert html.count("data:image/jpeg") == 3 + 3 * 4  # photos; frames with depth and true depth
    assert not re.search(r"https?://(?!www.w3.org)", html)


def test_a_page_of_photos_without_eyes(loaded, tmp_path):
    write_photos(tmp_path / "photos", 2)
    results = list(evaluate(toy_loaded(), read_sets(tmp_path)))
    assert "recognition" not in results[0].values and tables(results) == []
    page, _ = report.write(results, toy_loaded(), tmp_path / "out")
    assert page.read_text().count("data:image/jpeg") == 2


def test_the_shared_sets_can_be_read(shared):
    folder = shared / "real"
    if not folder.is_dir():
        pytest.skip(f"no real rooms at {folder}")
    found = {real.name: real for real in read_sets(folder)}
    walk = found["hololens_000"]
    assert len(walk.frames) == 47 and walk.posed and walk.measured and len(walk.questions) == 30
    assert np.linalg.norm(np.diff(walk.poses[:, :3, 3], axis=0), axis=1).sum() == pytest.approx(27.5, abs=0.1)
    depth = walk.depth(walk.frames[0])
    assert 0.7 < (depth > 0).mean() < 1 and 0.5 < np.median(depth[depth > 0]) < 6
    homes = set(found["nyu_homes_boxes"].categories)
    assert homes == {"chair", "couch", "table", "window", "cabinet", "door"}
    assert {"couch", "table", "oven", "plant", "sink"} < set(found["coco_indoor"].categories)
    assert "person" not in found["coco_indoor"].categories
