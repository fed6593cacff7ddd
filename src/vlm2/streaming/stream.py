"""A video as it arrives: what was seen so far as a value of fixed size, and the step that takes in a frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from PIL.Image import Image
from torch import Tensor

from ..core import DualState
from ..models import FrameFeatures, VLM2ForConditionalGeneration, VLM2Processor
from ..models.windows import WindowState
from .memory_log import HeldFrame, Trace
from .read_recorder import Reads
from .stopwatch import Stopwatch
from .thumbnail import thumbnail

LONGEST = 2**21  # seconds, 24 days: single precision tells the memory's times apart to 0.125 s until then


@dataclass(frozen=True)
class Stream:
    """What was seen. Its size does not grow with the number of frames.

    `images` and `times` (seconds) are of the frames that wait for their window to fill, `geometry_images` the same
    frames for a geometry encoder that sees images (else none); `windows` places the next window in the world; `unit` is
    the length that becomes 1 in the coordinates; `trace` explains the memory. With `thumbnails`, small pictures
    of the frames that the memory holds are kept.
    """

    frames: int = 0
    last_time: float = 0.0
    images: tuple[Float[Tensor, "3 height width"], ...] = ()
    geometry_images: tuple[Float[Tensor, "3 geometry_height geometry_width"], ...] = ()
    times: tuple[float, ...] = ()
    windows: WindowState | None = None
    unit: float | Tensor | None = None
    memory: DualState | None = None
    grid: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)  # height and width of the frames as the vision encoder sees them
    trace: Trace = field(default_factory=Trace)
    thumbnails: bool = True


class Watcher:
    """Takes frames into a stream with one model. Holds no state of a stream itself."""

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor, stopwatch: Stopwatch) -> None:
        self.model, self.processor, self.stopwatch = model, processor, stopwatch
        self.start = WindowState.of(model.geometry.window)

    def observe(self, stream: Stream, image: ArrayLike | Image, time: float) -> Stream:
        """Return the stream with one more frame. Raises ValueError for a time that cannot be, a step back in time,
        another shape, and what is no RGB picture."""
        if not 0 <= time <= LONGEST:
            raise ValueError(f"A frame cannot be at {time} s; give its seconds since the first frame.")
        if time < stream.last_time:
            raise ValueError(
                f"A frame at {time} s came after one at {stream.last_time} s; frames come in order of time."
            )
        picture = np.require(image, requirements="W")  # torch wants it writable
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            shape = " × ".join(map(str, picture.shape))
            raise ValueError(f"A frame is an RGB picture, uint8, height × width × 3; this is {picture.dtype}, {shape}.")
        with self.stopwatch("encode"):
            (resized,) = self.processor.resize(picture[None])
            seen = self.processor.resize_for_geometry(picture[None])
        size = (resized.shape[1], resized.shape[2])
        if stream.frames and (size != stream.size or not _alike(seen, stream)):
            raise ValueError(
                f"This session sees frames as {stream.size[1]}×{stream.size[0]} pixels, and one of another shape came "
                f"({picture.shape[1]}×{picture.shape[0]}). Start a new session for another video."
            )
        stream = replace(
            stream,
            frames=stream.frames + 1,
            last_time=float(time),
            images=(*stream.images, resized),
            geometry_images=(*stream.geometry_images, *(() if seen is None else seen)),
            times=(*stream.times, float(time)),
            windows=stream.windows or self.start,
            grid=self.model.vision.grid(*size),
            size=size,
        )
        assert stream.windows is not None
        if len(stream.images) < stream.windows.missing:
            return stream
        return self._absorb(stream)

    def complete(self, stream: Stream) -> Stream:
        """Return the stream with the frames that still wait taken in, from a window that is not full. For a question;
        the stream itself goes on without this, and sees these frames again in their full window."""
        return self._absorb(stream) if stream.images else stream

    @torch.inference_mode()
    def _absorb(self, stream: Stream) -> Stream:
        """Send the waiting frames through the encoders and the memory."""
        assert stream.windows is not None
        with self.stopwatch("encode"):
            seen = torch.stack(stream.geometry_images) if stream.geometry_images else None
            windows, features, poses, unit = self.model.frame_encoder.advance(
                stream.windows, torch.stack(stream.images), torch.tensor(stream.times), seen, stream.unit
            )
            tokens_3d = self.model.represent(features)
        with self.stopwatch("memory"):
            memory, reads = self._remember(tokens_3d, stream)
            if (correction := windows.correction(stream.windows)) is not None:
                stream = replace(stream, trace=stream.trace.moved(correction, unit))
            trace = self._explain(stream, reads, features, poses, unit)
        taken = replace(stream, images=(), geometry_images=(), times=())
        return replace(taken, windows=windows, unit=unit, memory=memory, trace=trace)

    def _remember(self, tokens_3d: Float[Tensor, "frames patches dim"], stream: Stream) -> tuple[DualState, Reads]:
        """Step through the waiting frames' H; also tell what happened at each."""
        memory, reads = self.model.memory, Reads()
        # A copy, which the steps write in place: the stream's own state stays a value.
        state = memory.writable(memory.empty(tokens_3d) if stream.memory is None else stream.memory)
        first = stream.frames - len(stream.times)
        for frame, (frame_tokens, time) in enumerate(zip(tokens_3d, stream.times, strict=True), first):
            reads.before(memory, frame_tokens, state)
            memory_tokens, state, event = memory.step(frame_tokens, state, frame, time)
            reads.after(memory, frame_tokens, memory_tokens, event, frame, time)
        return state.sealed(), reads

    def _explain(
        self, stream: Stream, reads: Reads, features: FrameFeatures, poses: Tensor, unit: float | Tensor
    ) -> Trace:
        """Write the waiting frames into the diary. Waits for the device, once a window."""
        config = self.model.memory.config
        poses = poses.cpu().clone()
        poses[:, :3, 3] /= torch.as_tensor(unit).cpu()
        points, confidence = features.patch_coordinates.cpu(), features.confidence.cpu()
        trace, shown_images = stream.trace, stream.geometry_images or stream.images
        found = reads.fetch()
        for index, read in enumerate(found):
            picture = thumbnail(shown_images[index]) if stream.thumbnails else None
            shown = HeldFrame(
                frame=read.frame,
                time=read.time,
                world_from_camera=poses[index].clone(),
                points=points[index].clone(),
                confidence=confidence[index].clone(),
                thumbnail=picture,
            )
            trace = trace.then(read, shown, config.shown, config.episodic, config.episodic_write == "merge")
        frames = torch.tensor([read.frame for read in found])
        times = torch.tensor([read.time for read in found], dtype=torch.float64)
        return replace(trace, trajectory=trace.trajectory.then(frames, times, poses))


def _alike(seen: Tensor | None, stream: Stream) -> bool:
    """Tell whether a frame for the geometry encoder is of the shape of the earlier ones; squares for the vision encoder
    hide a change."""
    assert stream.windows is not None
    earlier = stream.geometry_images[-1] if stream.geometry_images else stream.windows.inputs.images
    return seen is None or earlier is None or seen.shape[-2:] == earlier.shape[-2:]
