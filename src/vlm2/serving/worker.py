"""The worker: one thread that takes the frames and the jobs of all sessions in fair turns."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .hosted import HostedSession, Work

LOG = logging.getLogger(__name__)
TAKE: tuple[Callable[[HostedSession], Work | None], ...] = (HostedSession.take_job, HostedSession.take_frame)


class FrameWorker:
    """Takes one job (a question), then one frame, and so on, each of the session whose turn it is.

    A question waits for one frame of any session, not for all that wait; and questions never hold up frames for more
    than one answer. Each kind has turns of its own: who was served goes to the end of the line.
    """

    def __init__(self) -> None:
        self.ready = threading.Condition()
        self._lines: tuple[list[HostedSession], ...] = tuple([] for _ in TAKE)
        self._kind, self._stopping = 0, False
        self._thread = threading.Thread(target=self._run, name="vlm2-worker", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the work in hand, and end the thread."""
        with self.ready:
            self._stopping = True
            self.ready.notify()
        if self._thread.is_alive():
            self._thread.join()

    def add(self, hosted: HostedSession) -> None:
        """Let a session take turns."""
        with self.ready:
            for line in self._lines:
                line.append(hosted)

    def remove(self, hosted: HostedSession) -> None:
        """Let a session take no more turns."""
        with self.ready:
            for line in self._lines:
                line.remove(hosted)

    def take(self) -> Work | None:
        """Take the work whose turn it is, the kinds by turns; None where nothing waits. The caller holds `ready`."""
        for kind in (self._kind, 1 - self._kind):
            line = self._lines[kind]
            for place, hosted in enumerate(line):
                if (work := TAKE[kind](hosted)) is not None:
                    line.append(line.pop(place))
                    self._kind = 1 - kind
                    return work
        return None

    def _run(self) -> None:
        while True:
            with self.ready:
                while (work := None if self._stopping else self.take()) is None:
                    if self._stopping:
                        return
                    self.ready.wait()
            try:
                work()
            except Exception:
                LOG.exception("The worker goes on after an error")
