"""Write the scores of runs into a trained checkpoint's card: `vlm2 train card runs="('runs/homes-mini',)"`."""

from ..model_card import CardConfig, rewrite_card

__all__ = ["recipe", "run"]

run = rewrite_card


def recipe() -> CardConfig:
    """Return the card of `vlm2 train mini`, without scores."""
    return CardConfig()
