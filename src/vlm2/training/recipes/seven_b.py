"""Train the 7B as VLM-3R is trained: `vlm2 train seven_b training.videos=videos`; `estimate=true` says its cost."""

from ..seven_b import SevenBConfig, train_seven_b

__all__ = ["recipe", "run"]

run = train_seven_b


def recipe() -> SevenBConfig:
    """Return VLM-3R's recipe at the paper's size."""
    return SevenBConfig()
