"""Train and test the ablation's rows (a)–(f): `vlm2 train ablations seeds='(0, 1)' mini.cache=runs/cache/train`."""

from ..ablations import AblationsConfig, run_ablations

__all__ = ["recipe", "run"]

run = run_ablations


def recipe() -> AblationsConfig:
    """Return the whole grid: six rows, two seeds, each the training of mini, tested on Homes."""
    return AblationsConfig()
