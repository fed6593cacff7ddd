"""A user's own questions: what is read, and what each mistake is told."""

import json

import pytest

from vlm2.training.annotations import read_annotations

GOOD = {"scene_name": "kitchen", "question": "How many chairs?", "ground_truth": 4, "options": None}
CHOICE = {**GOOD, "options": ["A. left", "B. right"], "ground_truth": "B"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scans").mkdir()
    for name in ("kitchen.mp4", "hall.MOV", "scans/bath.mkv"):
        (tmp_path / name).touch()
    return tmp_path


def write(folder, *records):
    file = folder / "questions.jsonl"
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_questions_are_sorted_by_their_videos(folder):
    bath = {"scene_name": "bath", "dataset": "scans", "question": "How large?", "ground_truth": 3.5}
    hall = {**GOOD, "scene_name": "hall.MOV", "question_type": "object_counting", "id": 7}
    found = read_annotations(write(folder, GOOD, "", CHOICE, bath, hall), folder)
    names = {video.relative_to(folder).as_posix(): questions for video, questions in found.items()}
    assert {name: len(questions) for name, questions in names.items()} == {
        "kitchen.mp4": 2,
        "scans/bath.mkv": 1,
        "hall.MOV": 1,
    }
    assert names["kitchen.mp4"][0].ground_truth == "4"
    assert names["kitchen.mp4"][1].answer_text == "right"
    assert names["scans/bath.mkv"][0].prompt().startswith("How large?\n")
    assert names["hall.MOV"][0].question_type == "object_counting"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("{broken", "no JSON"),
        ("[1]", "it is an array"),
        ({"question": "How many?"}, "lacks scene_name, ground_truth"),
        ({**GOOD, "ground_truth": None}, "lacks ground_truth"),
        ({**GOOD, "scene_name": "attic"}, "no video attic"),
        ({**GOOD, "question": 3}, "the question is 3"),
        ({**GOOD, "question": " "}, "the question is ' '"),
        ({**GOOD, "ground_truth": True}, "the ground_truth is True"),
        ({**GOOD, "options": "A. left"}, "a list of two to 8"),
        ({**CHOICE, "options": ["A. left"]}, "a list of two to 8"),
        ({**CHOICE, "options": [f"{letter}. {letter}" for letter in "ABCDEFGHI"]}, "a list of two to 8"),
        ({**CHOICE, "options": ["left", "right"]}, "begin with their letters: A. …, B. …"),
        ({**CHOICE, "ground_truth": "right"}, "no letter of the 2 options"),
    ],
)
def test_each_mistake_is_told_with_its_line(folder, record, words):
    with pytest.raises(ValueError, match="questions.jsonl, line 2") as error:
        read_annotations(write(folder, GOOD, record), folder)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_many_mistakes_are_counted(folder):
    with pytest.raises(ValueError, match="line 1: .* 19 more cannot be used: line 2, line 3, .* and 14 more"):
        read_annotations(write(folder, *["{"] * 20), folder)


def test_nothing_to_read_is_told(folder):
    with pytest.raises(ValueError, match="holds no questions"):
        read_annotations(write(folder), folder)
    with pytest.raises(ValueError, match="no file .*; give a question file"):
        read_annotations(folder / "other.jsonl", folder)
    with pytest.raises(ValueError, match="no folder of videos"):
        read_annotations(write(folder, GOOD), folder / "videos")
    (folder / "binary.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        read_annotations(folder / "binary.jsonl", folder)
