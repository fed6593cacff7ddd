"""Write the scores of runs into a trained checkpoint's card: `vlm2 train card --runs runs/homes-mini`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...evaluation.scores import read_run
from ..model_card import CARD, read_records, write_card


@dataclass(frozen=True)
class CardConfig:
    """The checkpoint whose card is written, and the runs that it shows."""

    checkpoint: str = "runs/mini/checkpoint"  # folder of the checkpoint
    runs: tuple[str, ...] = ()  # folders of `vlm2 eval`; the first is the checkpoint's own, the others are compared


def recipe() -> CardConfig:
    """Return the card of `vlm2 train mini`, without scores."""
    return CardConfig()


def run(config: CardConfig) -> None:
    """Write the card of a trained checkpoint anew, with scores. Raises ValueError where it has no training record."""
    training = read_records(config.checkpoint)
    if not training:
        raise ValueError(f"{config.checkpoint} has no {CARD} with a record of its training; train it with this vlm2.")
    write_card(config.checkpoint, training, [read_run(Path(folder)) for folder in config.runs])
