"""Videos that show nothing, or hardly anything: sessions with eyes watch, answer, save and open them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sessions import observe
from toyeyes import LABELS, ToyDetector, toy_eyes

from vlm2.encoders.detectors import Detections
from vlm2.streaming import LoadedModel, Session

QUESTIONS = ("How many chairs are there?", "How tall is the lamp?", "Is there a table?", "What did you see?")


class Blind(ToyDetector):
    """Finds nothing, and no floor."""

    def found(self, frame: np.ndarray) -> Detections:
        return Detections(np.zeros((0, 4)), np.zeros(0), (), np.zeros((0, 4, 4), bool))


class Boxed(ToyDetector):
    """Finds boxes without masks, some of them outside the frame or not finite."""

    def found(self, frame: np.ndarray) -> Detections:
        height, width = frame.shape[:2]
        boxes = [[0, 0, width, height], [-9, -9, -1, -1], [np.nan] * 4, [width, 0, 0, height], [0, 0, np.inf, 5]]
        return Detections(np.array(boxes, float), np.full(5, 0.9), (LABELS * 2)[:5])


class Wrong(ToyDetector):
    """Finds things whose scores and evidence are not numbers."""

    def found(self, frame: np.ndarray) -> Detections:
        found = super().found(frame)
        return replace(found, scores=np.array([np.nan, 7.0]), evidence=np.full((2, 3), np.nan, np.float32))


FRAMES = {
    "black": np.zeros((6, 32, 48, 3), np.uint8),
    "small": np.random.default_rng(0).integers(0, 255, (6, 16, 16, 3), dtype=np.uint8),
}


@pytest.mark.parametrize("detector", [Blind(), Boxed(), Wrong(), ToyDetector()], ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("name", FRAMES)
def test_a_video_of_nothing_is_watched(make_session, tmp_path, name, detector) -> None:
    plain = make_session()
    session = observe(Session(plain.halves, eyes=toy_eyes(detector)), FRAMES[name])
    seen = session.objects
    if isinstance(detector, Blind | Wrong):
        assert not seen.tracks and not seen.possible
    for question in QUESTIONS:
        for guess in (False, True):
            answer = session.ask(question, most_tokens=1, guess=guess)
            assert answer.confidence is None or 0 <= answer.confidence <= 1
    session.save(tmp_path / "room.vlm2mem")
    again = Session.open(tmp_path / "room.vlm2mem", LoadedModel("toy", Path(), session.halves, session.eyes))
    assert again.objects == seen
