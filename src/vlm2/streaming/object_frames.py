"""The object memory's share of a portion of frames: detect, lift, associate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from ..encoders.detectors import Detector, TimedDetector
from ..encoders.geometry.encoder import Geometry
from ..objects.labels import confusable
from ..objects.lifting import lift
from ..objects.memory import ObjectMemory


@dataclass(frozen=True)
class ObjectEyes:
    """A detector and its registered name."""

    name: str
    detector: Detector

    def start(self) -> ObjectMemory:
        """Return an object memory that has seen nothing."""
        labels = self.detector.labels
        if labels is None:
            raise ValueError(f"The eyes {self.name} know no fixed set of words; give them some.")
        return ObjectMemory(labels, confusable(labels))

    def check(self, memory: ObjectMemory) -> None:
        """Raise ValueError for a memory of other eyes, which know other words."""
        if memory.labels != self.detector.labels:
            raise ValueError(
                f"The object memory was made with other eyes than {self.name}: their words differ. "
                "Open it with the eyes that watched, or without any."
            )

    def observe(
        self,
        memory: ObjectMemory,
        pictures: UInt8[np.ndarray, "frames height width 3"],
        geometry: Geometry,
        times: Sequence[float],
        first: int,
    ) -> ObjectMemory:
        """Return the memory with some more RGB pictures, their geometry and times (seconds); `first` is the index of
        the first one."""
        detector = self.detector
        if isinstance(detector, TimedDetector):
            found = detector.detect_at(pictures, times)
        else:
            found = detector.detect(pictures)
        poses = geometry.world_from_camera.double().cpu().numpy()
        points = geometry.local_points.float().cpu().numpy()
        for index, (detections, time) in enumerate(zip(found, times, strict=True)):
            seen = lift(detections, memory.labels, pictures[index], points[index], first + index, time, poses[index])
            memory = memory.observe(seen)
        return memory
