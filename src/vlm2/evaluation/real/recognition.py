"""Recognition on labelled pictures: which categories a picture shows, and where.

A picture's score for a category is the highest score of a detection whose label is among the category's words; 0
without one. Box scores match detections to true boxes at an IoU of `LEAST_OVERLAP` or more, one to one, the best score
first.

- `ap`: average precision of the pictures; pictures with equal scores count together. `ap50`: average precision of the
  boxes, as COCO has it (101 recalls).
- `f1`, `box_f1`: F1 of a category at a threshold. One threshold for all categories gives the best mean F1 on the
  pictures at even positions; the F1 is that of the pictures at odd positions. `f1_half`, `box_f1_half`: on all
  pictures, at 0.5.

The means are over the categories that a picture of the part shows. `false_alarms` counts the detections with a score of
at least 0.5 of labelled categories that no picture of the set shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from ...encoders.detectors.boxes import overlaps
from .categories import Categories, plain
from .sets import LabelledBox

LEAST_OVERLAP = 0.5
THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 20))
HALF = 0.5
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class ScoredBox:
    """A detection: its label, its score, and left, top, right, bottom in pixels of the picture."""

    label: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class ComparedPicture:
    """The true and the found boxes of a picture."""

    true: tuple[LabelledBox, ...]
    found: tuple[ScoredBox, ...]


@dataclass(frozen=True)
class Hits:
    """The candidates of one category: their `scores`, and which of them are `right`. `true` is the number of true
    ones."""

    scores: Float64[np.ndarray, " candidates"]
    right: Float64[np.ndarray, " candidates"]
    true: int

    def f1(self, threshold: float) -> float:
        """Return 2·right / (candidates + true) of the candidates with a score of at least the threshold."""
        kept = self.scores >= threshold
        return 2 * float(self.right[kept].sum()) / max(int(kept.sum()) + self.true, 1)


Count = Callable[[Sequence[ComparedPicture], frozenset[str]], Hits]


def compare(pictures: Sequence[ComparedPicture], categories: Categories) -> dict[str, Any]:
    """Return the scores of pictures: a record of means, and `categories` with one record for each."""
    shown = {name: words for name, words in categories.items() if image_hits(pictures, words).true}
    rows: dict[str, dict[str, float]] = {}
    for name, words in shown.items():
        images, boxes = image_hits(pictures, words), box_hits(pictures, words)
        rows[name] = {
            "pictures": images.true,
            "boxes": boxes.true,
            "ap": average_precision(images),
            "f1_half": images.f1(HALF),
            "ap50": box_precision(boxes),
            "box_f1_half": boxes.f1(HALF),
        }
    if not rows:
        return {}
    means = {name: float(np.mean([row[name] for row in rows.values()])) for name in ("ap", "ap50")}
    chosen = _chosen(pictures, shown, image_hits, "f1") | _chosen(pictures, shown, box_hits, "box_f1")
    halves = {name: float(np.mean([row[name] for row in rows.values()])) for name in ("f1_half", "box_f1_half")}
    strangers = [words for name, words in categories.items() if name not in shown]
    false = [box for p in pictures for box in p.found if any(plain(box.label) in words for words in strangers)]
    alarms = {"false_alarms": sum(box.score >= HALF for box in false)}
    return {"pictures": len(pictures), **means, **chosen, **halves, **alarms, "categories": rows}


def _chosen(pictures: Sequence[ComparedPicture], categories: Categories, count: Count, name: str) -> dict[str, float]:
    """Choose a threshold on the even pictures; return it with the mean F1 on the odd ones. Empty for one picture."""
    even, odd = (
        [hits for words in categories.values() if (hits := count(part, words)).true]
        for part in (pictures[::2], pictures[1::2])
    )
    if not even or not odd:
        return {}
    best = max(THRESHOLDS, key=lambda threshold: _mean_f1(even, threshold))
    return {name: _mean_f1(odd, best), f"{name}_threshold": best}


def _mean_f1(categories: Sequence[Hits], threshold: float) -> float:
    return float(np.mean([hits.f1(threshold) for hits in categories]))


def image_hits(pictures: Sequence[ComparedPicture], words: frozenset[str]) -> Hits:
    """Count whole pictures for a category: each is a candidate, with the score 0 where nothing was detected."""
    shows = np.array([any(plain(thing.label) in words for thing in p.true) for p in pictures], float)
    best = [max([box.score for box in p.found if plain(box.label) in words], default=0.0) for p in pictures]
    return Hits(np.array(best, np.float64), shows, int(shows.sum()))


def box_hits(pictures: Sequence[ComparedPicture], words: frozenset[str]) -> Hits:
    """Match the boxes of a category: a detection is right if the true box that it overlaps most, of those that are
    left, overlaps enough."""
    scores, right, true = list[float](), list[float](), 0
    for picture in pictures:
        left = [np.array(thing.box_xyxy) for thing in picture.true if plain(thing.label) in words]
        true += len(left)
        mine = sorted((box for box in picture.found if plain(box.label) in words), key=lambda box: -box.score)
        for box in mine:
            common = overlaps(np.array([box.box]), np.stack(left))[0] if left else np.zeros(0)
            hit = bool(len(common)) and float(common.max()) >= LEAST_OVERLAP
            if hit:
                del left[int(common.argmax())]
            scores.append(box.score)
            right.append(float(hit))
    return Hits(np.array(scores, np.float64), np.array(right, np.float64), true)


def average_precision(hits: Hits) -> float:
    """Return the sum of precision times the rise of recall over the distinct scores, the highest first."""
    area = recall = 0.0
    for score in sorted(set(hits.scores.tolist()), reverse=True):
        kept = hits.scores >= score
        found = float(hits.right[kept].sum())
        area += found / int(kept.sum()) * (found / hits.true - recall)
        recall = found / hits.true
    return area


def box_precision(hits: Hits) -> float:
    """Return the mean over `RECALLS` of the best precision at that recall or a higher one."""
    order = np.argsort(-hits.scores, kind="stable")
    right = np.cumsum(hits.right[order])
    precision, recall = right / np.arange(1, len(right) + 1), right / hits.true
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(np.concatenate([best, [0.0]])[np.minimum(places, len(best))].mean())
