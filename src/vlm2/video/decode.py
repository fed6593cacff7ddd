"""Read a video file frame by frame: never more than a few frames in memory."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream
from jaxtyping import UInt8

from . import webp
from .clock import FrameClock, TimestampClock
from .picture import PictureChanged, Screen, VideoError, square_width
from .place import check_file, local_path, location
from .survey import survey

LITERAL = {"pattern_type": "none"}  # a picture called img%03d.jpg is one file, not a series
MAX_SIDE = 8192  # pixels; 8K video fits, and one RGB frame stays below 200 MiB


class VideoWarning(UserWarning):
    """A video of which only a part could be read, or whose times are partly wrong."""


@dataclass(frozen=True)
class Frame:
    """One frame as a viewer sees it: upright, square pixels, RGB. `time` is in seconds since the first frame."""

    time: float
    image: UInt8[np.ndarray, "height width 3"]


class VideoFile:
    """A video file on disk.

    `seconds` and `frames` are of what is shown, without what an edit list hides, and counted rather than read from a
    header; `fps` is their mean rate; `width` and `height` are pixels as shown: after rotation, and with pixels made
    square. Raises VideoError for a file without a readable frame and for one with a side of more than `MAX_SIDE`
    pixels.

    Times come from the frames' stamps as `TimestampClock` believes them. Frames of another resolution than the
    first are scaled to its size; reading ends with a warning where the picture gets another shape.
    """

    def __init__(self, path: str | Path) -> None:
        self.name, self.path = str(path), local_path(path)
        self._screen_size: tuple[int, int] | None = None
        self._converted: bytes | None = None  # a video in place of a file that FFmpeg cannot read
        with self.open() as (container, stream):
            check_size(stream, str(self.path))
            self._survey = survey(container, stream)
        self.seconds, self.frames = self._survey.seconds, self._survey.frames
        first = next(self._decode(), None)
        if first is None:
            raise VideoError(
                f"{self.path} holds no frame that can be decoded: it is empty or damaged. "
                "Give a file that plays in a video player."
            )
        self.height, self.width = self._screen_size = first.image.shape[:2]
        self.fps = self.frames / self.seconds if self.seconds else 0.0

    def sample(self, fps: float | None = None) -> Iterator[Frame]:
        """Yield frames in the order of time: with `fps`, in every 1/fps seconds the first frame; without, every frame.

        Times are the frames' own, so video of a variable frame rate keeps its pace, and where the video has fewer
        frames than asked for, each comes once. Warns (VideoWarning) at the end if parts of the file could not be read,
        if times were wrong, and if reading ended because the picture changes its shape.
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
        damage, clock, changed = Damage(), TimestampClock(), ""
        with self.open() as (container, stream):
            stream.thread_type = "AUTO"
            try:
                yield from read_frames(container, stream, fps, damage, clock, Screen(self._screen_size), chosen)
            except PictureChanged as error:
                changed = str(error)
        if warn:
            self._warn(damage, clock, changed)

    def _warn(self, damage: Damage, clock: TimestampClock, changed: str) -> None:
        """Warn if the picture changed, if times were wrong, if packets were broken, or if the frames end clearly before
        the file says that they do."""
        end = (clock.last or 0.0) + self._survey.last
        short = self._survey.stated - end > max(1.0, 3 / self.fps if self.fps else 0.0)
        words = []
        if changed:
            words.append(
                f"In {self.path} {changed}. Answers are about what came before; cut the video there for the rest."
            )
        elif damage.packets or short:
            words.append(
                f"{self.path} is truncated or damaged: frames were read up to {clock.last or 0.0:.1f} s of "
                f"{self._survey.stated:.1f} s"
                + (f", {damage.packets} broken parts were left out" if damage.packets else "")
                + ". Answers are about what could be read."
            )
        if clock.doubts:
            words.append(f"{self.path} has wrong time stamps: {clock.doubts}.")
        for message in words:
            warnings.warn(message, VideoWarning, stacklevel=3)

    @contextmanager
    def open(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        """Open the file's container and its moving pictures. Raises VideoError where there are none."""
        check_file(self.path, self.name)
        try:
            container = av.open(self._source(), "r", options=LITERAL)
        except PermissionError:
            raise VideoError(f"{self.path} may not be read by this user. Change its permissions, or copy it.") from None
        except (FFmpegError, UnicodeError):
            raise self._not_a_video() from None
        with container:
            if container.format.name == "tty":  # FFmpeg would draw a text file as a picture of a terminal
                raise self._not_a_video()
            yield container, moving_pictures(container, str(self.path))

    def _source(self) -> str | io.BytesIO:
        """Return what FFmpeg opens."""
        if self._converted is None:
            if not webp.is_animated_webp(self.path):
                return location(self.path)
            try:
                self._converted = webp.as_video(self.path)
            except ValueError as error:
                raise VideoError(
                    f"{self.path} is a damaged animated WebP: {error}. Make another, or give a video."
                ) from None
        return io.BytesIO(self._converted)

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
    """Return the first stream that is a video and no cover picture, nor one picture beside a longer stream. Raises
    VideoError, calling the source by `name`."""
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not moving:
        kinds = sorted({s.type for s in container.streams}) or ["no streams"]
        raise VideoError(f"{name} holds no video, only {' and '.join(kinds)}. Give one with pictures.")
    first = next((s for s in moving if s.frames > 1), moving[0]) if moving[0].frames == 1 else moving[0]
    if first.disposition & Disposition.dependent:  # FFmpeg would show one tile as the whole
        raise VideoError(
            f"{name} is a photo that is stored in tiles (HEIC). Save it as a JPEG or PNG picture, or give a video."
        )
    return first


def check_size(stream: VideoStream, name: str) -> None:
    """Raise VideoError for pictures too large to read, calling their source by `name`."""
    height, width = stream.codec_context.height, square_width(stream.codec_context.width, stream)
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
    screen: Screen,
    chosen: frozenset[int] | None = None,
) -> Iterator[Frame]:
    """Yield the frames of an open container, with `fps` the first in every 1/fps seconds, or those of the `chosen`
    numbers; count what is broken. Raises PictureChanged, saying when, at a frame of another shape."""
    due = 0.0
    slack = min(float(stream.time_base or 0), 0.1 / fps) if fps else 0.0  # timestamps are rounded to ticks
    for index, (time, stored) in enumerate(clock.times(_frames(container, stream, damage), stream)):
        if chosen is not None and index not in chosen:
            continue
        if fps is not None:
            if time < due - slack:
                continue
            due = (math.floor((time + slack) * fps) + 1) / fps
        try:
            image = screen.show(stored, stream)
        except PictureChanged as error:
            raise PictureChanged(f"{error} at {time:.1f} s") from None
        yield Frame(time, image)


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
