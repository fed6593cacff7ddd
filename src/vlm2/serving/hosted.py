"""One session of the server: its session, and the frames, jobs and video that wait for their turn."""

from __future__ import annotations

import logging
import math
import re
import threading
import time as clock
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from ..streaming import Answer, Session
from ..streaming.stream import LONGEST, Stream, bounded
from ..video import Frame, NewViews
from .events import EventBoard
from .limits import Limits, Refusal

LOG = logging.getLogger(__name__)
ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # also a file's name, whatever the file system
Work = Callable[[], object]
T = TypeVar("T")


@dataclass
class SessionCounts:
    """Frames and jobs of a session since the server started.

    `received` counts frames from clients. `taken` and `refused` count frames that the model took or refused. `skipped`
    counts frames that came faster than the limit or showed nothing new. `dropped` counts frames that were dropped
    because the model was busy. `jobs` are questions for the most part.
    """

    received: int = 0
    taken: int = 0
    skipped: int = 0
    dropped: int = 0
    refused: int = 0
    jobs: int = 0

    def __add__(self, other: SessionCounts) -> SessionCounts:
        mine, theirs = asdict(self), asdict(other)
        return SessionCounts(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True)
class QueuedJob:
    """A question, or another job on the session, that waits for its turn, and until frame number `after` and `video`
    were taken."""

    run: Callable[[Session], Any]
    after: int
    video: QueuedVideo | None
    result: Future[Any]


@dataclass
class QueuedVideo:
    """A video that is being watched, from `start` seconds on. `done` gets the number of its frames."""

    frames: Iterator[Frame]
    start: float
    done: Future[int]
    taken: int = 0


@runtime_checkable
class Feed(Protocol):
    """A camera that gives frames to a session until it is stopped."""

    name: str

    def stop(self) -> None:
        """Stop the camera."""


class HostedSession:
    """A session with its queues. Clients' threads fill the queues; one worker takes from them.

    `ready` is the worker's condition: it guards the queues, and is notified when something waits. When a frame comes
    and the queue is full, the oldest waiting frame is dropped. A `kept` session is saved.
    """

    def __init__(
        self, id: str, session: Session, limits: Limits, ready: threading.Condition, kept: bool = True
    ) -> None:
        self.id, self.session, self.limits, self.kept = id, session, limits, kept
        self.counts, self.events = SessionCounts(), EventBoard()
        self.created, self.saved_frames, self.problem = clock.time(), 0, ""
        self.notes: deque[str] = deque(maxlen=16)  # warnings about what was watched
        self.media: deque[str] = deque(maxlen=256)  # keys of what chats showed
        self.camera: Feed | None = None
        self.closed, self._ready, self._used = False, ready, clock.monotonic()
        self._frames: deque[tuple[int, Frame]] = deque()
        self._jobs: deque[QueuedJob] = deque()
        self._video: QueuedVideo | None = None
        self._number, self._newest, self._due = 0, session.stream.last_time, 0.0
        self._size: tuple[int, int] | None = None  # height and width of the first frame, as it came
        self._live = False  # frames come, and more of them are expected
        self._views = NewViews() if limits.only_new else None
        self._looking = threading.Lock()  # frames are compared one by one, and no other session waits for it

    def touch(self) -> None:
        """Note that a client uses this session."""
        self._used = clock.monotonic()

    @property
    def idle(self) -> float:
        """Seconds since a client used this session; 0 while anything waits."""
        busy = self._frames or self._jobs or self._video is not None
        return 0.0 if busy else clock.monotonic() - self._used

    def describe(self) -> dict[str, Any]:
        """Return the state for JSON.

        It has the frames seen, the seconds of the stream and of the newest frame that came, and the frames per second
        that are looked at. It also has the waiting work, the counts, and the number of saved frames.
        """
        with self._ready:
            stream, counts = self.session.stream, asdict(self.counts)
            return {
                "id": self.id,
                "object": "vlm2.session",
                "created": int(self.created),
                "frames": stream.frames,
                "seconds": round(stream.last_time, 3),
                "newest": round(self._newest, 3),
                "rate": self.limits.rate,
                "waiting": len(self._frames),
                "questions": len(self._jobs),
                "watching": self._video is not None,
                "camera": None if self.camera is None else self.camera.name,
                "counts": counts,
                "saved_frames": self.saved_frames,
                "problem": self.problem or None,
                "notes": list(self.notes),
            }

    @property
    def next_time(self) -> float:
        """Seconds of the stream at which more of it begins: right after the newest frame that came."""
        return self._newest + 1 / self.limits.rate if self.session.frames or self._frames else 0.0

    def attach(self, start: Callable[[], Feed]) -> None:
        """Start a camera that gives frames to this session. Raises Refusal where one does already."""
        with self._ready:
            self._check_open()
            if self.camera is not None:
                raise Refusal(409, "busy", f"Session {self.id} watches the camera {self.camera.name} already.")
            self.camera = start()

    def detach(self, ended: Feed | None = None) -> None:
        """Stop the camera; or forget it, where it has `ended`. Raises Refusal where there is none."""
        with self._ready:
            camera = self.camera
            if ended is None and camera is None:
                raise Refusal(409, "no_camera", f"Session {self.id} watches no camera.")
            if ended is None or ended is camera:
                self.camera, self._live = None, False
        if ended is None and camera is not None:
            camera.stop()

    def push(self, image: UInt8[np.ndarray, "height width 3"], time: float) -> bool:
        """Queue an RGB frame, seen `time` seconds after the first; return whether it waits now, or was skipped. Raises
        Refusal for a time that cannot be, or lies before an earlier one, for another shape than that of earlier frames,
        and while a video is watched."""
        small = bounded(image)
        with self._looking:
            with self._ready:
                due = self._receive(time, image.shape[:2])
            new = due and (self._views is None or self._views.is_new(small, time))
            with self._ready:
                self._check_open()
                if not new or self._video is not None:  # one may have begun meanwhile
                    self.counts.skipped += 1
                    return False
                if len(self._frames) == self.limits.queue:
                    self._frames.popleft()
                    self.counts.dropped += 1
                self._number += 1
                self._frames.append((self._number, Frame(time, small)))
                self._ready.notify()
                return True

    def _receive(self, time: float, size: tuple[int, int]) -> bool:
        """Count a frame that came; return whether it is due at the limit's rate. The caller holds the condition."""
        self._check_open()
        if self._video is not None:
            raise Refusal(409, "busy", f"Session {self.id} is watching a video; send frames when it has ended.")
        if not 0 <= time <= LONGEST:
            raise Refusal(400, "bad_time", f"A frame cannot be at {time} s; give its seconds since the first.")
        if time < self._newest:
            raise Refusal(
                400, "bad_time", f"A frame at {time} s came after one at {self._newest} s; send them in order."
            )
        try:
            self.session.check_shape(size, self._size)
        except ValueError as error:
            raise Refusal(400, "bad_shape", str(error)) from None
        self._size = self._size or size
        self.counts.received += 1
        self._newest, self._live = time, True
        if time < self._due - 1e-6:
            return False
        self._due = (math.floor((time + 1e-6) * self.limits.rate) + 1) / self.limits.rate
        return True

    def watch(self, frames: Iterator[Frame], start: float | None = None) -> Future[int]:
        """Watch a video, all of its frames, after those that wait; return the future number of its frames. It begins at
        `start` seconds of the stream; by default, right after the newest frame. Raises Refusal while another one is
        watched."""
        with self._ready:
            self._check_open()
            if self._video is not None:
                raise Refusal(409, "busy", f"Session {self.id} is watching a video; wait until it has ended.")
            self._video = QueuedVideo(frames, self.next_time if start is None else start, Future())
            self._live = True
            self._ready.notify()
            return self._video.done

    def ask(self, question: str, wait: bool = False, **options: Any) -> Future[Answer]:
        """Queue a question as a job; `options` are those of `Session.ask`. With `wait`, it is about all that came until
        now. Without, while frames come, it is about the frames of whole windows only, which makes it cheap. Raises
        ValueError for a question that `Session.check` refuses, and the errors of `look`."""
        self.session.check(question)
        return self.look(lambda session: session.ask(question, fresh=wait or not self._live, **options), wait)

    def look(self, job: Callable[[Session], T], wait: bool = False) -> Future[T]:
        """Queue a job about what was seen, as `submit` does. Its result is a Refusal if nothing was seen yet."""

        def checked(session: Session) -> T:
            self.check_seen()
            return job(session)

        return self.submit(checked, wait)

    def check_seen(self) -> None:
        """Raise Refusal where no frame was seen yet."""
        if not self.session.frames:
            how = f"watch a video (MCP: the tool `watch`; HTTP: POST /v1/sessions/{self.id}/watch), or send frames"
            raise Refusal(400, "nothing_seen", f"Session {self.id} has seen nothing yet: {how} (POST …/frame).")

    def submit(self, job: Callable[[Session], T], wait: bool = False) -> Future[T]:
        """Queue a job; return its future result. With `wait`, it runs when the frames and the video that wait now have
        been taken. Raises Refusal where too many jobs wait."""
        with self._ready:
            self._check_open()
            if len(self._jobs) >= self.limits.questions:
                raise Refusal(429, "too_many_questions", f"{len(self._jobs)} questions wait in {self.id} already.")
            after, video = (self._number, self._video) if wait else (0, None)
            queued = QueuedJob(job, after, video, Future())
            self._jobs.append(queued)
            self._ready.notify()
            return queued.result

    def completed(self) -> Future[Stream]:
        """Queue a job that takes the frames in that wait for their window, for this look alone; return all that was
        seen. Raises as `submit` does."""
        return self.submit(lambda session: session.completed)

    def take_job(self) -> Work | None:
        """Take the first job that may run now, as work; the caller holds the condition."""
        first = self._frames[0][0] if self._frames else math.inf
        for queued in self._jobs:
            if first > queued.after and (queued.video is None or queued.video is not self._video):
                self._jobs.remove(queued)
                return lambda: self._run(queued)
        return None

    def take_frame(self) -> Work | None:
        """Take the next frame that waits, or of the video, as work; the caller holds the condition."""
        if self._frames:
            frame = self._frames.popleft()[1]
            return lambda: self._observe(frame.image, frame.time)
        video = self._video
        return None if video is None else lambda: self._step(video)

    def close(self) -> None:
        """Refuse all that waits, and all that comes from now on. Raises Refusal where this was done before."""
        with self._ready:
            self._check_open()
            self.closed = True
            waiting = [queued.result for queued in self._jobs]
            video, self._video = self._video, None
            camera, self.camera = self.camera, None
            self._frames.clear()
            self._jobs.clear()
        if camera is not None:
            camera.stop()
        for future in (*waiting, *([video.done] if video else [])):
            if future.set_running_or_notify_cancel():
                future.set_exception(self._gone())
        self.events.close()

    def _check_open(self) -> None:
        if self.closed:
            raise self._gone()
        self.touch()

    def _gone(self) -> Refusal:
        return Refusal(404, "no_such_session", f"Session {self.id} was deleted.")

    def _run(self, queued: QueuedJob) -> None:
        if not queued.result.set_running_or_notify_cancel():
            return
        self.counts.jobs += 1
        try:
            queued.result.set_result(queued.run(self.session))
        except Exception as error:
            queued.result.set_exception(error)

    def _observe(self, image: np.ndarray, time: float) -> bool:
        """Give a frame to the session; return whether it was taken."""
        try:
            self.session.observe(image, time)
        except Exception as error:
            self.counts.refused += 1
            self._size = None  # the session knows its shape, or has none yet
            self.problem = str(error) if isinstance(error, ValueError) else "The model failed; see the server's log."
            if not isinstance(error, ValueError):
                LOG.exception("Session %s: a frame at %s s failed", self.id, time)
            return False
        self.counts.taken, self.problem = self.counts.taken + 1, ""
        self.events.update(self.session)
        return True

    def _step(self, video: QueuedVideo) -> None:
        """Take the next frame of a video, or end it."""
        try:
            frame = None if video.done.cancelled() else next(video.frames, None)
            if frame is not None:
                if not self._observe(frame.image, video.start + frame.time):
                    raise Refusal(400, "bad_frame", self.problem)
                video.taken += 1
                return
        except Exception as error:
            self._end(video, error)
        else:
            self._end(video, None)

    def _end(self, video: QueuedVideo, error: Exception | None) -> None:
        with self._ready:
            if self._video is not video:  # closed meanwhile
                return
            self._video, self._newest, self._live = None, self.session.stream.last_time, False
        if video.done.set_running_or_notify_cancel():
            if error is None:
                video.done.set_result(video.taken)
            else:
                video.done.set_exception(error)
