"""ScanQA: the real questions, and every exact match of a public scorer."""

import json
from collections import Counter

import pytest

from vlm2.evaluation.benchmarks.scanqa import BENCHMARK, load, question_type
from vlm2.evaluation.exact_match import clean


@pytest.fixture(scope="module")
def loaded(shared):
    return load(shared / "data/benchmarks")


def test_the_real_file_loads_completely(loaded):
    assert len(loaded.items) == len({item.id for item in loaded.items}) == 4675
    counts = Counter(item.question_type for item in loaded.items)
    assert counts == {"object": 1479, "other": 924, "place": 851, "color": 839, "nature": 358, "number": 224}
    assert len(loaded.missing_videos) == len({item.group for item in loaded.items})
    first = loaded.items[0]
    assert first.answers == ("dark brown", "brown")
    assert first.prompt == "What color is the chair in the kitchen?\nAnswer the question simply."


def test_every_exact_match_is_the_public_scorer_s(shared, loaded):
    golden = json.loads((shared / "data/benchmarks/golden_scanqa_em.json").read_text())
    items = {item.id: item for item in loaded.items}
    score, scores = BENCHMARK.scorer(), []
    for row in golden["rows"]:
        item = items[row["question_id"]]
        values = score(item, row["prediction"])
        assert clean(row["prediction"]) == row["clean_pred"]
        assert (values["em"], values["em_refined"]) == (row["em"], row["em_refined"]), row
        scores.append((item.question_type, values))
    row = BENCHMARK.summary(scores)
    assert len(scores) == 600
    assert (row["em"], row["em_refined"]) == pytest.approx((golden["em"], golden["em_refined"]))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is the color of the sofa?", "color"),
        ("What kind of table is it?", "nature"),
        ("Where is the tv?", "place"),
        ("How many chairs are there?", "number"),
        ("What is under the desk?", "object"),
        ("On what side is the bed?", "other"),
    ],
)
def test_types_follow_from_the_first_words(question, kind):
    assert question_type(question) == kind
