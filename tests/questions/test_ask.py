"""Tests of all questions of a scene: every task, its care, and the benchmark's exact words."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from vlm2.evaluation.benchmark import Item
from vlm2.evaluation.exact_match import exact_match
from vlm2.questions import Question, ask_all, question_types, tasks
from vlm2.questions.question_type import QuestionType
from vlm2.questions.row import read_row
from vlm2.questions.tasks import columns, families
from vlm2.questions.tasks.vsi import object_rel_direction
from vlm2.scenes import Scene, SceneObject, read_metadata
from vlm2.scenes.box_geometry import bearing, box_distance

VSI_TASKS = {
    "obj_appearance_order",
    "object_abs_distance",
    "object_counting",
    "object_rel_direction",
    "object_rel_distance",
    "object_size_estimation",
    "room_size_estimation",
    "route_planning",
}


@pytest.fixture(scope="module")
def official(shared: Path) -> dict[str, list[Question]]:
    found = defaultdict(list)
    for record in json.loads((shared / "data/benchmarks/vsi_bench_test.json").read_text()):
        found[record["question_type"]].append(read_row(record).question)
    return found


def asked(scene: Scene, question_type: str) -> list[Question]:
    task = next(task for task in tasks().values() if question_type in {kind.name for kind in task.types})
    return [question for question in task(scene, np.random.default_rng(0)) if question.question_type == question_type]


def things(scene: Scene, question: Question) -> list[SceneObject]:
    return [next(thing for thing in scene.objects if thing.id == id) for id in question.objects]


def pattern(question_type: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "(.+)", re.escape(question_types("vsi")[question_type].wordings[0].text)))


def test_the_tasks_are_the_files() -> None:
    assert set(tasks()) == set(columns()) == VSI_TASKS
    assert list(columns())[:3] == ["object_counting", "object_abs_distance", "object_size_estimation"]
    names = columns("vsti")["obj_obj_relative_pos"]
    assert [name[-2:] for name in names] == ["nf", "lr", "ud"]


def test_families_are_the_folders_and_no_type_is_in_two(scene: Scene) -> None:
    assert families() == ("freeform", "situated", "vsi", "vsti")
    assert sum(len(question_types(family)) for family in families()) == len(question_types())
    with pytest.raises(ValueError, match="no family of questions 'vsii'; there are freeform, situated, vsi, vsti"):
        ask_all(scene, 0, families=["vsii"])


def test_the_eight_tasks_are_the_default(scene: Scene) -> None:
    both = ask_all(scene, 4, families=["vsi", "vsti"])
    assert [question for question in both if question.question_type in question_types("vsi")] == ask_all(scene, 4)


def test_a_scene_answers_every_type(scene: Scene) -> None:
    assert {question.question_type for question in ask_all(scene, 0)} == set(question_types("vsi"))


def test_the_same_seed_gives_the_same_questions(scene: Scene) -> None:
    assert ask_all(scene, 5) == ask_all(scene, 5)
    assert ask_all(scene, 5) != ask_all(scene, 6)


def test_no_more_than_asked_for(scene: Scene) -> None:
    counts = Counter(question.question_type for question in ask_all(scene, 0, per_type=2))
    assert max(counts.values()) == 2
    assert ask_all(scene, 0, per_type=0) == []


def test_no_question_twice(scene: Scene) -> None:
    texts = [(question.question, question.options) for question in ask_all(scene, 1, per_type=200)]
    repeated = [text for text, count in Counter(texts).items() if count > 1]
    assert repeated == []


def test_options_are_lettered_and_one_is_right(scene: Scene) -> None:
    for question in ask_all(scene, 2):
        if question.options is not None:
            letters = "ABCD"[: len(question.options)]
            assert [option[:3] for option in question.options] == [f"{letter}. " for letter in letters]
            assert len({option[3:] for option in question.options}) == len(letters)
            assert question.ground_truth in letters


def test_right_letters_are_spread(scene: Scene) -> None:
    letters = Counter(
        q.ground_truth for seed in range(6) for q in ask_all(scene, seed) if q.options and len(q.options) == 4
    )
    assert min(letters[letter] for letter in "ABCD") > 0.2 * letters.total()


def test_numbers(scene: Scene) -> None:
    assert [(q.slots["thing"], q.ground_truth) for q in asked(scene, "object_counting")] == [("chair", "3")]
    assert [q.ground_truth for q in asked(scene, "room_size_estimation")] == ["54.0"]
    assert {q.ground_truth for q in asked(scene, "object_size_estimation")} == {"40"}
    distances = {
        frozenset((q.slots["first"], q.slots["second"])): q.ground_truth for q in asked(scene, "object_abs_distance")
    }
    assert len(distances) == 21
    assert distances[frozenset(("sofa", "tv"))] == "3.6"


def test_nearest_things_are_clearly_nearest(scene: Scene) -> None:
    questions = asked(scene, "object_rel_distance")
    assert len(questions) > 10
    for question in questions:
        target, *others = things(scene, question)
        reach = defaultdict(list)
        for other in others:
            reach[other.category].append(box_distance(target.box, other.box))
        first, second, *_ = sorted((min(distances), category) for category, distances in reach.items())
        assert question.answer_text == first[1]
        assert second[0] - first[0] >= 0.15
        assert len(reach) == 4


@pytest.mark.parametrize("level", object_rel_direction.SECTORS, ids=lambda level: level.name)
def test_directions(scene: Scene, level: QuestionType) -> None:
    questions = asked(scene, level.name)
    assert {question.answer_text for question in questions} == set(object_rel_direction.SECTORS[level])
    for question in questions:
        angle = bearing(*(thing.box for thing in things(scene, question)))
        sides = {"left": angle > 0, "right": angle < 0, "front": abs(angle) < 90, "back": abs(angle) > 90}
        assert all(sides[word] for word in question.answer_text.split("-"))


@pytest.mark.parametrize(
    ("angle", "easy", "medium", "hard"),
    [
        (45, "left", "left", "front-left"),
        (-115, "right", "right", "back-right"),
        (170, None, "back", None),
        (4, None, None, None),
        (-150, None, "back", "back-right"),
        (130, None, None, "back-left"),
    ],
)
def test_levels(angle: float, easy: str | None, medium: str | None, hard: str | None) -> None:
    answers = [
        object_rel_direction.truth(level, angle, object_rel_direction.MARGIN) for level in object_rel_direction.SECTORS
    ]
    assert answers == [easy, medium, hard]


@pytest.mark.parametrize("question_type", sorted(question_types("vsi")))
def test_the_benchmarks_own_words(official: dict[str, list[Question]], question_type: str) -> None:
    """People wrote the official routes freely; all other questions follow one wording to the letter."""
    matches = [pattern(question_type).fullmatch(question.question) is not None for question in official[question_type]]
    assert sum(matches) / len(matches) >= (0.5 if question_type == "route_planning" else 1.0)


@pytest.mark.parametrize("question_type", sorted(question_types("vsi")))
def test_answers_have_the_benchmarks_form(
    scene: Scene, official: dict[str, list[Question]], question_type: str
) -> None:
    def form(question: Question) -> tuple[int, int]:
        decimals = len(question.ground_truth.partition(".")[2])
        return (0, decimals) if question.options is None else (len(question.options), 0)

    assert {form(q) for q in asked(scene, question_type)} <= {form(q) for q in official[question_type]}
    if question_type.startswith("object_rel_direction"):
        words = {option[3:] for q in official[question_type] for option in q.options or ()}
        assert {option[3:] for q in asked(scene, question_type) for option in q.options or ()} == words


def test_scans_are_asked_without_sightings(shared: Path) -> None:
    scenes = list(read_metadata(shared / "data/scenes/scannet_meta_info_val.json").values())[:12]
    counts = Counter(question.question_type for scene in scenes for question in ask_all(scene, 0, per_type=4))
    assert set(question_types("vsi")) - set(counts) == {"obj_appearance_order"}


def test_an_empty_scene_is_asked_for_its_size_alone(scene: Scene) -> None:
    empty = Scene("empty", "homes", 12.0, (), {}, trajectory=scene.trajectory)
    assert [question.ground_truth for question in ask_all(empty, 0)] == ["12.0"]


def test_truths_are_plain_text(scene: Scene) -> None:
    for question in ask_all(scene, 0):
        json.dumps(question.to_vsi(0, scene))
        assert all(type(id) is int for id in question.objects)
        assert not any(isinstance(value, np.generic) for value in question.slots.values())


@pytest.mark.parametrize("family", ["freeform", "situated"])
def test_free_answers(flat: Scene, family: str) -> None:
    asked = ask_all(flat, 3, families=(family,))
    assert asked == ask_all(flat, 3, families=(family,))
    assert len({question.question for question in asked}) == len(asked)
    for question in asked:
        assert question.options is None and question.accepted[0] == question.ground_truth
        assert len(set(question.answers)) == len(question.answers) > 0
        assert all(type(id) is int for id in question.objects)
        assert read_row(json.loads(json.dumps(question.to_vsi(0, flat)))).question.answers == question.answers


def test_scorers_take_every_accepted_answer(flat: Scene) -> None:
    question = next(q for q in ask_all(flat, 0, families=("freeform",)) if q.ground_truth == "grey")
    item = Item("0", None, "flat", "freeform_colour", question.prompt(), question.question, None, question.accepted)
    assert [exact_match(item, reply)["em"] for reply in ("grey", "Gray.", "white")] == [1.0, 1.0, 0.0]
