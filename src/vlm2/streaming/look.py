"""A look at some frames: what they show, as far as it does not depend on earlier frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import UInt8

from ..encoders.detectors import Detections
from ..models.frame_features import FrameEncoder
from ..models.frame_resizer import FrameResizer
from ..models.once import Once
from ..models.windows import EncodedWindow, FrameInputs
from ..slam.tracking import find_features
from .object_frames import ObjectEyes

Pictures = UInt8[np.ndarray, "frames height width 3"]


class Look:
    """A look at RGB pictures of one size, seen at `times` (seconds). Its parts may be computed in any thread.

    `inputs` are what the geometry encoder reads, with the vision encoder's tokens; `found` are the detections, none
    without `eyes`. `features` detect the features of each picture and cache them for tracking. `shared` is given
    if these frames fill their window; it returns the inputs of the window's earlier frames. `in_window` is then the
    inputs of the whole window, and `window` its geometry; otherwise both are None.
    """

    def __init__(
        self,
        encoder: FrameEncoder,
        resizer: FrameResizer,
        eyes: ObjectEyes | None,
        pictures: Pictures,
        times: Sequence[float],
        shared: Callable[[], FrameInputs] | None = None,
    ) -> None:
        self.pictures, self.times = pictures, tuple(times)
        grey = np.stack([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures])
        windows, tracking = encoder.windows, encoder.windows.tracking

        @torch.inference_mode()
        def inputs() -> FrameInputs:
            seen = resizer.resize_for_geometry(pictures)
            return encoder.inputs(resizer.resize(pictures), seen, torch.from_numpy(grey))

        @torch.inference_mode()
        def found() -> Sequence[Detections]:
            return () if eyes is None else eyes.detect(pictures, times)

        def features(picture: UInt8[np.ndarray, "height width"]) -> Once[None]:
            return Once(lambda: None if tracking is None else find_features(picture, tracking))

        @torch.inference_mode()
        def in_window() -> FrameInputs | None:
            return None if shared is None else windows.joined(shared(), self.inputs())

        @torch.inference_mode()
        def window() -> EncodedWindow | None:
            joined = self.in_window()
            return None if joined is None else windows.encode_alone(joined)

        self.inputs, self.found, self.in_window, self.window = Once(inputs), Once(found), Once(in_window), Once(window)
        self.features = [features(picture) for picture in grey]

    @property
    def parts(self) -> list[Once[Any]]:
        """All parts, in the order in which a thread that looks ahead computes them. The window comes last: if
        that thread has no time for it, the other one computes it."""
        return [self.inputs, *self.features, self.found, self.window]

    def encoded(self) -> FrameInputs:
        """Return `inputs`, after all features are found and the window is encoded. Waits last for parts that another
        thread computes."""
        needed = [self.inputs, *self.features, self.window]
        for part in needed:
            part.unless_begun()
        for part in needed:
            part()
        return self.inputs()

    def shared_after(self, frames: int) -> FrameInputs:
        """Return the inputs of the last frames of the window, which the next one begins with."""
        joined = self.in_window()
        assert joined is not None
        return joined[-frames:]

    def is_of(self, pictures: Pictures, times: Sequence[float]) -> bool:
        """Return whether this is a look at these pictures at these times."""
        return self.times == tuple(times) and np.array_equal(pictures, self.pictures)
