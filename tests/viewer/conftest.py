"""A stream that remembers a made-up room, and its scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rooms_of_boxes import MadeBox, MadeRoom, around, watched
from sessions import observe
from toyeyes import toy_eyes
from toys import ToyVision, toy_model, toy_processor

from vlm2.models.halves import ModelHalves
from vlm2.streaming import Session
from vlm2.streaming.keyframe import keyframe
from vlm2.streaming.stream import Stream
from vlm2.viewer.scene import Scene3D, scene_of

ROOM = MadeRoom(
    ((0, 0), (5, 0), (5, 4), (0, 4)),
    (
        MadeBox("bed", (4.0, 3.0, 0.3), (1.2, 1.6, 0.6), (20, 30, 200)),
        MadeBox("chair", (1.0, 3.2, 0.45), (0.5, 0.6, 0.9)),
        MadeBox("chair", (1.0, 0.6, 0.45), (0.5, 0.6, 0.9)),
    ),
)
FRAMES = 16
RED = (220, 20, 20)


@pytest.fixture
def watch():
    """Return a function that makes the toy model's session watch some frames, with toy eyes or without."""

    def make(frames: int, eyes: bool = False) -> Session:
        processor = toy_processor()
        processor.video_processor.max_pixels = ToyVision.max_pixels
        images = np.random.default_rng(0).integers(0, 255, (frames, 32, 48, 3), dtype=np.uint8)
        halves = ModelHalves.of(toy_model().eval(), processor)
        return observe(Session(halves, eyes=toy_eyes() if eyes else None), images)

    return make


@pytest.fixture
def stream(watch) -> Stream:
    """A stream that remembers a made-up room, seen in 16 red frames."""
    session = watch(FRAMES, eyes=True)
    red = np.full((48, 64, 3), RED, np.uint8)
    kept = tuple(keyframe(red, frame, frame / 2) for frame in range(FRAMES))
    return replace(session._stream, objects=watched(ROOM, around(2.5, 2.0, FRAMES)), keyframes=kept)


@pytest.fixture
def scene(stream) -> Scene3D:
    return scene_of(stream)
