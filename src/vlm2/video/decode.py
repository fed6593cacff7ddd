"""Read a video file frame by frame, with only a few frames in memory."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream
from jaxtyping import UInt8

from . import webp
from .ahead import ahead
from .clock import FrameTimes, TimestampClock
from .path import check_file, local_path, location
from .picture import FrameConverter, PictureChanged, VideoError, square_width
from .survey import survey

LITERAL = {"pattern_type": "none"}  # img%03d.jpg is one file, not a series
MAX_SIDE = 8192  # pixels; enough for 8K video, and one RGB frame stays below 200 MiB
MOST_AHEAD, BYTES_AHEAD = 8, 2**26  # frames that are decoded while the caller works on one: at most so many


class VideoWarning(UserWarning):
    """Only a part of a video could be read, or some of its timestamps are wrong."""


@dataclass(frozen=True)
class Frame:
    """One RGB frame, upright and with square pixels. `time` is in seconds since the first frame."""

    time: float
    image: UInt8[np.ndarray, "height width 3"]


class VideoFile:
    """A video file on disk.

    `frames` and `seconds` are counted without what an edit list hides; `fps` is their mean rate. `width` and `height`
    are pixels as shown: after rotation and with square pixels. Raises VideoError for a file without a readable frame
    and for one with a side of more than `MAX_SIDE` pixels.

    `TimestampClock` computes the times of frames. Frames of another resolution than the first are scaled to its size.
    Reading ends with a warning if the picture changes its shape.
    """

    def __init__(self, path: str | Path) -> None:
        self.name, self.path = str(path), local_path(path)
        self._size: tuple[int, int] | None = None
        with self.open() as (container, stream):
            self._survey = survey(container, stream)
        self.seconds, self.frames = self._survey.seconds, self._survey.frames
        first = next(self._decode(), None)
        if first is None:
            raise VideoError(
                f"{self.path} holds no frame that can be decoded: it is empty or damaged. "
                "Give a file that plays in a video player."
            )
        self.height, self.width = self._size = first.image.shape[:2]
        self.fps = self.frames / self.seconds if self.seconds else 0.0

    def sample(self, fps: float | None = None) -> Iterator[Frame]:
        """Yield the first frame of every 1/fps seconds in the order of time, or every frame without `fps`.

        Times are the frames' own, so a video with a variable frame rate keeps its pace. No frame comes twice. Warns
        (VideoWarning) at the end if parts of the file could not be read, if timestamps are wrong, and if reading ended
        because the picture changed its shape.
        """
        check_fps(fps)
        return self._decode(fps, warn=True)

    def spread(self, count: int) -> Iterator[Frame]:
        """Yield `count` frames evenly spread from the first to the last, as benchmarks do.

        Their numbers are ⌊k·(frames − 1)/(count − 1)⌋. Yields all frames if there are fewer. Warns as `sample` does.
        """
        if count < 1:
            raise ValueError(f"{count} frames cannot be spread over a video; ask for 1 or more.")
        return self._decode(chosen=frozenset(spread_indices(self.frames, count)), warn=True)

    def numbered(self, indices: Iterable[int]) -> Iterator[Frame]:
        """Yield the frames of these numbers, counted from 0, in their order in the video. Warns as `sample` does."""
        return self._decode(chosen=frozenset(indices), warn=True)

    def _decode(
        self, fps: float | None = None, *, chosen: frozenset[int] | None = None, warn: bool = False
    ) -> Iterator[Frame]:
        damage, clock, changed = Damage(), TimestampClock(), ""

        def frames() -> Iterator[Frame]:  # opened, read and closed in one thread
            with self.open() as (container, stream):
                stream.thread_type = "AUTO"
                yield from read_frames(container, stream, fps, damage, clock.times, FrameConverter(self._size), chosen)

        try:
            yield from frames() if self._size is None else ahead(frames(), frames_ahead(*self._size))
        except PictureChanged as error:
            changed = str(error)
        if warn:
            self._warn(damage, clock, changed)

    def _warn(self, damage: Damage, clock: TimestampClock, changed: str) -> None:
        """Warn about a changed picture, broken packets, frames that end clearly too early, and wrong timestamps."""
        read = clock.last or 0.0
        short = self._survey.stated - read - self._survey.last > max(1.0, 3 / self.fps if self.fps else 0.0)
        if changed:
            message = f"In {self.path} {changed}. Answers are about what came before; cut the video there for the rest."
            warnings.warn(message, VideoWarning, stacklevel=3)
        elif damage.packets or short:
            broken = f", {damage.packets} broken parts were left out" if damage.packets else ""
            message = (
                f"{self.path} is truncated or damaged: frames were read up to {read:.1f} s of "
                f"{self._survey.stated:.1f} s{broken}. Answers are about what could be read."
            )
            warnings.warn(message, VideoWarning, stacklevel=3)
        if clock.problems:
            warnings.warn(f"{self.path} has wrong time stamps: {clock.problems}.", VideoWarning, stacklevel=3)

    @contextmanager
    def open(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        """Open the file's container and its video stream. Raises VideoError if there is none that can be read."""
        check_file(self.path, self.name)
        not_a_video = VideoError(
            f"{self.path} is not a video that can be read, or its end is missing. "
            "Give a file such as .mp4, .mov, .mkv or .webm that plays in a video player."
        )
        try:
            content = self._content
            source = io.BytesIO(content) if isinstance(content, bytes) else content
            container = av.open(source, "r", options=LITERAL)
        except PermissionError:
            raise VideoError(f"{self.path} may not be read by this user. Change its permissions, or copy it.") from None
        except (FFmpegError, UnicodeError):
            raise not_a_video from None
        with container:
            if container.format.name == "tty":  # FFmpeg would draw a text file as a picture of a terminal
                raise not_a_video
            yield container, find_video_stream(container, str(self.path))

    @cached_property
    def _content(self) -> str | bytes:
        """The path for FFmpeg, or a converted video in place of a file that FFmpeg cannot read."""
        return webp.as_video(self.path) if webp.is_animated_webp(self.path) else location(self.path)


def check_fps(fps: float | None) -> None:
    """Raise ValueError for an impossible number of frames per second. None means every frame."""
    if fps is not None and not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"fps={fps}: frames a second must be a number above 0, such as 2 (or None for every frame).")


def find_video_stream(container: InputContainer, name: str) -> VideoStream:
    """Return the first video stream, without cover pictures and without a single picture beside a longer stream.

    Raises VideoError, with the name of the source, if there is none, and for pictures that are too large.
    """
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not moving:
        kinds = sorted({s.type for s in container.streams}) or ["no streams"]
        raise VideoError(f"{name} holds no video, only {' and '.join(kinds)}. Give one with pictures.")
    first = next((s for s in moving if s.frames > 1), moving[0]) if moving[0].frames == 1 else moving[0]
    if first.disposition & Disposition.dependent:  # FFmpeg would show one tile as the whole
        raise VideoError(
            f"{name} is a photo that is stored in tiles (HEIC). Save it as a JPEG or PNG picture, or give a video."
        )
    height, width = first.codec_context.height, square_width(first.codec_context.width, first)
    if max(width, height) > MAX_SIDE:
        raise VideoError(
            f"{name} is {width}×{height} pixels; at most {MAX_SIDE} a side are read. "
            "Scale it down first, for example: ffmpeg -i IN.mp4 -vf scale=1920:-2 OUT.mp4"
        )
    return first


def frames_ahead(height: int, width: int) -> int:
    """Return how many RGB frames of this size are decoded ahead: few of large ones."""
    return min(max(BYTES_AHEAD // (3 * height * width), 1), MOST_AHEAD)


def spread_indices(frames: int, count: int) -> list[int]:
    """Return the numbers of the frames that `VideoFile.spread` yields."""
    if frames <= count:
        return list(range(frames))
    return [k * (frames - 1) // max(count - 1, 1) for k in range(count)]


@dataclass
class Damage:
    """The number of packets that could not be decoded, and the error that ended reading before the end."""

    packets: int = 0
    reason: str = ""


def read_frames(
    container: InputContainer,
    stream: VideoStream,
    fps: float | None,
    damage: Damage,
    times: FrameTimes,
    converter: FrameConverter,
    chosen: frozenset[int] | None = None,
) -> Iterator[Frame]:
    """Yield the frames of an open container: with `fps` the first of every 1/fps seconds, or those with `chosen`
    numbers. Counts broken packets in `damage`. Raises PictureChanged, with the time, at a frame of another shape."""
    due = 0.0
    slack = min(float(stream.time_base or 0), 0.1 / fps) if fps else 0.0  # timestamps are rounded to ticks
    for index, (time, stored) in enumerate(times(_decoded(container, stream, damage), stream)):
        if chosen is not None and index not in chosen:
            continue
        if fps is not None:
            if time < due - slack:
                continue
            due = (math.floor((time + slack) * fps) + 1) / fps
        try:
            image = converter.convert(stored, stream)
        except PictureChanged as error:
            raise PictureChanged(f"{error} at {time:.1f} s") from None
        yield Frame(time, image)


def _decoded(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[av.VideoFrame]:
    """Decode packet by packet. Broken packets and frames are counted and left out."""
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
            frames = [frame for frame in packet.decode() if isinstance(frame, av.VideoFrame)]
        except FFmpegError:
            damage.packets += 1
            continue
        damage.packets += sum(frame.is_corrupt for frame in frames)
        yield from (frame for frame in frames if not frame.is_corrupt)
