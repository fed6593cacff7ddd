"""Eyes for the toy model: a detector that finds what the colours of a frame say, in no time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vlm2.encoders.detectors import Detections, RoomSurfaces
from vlm2.streaming.object_frames import ObjectEyes

LABELS = ("chair", "table", "lamp")


class ToyDetector:
    """Finds a thing in each half of a frame, which one depends on the mean colour there; and floor below."""

    def __init__(self, labels: tuple[str, ...] | None = LABELS) -> None:
        self.labels = labels
        self.calls: list[int] = []

    def detect(self, frames: np.ndarray) -> Sequence[Detections]:
        self.calls.append(len(frames))
        return [self.found(frame) for frame in frames]

    def found(self, frame: np.ndarray) -> Detections:
        """Return what a frame shows."""
        height, width = frame.shape[:2]
        names = self.labels or LABELS
        masks = np.zeros((2, height, width), bool)
        masks[0, height // 4 : height // 2, : width // 2] = masks[1, height // 4 : height // 2, width // 2 :] = True
        kinds = [int(frame[mask].astype(int).sum()) % 2 for mask in masks]
        evidence = np.full((2, len(names)), 0.1, np.float32)
        evidence[[0, 1], kinds] = 0.8
        floor = np.zeros((height, width), bool)
        floor[3 * height // 4 :] = True
        return Detections(
            boxes=np.array([[0, 0, width / 2, height], [width / 2, 0, width, height]]),
            scores=np.full(2, 0.8),
            labels=tuple(names[kind] for kind in kinds),
            masks=masks,
            evidence=evidence,
            surfaces=RoomSurfaces(np.array([0.0, -1.0, 0.1]), floor),
        )


class ToyStageDetector(ToyDetector):
    """The same, which reads the stages of a vision encoder."""

    def __init__(self, reads: str) -> None:
        super().__init__()
        self.reads = reads

    def detect_stages(self, stages: tuple) -> Sequence[Detections]:
        self.calls.append(-len(stages[0]))
        return [self.found(np.zeros((8, 8, 3), np.uint8)) for _ in range(len(stages[0]))]


def toy_eyes(detector: ToyDetector | None = None) -> ObjectEyes:
    """Return eyes that see with a toy detector."""
    return ObjectEyes("toy", ToyDetector() if detector is None else detector)
