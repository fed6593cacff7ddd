"""Fine-tune on videos and questions of your own: `vlm2 train finetune videos=videos questions="('mine.jsonl',)"`."""

from ..finetune import FinetuneConfig, train_finetune

__all__ = ["recipe", "run"]

run = train_finetune


def recipe() -> FinetuneConfig:
    """Return the configuration for a few dozen videos on two CPU cores or a GPU, beginning from mini."""
    return FinetuneConfig()
