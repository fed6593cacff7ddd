"""A stream of frames: its state, a value of fixed size, and the encoder that adds a frame to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from numpy.typing import ArrayLike
from PIL.Image import Image
from torch import Tensor

from ..core import DualState
from ..encoders.runtime import Runtime
from ..heap import give_back_if_grown
from ..models.frame_resizer import FrameResizer
from ..models.video_model import VideoModel
from ..models.windows import FrameInputs, WindowState
from ..objects import ObjectMap
from ..objects.mapping import map_of
from ..objects.memory import ObjectMemory
from ..slam.configuration import LoopClosureConfig
from ..slam.loop_closure import PoseCorrection
from ..video.picture import check_picture
from .keyframe import KeyframePicture, keyframe, thinned
from .look import Look, Pictures
from .memory_log import HeldFrame, MemoryLog, ReadRecord
from .object_frames import ObjectEyes, upward
from .read_recorder import ReadRecorder
from .stopwatch import Stopwatch
from .thumbnail import thumbnail
from .trajectory import ThinnedTrajectory

LONGEST = 2**21  # seconds, 24 days: single precision tells the memory's times apart to 0.125 s until then
LONGEST_SIDE = 640  # pixels of the pictures that eyes and encoders are given


@dataclass(frozen=True)
class Stream:
    """The state of a stream. Its size does not grow with the number of frames.

    `pictures` and `times` (seconds) are of the frames that wait for their window to fill; `windows` places the next
    window in the world; `unit` is the length that becomes 1 in the coordinates; `objects` is the object memory, where
    the session has eyes, and `eyes` their name; `runtime` is the one used for the last frames;
    `trajectory` is the camera's path; `log` explains the memory. With
    `thumbnails`, pictures are kept for people and for a vision-language model: small ones in the log, of the frames
    that the memory holds, and `keyframes`.
    """

    frames: int = 0
    last_time: float = 0.0
    pictures: tuple[UInt8[np.ndarray, "height width 3"], ...] = ()  # RGB, at most `LONGEST_SIDE` pixels a side
    times: tuple[float, ...] = ()
    windows: WindowState | None = None
    unit: float | Tensor | None = None
    memory: DualState | None = None
    objects: ObjectMemory | None = None
    eyes: str | None = None
    runtime: Runtime = "torch"
    grid: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)  # height and width of the pictures
    trajectory: ThinnedTrajectory = field(default_factory=ThinnedTrajectory)
    log: MemoryLog = field(default_factory=MemoryLog)
    keyframes: tuple[KeyframePicture, ...] = ()
    thumbnails: bool = True

    def whole_windows(self) -> Stream:
        """Return the stream as it was after its last whole window, without the frames that wait."""
        if not self.pictures:
            return self
        first = self.frames - len(self.pictures)
        return replace(
            self,
            frames=first,
            last_time=self.log.writes[-1].time if first else 0.0,
            pictures=(),
            times=(),
            keyframes=tuple(shown for shown in self.keyframes if shown.frame < first),
        )

    def object_map(self) -> ObjectMap:
        """Return the map of the things that were seen, metres, z up; an empty one without an object memory. It is
        computed once."""
        return self._object_map

    @cached_property
    def _object_map(self) -> ObjectMap:
        path = self.trajectory
        if self.objects is None:
            return ObjectMap()
        poses, pieces = path.world_from_camera.double().cpu().numpy(), None
        if self.windows is not None and self.windows.graph.keyframes:
            pieces = self.windows.pieces(path.frames.numpy(), LoopClosureConfig())
        return map_of(self.objects, path.times.tolist(), poses, pieces)


class StreamEncoder:
    """Adds frames to streams with one model. It holds no state of a stream."""

    def __init__(
        self,
        model: VideoModel,
        resizer: FrameResizer,
        stopwatch: Stopwatch,
        eyes: ObjectEyes | None = None,
    ) -> None:
        self.model, self.resizer, self.stopwatch = model, resizer, stopwatch
        self.eyes = eyes
        self.start = WindowState.of(model.geometry.window)

    def observe(self, stream: Stream, image: ArrayLike | Image, time: float, look: Look | None = None) -> Stream:
        """Return the stream with one more frame. `look` is that of the portion which this frame completes, if it was
        looked at ahead. Raises ValueError for a time that cannot be, a step back in time, another shape, and what is no
        RGB picture."""
        if not 0 <= time <= LONGEST:
            raise ValueError(f"A frame cannot be at {time} s; give its seconds since the first frame.")
        if time < stream.last_time:
            raise ValueError(
                f"A frame at {time} s came after one at {stream.last_time} s; frames come in order of time."
            )
        picture = np.require(image, requirements="W")  # torch wants it writable
        check_picture(picture)
        with self.stopwatch("encode"):
            small = self.kept(picture, stream.size if stream.frames else None)
        size = small.shape[:2]
        shown = (keyframe(small, stream.frames, float(time)),) if stream.thumbnails else ()
        stream = replace(
            stream,
            frames=stream.frames + 1,
            last_time=float(time),
            pictures=(*stream.pictures, small),
            times=(*stream.times, float(time)),
            windows=stream.windows or self.start,
            grid=self.model.vision.grid(*self.resizer.sizes(*size)[0]),
            size=size,
            keyframes=(*stream.keyframes, *shown),
        )
        assert stream.windows is not None
        if len(stream.pictures) < stream.windows.missing:
            return stream
        return self._absorb(stream, look)

    @property
    def device(self) -> torch.device:
        """The device of the encoders."""
        return next(self.model.parameters()).device

    def kept(
        self, picture: UInt8[np.ndarray, "height width 3"], size: tuple[int, int] | None
    ) -> UInt8[np.ndarray, "rows columns 3"]:
        """Return a copy of a picture as a stream keeps it: bounded, and of the (height, width) in pixels of the first
        one, if there was one. Raises ValueError for another shape than that."""
        if size is None or bounded_size(*picture.shape[:2]) == size:
            return bounded(picture)
        self.check_shape(picture.shape[:2], size)
        return _resized(picture, size)

    def look(self, pictures: Pictures, times: Sequence[float], shared: Callable[[], FrameInputs] | None = None) -> Look:
        """Return a look at pictures of one size (RGB, as `bounded` returns them), seen at `times` (seconds); `shared`
        as `Look` has it."""
        return Look(self.model.frame_encoder, self.resizer, self.eyes, pictures, times, shared)

    def check_shape(self, size: tuple[int, int], first: tuple[int, int]) -> None:
        """Raise ValueError for the size of a frame of another shape than the first one; both are (height, width) in
        pixels."""
        sizes = self.resizer.sizes
        if sizes(*bounded_size(*size)) != sizes(*bounded_size(*first)):
            raise ValueError(
                f"The frames of this session have the shape of {first[1]}×{first[0]} pixels, and one of another shape "
                f"came ({size[1]}×{size[0]}). Start a new session for another video."
            )

    def complete(self, stream: Stream) -> Stream:
        """Return the stream with the frames that still wait taken in, from a window that is not full. For a question;
        the stream itself goes on without this, and sees these frames again in their full window."""
        return self._absorb(stream) if stream.pictures else stream

    @torch.inference_mode()
    def _absorb(self, stream: Stream, look: Look | None = None) -> Stream:
        """Send the waiting frames through the encoders and the memory. `look` is used if it is of these frames."""
        assert stream.windows is not None
        pictures = np.stack(stream.pictures)
        if look is None or not look.is_of(pictures, stream.times):
            look = self.look(pictures, stream.times)
        first = stream.frames - len(stream.times)

        def verticals() -> dict[int, Float[np.ndarray, " 3"]]:
            with self.stopwatch("objects"):
                return upward(look.found(), first)

        with self.stopwatch("encode"):
            times = torch.tensor(stream.times)
            inputs, encoder = look.encoded(), self.model.frame_encoder
            portion = encoder.advance(stream.windows, inputs, times, stream.unit, look.window(), verticals)
            windows, features, unit = portion.windows, portion.features, portion.scale
            if (correction := windows.correction(stream.windows)) is not None:
                stream = _moved(stream, correction, unit)
            tokens_3d = self.model.represent(features)
        recorder = ReadRecorder()
        assert features.world_from_camera is not None
        with self.stopwatch("memory"):
            _, memory, _ = self.model.memory(
                tokens_3d[None],
                features.times[None],
                features.patch_coordinates[None],
                features.world_from_camera[None],
                state=stream.memory,
                first_frame=first,
                observer=recorder,
            )
            log = self._logged(stream, recorder.fetch(first, stream.times), features.confidence.cpu())
        objects = stream.objects
        if self.eyes is not None:
            with self.stopwatch("objects"):
                before = self.eyes.start() if objects is None else objects
                objects = self.eyes.observe(before, look.found(), pictures, portion.geometry, stream.times, first)
        path = stream.trajectory.then(
            torch.arange(first, stream.frames),
            torch.tensor(stream.times, dtype=torch.float64),
            features.world_from_camera.cpu(),
        )
        give_back_if_grown()
        taken = replace(stream, pictures=(), times=(), keyframes=thinned(stream.keyframes, objects))
        eyes = stream.eyes if self.eyes is None else self.eyes.name
        taken = replace(taken, eyes=eyes, runtime=self.model.runtime)
        return replace(taken, windows=windows, unit=unit, memory=memory, objects=objects, trajectory=path, log=log)

    def _logged(
        self, stream: Stream, reads: Sequence[ReadRecord], confidence: Float[Tensor, "frames patches"]
    ) -> MemoryLog:
        """Write the waiting frames into the log."""
        config, log = self.model.memory.config, stream.log
        for read, picture, sure in zip(reads, stream.pictures, confidence, strict=True):
            held = HeldFrame(
                frame=read.frame,
                time=read.time,
                confidence=sure.clone(),
                thumbnail=thumbnail(picture) if stream.thumbnails else None,
            )
            log = log.then(read, held, config.shown, config.episodic, config.episodic_write == "merge")
        return log


def _moved(stream: Stream, correction: PoseCorrection, unit: float | Tensor) -> Stream:
    """Return the stream with all that it placed where a closed loop puts it; 1 in the stream's world is `unit`."""

    def motion(frames: Int[Tensor, " frames"]) -> Float[Tensor, "frames 4 4"]:
        found = torch.from_numpy(correction.of(frames.cpu().numpy())).float()
        found[:, :3, 3] /= torch.as_tensor(unit).cpu()
        return found

    path, memory, objects = stream.trajectory, stream.memory, stream.objects
    if memory is not None:
        memory = memory.moved(lambda frames: motion(frames).to(frames.device))
    if objects is not None:
        objects = objects.moved(correction.of)
    return replace(stream, memory=memory, objects=objects, trajectory=path.moved(motion(path.frames)))


def bounded(picture: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """Return a picture of at most `LONGEST_SIDE` pixels a side; smaller ones as they are, but as a copy."""
    size = bounded_size(*picture.shape[:2])
    return picture.copy() if size == picture.shape[:2] else _resized(picture, size)


def bounded_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) in pixels that `bounded` gives a picture."""
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    return max(round(scale * height), 1), max(round(scale * width), 1)


def _resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
