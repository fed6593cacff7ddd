"""A session on the toy model."""

from __future__ import annotations

import numpy as np
import pytest
from toys import ToyVision, toy_model, toy_processor

from vlm2.models.halves import ModelHalves
from vlm2.streaming import Session


@pytest.fixture
def make_session():
    """Return a function that makes a session on the toy model, with changes to its configuration."""

    def make(seed: int = 0, **changes) -> Session:
        processor = toy_processor(**changes)
        processor.video_processor.max_pixels = ToyVision.max_pixels
        return Session(ModelHalves.of(toy_model(seed, **changes).eval(), processor))

    return make


@pytest.fixture
def images() -> np.ndarray:
    """Frames of the toy vision encoder's own size."""
    return np.random.default_rng(0).integers(0, 255, (23, 32, 48, 3), dtype=np.uint8)
