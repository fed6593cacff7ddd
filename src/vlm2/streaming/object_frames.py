"""The object memory's share of a portion of frames: detect, lift, associate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ..encoders.detectors import Detector, StageDetector
from ..models.frame_features import EncodedPortion
from ..objects.labels import confusable
from ..objects.lifting import lift
from ..objects.memory import ObjectMemory


@dataclass(frozen=True)
class ObjectEyes:
    """A detector and its registered name. `shares` is the name of the model's vision encoder."""

    name: str
    detector: Detector
    shares: str

    def start(self) -> ObjectMemory:
        """Return an object memory that has seen nothing."""
        labels = self.detector.labels
        if labels is None:
            raise ValueError(f"The eyes {self.name} know no fixed set of words; give them some.")
        return ObjectMemory(labels, confusable(labels))

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
        if (
            portion.stages is not None
            and isinstance(self.detector, StageDetector)
            and self.detector.reads == self.shares
        ):
            found = self.detector.detect_stages(portion.stages)
        else:
            found = self.detector.detect(pixels)
        poses = portion.geometry.world_from_camera.double().cpu().numpy()
        points = portion.geometry.local_points.float().cpu().numpy()
        for index, (detections, time) in enumerate(zip(found, times, strict=True)):
            seen = lift(detections, memory.labels, pixels[index], points[index], first + index, time, poses[index])
            memory = memory.observe(seen)
        return memory
