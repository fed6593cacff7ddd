"""Train mini on cached homes, after `vlm2 train geometry`: `vlm2 train mini cache=runs/cache/train`."""

from ..mini import MiniConfig, train_mini

__all__ = ["recipe", "run"]

run = train_mini


def recipe() -> MiniConfig:
    """Return the configuration of the whole training: some 85 minutes on two CPU cores."""
    return MiniConfig()
