"""A look at some frames: what they show, as far as it does not depend on earlier frames."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import cv2
import numpy as np
import torch
from jaxtyping import UInt8

from ..encoders.detectors import Detections
from ..models.frame_features import FrameEncoder
from ..models.video_processing import VLM2VideoProcessor
from ..models.windows import FrameInputs
from ..slam.tracking import find_features
from .object_frames import ObjectEyes

Pictures = UInt8[np.ndarray, "frames height width 3"]
Value = TypeVar("Value")


class Once(Generic[Value]):
    """A value that is computed at the first call, without gradients. Other threads that call meanwhile wait for it."""

    def __init__(self, compute: Callable[[], Value]) -> None:
        self._compute, self._values, self._lock = compute, list[Value](), threading.Lock()

    def __call__(self) -> Value:
        """Return the value. If its computation raises an error, so does this call, and the next one computes again."""
        with self._lock, torch.inference_mode():
            if not self._values:
                self._values.append(self._compute())
            return self._values[0]

    def unless_begun(self) -> None:
        """Compute the value, unless it is there or another thread computes it."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
            self()


class Look:
    """A look at RGB pictures of one size, seen at `times` (seconds). Its parts may be computed in any thread.

    `inputs` are what the geometry encoder reads, with the vision encoder's tokens; `found` are the detections, none
    without `eyes`; `features` find the features of each picture, which tracking then has at once.
    """

    def __init__(
        self,
        encoder: FrameEncoder,
        resizer: VLM2VideoProcessor,
        eyes: ObjectEyes | None,
        pictures: Pictures,
        times: Sequence[float],
    ) -> None:
        self.pictures, self.times = pictures, tuple(times)
        grey = np.stack([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures])
        tracking = encoder.windows.tracking

        def inputs() -> FrameInputs:
            seen = resizer.resize_for_geometry(pictures)
            return encoder.inputs(resizer.resize(pictures), seen, torch.from_numpy(grey))

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
        """Return `inputs`, when the features are found, too. What another thread is computing comes last."""
        needed = [self.inputs, *self.features]
        for part in needed:
            part.unless_begun()
        for part in needed:
            part()
        return self.inputs()

    def is_of(self, pictures: Pictures, times: Sequence[float]) -> bool:
        """Return whether this is a look at these pictures at these times."""
        return self.times == tuple(times) and np.array_equal(pictures, self.pictures)
