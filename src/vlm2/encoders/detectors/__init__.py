"""Object detectors, one a file; the file's name, with hyphens, is the detector's registered name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, UInt8

from ... import registry


@dataclass(frozen=True)
class BoxShapes:
    """The 3D boxes of the detections of one frame, as far as one picture shows them.

    `sizes` are long side, short side and height in metres. `headings` are the angles of the long sides about the
    vertical, from the camera's right to its forward direction, in radians modulo π. `offsets` lead, for each cell of
    the masks, from the visible point to the centre of its thing's box (metres, camera frame).
    """

    sizes: Float[np.ndarray, "boxes 3"]
    headings: Float[np.ndarray, " boxes"]
    offsets: Float[np.ndarray, "rows columns 3"]


@dataclass(frozen=True)
class RoomSurfaces:
    """The room around the things: the vertical direction in the camera's frame, and the cells that show floor."""

    up: Float[np.ndarray, " 3"]
    floor: Bool[np.ndarray, "rows columns"]

    @property
    def vertical(self) -> Float[np.ndarray, " 3"] | None:
        """The upward direction as a unit vector; None where `up` gives none."""
        length = float(np.linalg.norm(self.up))
        return self.up / length if 1e-6 < length < np.inf else None  # NaN neither


@dataclass(frozen=True)
class Detections:
    """The detections of one frame.

    `boxes` are in pixels of the frame (x and y of the top left corner, then of the bottom right one); `scores` are
    0–1; `labels` are words. `masks` lie on any grid that covers the frame. `evidence` is a probability for each label
    of the detector. What a detector does not give is None.
    """

    boxes: Float[np.ndarray, "boxes 4"]
    scores: Float[np.ndarray, " boxes"]
    labels: tuple[str, ...]
    masks: Bool[np.ndarray, "boxes rows columns"] | None = None
    embeddings: Float[np.ndarray, "boxes dim"] | None = None
    evidence: Float[np.ndarray, "boxes labels"] | None = None
    shapes: BoxShapes | None = None
    surfaces: RoomSurfaces | None = None

    def __post_init__(self) -> None:
        parts = (self.scores, self.labels, self.masks, self.embeddings, self.evidence)
        if any(part is not None and len(part) != len(self.boxes) for part in parts):
            raise ValueError(
                f"Detections of {len(self.boxes)} boxes have another number of scores, labels, masks or the like."
            )

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def of_probabilities(
        cls,
        boxes: Float[np.ndarray, "boxes 4"],
        scores: Float[np.ndarray, " boxes"],
        probabilities: Float[np.ndarray, "boxes labels"],
        labels: tuple[str, ...],
        embeddings: Float[np.ndarray, "boxes dim"] | None = None,
    ) -> Detections:
        """Return the detections of boxes with a probability for each label, at least one above 0 for each box. The
        probabilities of a box need not sum to 1; its evidence does."""
        evidence = (probabilities / probabilities.sum(1, keepdims=True)).astype(np.float32)
        names = tuple(labels[index] for index in probabilities.argmax(1))
        return cls(boxes, scores, names, embeddings=embeddings, evidence=evidence)


@runtime_checkable
class Detector(Protocol):
    """Find objects in frames.

    `labels` are the words that it knows, None for an open vocabulary; `detect` takes RGB frames.
    """

    @property
    def labels(self) -> tuple[str, ...] | None: ...

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> Sequence[Detections]: ...


@runtime_checkable
class TimedDetector(Detector, Protocol):
    """A detector that needs the times of the frames, in seconds since the first."""

    def detect_at(
        self, frames: UInt8[np.ndarray, "frames height width 3"], times: Sequence[float]
    ) -> Sequence[Detections]: ...


@runtime_checkable
class OpenDetector(Detector, Protocol):
    """A detector with an open vocabulary: `with_words` returns it with other labels."""

    def with_words(self, words: Sequence[str]) -> Detector: ...


@runtime_checkable
class OpenVINODetector(Detector, Protocol):
    """A detector whose network OpenVINO computes after `use_openvino`."""

    def use_openvino(self) -> None: ...


def detectors() -> list[str]:
    """Return the registered names: every module of this folder with a function `load` is a detector."""
    return [name.replace("_", "-") for name in registry.entries(__name__, "load")]


def load_detector(name: str, words: Sequence[str] = (), runtime: str = "torch") -> Detector:
    """Load a detector by its registered name, alone or followed by `:` and the option that its file takes.

    `words` are the labels of one with an open vocabulary, instead of its usual ones. With the runtime "openvino", our
    own detector computes in OpenVINO; the others ignore it. Raises ValueError for an unknown name, for an
    option that the file does not take, and for words where the detector has labels of its own.
    """
    detector = _of(name, "load")
    if runtime == "openvino" and isinstance(detector, OpenVINODetector):
        detector.use_openvino()
    if not words:
        return detector
    if not isinstance(detector, OpenDetector):
        raise ValueError(
            f"The eyes {name} have fixed labels; leave out the words, or take eyes with an open vocabulary, such as "
            "hub:google/owlv2-base-patch16-ensemble."
        )
    return detector.with_words(words)


def best_detector() -> str:
    """Return the name of the best detector that this machine has: our own, joined with the largest YOLOX that is
    here."""
    from ..weights import whereabouts
    from .yolox import SIZES

    return next((f"joint:{size}" for size, part in reversed(SIZES.items()) if whereabouts(part.name)[0]), "homes")


def detector_parts(name: str) -> list[str]:
    """Return the names of the frozen parts that a detector needs beside those of mini: what `parts` of its file gives.

    Raises ValueError for an unknown name.
    """
    return _of(name, "parts")


def detector_files(name: str) -> list[Path]:
    """Return the files on which a detector's detections depend: what `files` of its file gives. Raises ValueError for
    an unknown name, MissingPart where a file is not on this machine."""
    return _of(name, "files")


def _of(name: str, function: str) -> Any:
    """Return what a function of a detector's file gives, with the option of the name; nothing without the function."""
    module = registry.load(__name__, name.partition(":")[0], "load", "detector")
    return registry.call(name, getattr(module, function, lambda *_: []))
