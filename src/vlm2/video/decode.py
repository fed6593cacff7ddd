"""Read a video file frame by frame: never more than a few frames in memory."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream
from jaxtyping import UInt8

from .orientation import Orientation

MAX_SIDE = 8192  # pixels; 8K video fits, and one RGB frame stays below 200 MiB


class VideoError(ValueError):
    """A file from which no frame can be read; the message says which, why, and what to do."""


class VideoWarning(UserWarning):
    """A video of which only a part could be read."""


@dataclass(frozen=True)
class Frame:
    """One frame as a viewer sees it: upright, square pixels, RGB. `time` is in seconds since the first frame."""

    time: float
    image: UInt8[np.ndarray, "height width 3"]


class VideoFile:
    """A video file on disk.

    `seconds` and `frames` are what the file says of itself (counted where it says nothing); `fps` is their mean rate;
    `width` and `height` are pixels as shown: after rotation, and with pixels made square. Raises VideoError for a file
    without a readable frame and for one with a side of more than `MAX_SIDE` pixels.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with self.open() as (container, stream):
            check_size(stream, str(self.path))
            self.seconds, self.frames = _length(container, stream)
        first = next(self._decode(), None)
        if first is None:
            raise VideoError(
                f"{self.path} holds no frame that can be decoded: it is empty or damaged. "
                "Give a file that plays in a video player."
            )
        self.height, self.width = first.image.shape[:2]
        self.fps = self.frames / self.seconds if self.seconds else 0.0

    def sample(self, fps: float | None = None) -> Iterator[Frame]:
        """Yield frames in the order of time: with `fps`, in every 1/fps seconds the first frame; without, every frame.

        Times are the frames' own, so video of a variable frame rate keeps its pace, and where the video has fewer
        frames than asked for, each comes once. Warns (VideoWarning) at the end if parts of the file could not be read.
        """
        check_fps(fps)
        return self._decode(fps, warn=True)

    def spread(self, count: int) -> Iterator[Frame]:
        """Yield `count` frames evenly spread from the first to the last, as benchmarks take them: those numbered
        ⌊k·(frames − 1)/(count − 1)⌋, or all where there are fewer. Warns as `sample` does."""
        if count < 1:
            raise ValueError(f"{count} frames cannot be spread over a video; ask for 1 or more.")
        return self._decode(chosen=frozenset(spread_indices(self.frames, count)), warn=True)

    def numbered(self, indices: Iterable[int]) -> Iterator[Frame]:
        """Yield the frames of these numbers, counted from 0, in their order in the video and each once. Warns as
        `sample` does."""
        return self._decode(chosen=frozenset(indices), warn=True)

    def _decode(
        self, fps: float | None = None, *, chosen: frozenset[int] | None = None, warn: bool = False
    ) -> Iterator[Frame]:
        damage, clock = Damage(), Clock()
        with self.open() as (container, stream):
            stream.thread_type = "AUTO"
            yield from read_frames(container, stream, fps, damage, clock, chosen)
        if warn:
            self._warn(damage, clock.last or 0.0)

    def _warn(self, damage: Damage, last: float) -> None:
        """Warn if packets were broken, or if the frames end clearly before the file says that they do."""
        short = self.seconds - last > max(1.0, 3 / self.fps if self.fps else 0.0)
        if damage.packets or short:
            warnings.warn(
                f"{self.path} is truncated or damaged: frames were read up to {last:.1f} s of {self.seconds:.1f} s"
                + (f", {damage.packets} broken parts were left out" if damage.packets else "")
                + ". Answers are about what could be read.",
                VideoWarning,
                stacklevel=3,
            )

    @contextmanager
    def open(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        """Open the file's container and its moving pictures. Raises VideoError where there are none."""
        if not self.path.exists():
            raise VideoError(f"There is no file {self.path}. Check the path; the current folder is {Path.cwd()}.")
        if self.path.is_dir():
            raise VideoError(f"{self.path} is a folder. Name one video file in it.")
        try:
            container = av.open(str(self.path))
        except PermissionError:
            raise VideoError(f"{self.path} may not be read by this user. Change its permissions, or copy it.") from None
        except (FFmpegError, UnicodeDecodeError):
            raise self._not_a_video() from None
        with container:
            if container.format.name == "tty":  # FFmpeg would draw a text file as a picture of a terminal
                raise self._not_a_video()
            yield container, moving_pictures(container, str(self.path))

    def _not_a_video(self) -> VideoError:
        return VideoError(
            f"{self.path} is not a video that can be read, or its end is missing. "
            "Give a file such as .mp4, .mov, .mkv or .webm that plays in a video player."
        )


def check_fps(fps: float | None) -> None:
    """Raise ValueError for an impossible number of frames a second; None means every frame."""
    if fps is not None and not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"fps={fps}: frames a second must be a number above 0, such as 2 (or None for every frame).")


def moving_pictures(container: InputContainer, name: str) -> VideoStream:
    """Return the first stream that is a video and no cover picture. Raises VideoError, calling the source by `name`."""
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not moving:
        kinds = sorted({s.type for s in container.streams}) or ["no streams"]
        raise VideoError(f"{name} holds no video, only {' and '.join(kinds)}. Give one with pictures.")
    return moving[0]


def check_size(stream: VideoStream, name: str) -> None:
    """Raise VideoError for pictures too large to read, calling their source by `name`."""
    height, width = stream.codec_context.height, _square(stream.codec_context.width, stream)
    if max(width, height) > MAX_SIDE:
        raise VideoError(
            f"{name} is {width}×{height} pixels; at most {MAX_SIDE} a side are read. "
            "Scale it down first, for example: ffmpeg -i IN.mp4 -vf scale=1920:-2 OUT.mp4"
        )


def read_frames(
    container: InputContainer,
    stream: VideoStream,
    fps: float | None,
    damage: Damage,
    clock: FrameClock,
    chosen: frozenset[int] | None = None,
) -> Iterator[Frame]:
    """Yield the frames of an open container, with `fps` the first in every 1/fps seconds, or those of the `chosen`
    numbers; count what is broken."""
    due = 0.0
    slack = min(float(stream.time_base or 0), 0.1 / fps) if fps else 0.0  # timestamps are rounded to ticks
    for index, stored in enumerate(_frames(container, stream, damage)):
        time = clock.tell(stored, stream)
        if chosen is not None and index not in chosen:
            continue
        if fps is not None:
            if time < due - slack:
                continue
            due = (math.floor((time + slack) * fps) + 1) / fps
        yield Frame(time, _picture(stored, stream))


class FrameClock(Protocol):
    """Gives each frame its time in seconds since the first."""

    def tell(self, frame: av.VideoFrame, stream: VideoStream) -> float:
        """Return a frame's time; called once for each, in order."""
        ...


def spread_indices(frames: int, count: int) -> list[int]:
    """Return which of a video's frames `VideoFile.spread` yields."""
    if frames <= count:
        return list(range(frames))
    return [k * (frames - 1) // max(count - 1, 1) for k in range(count)]


@dataclass
class Damage:
    """How many packets could not be decoded, and why reading stopped, where it was not at the end."""

    packets: int = 0
    reason: str = ""


@dataclass
class Clock:
    """Tells time by the frames' own stamps: seconds since the first, always growing, also where stamps are missing."""

    first: float | None = None  # the stamp at 0 s
    last: float | None = None  # seconds of the last frame

    def tell(self, frame: av.VideoFrame, stream: VideoStream) -> float:
        rate = stream.guessed_rate or stream.average_rate
        time = after_last = 0.0 if self.last is None else self.last + (float(1 / rate) if rate else 0.04)
        if frame.time is not None:
            if self.first is None:
                self.first = frame.time - after_last
            time = frame.time - self.first
        self.last = time if self.last is None or time > self.last else after_last
        return self.last


def _frames(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[av.VideoFrame]:
    """Decode packet by packet; leave out what is broken and count it."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            damage.packets += 1
            damage.reason = error.strerror or str(error)
            return
        if packet is None:
            return
        try:
            decoded = packet.decode()
        except FFmpegError:
            damage.packets += 1
            continue
        for frame in decoded:
            if isinstance(frame, av.VideoFrame):
                damage.packets += frame.is_corrupt
                if not frame.is_corrupt:
                    yield frame


def _picture(frame: av.VideoFrame, stream: VideoStream) -> UInt8[np.ndarray, "height width 3"]:
    """Return the frame as RGB with square pixels, the right way up."""
    image = frame.reformat(width=_square(frame.width, stream), height=frame.height, format="rgb24").to_ndarray()
    try:
        matrix = frame.side_data["DISPLAYMATRIX"]  # pyright: ignore[reportGeneralTypeIssues] (PyAV's stub)
    except KeyError:
        return image
    return Orientation.of_matrix(bytes(matrix)).apply(image)


def _square(width: int, stream: VideoStream) -> int:
    """Return the width of a picture in square pixels."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return max(round(width * aspect), 1) if 1 / 8 <= aspect <= 8 else width


def _length(container: InputContainer, stream: VideoStream) -> tuple[float, int]:
    """Return seconds and number of frames; walk through the packets (without decoding) where the stream lacks them."""
    if stream.duration and stream.time_base and stream.frames:
        return float(stream.duration * stream.time_base), stream.frames
    frames, start, end = 0, math.inf, -math.inf
    with suppress(FFmpegError):  # a damaged end; decoding will tell
        for packet in container.demux(stream):
            if packet.size:
                frames += 1
            if packet.pts is not None and packet.time_base is not None:
                start = min(start, float(packet.pts * packet.time_base))
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    rate = stream.average_rate or stream.guessed_rate
    seconds = end - start if end > start else float(frames / rate) if rate else 0.0
    return seconds, frames
