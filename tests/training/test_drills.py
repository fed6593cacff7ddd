"""Drills follow by rules, and agree with the questions that they come from."""

from dataclasses import replace

import pytest

from vlm2.models.recall.inference import append_recalled as recalled
from vlm2.questions.question import Question
from vlm2.scenes.record import Box, Scene, SceneObject, Sighting
from vlm2.scenes.vocabulary import VOCABULARY
from vlm2.training.drills import CLOSER, FIRST, SEEN, drills, with_recalled_answer
from vlm2.training.terse import terse

ORDER = Question(
    "obj_appearance_order",
    "What will be the first-time appearance order of the following categories in the video: bed, sofa, tv?",
    ("A. tv, bed, sofa", "B. bed, tv, sofa"),
    "B",
    slots={"categories": "bed, sofa, tv"},
)
DISTANCE = Question(
    "object_rel_distance",
    "Which of these objects (bed, sofa, tv) is the closest to the lamp?",
    ("A. bed", "B. sofa", "C. tv"),
    "C",
    slots={"candidates": "bed, sofa, tv", "target": "lamp", "either": "the bed, the sofa or the tv"},
)


@pytest.fixture
def scene() -> Scene:
    box = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    things = [("bed", True), ("bed", True), ("sofa", True), ("lamp", False), ("teapot", True)]
    return Scene(
        name="small",
        dataset="test",
        floor_area=10.0,
        objects=tuple(
            SceneObject(i, name, box, sightings=(Sighting(0, 0.1),) if shown else ())
            for i, (name, shown) in enumerate(things, 1)
        ),
        counts={},
        seed=3,
    )


def test_what_is_seen_and_what_is_not_there_are_asked_alike_often(scene):
    asked = {question.question: question.ground_truth for question in drills(scene, [])[SEEN]}
    assert {text for text, answer in asked.items() if answer == "Yes"} == {"Is there a bed?", "Is there a sofa?"}
    absent = [text for text, answer in asked.items() if answer == "No"]
    assert len(absent) == 2 and all(text[11:-1] in VOCABULARY for text in absent)
    assert "Is there a lamp?" not in asked  # it is there, but the video does not show it


def test_pairs_come_from_the_questions_answers(scene):
    found = drills(scene, [ORDER, DISTANCE])
    first = [(sorted(q.question.removeprefix("Seen first: ")[:-1].split(" or ")), q.ground_truth) for q in found[FIRST]]
    assert first == [(["bed", "tv"], "bed"), (["sofa", "tv"], "tv")]
    assert all(q.ground_truth == "tv" and q.question.startswith("Closer to the lamp: ") for q in found[CLOSER])
    assert len(found[CLOSER]) == 2 and all(q.prompt() == q.question for q in found[CLOSER])


def test_the_recalled_answer_is_written_as_the_recall_writes_it():
    for question in (ORDER, terse(replace(DISTANCE, slots={**DISTANCE.slots}))):
        hint = with_recalled_answer(question)
        assert f"It is: {question.ground_truth}. {question.answer_text}." in hint.prompt()
        assert hint.prompt() == recalled(question.prompt(), question.answer_text)
        assert hint.options == question.options and hint.ground_truth == question.ground_truth
        assert type(hint) is type(question)
