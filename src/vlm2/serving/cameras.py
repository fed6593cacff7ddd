"""Cameras that the server watches by itself: the operator names their addresses, clients name the cameras."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping

from ..video import LiveReader, SourceEnded, SourceLost, VideoError, find_source
from ..video.live import ReaderEvent
from ..video.source import VideoSource
from .hosted import HostedSession
from .limits import Refusal

LOG = logging.getLogger(__name__)
NAMED = re.compile(r"([a-z0-9][a-z0-9_-]{0,63})=(.+)")
TRIES = 10_000  # in a row, with at most half a minute between two of them: for days


def named_cameras(options: Iterable[str]) -> dict[str, VideoSource]:
    """Return cameras by their names; an option has the form NAME=ADDRESS. Raises ValueError for another one, for a name
    that is given twice, and for an address that is none."""
    found: dict[str, VideoSource] = {}
    for option in options:
        if (match := NAMED.fullmatch(option)) is None:
            raise ValueError(f"--camera {option}: give a name and an address, such as door=rtsp://192.168.1.20/live.")
        if match[1] in found:
            raise ValueError(f"--camera names {match[1]} twice.")
        source = find_source(match[2])
        found[match[1]] = VideoSource(match[1], source.kind, source.location)  # addresses may hold passwords
    return found


class CameraFeed:
    """Gives the frames of a camera to a session as a client would, from the newest frame's time on. A lost connection
    is tried again."""

    def __init__(self, source: VideoSource, hosted: HostedSession) -> None:
        self.name, self._hosted, self._start = source.name, hosted, hosted.next_time
        self._refused: str | None = None  # the code of the last refusal, noted once while it repeats
        self._reader = LiveReader(source, hosted.limits.rate, self._take, TRIES)
        self._reader.start()

    def stop(self) -> None:
        """Stop watching."""
        self._reader.stop()

    def _take(self, event: ReaderEvent) -> None:
        """Handle an event of the reader's thread."""
        if isinstance(event, SourceEnded):
            reason = f"The camera {self.name} ended." if event.error is None else str(event.error)
            LOG.warning("Session %s: %s", self._hosted.id, reason)
            self._hosted.notes.append(reason if isinstance(event.error, VideoError) else "The camera ended.")
            self._hosted.detach(self)
        elif isinstance(event, SourceLost):
            self._hosted.notes.append(f"{event.reason} Trying again in {event.pause:g} s.")
        elif (frame := self._reader.take()) is not None:
            try:
                self._hosted.push(frame.image, self._start + frame.time)
            except Refusal as error:  # a client sent later frames or others, or a video is watched
                if error.code != self._refused:
                    self._refused = error.code
                    self._hosted.notes.append(str(error))
            else:
                self._refused = None


def attach_camera(cameras: Mapping[str, VideoSource], name: str, hosted: HostedSession) -> None:
    """Let a session watch one of the cameras until `HostedSession.detach`. Raises Refusal for an unknown camera, and
    where the session watches one."""
    source = cameras.get(name)
    if source is None:
        known = ", ".join(cameras) or "none; start the server with --camera NAME=ADDRESS"
        raise Refusal(404, "no_such_camera", f"There is no camera {name[:64]!r}. There are: {known}.")
    hosted.attach(lambda: CameraFeed(source, hosted))
