"""The sessions of a server over one loaded model: made, found, renamed, forked, deleted, saved and restored."""

from __future__ import annotations

import logging
import secrets
import threading
from pathlib import Path

from ..heap import give_back
from ..streaming import LoadedModel, Session
from .hosted import ID, HostedSession, SessionCounts
from .limits import Limits, Refusal
from .state import StateFolder
from .worker import FrameWorker

LOG = logging.getLogger(__name__)
TICK = 1.0  # seconds between looks at what is idle
GIVEN_BACK = 10.0  # seconds after which freed memory is given back to the system


class SessionStore:
    """Sessions by id, with the worker that runs them. With `state`, they are saved there every `save_every` seconds and
    when the store stops, and come back at the start."""

    def __init__(
        self, loaded: LoadedModel, limits: Limits | None = None, state: Path | None = None, save_every: float = 30.0
    ) -> None:
        self.loaded, self.limits, self.save_every = loaded, limits or Limits(), save_every
        self.worker = FrameWorker()
        self.state = None if state is None else StateFolder(state)
        self.deleted = SessionCounts()  # of all sessions that are gone
        self._sessions: dict[str, HostedSession] = {}
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="vlm2-keeper", daemon=True)

    def start(self) -> None:
        """Restore the saved sessions, and begin to work."""
        if self.state is not None:
            for id, session in self.state.restore(self.loaded):
                self._add(id, session).saved_frames = session.frames
        self.worker.start()
        self._keeper.start()

    def stop(self) -> None:
        """Finish the work in hand, and save. Raises the error of saving, after all other sessions were saved."""
        self._stopped.set()
        self._keeper.join()
        for hosted in self.list():
            if hosted.camera is not None:
                hosted.camera.stop()
        self.worker.stop()
        self.save()

    def list(self) -> list[HostedSession]:
        """Return the sessions, the oldest first."""
        with self._lock:
            return list(self._sessions.values())

    def get(self, id: str) -> HostedSession:
        """Return a session, which counts as used. Raises Refusal where there is none."""
        with self._lock:
            found = self._sessions.get(id)
        if found is None:
            raise Refusal(404, "no_such_session", f"There is no session {id[:64]!r}.")
        found.touch()
        return found

    def create(self, id: str | None = None, session: Session | None = None, kept: bool = True) -> HostedSession:
        """Make a session that has seen nothing, or one of a `session`; only a `kept` one is saved. Raises Refusal for
        an id that is taken or is none, and where there are too many sessions."""
        if id is not None:
            _check_id(id)
        return self._add(id or secrets.token_hex(8), session or self.loaded.session(), self.limits.sessions, kept)

    def open(self, path: Path, id: str | None = None) -> HostedSession:
        """Make a session of a memory file. Raises ValueError for a file that `Session.open` refuses."""
        return self.create(id, Session.open(path, self.loaded))

    def fork(self, id: str, new: str | None = None) -> HostedSession:
        """Make a session that has seen what another one has."""
        return self.create(new, self.get(id).session.fork())

    def rename(self, id: str, new: str) -> HostedSession:
        """Give a session another id, under which it is saved from now on. Raises Refusal for a new id that is taken or
        is none, and for the session of a chat."""
        hosted = self.get(id)
        _check_id(new)
        if not hosted.kept:
            raise Refusal(400, "bad_id", f"Session {id} belongs to a chat and keeps its id.")
        with self._lock:
            if new in self._sessions:
                raise _taken(new)
            if self.state is None:
                hosted.id = new
            else:
                self.state.rename(hosted, new)
            self._sessions = {one.id: one for one in self._sessions.values()}
        return hosted

    def delete(self, id: str) -> None:
        """Delete a session and its saved file. Raises Refusal where there is none."""
        hosted = self.get(id)
        hosted.close()
        self.worker.remove(hosted)
        if self.state is not None:
            self.state.delete(hosted)
        with self._lock:
            self.deleted += hosted.counts
            del self._sessions[id]  # last: until its file is gone, no other session has this id

    def save(self) -> None:
        """Save the sessions that have seen more than is saved. Raises the first error after trying all."""
        if self.state is None:
            return
        errors: list[OSError] = []
        for hosted in self.list():
            try:
                self.state.save(hosted)
            except OSError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _add(self, id: str, session: Session, most: int | None = None, kept: bool = True) -> HostedSession:
        hosted = HostedSession(id, session, self.limits, self.worker.ready, kept)
        with self._lock:
            if id in self._sessions:
                raise _taken(id)
            if most is not None and len(self._sessions) >= most:
                raise Refusal(429, "too_many_sessions", f"There are {most} sessions already; delete one first.")
            self._sessions[id] = hosted
        self.worker.add(hosted)
        return hosted

    def _keep(self) -> None:
        """Save and give back memory at intervals, and delete idle sessions, until the store stops."""
        waited = held = 0.0
        while not self._stopped.wait(tick := min(TICK, self.save_every)):
            waited, held = waited + tick, held + tick
            if held >= GIVEN_BACK:
                held = 0.0
                give_back()
            for hosted in self.list():
                if hosted.idle > self.limits.idle:
                    LOG.warning("Session %s was not used for %.0f s and is deleted.", hosted.id, hosted.idle)
                    self.delete(hosted.id)
            if waited >= self.save_every:
                waited = 0.0
                try:
                    self.save()
                except OSError as error:  # a full disk may have space again later
                    LOG.error("Not saved: %s", error)


def _check_id(id: str) -> None:
    if not ID.fullmatch(id):
        raise Refusal(
            400,
            "bad_id",
            f"{id[:64]!r} is no id of a session; an id is 1 to 64 small letters, digits, hyphens and underscores.",
        )


def _taken(id: str) -> Refusal:
    return Refusal(409, "id_taken", f"There is a session {id} already; choose another id, or delete it.")
