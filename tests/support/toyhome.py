"""The toy model with toy eyes for tests, and a session of it that remembers a made-up room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from rooms_of_boxes import MadeBox, MadeRoom, around, watched
from sessions import observe
from toyeyes import ToyDetector, toy_eyes
from toys import ToyVision, toy_model, toy_processor

from vlm2.models.halves import ModelHalves
from vlm2.streaming import LoadedModel, Session

ROOM = MadeRoom(
    ((0, 0), (5, 0), (5, 4), (0, 4)),
    (
        MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6), (20, 30, 200)),
        MadeBox("chair", (1.0, 3.2, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("chair", (1.0, 0.6, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("table", (4.2, 0.7, 0.4), (0.6, 0.4, 0.8)),
    ),
)


def seeing_toy() -> LoadedModel:
    """The toy model, whose sessions have eyes and keep keyframes."""
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    eyes = toy_eyes(ToyDetector(watched(ROOM, around(2.5, 2.0, 16)).labels))
    return LoadedModel("toy", Path(), ModelHalves.of(toy_model().eval(), processor), eyes)


def frames() -> np.ndarray:
    """Random frames of the toy vision encoder's own size."""
    return np.random.default_rng(0).integers(0, 255, (23, 32, 48, 3), dtype=np.uint8)


def at_home(loaded: LoadedModel) -> Session:
    """A session that remembers a made-up room, and the keyframes of random frames."""
    session = observe(loaded.session(), frames()[:4])
    session._stream = replace(session._stream, objects=watched(ROOM, around(2.5, 2.0, 16)))
    return session
