"""Tests of other wordings of a question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlm2.questions import ask_all, paraphrase, question_types
from vlm2.questions.paraphrase import in_seconds
from vlm2.questions.row import read_row
from vlm2.scenes import Scene


def test_there_are_enough_wordings() -> None:
    for name, kind in question_types().items():
        assert sum(not wording.held_out for wording in kind.wordings[1:]) >= 6, name
        assert not kind.wordings[0].held_out
    assert sum(kind.held_out for kind in question_types().values()) >= 20


def test_held_out_wordings_are_no_training_wordings() -> None:
    texts = [wording.text for wordings in {k.wordings for k in question_types().values()} for wording in wordings]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("held_out", [False, True])
def test_every_wording_of_every_question_reads_whole(scene: Scene, held_out: bool) -> None:
    rng = np.random.default_rng(0)
    for question in ask_all(scene, 0):
        other = paraphrase(question, rng, held_out=held_out)
        wording = question_types()[question.question_type].wordings[other.wording]
        assert wording.held_out == held_out and other.wording > 0
        assert not set("{}") & set(other.question)
        assert (other.question_type, other.objects) == (question.question_type, question.objects)
        if other.options is None:
            assert other.ground_truth not in tuple("ABCD")
        else:
            assert (other.options, other.ground_truth) == (question.options, question.ground_truth)


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("family", ["freeform", "situated"])
def test_free_answers_stay_the_same_in_every_wording(flat: Scene, family: str, held_out: bool) -> None:
    rng = np.random.default_rng(0)
    asked = ask_all(flat, 0, families=(family,))
    assert {question.question_type for question in asked} == set(question_types(family))
    for question in asked:
        other = paraphrase(question, rng, held_out=held_out)
        assert other.question != question.question and not set("{}") & set(other.question)
        assert (other.options, other.ground_truth, other.answers) == (None, question.ground_truth, question.answers)


def test_options_can_be_kept(scene: Scene) -> None:
    rng = np.random.default_rng(0)
    for question in ask_all(scene, 0, families=("vsi", "vsti", "freeform", "situated")):
        other = paraphrase(question, rng, held_out=True, keep_options=True)
        assert other.options == question.options and other.question != question.question


def test_every_gap_has_a_name(scene: Scene) -> None:
    for question in ask_all(scene, 0, per_type=1):
        kind = question_types()[question.question_type]
        for index in range(len(kind.wordings)):
            kind.reword(question, index)


def test_units_change_the_number(scene: Scene) -> None:
    question = next(q for q in ask_all(scene, 0) if q.question_type == "object_size_estimation")
    kind = question_types()["object_size_estimation"]
    by_text = {wording.text: index for index, wording in enumerate(kind.wordings)}
    metres = kind.reword(question, by_text["What is the largest dimension of the {thing} in meters?"])
    inches = kind.reword(question, by_text["How many inches is the longest side of the {thing}?"])
    assert (question.ground_truth, metres.ground_truth, inches.ground_truth) == ("40", "0.40", "16")


def test_words_replace_letters(scene: Scene) -> None:
    question = next(q for q in ask_all(scene, 0) if q.question_type == "object_rel_direction_hard")
    kind = question_types()[question.question_type]
    words = next(index for index, wording in enumerate(kind.wordings) if wording.words)
    assert kind.reword(question, words).ground_truth == question.answer_text
    assert kind.reword(question, words).prompt().endswith("single word or phrase.")


def test_only_the_engines_own_words_can_be_changed(scene: Scene) -> None:
    question = next(q for q in ask_all(scene, 0) if q.question_type == "object_counting")
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="wording 0"):
        paraphrase(paraphrase(question, rng), rng)
    with pytest.raises(ValueError, match="knows the names"):
        paraphrase(read_row(question.to_vsi(0, scene)).question, rng)
    assert paraphrase(replace(question), rng).ground_truth == question.ground_truth


def test_a_question_about_numbered_frames_can_name_their_seconds(scene: Scene, repository) -> None:
    filmed = Scene.load(repository / "examples" / "home.json")
    asked = ask_all(filmed, 0, per_type=2, families=("vsti",))
    assert {question.question_type for question in asked} == set(question_types("vsti"))
    for question in asked:
        other = in_seconds(question)
        assert "frame" in question.question and "frame" not in other.question
        assert all(f"{time:.1f}" in other.question for time in question.times)
        assert (other.options, other.ground_truth) == (question.options, question.ground_truth)
    timeless = ask_all(scene, 0)[0]
    assert in_seconds(timeless) is timeless
