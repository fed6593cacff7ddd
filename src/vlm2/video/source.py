"""Sources of live video: a camera, a network stream, a pipe, or a file that plays at its own pace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.format import Flags
from av.video.stream import VideoStream

from .decode import VideoFile, find_video_stream
from .path import ADDRESS, local_path, location
from .picture import VideoError

CAMERAS = {"linux": "v4l2", "darwin": "avfoundation"}  # FFmpeg's camera input by platform
TIMEOUT = 10.0  # seconds without a byte from the network after which a connection is lost
PROBE = {"analyzeduration": "1000000"}  # microseconds; begin before all streams are known


@dataclass(frozen=True)
class Connection:
    """An opened source.

    `ends`: the last frame is the end of the source, not a lost connection. `paced`: timestamps give the time of a
    frame; otherwise the time of its arrival counts.
    """

    container: InputContainer
    stream: VideoStream
    ends: bool
    paced: bool


@dataclass(frozen=True)
class VideoSource:
    """A source of video. `name` is what the user wrote, `location` is what FFmpeg opens."""

    name: str
    kind: Literal["camera", "network", "pipe", "file"]
    location: str

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """Connect. Raises VideoError if the source does not answer or is not a video."""
        if self.kind == "file":
            with VideoFile(self.location).open() as (container, stream):
                yield Connection(container, stream, ends=True, paced=True)
            return
        try:
            container = self._connect()
        except (FFmpegError, OSError) as error:
            raise VideoError(f"{self.name} cannot be opened: {error.strerror or error}.") from None
        with container:
            stream = find_video_stream(container, self.name)
            stream.thread_type = "SLICE"  # frame threads would delay every picture
            stamped = not container.format.flags & Flags.no_timestamps.value
            recorded = self.kind == "network" and (container.duration is not None or container.size > 0)
            piped = self.kind == "pipe"
            yield Connection(container, stream, ends=piped or recorded, paced=stamped and (piped or recorded))

    def _connect(self) -> InputContainer:
        if self.kind == "camera":
            return av.open(self.location, format=CAMERAS[sys.platform])
        if self.kind == "pipe":
            return av.open(self.location, options=PROBE)
        options = PROBE | ({"rtsp_transport": "tcp"} if self.location.lower().startswith("rtsp") else {})
        return av.open(self.location, options=options, timeout=TIMEOUT)


def find_source(name: str) -> VideoSource:
    """Return the source that a name means.

    `-` is stdin, a number or /dev/video… a camera, an address with `://` a network stream, anything else a named pipe
    or a file (also file://). Raises VideoError for a file that is not a video and for a missing camera.
    """
    if name == "-":
        return VideoSource("stdin", "pipe", "pipe:0")
    if name.isdigit() or name.startswith("/dev/video"):
        return _camera(name)
    if ADDRESS.match(name) and not name.lower().startswith("file:") and not Path(name).exists():
        return VideoSource(name, "network", name)
    path = local_path(name)
    if path.is_fifo():
        return VideoSource(name, "pipe", location(path))
    VideoFile(name)
    return VideoSource(name, "file", name)


def _camera(name: str) -> VideoSource:
    if sys.platform not in CAMERAS:
        raise VideoError(
            f"Cameras cannot be opened on {sys.platform}; stream it instead: "
            "ffmpeg -f dshow -i video=NAME -f mpegts - | vlm2 watch -"
        )
    location = f"/dev/video{name}" if name.isdigit() and sys.platform == "linux" else name
    if sys.platform == "linux" and not Path(location).exists():
        there = sorted(str(path) for path in Path("/dev").glob("video*"))
        raise VideoError(f"There is no camera {location}; there are: {', '.join(there) or 'none'}.")
    return VideoSource(name, "camera", location)
