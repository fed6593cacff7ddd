"""Watch a real set as users do, and keep what the session saw: depth, detections, path, answers.

The oracles put the truth in the place of one part: `TrueGeometry` gives true depth and poses, `TrueBoxes` the labelled
boxes. Everything after that part is the session's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, UInt8
from torch import Tensor

from ...encoders.detectors import Detections, Detector, TimedDetector
from ...encoders.geometry.cameras import in_first_camera, pool_to_grid, valid_depth
from ...encoders.geometry.encoder import Geometry
from ...models import VideoModel
from ...models.frame_features import EncodedPortion, FrameEncoder
from ...models.windows import EncodedWindow, FrameInputs, Verticals, WindowEncoder, WindowState
from ...objects import ObjectMap
from ...objects.memory import ObjectMemory
from ...objects.path import ObservedPath
from ...streaming import LoadedModel
from ...streaming.object_frames import ObjectEyes
from ..measures.geometry import true_points
from ..true_eyes import TruthByTime
from .answers import ScoredAnswer, prompt, score
from .categories import plain
from .recognition import ComparedPicture, ScoredBox
from .sets import RealFrame, RealSet

SHORTEST = 0.01  # metres of a step; shorter ones do not count for the factor of a correction


@dataclass(frozen=True)
class RecordingEyes(ObjectEyes):
    """Eyes that also keep the geometry that goes into the object memory, by the time of a frame.

    `depths` are metres along the camera's axis on the geometry's grid. `places` are those of the camera.
    """

    depths: dict[float, Float32[np.ndarray, "rows columns"]] = field(default_factory=dict)
    places: dict[float, Float64[np.ndarray, " 3"]] = field(default_factory=dict)

    def observe(
        self,
        memory: ObjectMemory,
        found: Sequence[Detections],
        pictures: UInt8[np.ndarray, "frames height width 3"],
        geometry: Geometry,
        times: Sequence[float],
        first: int,
    ) -> ObjectMemory:
        depths = geometry.local_points[..., 2].float().cpu().numpy()
        self.depths.update(zip(times, depths, strict=True))
        self.places.update(zip(times, geometry.world_from_camera[:, :3, 3].double().cpu().numpy(), strict=True))
        return super().observe(memory, found, pictures, geometry, times, first)


class RecordingDetector:
    """A detector that also keeps what it found, by the time of a frame: boxes as shares of the frame's width and
    height."""

    def __init__(self, detector: Detector) -> None:
        self.detector, self.labels = detector, detector.labels
        self.found: dict[float, tuple[ScoredBox, ...]] = {}

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> Sequence[Detections]:
        """Find things without keeping them."""
        return self.detector.detect(frames)

    def detect_at(
        self, frames: UInt8[np.ndarray, "frames height width 3"], times: Sequence[float]
    ) -> Sequence[Detections]:
        """Find things in frames at these times, and keep them."""
        inner = self.detector
        found = inner.detect_at(frames, times) if isinstance(inner, TimedDetector) else inner.detect(frames)
        shares = 1 / np.array([frames.shape[2], frames.shape[1]] * 2)
        for time, one in zip(times, found, strict=True):
            boxes = zip(one.labels, one.scores.tolist(), (one.boxes * shares).tolist(), strict=True)
            self.found[time] = tuple(ScoredBox(label, float(score), tuple(box)) for label, score, box in boxes)
        return found


class NoDetector:
    """Finds nothing: for a session whose answers come from the tokens alone."""

    labels: tuple[str, ...] = ()

    def detect(self, frames: UInt8[np.ndarray, "frames height width 3"]) -> list[Detections]:
        """Return no detection for each frame."""
        return [Detections(np.zeros((0, 4)), np.zeros(0), ()) for _ in frames]


class TrueBoxes(TruthByTime):
    """Detects the labelled boxes of each frame of a set, by the frame's time."""

    def __init__(self, real: RealSet) -> None:
        self.labels = tuple(dict.fromkeys(plain(label) for label in real.labels))
        self._frames = {frame.time: frame for frame in real.frames}

    def detect_at(
        self, frames: UInt8[np.ndarray, "frames height width 3"], times: Sequence[float]
    ) -> Sequence[Detections]:
        """Return the true boxes of frames at these times, in pixels of these frames."""
        return [self._found(self._frames[time], frames.shape[1:3]) for time in times]

    def _found(self, frame: RealFrame, size: tuple[int, ...]) -> Detections:
        things, (height, width) = frame.objects or (), frame.image.shape[:2]
        boxes = np.array([thing.box_xyxy for thing in things], np.float64).reshape(-1, 4)
        scale = np.array([size[1] / width, size[0] / height] * 2)
        return Detections(boxes * scale, np.ones(len(things)), tuple(plain(thing.label) for thing in things))


@dataclass(frozen=True)
class TrueGeometry(FrameEncoder):
    """The encoders of a model, with a set's true depth and poses in the place of the geometry encoder's."""

    real: RealSet

    def advance(
        self,
        state: WindowState,
        inputs: FrameInputs,
        times: Float[Tensor, " frames"],
        scale: float | Tensor | None = None,
        encoded: EncodedWindow | None = None,
        verticals: Verticals = dict,
    ) -> EncodedPortion:
        portion = super().advance(state, inputs, times, scale, encoded, verticals)
        found, features = portion.geometry, portion.features
        chosen = [int(np.abs(self._times - time).argmin()) for time in times.tolist()]
        points = self._points(chosen, found.local_points.shape[1:3]).to(found.local_points)
        known, poses = valid_depth(points), torch.from_numpy(self.real.poses).float()
        geometry = replace(
            found,
            local_points=points,
            confidence=known,
            world_from_camera=in_first_camera(poses)[chosen].to(found.world_from_camera),
            metric=True,
        )
        features = replace(
            features,
            patch_coordinates=pool_to_grid(geometry.point_map, features.grid, known) / portion.scale,
            world_from_camera=geometry.world_from_camera,
        )
        return portion._replace(features=features, geometry=geometry)

    @property
    def _times(self) -> Float64[np.ndarray, " frames"]:
        return np.array([frame.time for frame in self.real.frames])

    def _points(self, frames: Sequence[int], size: Sequence[int]) -> Float[Tensor, "frames rows columns 3"]:
        assert self.real.intrinsics is not None
        depth = np.stack([self.real.depth(self.real.frames[index]) for index in frames])
        return true_points(depth, np.array(self.real.intrinsics.K), size)


class ModelWithTruth(VideoModel):
    """A model whose geometry is a set's true depth and poses; everything else is the model's."""

    real: RealSet

    @staticmethod
    def of(model: VideoModel, real: RealSet) -> ModelWithTruth:
        """Return a model with the same weights and the truth of a set."""
        copied = copy(model)
        copied.__class__ = ModelWithTruth
        assert isinstance(copied, ModelWithTruth)
        copied.real = real
        return copied

    @property
    def frame_encoder(self) -> FrameEncoder:
        """The encoders, without tracking and loops: true poses stay where they are."""
        return TrueGeometry(self.vision, WindowEncoder(self.geometry), self.real)


@dataclass(frozen=True)
class Oracle:
    """The parts that come from the truth instead of the session: boxes, or depth and poses, or both."""

    boxes: bool = False
    geometry: bool = False

    @property
    def title(self) -> str:
        """The name for tables."""
        parts = ["boxes"] * self.boxes + ["depth and poses"] * self.geometry
        return f"true {' and true '.join(parts)}" if parts else "as it is"


@dataclass(frozen=True)
class WatchedSet:
    """The results of watching a set in a session.

    `depths` holds the depth by time (metres, on the geometry's grid), `detections` the detections by time (boxes as
    shares of the frame), and `map` the map at the end. `answers` holds the answers, and `seconds` the time that
    watching took. `correction` is the factor by which the map corrects the lengths of the geometry; the depths are
    corrected by it, too.
    """

    depths: Mapping[float, Float32[np.ndarray, "rows columns"]]
    detections: Mapping[float, tuple[ScoredBox, ...]]
    map: ObjectMap
    answers: tuple[ScoredAnswer, ...]
    seconds: float
    correction: float


def compared(frame: RealFrame, found: Sequence[ScoredBox]) -> ComparedPicture:
    """Put found boxes, shares of the frame, beside the true ones in pixels."""
    height, width = frame.image.shape[:2]
    scale = (width, height, width, height)
    boxes = [replace(one, box=tuple(a * b for a, b in zip(one.box, scale, strict=True))) for one in found]
    return ComparedPicture(frame.objects or (), tuple(boxes))


def watch(real: RealSet, frames: Sequence[RealFrame], loaded: LoadedModel, oracle: Oracle) -> WatchedSet:
    """Show frames of a set to a new session, one by one, and ask the set's questions."""
    name, detector = "none", NoDetector()
    if oracle.boxes:
        name, detector = "truth", TrueBoxes(real)
    elif loaded.eyes is not None:
        name, detector = loaded.eyes.name, loaded.eyes.detector
    recorded = RecordingDetector(detector)
    eyes = RecordingEyes(name, recorded)
    halves = loaded.halves
    if oracle.geometry:
        halves = halves.watching_with(ModelWithTruth.of(halves.video_model, real))
    session = replace(loaded, halves=halves, eyes=eyes).session(thumbnails=False)
    for frame in frames:
        session.observe(frame.image, frame.time)
    seen = session.objects
    correction = map_correction(seen.path, eyes.places)
    tools = oracle.boxes or loaded.eyes is not None
    answers = [(question, session.ask(prompt(question), tools=tools)) for question in real.questions]
    return WatchedSet(
        depths={time: (correction * depth).astype(np.float32) for time, depth in eyes.depths.items()},
        detections=recorded.found,
        map=seen,
        answers=tuple(ScoredAnswer(question, answer, score(question, answer)) for question, answer in answers),
        seconds=sum(session.spent.values()),
        correction=correction,
    )


def map_correction(path: ObservedPath, places: Mapping[float, Float64[np.ndarray, " 3"]]) -> float:
    """Return the factor by which a map corrects the lengths of the geometry.

    `places` are the camera's places in the geometry, by time. The factor is the median ratio of the steps of the map's
    path to the steps between these places. It is 1 for a camera that stood still.
    """
    both = np.array([(pose[:, 3], places[time]) for time, pose in zip(path.times, path.poses, strict=True)])
    mapped, found = np.linalg.norm(np.diff(both.reshape(-1, 2, 3), axis=0), axis=-1).T
    moved = found > SHORTEST
    return float(np.median(mapped[moved] / found[moved])) if moved.any() else 1.0


def oracles(real: RealSet) -> list[Oracle]:
    """Return the oracles that a set with questions allows."""
    if not real.questions:
        return []
    both = [Oracle(boxes, geometry) for geometry in (False, True) for boxes in (False, True)][1:]
    return [one for one in both if one.boxes <= real.boxed and one.geometry <= (real.posed and real.measured)]
