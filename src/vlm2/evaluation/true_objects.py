"""The respondent `true-objects`: planner and operators on the true map of each home, without video and model.

Its scores are the ceiling that a perfect detector with perfect geometry would reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .benchmark import Benchmark, FindTruth, Item
from .predictions import Prediction, StoredAnswer

NAME = "true-objects"
TITLE = "true objects"


@dataclass(frozen=True)
class TrueObjects:
    """Answers from `ObjectMap.from_scene` of the true record. It does not guess: a refused question has an empty
    reply, and so has one with options if the answer is none of them."""

    truth: FindTruth
    needs_video: bool = False

    def identity(self) -> dict[str, Any]:
        return {"model": {"name": NAME}}

    def answer(self, items: Sequence[Item]) -> Iterator[Prediction]:
        from ..objects import ObjectMap
        from ..streaming.object_answers import split_prompt

        true = ObjectMap.from_scene(self.truth(items[0]).scene)
        for item in items:
            question, options = split_prompt(item.prompt)
            result = true.ask(question, options)
            text = (result.option or "") if options else result.text
            yield Prediction(item, text, answer=StoredAnswer.of(result, source="objects" if text else "none"))


def true_objects(benchmark: Benchmark) -> TrueObjects:
    """Return the respondent for a benchmark. Raises ValueError where the truth about its videos is not known."""
    if benchmark.truth is None:
        raise ValueError(
            f"{benchmark.name} does not hold what its videos truly show, so it has no {TITLE}. Use the benchmark homes."
        )
    return TrueObjects(benchmark.truth)
