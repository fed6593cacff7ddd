"""Folders of real pictures: what is read, and what is refused with the file and the fault."""

import json

import numpy as np
import pytest
from PIL import Image
from realsets import FOCAL, HEIGHT, WIDTH, write_photos, write_sequence

from vlm2.evaluation.real.sets import read_sets, steps_a_metre


def test_a_sequence_has_depth_poses_times_boxes_and_questions(tmp_path):
    write_sequence(tmp_path / "room")
    (real,) = read_sets(tmp_path)
    assert (real.name, real.photos, real.posed, real.measured, real.boxed) == ("room", False, True, True, True)
    assert [frame.time for frame in real.frames] == [0.0, 0.5, 1.0, 1.5]
    assert real.poses[:, 0, 3].tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert sorted(np.unique(real.depth(real.frames[0])).tolist()) == [2.0, 3.0]
    assert real.frames[0].image.shape == (HEIGHT, WIDTH, 3)
    assert real.intrinsics is not None and real.intrinsics.K[0][0] == FOCAL
    assert real.labels == ("chair", "dining table")
    assert real.categories["table"] >= {"table", "desk", "dining table"}
    assert [question.type for question in real.questions] == ["count", "path", "refuse"]


def test_photos_are_in_order_of_their_names_and_name_what_is_labelled(tmp_path):
    meta = write_photos(tmp_path / "photos") / "meta.json"
    content = json.loads(meta.read_text())
    meta.write_text(json.dumps(content | {"images": content["images"][::-1]}))
    (real,) = read_sets(tmp_path)
    assert real.photos and not real.posed and not real.measured
    assert [frame.file.name for frame in real.frames] == ["0.jpg", "1.jpg", "2.jpg"]
    assert real.labels == ("chair", "dining table", "pole") and set(real.categories) == {"chair", "table"}


def test_times_start_at_the_first_frame(tmp_path):
    meta = write_sequence(tmp_path / "room") / "meta.json"
    content = json.loads(meta.read_text())
    for frame, time in zip(content["frames"], (4.0, 5.0, 5.5, 8.0), strict=True):
        frame["time_s"] = time
    meta.write_text(json.dumps(content))
    assert [frame.time for frame in read_sets(tmp_path)[0].frames] == [0.0, 1.0, 1.5, 4.0]


def test_a_set_may_give_its_own_categories(tmp_path):
    write_sequence(tmp_path / "room", categories={"seat": ["chair", "sofa"]})
    assert dict(read_sets(tmp_path)[0].categories) == {"seat": {"seat", "chair", "sofa"}}


def test_one_set_and_some_sets_can_be_named(tmp_path):
    for name in ("a", "b", "c"):
        write_photos(tmp_path / name, 1)
    (tmp_path / "parts").mkdir()
    assert [real.name for real in read_sets(tmp_path / "b")] == ["b"]
    assert [real.name for real in read_sets(tmp_path, ["c", "a"])] == ["a", "c"]
    with pytest.raises(ValueError, match="has no set d; there are: a, b, c"):
        read_sets(tmp_path, ["a", "d"])


def test_folders_without_sets_are_refused(tmp_path):
    with pytest.raises(ValueError, match="There is no folder"):
        read_sets(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no sets: no meta.json"):
        read_sets(tmp_path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"frames": []}, "either frames .* or images"),
        ({"intrinsics": None}, "depth needs intrinsics"),
        ({"depth_unit": "feet"}, "depth_unit must say"),
        ({"frames": [{"image": "0.png", "camera_to_world": [[1, 0], [0, 1]]}]}, "frames.0.camera_to_world"),
        ({"frames": [{"image": "0.png", "camera_to_world": np.diag([2, 1, 1, 1]).tolist()}]}, "holds no rotation"),
        ({"frames": [{"image": "9.png"}]}, "names 9.png, but there is no file"),
        ({"frames": [{"image": "0.png", "time_s": 1.0}, {"image": "1.png"}]}, "time_s must be given for all"),
        ({"frames": [{"image": "0.png", "objects": [{"label": "bed", "box_xyxy": [5, 5, 1, 9]}]}]}, "left, top, right"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_refused_with_its_place(tmp_path, change, fault):
    write_sequence(tmp_path / "room", **change)
    with pytest.raises(ValueError, match=f"room.meta.json.*{fault}"):
        read_sets(tmp_path)


def test_a_file_that_is_no_json_and_a_question_without_an_answer_are_refused(tmp_path):
    folder = write_sequence(tmp_path / "room")
    (folder / "questions.json").write_text('{"questions": [{"type": "count", "question": "How many?"}]}')
    with pytest.raises(ValueError, match=r"questions.json: questions.0: an answerable question needs an answer"):
        read_sets(tmp_path)
    (folder / "meta.json").write_text("{")
    with pytest.raises(ValueError, match=r"meta.json is no JSON"):
        read_sets(tmp_path)


def test_pictures_that_cannot_be_read_are_named(tmp_path):
    folder = write_sequence(tmp_path / "room")
    (real,) = read_sets(tmp_path)
    (folder / "0.png").write_bytes(b"none")
    with pytest.raises(ValueError, match=r"0.png cannot be read as a picture"):
        _ = real.frames[0].image
    Image.new("L", (5, 5)).save(folder / "1.depth.png")
    with pytest.raises(ValueError, match=r"1.depth.png is \(5, 5\) pixels, but the intrinsics"):
        real.depth(real.frames[1])


def test_units_of_depth():
    assert [steps_a_metre(text) for text in ("millimetres", "16-bit PNG, 5000 = 1 m, 0 = none")] == [1000, 5000]
