"""Read a live source in a thread that keeps only the newest frame, so that a slow consumer does not fall behind.

The reader sends events: a frame is ready, the source was lost, timestamps are wrong, the source ended. A new frame
replaces one that was not taken, which counts as dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Event, Lock, Thread

from av import VideoFrame
from av.error import FFmpegError
from av.video.stream import VideoStream

from .clock import TimestampClock
from .decode import Damage, Frame, check_fps, read_frames
from .picture import FrameConverter, PictureChanged, VideoError
from .source import VideoSource

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before another try; each pause is twice the one before


@dataclass(frozen=True)
class FrameReady:
    """A new frame can be taken."""


@dataclass(frozen=True)
class SourceLost:
    """The connection was lost. The reader tries again after `pause` seconds."""

    reason: str
    pause: float


@dataclass(frozen=True)
class WrongTimestamps:
    """Timestamps of the source are wrong. `reason` describes them and how they were replaced."""

    reason: str


@dataclass(frozen=True)
class SourceEnded:
    """The source ended. `error` is the reason if it failed: a PictureChanged if the picture changed its shape."""

    error: Exception | None = None


ReaderEvent = FrameReady | SourceLost | WrongTimestamps | SourceEnded


class WallClock:
    """Real time, by which a reader paces files and pauses."""

    def now(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return time.monotonic()

    def wait(self, seconds: float, stopped: Event) -> None:
        """Wait so many seconds, or until `stopped` is set."""
        stopped.wait(seconds)


class LiveReader:
    """Reads a source in its own thread, at most `fps` frames per second, and passes each event to `tell`.

    Times of frames are seconds since the first one. Files, network recordings and pipes are read at the pace of their
    timestamps. Live sources are timed by arrival, because many cameras have wrong timestamps or none. After a lost
    connection the reader tries again, at most `tries` times in a row. `wanted` counts the frames that arrived,
    `dropped` those that were not taken in time, `lost` the lost connections.
    """

    def __init__(
        self,
        source: VideoSource,
        fps: float,
        tell: Callable[[ReaderEvent], None],
        tries: int = 5,
        wall: WallClock | None = None,
    ) -> None:
        check_fps(fps)
        if tries < 0:
            raise ValueError(f"tries={tries}: a lost source is tried again 0 times or more.")
        self.source, self.fps, self.tries = source, fps, tries
        self.wanted = self.dropped = self.lost = 0
        self._tell, self._wall = tell, wall or WallClock()
        self._newest: Frame | None = None
        self._lock, self._stopped = Lock(), Event()
        self._began: float | None = None  # wall time of the first frame of a paced source
        self._first_arrival: float | None = None  # by the wall, across lost connections
        self._converter = FrameConverter()  # kept after a lost connection
        self._thread = Thread(target=self._run, name=f"reader of {source.name}", daemon=True)

    def start(self) -> None:
        """Start to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading. A thread that hangs in the network is abandoned and sends no more events."""
        self._stopped.set()
        self._thread.join(timeout=1)

    def take(self) -> Frame | None:
        """Take the newest frame, or None if no frame arrived since the last call."""
        with self._lock:
            frame, self._newest = self._newest, None
        return frame

    def _run(self) -> None:
        try:
            ended = SourceEnded(self._read())
        except Exception as error:  # the consumer must learn of every error
            ended = SourceEnded(error)
        if not self._stopped.is_set():
            self._tell(ended)

    def _read(self) -> VideoError | None:
        """Read one connection after another. Return the error if the source was given up, None at its end."""
        failed = 0
        while not self._stopped.is_set():
            before = self.wanted
            reason = self._read_connection()
            if reason is None or self._stopped.is_set():
                return None
            if not self.wanted:
                return VideoError(f"{reason} Check that it runs and that a video player can show it.")
            failed = 0 if self.wanted > before else failed + 1
            self.lost += failed == 0
            if failed >= self.tries:
                return VideoError(f"{reason} Given up after {failed} more tries.")
            pause = min(FIRST_PAUSE * 2.0 ** min(failed, 9), LONGEST_PAUSE)
            self._tell(SourceLost(reason, pause))
            self._wall.wait(pause, self._stopped)
        return None

    def _read_connection(self) -> str | None:
        """Read one connection. Return why it was lost, or None at the end of the source.

        Raises VideoError if a recording breaks off, PictureChanged if the picture changes its shape.
        """
        damage, clock = Damage(), TimestampClock()
        try:
            with self.source.open() as connection:
                times = clock.times if connection.paced else self._arrival_times
                container, stream = connection.container, connection.stream
                for frame in read_frames(container, stream, self.fps, damage, times, self._converter):
                    if connection.paced:
                        self._wait_for(frame)
                    if self._stopped.is_set():
                        return None
                    self._offer(frame)
                ends = connection.ends
                if clock.problems:
                    self._tell(WrongTimestamps(f"{self.source.name} has wrong time stamps: {clock.problems}."))
        except PictureChanged as error:
            raise PictureChanged(
                f"In {self.source.name} {error}; one memory holds one shape. What came before it was watched."
            ) from None
        except (VideoError, FFmpegError, OSError) as error:
            return str(error)
        if ends and self.wanted:
            if damage.reason:  # a new connection would begin at the start
                raise VideoError(f"{self.source.name} broke off: {damage.reason}. What came before it was watched.")
            return None
        return f"{self.source.name} stopped: {damage.reason or 'the stream ended'}."

    def _wait_for(self, frame: Frame) -> None:
        """Wait until a frame of a paced source is due."""
        now = self._wall.now()
        self._began = now - frame.time if self._began is None else self._began
        if self._began + frame.time > now:
            self._wall.wait(self._began + frame.time - now, self._stopped)

    def _arrival_times(self, frames: Iterable[VideoFrame], stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
        """Yield each frame after the seconds since the first frame arrived."""
        for frame in frames:
            now = self._wall.now()
            self._first_arrival = now if self._first_arrival is None else self._first_arrival
            yield now - self._first_arrival, frame

    def _offer(self, frame: Frame) -> None:
        with self._lock:
            waiting = self._newest is not None
            self._newest = frame
            self.wanted += 1
            self.dropped += waiting
        if not waiting:
            self._tell(FrameReady())
