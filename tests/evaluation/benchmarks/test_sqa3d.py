"""SQA3D: the real pair of files, and every exact match of a public scorer."""

import json
from collections import Counter

import pytest

from vlm2.evaluation import question_source as source
from vlm2.evaluation.benchmarks.sqa3d import ANNOTATIONS, BENCHMARK, QUESTIONS, load, question_type

QUESTION = {"question_id": 5, "scene_id": "scene0011_00", "situation": "I sit.", "question": "What is behind me?"}
ANSWER = {"question_id": 5, "answers": [{"answer": "sofa", "answer_id": 1}]}


@pytest.fixture(scope="module")
def items(shared):
    return load(shared / "data/benchmarks").items


@pytest.fixture
def folder(tmp_path):
    (tmp_path / QUESTIONS.files[0]).write_text(json.dumps({"info": {}, "questions": [QUESTION]}))
    (tmp_path / ANNOTATIONS.files[0]).write_text(json.dumps({"info": {}, "annotations": [ANSWER]}))
    return tmp_path


def test_the_real_files_load_completely(items):
    assert len({item.id for item in items}) == len(items) == 3519
    counts = Counter(item.question_type for item in items)
    assert counts == {"what": 1147, "is": 652, "how": 465, "can": 338, "which": 351, "others": 566}


def test_every_exact_match_is_the_public_scorer_s(shared, items):
    golden = json.loads((shared / "data/benchmarks/golden_sqa3d_em.json").read_text())
    by_id, score, scores = {item.id: item for item in items}, BENCHMARK.scorer(), []
    for row in golden["rows"]:
        item = by_id[str(row["question_id"])]
        assert (item.question, list(item.answers)) == (row["question"], row["answers"])
        values = score(item, row["prediction"])
        assert (values["em"], values["em_refined"]) == (row["em"], row["em_refined"]), row
        scores.append((item.question_type, values))
    row = BENCHMARK.summary(scores)
    assert len(scores) == 600
    assert (row["em"], row["em_refined"]) == pytest.approx((golden["em"], golden["em_refined"]))


def test_the_prompt_tells_the_situation(folder):
    (item,) = load(folder).items
    assert item.prompt == "I sit. What is behind me?\nPlease answer the question using a single word or phrase."
    assert (item.question, item.answers, item.group) == ("What is behind me?", ("sofa",), "scene0011_00")


def test_a_question_without_an_answer_is_named(folder):
    (folder / ANNOTATIONS.files[0]).write_text(json.dumps({"annotations": [ANSWER | {"question_id": 6}]}))
    with pytest.raises(ValueError, match="1 questions of .* have no answer in .*: 5"):
        load(folder)


def test_the_revision_tells_other_answers_apart(folder):
    before = load(folder).revision
    (folder / ANNOTATIONS.files[0]).write_text(json.dumps({"annotations": [ANSWER | {"answers": [{"answer": "bed"}]}]}))
    assert load(folder).revision != before


@pytest.mark.parametrize(
    ("question", "kind"), [("Is it?", "is"), ("What's that?", "what"), ("Are they?", "others"), ("", "others")]
)
def test_types_are_first_words_or_others(question, kind):
    assert question_type(question) == kind


def test_questions_without_a_folder_have_no_answers(monkeypatch):
    monkeypatch.setattr(source, "_read_hub", lambda name, split: ([QUESTION], f"{name}@c0ffee"))
    with pytest.raises(ValueError, match="folder of both published files"):
        load("someone/sqa3d")
