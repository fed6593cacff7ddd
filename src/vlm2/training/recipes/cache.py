"""Cache generated homes for training: `vlm2 train cache out=runs/cache/train split=train count=200`."""

from ..home_cache import CacheConfig, run

__all__ = ["recipe", "run"]


def recipe() -> CacheConfig:
    """Return the configuration of the training homes of the first pass."""
    return CacheConfig()
