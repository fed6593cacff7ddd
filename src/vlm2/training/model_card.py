"""Model cards: where a trained checkpoint comes from, and what it scored.

The head of a checkpoint's README.md (YAML, as the Hugging Face hub reads it) has one record a training under
`training`. The template `card.md` makes the text of it, and of runs of `vlm2 eval` that tested this very checkpoint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from safetensors import safe_open

from ..encoders.weights import sha256
from ..evaluation.receipt import code_version, machine, packages
from ..evaluation.report.data import collect
from ..evaluation.report.report import markdown
from ..evaluation.scores import Run, read_run
from .digest import feed
from .home_cache import CachedHome
from .recipe import flat

CARD = "README.md"
TEMPLATE = Path(__file__).with_name("model_card.md")
WEIGHTS = "model.safetensors"

Record = dict[str, Any]
"""What is known of a training: recipe, commit, date, machine, packages, data, configuration; `scores`, where it has
measured some itself."""


@dataclass(frozen=True)
class CardConfig:
    """Whose card is written anew, and the folders of runs that it shows: the first is the checkpoint's own, the others
    stand beside it."""

    checkpoint: str = "runs/mini/checkpoint"
    runs: tuple[str, ...] = ()


def data_hash(homes: Sequence[CachedHome]) -> str:
    """Return the sha256 of all that cached homes hold: names, scenes and tensors, in the order of the names."""
    digest = hashlib.sha256()
    for home in sorted(homes, key=lambda home: home.path.name):
        digest.update(f"{home.path.name}\n{home.scene.to_json()}\n".encode())
        with safe_open(home.path, framework="pt") as file:
            feed(digest, ((name, file.get_tensor(name)) for name in sorted(file.keys())))
    return digest.hexdigest()


def record(recipe: str, config: object, homes: Sequence[CachedHome]) -> Record:
    """Describe a training that begins: this code and machine, a recipe's configuration, the homes it learns from."""
    computer = machine()
    return {
        "recipe": recipe,
        "commit": code_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{computer['processor']}, {computer['cores']} cores, GPUs: {', '.join(computer['gpus']) or 'none'}",
        "packages": packages(),
        "data": {"homes": len(homes), "frames": sum(home.frames for home in homes), "sha256": data_hash(homes)},
        "configuration": json.loads(json.dumps(flat(config))),
    }


def records(folder: Path | str) -> list[Record]:
    """Read the records of what was trained in a folder; none where it has no card, or one of other making."""
    card = Path(folder) / CARD
    return ModelCard.load(card).data.to_dict().get("training", []) if card.is_file() else []


def write_card(folder: Path | str, training: Sequence[Record], runs: Sequence[Run] = ()) -> None:
    """Write the card of the checkpoint in `folder`; `runs` are as in `CardConfig`.

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


def rewrite_card(config: CardConfig) -> None:
    """Write the card of a trained checkpoint anew, with scores. Raises ValueError where it has no record."""
    training = records(config.checkpoint)
    if not training:
        raise ValueError(f"{config.checkpoint} has no {CARD} with a record of its training; train it with this vlm2.")
    write_card(config.checkpoint, training, [read_run(Path(folder)) for folder in config.runs])


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
