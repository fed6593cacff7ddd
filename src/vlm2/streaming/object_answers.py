"""Answers from the object map: prompts taken apart, results as answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..encoders.vlm import VLMError
from ..objects import ObjectMap, Result
from ..questions.question import LETTER_REQUEST, PREFIX, SIMPLE_REQUEST, WORD_REQUEST
from .answer import Answer, Evidence
from .intent_planner import LEAST_SURE, IntentPlanner

OPTION = re.compile(r"^\(?([A-Z])[.):]\s+\S")
UNDERSTOOD = "I understood: "
FRAMING = (PREFIX, "Options:", LETTER_REQUEST, WORD_REQUEST, SIMPLE_REQUEST)


def split_prompt(prompt: str) -> tuple[str, list[str] | None]:
    """Return the question of a prompt, and its options where lines such as "A. left" give some."""
    lines = [line.strip() for line in prompt.strip().splitlines()]
    options = [line for line in lines if OPTION.match(line)]
    rest = [line for line in lines if line and line not in FRAMING and not (len(options) > 1 and OPTION.match(line))]
    return " ".join(rest), options if len(options) > 1 else None


def ask_objects(
    map: ObjectMap,
    question: str,
    options: Sequence[str] | None,
    planner: IntentPlanner | None,
    guess: bool,
    earlier: Sequence[str] = (),
) -> Result:
    """Ask a map as `ObjectMap.ask` does. For a question that only the trained reader understood, or only with the
    `earlier` ones, the sentence ends with the plain question. If the reader was not sure, which needs `guess`, an
    answer has the status "guess"."""
    if planner is None:
        return map.ask(question, options, guess=guess)
    read = planner.read(question, options, guess, [split_prompt(text)[0] for text in earlier])
    result = map.guess(read.query) if guess else map.run(read.query)
    if read.plain is None:
        return result
    update: dict[str, Any] = {"sentence": f"{result.sentence} {UNDERSTOOD}“{read.plain}”"}
    if read.sure < LEAST_SURE and result.value is not None:
        update |= {"status": "guess", "confidence": read.sure * result.confidence}
    return result.model_copy(update=update)


def answer_of(result: Result) -> Answer:
    """Return a query's result as an answer, whose time is not measured. Its evidence are the keyframes of the things
    that support it."""
    total = sum(view.share for view in result.frames)
    by_time: dict[float, float] = {}
    for view in result.frames:
        by_time[view.time] = by_time.get(view.time, 0.0) + (view.share / total if total else 1 / len(result.frames))
    evidence = tuple(Evidence(t, w) for t, w in sorted(by_time.items(), key=lambda pair: (-pair[1], pair[0])))
    return Answer(
        text=result.text or result.sentence,
        evidence=evidence,
        seconds=0.0,
        source="objects",
        status=result.status,
        sentence=result.sentence,
        value=result.value,
        unit=result.unit,
        uncertainty=result.uncertainty,
        confidence=result.confidence,
        query=result.query,
        tracks=result.tracks,
    )


def guess_of(answer: Answer, refused: Result) -> Answer:
    """Return the language model's answer, marked as a guess, with the query that was refused and the reason."""
    sentence = f"{refused.sentence} The language model guesses: {answer.text}".strip()
    return replace(answer, status="guess", sentence=sentence, query=refused.query)


def without_vlm(result: Result | None, error: VLMError) -> Result:
    """Return a query's result with the reason why a vision-language model gave no answer; the reason alone where there
    is no result."""
    if result is None:
        return Result(status="unsupported", sentence=str(error))
    return result.model_copy(update={"sentence": f"{result.sentence} {error}"})
