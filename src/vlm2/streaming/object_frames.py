"""The object memory's share of a portion of frames: detect, lift, associate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float, UInt8

from ..encoders.detectors import Detections, Detector, TimedDetector, load_detector
from ..encoders.geometry.encoder import Geometry
from ..encoders.runtime import Runtime
from ..objects.labels import confusable
from ..objects.lifting import lift
from ..objects.memory import ObjectMemory
from ..query.words import our_name


@dataclass(frozen=True)
class ObjectEyes:
    """A detector and its registered name, loaded for `runtime`. The object memory has `words` for the detector's
    labels: where the vocabulary has a name for a thing, that name."""

    name: str
    detector: Detector
    runtime: Runtime = "torch"

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The labels of the object memory. Raises ValueError for a detector without labels."""
        if self.detector.labels is None:
            raise ValueError(f"The eyes {self.name} know no fixed set of words; give them some.")
        return tuple(dict.fromkeys(map(our_name, self.detector.labels)))

    def start(self) -> ObjectMemory:
        """Return an object memory that has seen nothing."""
        return ObjectMemory(self.words, confusable(self.words))

    def fitting(self, memory: ObjectMemory, watcher: str | None) -> ObjectEyes:
        """Return these eyes if they know the words of a memory, else the eyes with the name `watcher`, which made it.

        Raises ValueError where neither is possible. Eyes of the hub are not opened because a file names them.
        """
        if memory.labels == self.words:
            return self
        if watcher is None or watcher == self.name or watcher.startswith("hub:"):
            named = "" if watcher is None else f" ({watcher})"
            raise ValueError(
                f"The object memory was made with other eyes than {self.name}: their words differ. "
                f"Open it with the eyes that watched{named}, or without any."
            )
        eyes = ObjectEyes(watcher, load_detector(watcher, runtime=self.runtime), self.runtime)
        return eyes.fitting(memory, watcher)

    def detect(
        self, pictures: UInt8[np.ndarray, "frames height width 3"], times: Sequence[float]
    ) -> Sequence[Detections]:
        """Find things in RGB pictures, seen at these times (seconds)."""
        detector = self.detector
        return detector.detect_at(pictures, times) if isinstance(detector, TimedDetector) else detector.detect(pictures)

    def observe(
        self,
        memory: ObjectMemory,
        found: Sequence[Detections],
        pictures: UInt8[np.ndarray, "frames height width 3"],
        geometry: Geometry,
        times: Sequence[float],
        first: int,
    ) -> ObjectMemory:
        """Return the memory with what `detect` found in some more RGB pictures, whose geometry and times (seconds) are
        given; `first` is the index of the first one."""
        poses = geometry.world_from_camera.double().cpu().numpy()
        points = geometry.local_points.float().cpu().numpy()
        for index, (detections, time) in enumerate(zip(found, times, strict=True)):
            named = self._named(detections)
            seen = lift(named, memory.labels, pictures[index], points[index], first + index, time, poses[index])
            memory = memory.observe(seen)
        return memory

    def _named(self, detections: Detections) -> Detections:
        """Return detections with `words` for labels. Evidence for labels with the same word is added up."""
        if self.words == self.detector.labels:
            return detections
        evidence = detections.evidence
        if evidence is not None:
            names = [our_name(label) for label in self.detector.labels or ()]
            evidence = evidence @ np.array([[name == word for word in self.words] for name in names], np.float32)
        return replace(detections, labels=tuple(map(our_name, detections.labels)), evidence=evidence)


def upward(found: Sequence[Detections], first: int) -> dict[int, Float[np.ndarray, " 3"]]:
    """Return the upward directions in the cameras of frames, by the frame's number, where the detector gives one;
    `first` is the number of the first frame."""
    given = ((first + i, None if d.surfaces is None else d.surfaces.vertical) for i, d in enumerate(found))
    return {frame: up for frame, up in given if up is not None}
