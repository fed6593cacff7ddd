"""A look at some frames: what they show, as far as it does not depend on earlier frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import UInt8

from ..encoders.detectors import Detections
from ..models.frame_features import FrameEncoder
from ..models.frame_resizer import FrameResizer
from ..models.once import Once
from ..models.windows import FrameInputs
from ..slam.tracking import find_features
from .object_frames import ObjectEyes

Pictures = UInt8[np.ndarray, "frames height width 3"]


class Look:
    """A look at RGB pictures of one size, seen at `times` (seconds). Its parts may be computed in any thread.

    `inputs` are what the geometry encoder reads, with the vision encoder's tokens; `found` are the detections, none
    without `eyes`. `features` detect the features of each picture and cache them for tracking.
    """

    def __init__(
        self,
        encoder: FrameEncoder,
        resizer: FrameResizer,
        eyes: ObjectEyes | None,
        pictures: Pictures,
        times: Sequence[float],
    ) -> None:
        self.pictures, self.times = pictures, tuple(times)
        grey = np.stack([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures])
        tracking = encoder.windows.tracking

        @torch.inference_mode()
        def inputs() -> FrameInputs:
            seen = resizer.resize_for_geometry(pictures)
            return encoder.inputs(resizer.resize(pictures), seen, torch.from_numpy(grey))

        @torch.inference_mode()
        def found() -> Sequence[Detections]:
            return () if eyes is None else eyes.detect(pictures, times)

        def features(picture: UInt8[np.ndarray, "height width"]) -> Once[None]:
            return Once(lambda: None if tracking is None else find_features(picture, tracking))

        self.inputs, self.found = Once(inputs), Once(found)
        self.features = [features(picture) for picture in grey]

    @property
    def parts(self) -> list[Once[Any]]:
        """All parts, in the order in which they are needed."""
        return [self.inputs, *self.features, self.found]

    def encoded(self) -> FrameInputs:
        """Return `inputs`, after all features are found. Waits last for parts that another thread computes."""
        needed = [self.inputs, *self.features]
        for part in needed:
            part.unless_begun()
        for part in needed:
            part()
        return self.inputs()

    def is_of(self, pictures: Pictures, times: Sequence[float]) -> bool:
        """Return whether this is a look at these pictures at these times."""
        return self.times == tuple(times) and np.array_equal(pictures, self.pictures)
