"""Train the compact π³ on cached homes: `vlm2 train geometry train=runs/cache/train loop.steps=900`."""

from ..geometry import GeometryTraining, train_geometry

__all__ = ["recipe", "run"]

run = train_geometry


def recipe() -> GeometryTraining:
    """Return the configuration of mini's geometry encoder: 16 minutes on two CPU cores."""
    return GeometryTraining()
