"""Free-form answers compared word by word: exact match, and its refined form (ScanQA, SQA3D).

Answers are cleaned as the field's scorers have cleaned them since LEO (arXiv 2311.12871). Cleaning also corrects the
commonest typing errors of the annotators.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .benchmark import Item, Values
from .vsi_metrics import NUMBER_WORDS, commonest

MORE_NUMBERS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
WORDS = {
    **{str(number): word for number, word in enumerate((*NUMBER_WORDS, *MORE_NUMBERS))},
    "23": "twenty-three",
    "none": "zero",
    "letf": "left",
    "let": "left",
    "tehre": "there",
    "brigth": "right",
    "brght": "right",
    "behine": "behind",
    "tv": "TV",
    "chai": "chair",
    "wasing": "washing",
    "waslked": "walked",
    "oclock": "o'clock",
}
"""Words (and numbers) that are written otherwise before answers are compared."""


def clean(text: str) -> str:
    """Return an answer as it is compared: lower case, no marks, numbers up to twenty as words, no articles."""
    text = re.sub(" {2,}", " ", re.sub("^ +| +$", "", text.lower()))
    text = re.sub(r"[^a-z0-9,'\s\-:]+", "", text)
    text = re.sub(r"\w+", lambda word: WORDS.get(word.group(), word.group()), text)
    text = re.sub(r"\bo' +clock\b", "o'clock", text)
    text = re.sub(r"\b([a-zA-Z]+)[0-9]\b", r"\1", text)
    for article in ("a", "an", "the"):
        text = re.sub(rf"\b{article}\b ([a-zA-Z]+)", r"\1", text)
    return re.sub(r"\bbackwards\b", "backward", text)


def exact_match(item: Item, reply: str) -> Values:
    """Return `em` (the cleaned reply is one of the cleaned answers) and `em_refined` (the same, or one of the two
    contains the other without spaces). An empty reply matches every answer, as in the scorers that papers use."""
    ours, answers = clean(reply), [clean(answer) for answer in item.answers]
    if ours in answers:
        return {"em": 1.0, "em_refined": 1.0}
    bare = "".join(ours.split())
    pairs = [(bare, "".join(answer.split())) for answer in answers]
    return {"em": 0.0, "em_refined": float(any(a in b or b in a for a, b in pairs))}


def summarize(scores: Iterable[tuple[str, Values]]) -> dict[str, float]:
    """Return the mean of every metric over all questions (`em`), and by question type (`em/what`)."""
    groups: dict[str, list[float]] = defaultdict(list)
    for question_type, values in scores:
        for metric, value in values.items():
            groups[metric].append(value)
            groups[f"{metric}/{question_type}"].append(value)
    return {name: sum(values) / len(values) for name, values in sorted(groups.items(), key=lambda g: "/" in g[0])}


def commonest_answers(items: Sequence[Item]) -> dict[str, str]:
    """Return for each item (by id) the commonest cleaned answer to questions of its type."""
    answers: dict[str, list[str]] = defaultdict(list)
    for item in items:
        answers[item.question_type] += {clean(answer) for answer in item.answers}
    best = {kind: commonest(texts) for kind, texts in answers.items()}
    return {item.id: best[item.question_type] for item in items}
