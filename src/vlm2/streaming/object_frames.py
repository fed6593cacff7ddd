"""The object memory's share of a portion of frames: detect, lift, associate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ..encoders.detectors import Detector, StageDetector, TimedDetector
from ..models.frame_features import EncodedPortion
from ..objects.labels import confusable
from ..objects.lifting import lift
from ..objects.memory import ObjectMemory


@dataclass(frozen=True)
class ObjectEyes:
    """A detector and its registered name. `shares` is the name of the model's vision encoder: a detector that reads the
    stages of this encoder gets them from the model."""

    name: str
    detector: Detector
    shares: str

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
        images: Float[Tensor, "frames 3 height width"],
        portion: EncodedPortion,
        times: Sequence[float],
        first: int,
    ) -> ObjectMemory:
        """Return the memory with the frames of a portion; `first` is the index of the first one."""
        pixels = (images * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        detector = self.detector
        if isinstance(detector, TimedDetector):
            found = detector.detect_at(pixels, times)
        elif portion.stages is not None and isinstance(detector, StageDetector) and detector.reads == self.shares:
            found = detector.detect_stages(portion.stages)
        else:
            found = detector.detect(pixels)
        poses = portion.geometry.world_from_camera.double().cpu().numpy()
        points = portion.geometry.local_points.float().cpu().numpy()
        for index, (detections, time) in enumerate(zip(found, times, strict=True)):
            seen = lift(detections, memory.labels, pixels[index], points[index], first + index, time, poses[index])
            memory = memory.observe(seen)
        return memory
