"""The files of an evaluation on real pictures: the values as JSON, and a page with pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...cache import whole_file
from ...streaming import LoadedModel
from ..predictions import write_json
from ..receipt import code_version, machine, packages
from . import pictures
from .evaluate import SetResult, tables

PAGE, VALUES = "real.html", "real.json"


def write(results: Sequence[SetResult], loaded: LoadedModel, out: Path) -> tuple[Path, Path]:
    """Write the page and the values into a folder; return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    record = {
        "model": loaded.name,
        "eyes": None if loaded.eyes is None else loaded.eyes.name,
        "runtime": loaded.halves.video_model.runtime,
        "code": code_version(),
        "machine": machine(),
        "packages": packages(),
        "sets": {result.real.name: {**result.values, "answered": _answered(result)} for result in results},
    }
    write_json(out / VALUES, record)
    with whole_file(out / PAGE) as partial:
        partial.write_text(page(results, record), "utf-8")
    return out / PAGE, out / VALUES


def page(results: Sequence[SetResult], record: dict[str, Any]) -> str:
    """Return the page as HTML that needs no network; `record` describes the run and its machine."""
    from jinja2 import Environment, FileSystemLoader

    here = Path(__file__).parent
    templates = Environment(loader=FileSystemLoader([here, here.parent / "report"]), autoescape=True)
    return templates.get_template("real.html.jinja").render(
        title=f"{record['model']} on real pictures",
        eyes=record["eyes"],
        code=record["code"],
        machine=record["machine"],
        cards=list(_cards(results)),
        tables=tables(results),
        results=results,
        frames=pictures.frames,
        path=pictures.path,
    )


def _cards(results: Sequence[SetResult]) -> Iterator[tuple[str, str, str]]:
    """Yield the numbers at the top of the page: a label, a value, and the set."""
    values = [(result.real.name, result.values) for result in results]
    for name, found in values:
        if (answers := found.get("answers")) is not None:
            yield "Questions", f"{100 * next(iter(answers.values()))['score']:.1f}", f"of 100, {name}"
    for key, label, form in (("depth_error", "Depth error", "{:.2f}"), ("path_error", "Path error", "{:.2f} m")):
        for name, found in values:
            if key in (geometry := found.get("geometry", {})):
                yield label, form.format(geometry[key]), name
    for name, found in values:
        if recognition := found.get("recognition"):
            yield "Pictures, AP", f"{recognition['ap']:.2f}", name


def _answered(result: SetResult) -> dict[str, list[dict[str, object]]]:
    """Return every question with its answer and score, by run."""
    return {
        oracle.title: [
            {
                "type": one.question.type,
                "question": one.question.question,
                "truth": one.question.answer,
                "answer": one.answer.text,
                "sentence": one.answer.sentence,
                "status": one.answer.status,
                "source": one.answer.source,
                "score": one.score,
            }
            for one in run.answers
        ]
        for oracle, run in result.runs.items()
        if run.answers
    }
