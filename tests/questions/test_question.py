"""Tests of a question's forms."""

from __future__ import annotations

from dataclasses import replace

from vlm2.questions.question import Question
from vlm2.questions.row import read_row
from vlm2.scenes import Scene

CHOICE = Question("object_rel_direction_easy", "Left or right?", ("A. right", "B. left"), "B")
NUMBER = Question("object_counting", "How many chair(s) are in this room?", None, "3")


def test_prompt() -> None:
    assert CHOICE.prompt().splitlines() == [
        "Left or right?",
        "Options:",
        "A. right",
        "B. left",
        "Answer with the option's letter from the given choices directly.",
    ]
    assert NUMBER.prompt().splitlines()[1:] == ["Please answer the question using a single word or phrase."]


def test_answer_in_words() -> None:
    assert CHOICE.answer_text == "left"
    assert NUMBER.answer_text == "3"
    for truth in ("left", "", "C", "a"):  # no letter of an option: given as it is
        assert replace(CHOICE, ground_truth=truth).answer_text == truth


def test_vsi_record_and_back(scene: Scene) -> None:
    record = CHOICE.to_vsi(7, scene)
    assert list(record) == ["id", "dataset", "scene_name", "question_type", "question", "options", "ground_truth"]
    assert (record["id"], record["dataset"], record["scene_name"]) == (7, "homes", "hand")
    assert read_row(record).question == CHOICE
    assert read_row(NUMBER.to_vsi(8, scene)).question == NUMBER
    bare = read_row(NUMBER.to_vsi(8, scene) | {"options": [], "ground_truth": None}).question
    assert (bare.options, bare.ground_truth) == (None, "")


def test_the_seconds_of_named_frames_are_kept(scene: Scene) -> None:
    moved = Question("camera_displacement", "How far?", None, "1.2", times=(3.0, 4.5))
    assert moved.to_vsi(1, scene)["times"] == [3.0, 4.5]
    assert read_row(moved.to_vsi(1, scene)).question == moved
