"""Watch what does not wait: a thread reads a source and holds only the newest frame, so that nobody falls behind.

The reader tells what happens by putting events into its listener's queue: a frame is ready, the source was lost, it
ended. A frame that comes before the last one was taken replaces it, and is counted as one dropped.
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
from .picture import PictureChanged, Screen, VideoError
from .source import VideoSource

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before another try; each pause is twice the one before


@dataclass(frozen=True)
class FrameReady:
    """A frame waits to be taken."""


@dataclass(frozen=True)
class SourceLost:
    """The source went away; it is tried again in `pause` seconds."""

    reason: str
    pause: float


@dataclass(frozen=True)
class StampsDoubted:
    """Time stamps of the source are wrong; `reason` says which, and what was done about it."""

    reason: str


@dataclass(frozen=True)
class SourceEnded:
    """Nothing more will come: the source is at its end, or `error` tells why it was given up. It is a PictureChanged
    where the picture gets another shape."""

    error: Exception | None = None


Told = FrameReady | SourceLost | StampsDoubted | SourceEnded


class Wall:
    """Real time: what a reader paces files and pauses by."""

    def now(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic()

    def wait(self, seconds: float, stopped: Event) -> None:
        """Wait, or until `stopped`."""
        stopped.wait(seconds)


class LiveReader:
    """Reads a source in a thread of its own, at most `fps` frames a second.

    Frames carry seconds since the first one. Files, recordings on the network and pipes are read at the pace of their
    timestamps; what is live is timed by arrival, since many cameras stamp wrongly or not at all. A camera or network
    stream that was lost is tried again, at most `tries` times in a row. `wanted` counts the frames that came,
    `dropped` those that nobody took in time, `lost` the connections lost.
    """

    def __init__(
        self,
        source: VideoSource,
        fps: float,
        tell: Callable[[Told], None],
        tries: int = 5,
        wall: Wall | None = None,
    ) -> None:
        check_fps(fps)
        if tries < 0:
            raise ValueError(f"tries={tries}: a lost source is tried again 0 times or more.")
        self.source, self.fps, self.tries = source, fps, tries
        self.wanted = self.dropped = self.lost = 0
        self._tell, self._wall = tell, wall or Wall()
        self._newest: Frame | None = None
        self._lock, self._stopped = Lock(), Event()
        self._began: float | None = None  # by the wall, when a paced source began
        self._arrivals = _Arrivals(self._wall)
        self._screen = Screen()  # over lost connections too
        self._thread = Thread(target=self._run, name=f"reader of {source.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading. A thread that hangs in the network is left behind; it tells nothing any more."""
        self._stopped.set()
        self._thread.join(timeout=1)

    def take(self) -> Frame | None:
        """Take the newest frame, once; None where none came since the last call."""
        with self._lock:
            frame, self._newest = self._newest, None
        return frame

    def _run(self) -> None:
        try:
            ended = SourceEnded(self._read())
        except Exception as error:  # whoever waits for frames has to hear of it
            ended = SourceEnded(error)
        if not self._stopped.is_set():
            self._tell(ended)

    def _read(self) -> VideoError | None:
        """Read, connection by connection; return why it was given up, None at the end."""
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
        """Connect and hand on frames; return why they stopped, None at the end of a source that has one. Raises
        VideoError where such a source breaks off, PictureChanged where the picture gets another shape."""
        damage = Damage()
        try:
            with self.source.open() as connection:
                clock = TimestampClock() if connection.paced else self._arrivals
                frames = read_frames(connection.container, connection.stream, self.fps, damage, clock, self._screen)
                for frame in frames:
                    if connection.paced:
                        self._wait_for(frame)
                    if self._stopped.is_set():
                        return None
                    self._offer(frame)
                ends = connection.ends
                if isinstance(clock, TimestampClock) and clock.doubts:
                    self._tell(StampsDoubted(f"{self.source.name} has wrong time stamps: {clock.doubts}."))
        except PictureChanged as error:
            raise PictureChanged(
                f"In {self.source.name} {error}; one memory holds one shape. What came before it was watched."
            ) from None
        except (VideoError, FFmpegError, OSError) as error:
            return str(error)
        if ends and self.wanted:
            if damage.reason:  # a connection anew would begin at the start
                raise VideoError(f"{self.source.name} broke off: {damage.reason}. What came before it was watched.")
            return None
        return f"{self.source.name} stopped: {damage.reason or 'the stream ended'}."

    def _wait_for(self, frame: Frame) -> None:
        """Wait until a frame of a paced source is due."""
        now = self._wall.now()
        self._began = now - frame.time if self._began is None else self._began
        if self._began + frame.time > now:
            self._wall.wait(self._began + frame.time - now, self._stopped)

    def _offer(self, frame: Frame) -> None:
        with self._lock:
            waiting = self._newest is not None
            self._newest = frame
            self.wanted += 1
            self.dropped += waiting
        if not waiting:
            self._tell(FrameReady())


class _Arrivals:
    """Gives each frame the time at which it arrives: seconds since the first one, also over lost connections."""

    def __init__(self, wall: Wall) -> None:
        self.wall, self.first = wall, None

    def times(self, frames: Iterable[VideoFrame], stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
        for frame in frames:
            now = self.wall.now()
            self.first = now if self.first is None else self.first
            yield now - self.first, frame
