"""Model cards: how a checkpoint was trained, and its scores.

The head of a checkpoint's README.md (YAML, as the Hugging Face hub reads it) has one record per training under
`training`. The template `model_card.md` turns the records, and runs of `vlm2 eval` with this checkpoint, into text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from safetensors import safe_open

from ..encoders.weights import sha256
from ..evaluation.receipt import code_version, machine, packages
from ..evaluation.report.data import collect
from ..evaluation.report.report import markdown
from ..evaluation.scores import Run
from .home_cache import CachedScene
from .recipe import flatten
from .tensor_cache import hash_tensors

CARD = "README.md"
TEMPLATE = Path(__file__).with_name("model_card.md")
WEIGHTS = "model.safetensors"

TrainingRecord = dict[str, Any]
"""A training's recipe, commit, date, machine, packages, data and configuration; `scores` if the recipe measures any."""


def data_hash(homes: Sequence[CachedScene]) -> str:
    """Return the sha256 of cached homes: names, scenes and tensors, in the order of the names."""
    digest = hashlib.sha256()
    for home in sorted(homes, key=lambda home: home.path.name):
        digest.update(f"{home.path.name}\n{home.scene.to_json()}\n".encode())
        with safe_open(home.path, framework="pt") as file:
            hash_tensors(digest, ((name, file.get_tensor(name)) for name in sorted(file.keys())))
    return digest.hexdigest()


def training_record(recipe: str, config: object, homes: Sequence[CachedScene]) -> TrainingRecord:
    """Describe a training that begins: the code, the machine, the recipe's configuration and its homes."""
    computer = machine()
    return {
        "recipe": recipe,
        "commit": code_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{computer['processor']}, {computer['cores']} cores, GPUs: {', '.join(computer['gpus']) or 'none'}",
        "packages": packages(),
        "data": {"homes": len(homes), "frames": sum(home.frames for home in homes), "sha256": data_hash(homes)},
        "configuration": json.loads(json.dumps(flatten(config))),
    }


def read_records(folder: Path | str) -> list[TrainingRecord]:
    """Read the records of the trainings in a folder's card; none where it has no card, or one without records."""
    card = Path(folder) / CARD
    return ModelCard.load(card).data.to_dict().get("training", []) if card.is_file() else []


def write_card(folder: Path | str, training: Sequence[TrainingRecord], runs: Sequence[Run] = ()) -> None:
    """Write the card of the checkpoint in `folder`; the first of the runs tested it, the others are shown beside it.

    Raises ValueError where the first run tested other weights.
    """
    folder = Path(folder)
    weights = sha256(folder / WEIGHTS)
    if runs and runs[0].receipt["run"]["model"].get("files", {}).get(WEIGHTS) != weights:
        raise ValueError(
            f"{runs[0].folder} did not test {folder}: its receipt names other weights; give its own run first."
        )
    name = training[-1]["recipe"]
    data = ModelCardData(
        license="apache-2.0",
        library_name="vlm2",
        tags=["video", "spatial-reasoning", "vision-language"],
        training=list(training),
        model_name=name,
        eval_results=[_result(runs[0])] if runs else None,
    )
    scores = markdown(collect(runs)) if runs else None
    card = ModelCard.from_template(data, str(TEMPLATE), name=name, training=training, weights=weights, scores=scores)
    card.save(folder / CARD)


def _result(run: Run) -> EvalResult:
    scores = run.scores
    return EvalResult(
        task_type="visual-question-answering",
        dataset_type=scores["benchmark"],
        dataset_name=f"{scores['benchmark']}, version {scores['version']}, {scores['questions']} questions",
        metric_type=scores["headline"],
        metric_name=f"{scores['headline']} ({run.name})",
        metric_value=round(100 * scores["summary"][scores["headline"]], 1),
    )
