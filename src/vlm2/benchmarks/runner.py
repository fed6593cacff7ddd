"""Run a model over a benchmark: each video watched once, its questions asked, every answer written as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from . import homes

PREDICTIONS = "predictions.jsonl"


def read_predictions(out: Path) -> dict[str, dict]:
    """Read what a run has written so far, by item id; a last line cut off by a kill is left out."""
    file = out / PREDICTIONS
    done = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                row = json.loads(line)
                done[row["id"]] = row
    return done


def run(model, items: list[homes.Item], out: Path, fps: float = 2.0) -> Iterator[tuple[int, int]]:
    """Answer all items that `out` does not hold yet; yield (answered, all) after each video.

    A killed run goes on where it was. Answers go through `model.session()`, as users' questions do.
    """
    out.mkdir(parents=True, exist_ok=True)
    done = read_predictions(out)
    text = "".join(json.dumps(row) + "\n" for row in done.values())
    (out / PREDICTIONS).write_text(text, encoding="utf-8")
    with open(out / PREDICTIONS, "a", encoding="utf-8") as file:
        for video, questions in homes.videos(items):
            questions = [item for item in questions if item.id not in done]
            if questions:
                session = model.session()
                session.watch(video, fps=fps)
                for item in questions:
                    row = _answer(session, item)
                    done[item.id] = row
                    file.write(json.dumps(row) + "\n")
                    file.flush()
            yield len(done), len(items)


def _answer(session, item: homes.Item) -> dict:
    question = item.question
    answer = session.ask(question.prompt())
    return {
        "id": item.id,
        "question_type": question.question_type,
        "question": question.question,
        "options": question.options,
        "ground_truth": question.ground_truth,
        "prediction": answer.text,
    }
