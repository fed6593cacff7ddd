"""BLEU, METEOR, ROUGE-L and CIDEr by pycocoevalcap, and what is said where it or Java is missing."""

import shutil
from importlib.util import find_spec
from math import exp

import pytest

from vlm2.evaluation import caption_metrics as captions
from vlm2.evaluation.benchmark import Item
from vlm2.evaluation.caption_metrics import caption_metrics

NAMES = {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "meteor", "rouge_l", "cider"}


def item(id, *answers):
    return Item(id, None, "scene", "other", "q", "q", None, answers)


ITEMS = [
    item("1", "on the left side of the brown table", "by the table"),
    item("2", "a large white fridge in the corner"),
    item("3", "two grey chairs stand near it"),
]

needs_java = pytest.mark.skipif(
    find_spec("pycocoevalcap") is None or shutil.which("java") is None, reason="needs the extra `eval` and Java"
)


@pytest.mark.full
@needs_java
def test_true_answers_score_highest():
    right = caption_metrics([(item, item.answers[0]) for item in ITEMS])
    assert set(right) == NAMES
    assert all(right[name] == pytest.approx(1.0) for name in NAMES - {"meteor", "cider"})
    assert right["meteor"] > 0.9
    assert right["cider"] > 5


@pytest.mark.full
@needs_java
def test_known_values_and_replies_of_no_words():
    values = caption_metrics([(item("1", "by table"), "brown table"), (item("2", "red"), "")])
    # One of two words is right; the replies have two words for the three of the answers.
    assert values["bleu_1"] == pytest.approx(0.5 * exp(1 - 3 / 2), abs=1e-3)
    assert values["rouge_l"] == pytest.approx(0.25)
    assert 0 < values["meteor"] < 0.5


def test_no_replies_have_no_metrics(monkeypatch):
    monkeypatch.setattr(captions, "_lacking", lambda: "")
    assert caption_metrics([]) == {}


@pytest.mark.parametrize(
    ("package", "java", "advice"), [(False, True, r"vlm2\[eval\]"), (True, False, "default-jre-headless")]
)
def test_what_is_missing_is_said_and_nothing_else_fails(monkeypatch, package, java, advice):
    monkeypatch.setattr(captions, "find_spec", lambda name: object() if package else None)
    monkeypatch.setattr(captions.shutil, "which", lambda name: "/bin/java" if java else None)
    with pytest.warns(UserWarning, match=advice):
        assert caption_metrics([(ITEMS[0], "x")]) == {}
