"""Events of a session: a thing appeared or left, the camera was lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass

from ..objects import ObjectMap, Track
from ..streaming import Session


@dataclass(frozen=True)
class SessionEvent:
    """A change of a session's map. `kind` is "appeared", "left" or "lost". `time` is in seconds of the stream. `thing`
    and `label` name the track, where there is one."""

    kind: str
    time: float
    thing: int | None = None
    label: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the fields that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


Listener = Callable[[SessionEvent | None], None]


class EventBoard:
    """Notifies listeners of the changes in a session's map since they came. Without listeners it costs nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._known: ObjectMap | None = None
        self._closed = False

    def listen(self, session: Session, listener: Listener) -> None:
        """Call `listener`, in the worker's thread, with every change from now on, and with None when the session is
        deleted."""
        with self._lock:
            if self._closed:
                listener(None)
                return
            if not self._listeners:
                self._known = session.stream.object_map()
            self._listeners.append(listener)

    def leave(self, listener: Listener) -> None:
        """Call a listener no more."""
        with self._lock:
            self._listeners = [other for other in self._listeners if other != listener]

    def update(self, session: Session) -> None:
        """Tell the listeners what changed. Frames that wait for their window change nothing yet."""
        stream = session.stream
        with self._lock:
            if not self._listeners or stream.pictures:
                return
            now = stream.object_map()
            found = changes(self._known or ObjectMap(), now, stream.last_time)
            self._known = now
            for event in found:
                for listener in self._listeners:
                    listener(event)

    def close(self) -> None:
        """Tell the listeners that the session was deleted."""
        with self._lock:
            self._closed, listeners, self._listeners = True, self._listeners, []
        for listener in listeners:
            listener(None)


def changes(before: ObjectMap, now: ObjectMap, time: float) -> list[SessionEvent]:
    """Return what changed between two maps of one session, the later one of `time` seconds."""
    earlier, later = _present(before), _present(now)
    events = [SessionEvent("appeared", time, id, later[id].label) for id in later if id not in earlier]
    events += [SessionEvent("left", time, id, earlier[id].label) for id in earlier if id not in later]
    known = set(before.path.lost)
    return events + [SessionEvent("lost", lost) for lost in now.path.lost if lost not in known]


def _present(map: ObjectMap) -> dict[int, Track]:
    return {track.id: track for track in map.tracks if track.status != "removed"}
