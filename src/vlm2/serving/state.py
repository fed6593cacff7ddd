"""The folder in which a server keeps its sessions: one memory file each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from ..streaming import LoadedModel, Session, memory_file
from .hosted import ID, HostedSession

LOG = logging.getLogger(__name__)
ENDING, ASIDE = ".vlm2mem", ".damaged"


class StateFolder:
    """Memory files by the sessions' ids. Raises ValueError for a place that can be no folder.

    A file is written whole, to the disk, before it replaces the one before. A session that has seen nothing has none.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{folder} cannot hold the sessions: {error.strerror}. Name a folder.") from None
        self.folder, self._lock = folder, threading.Lock()

    def restore(self, loaded: LoadedModel) -> Iterator[tuple[str, Session]]:
        """Yield the ids and the sessions that were saved. A damaged file is set aside, and one of another model stays
        where it is, both with a message in the log."""
        for partial in self.folder.glob(".*.partial"):  # of a process that was killed while it saved
            partial.unlink(missing_ok=True)
        for file in sorted(self.folder.glob(f"*{ENDING}")):
            if not ID.fullmatch(id := file.name.removesuffix(ENDING)):
                LOG.error("Not restored: %s; %r is no id of a session.", file, id)
                continue
            try:
                yield id, Session.open(file, loaded)
            except ValueError as error:
                if _is_whole(file):
                    LOG.error("Not restored, and left where it is: %s", error)
                else:
                    aside = file.with_name(file.name + ASIDE)
                    file.replace(aside)
                    LOG.error("Not restored, and set aside as %s: %s", aside, error)

    def save(self, hosted: HostedSession) -> None:
        """Save a kept session that has seen frames since it was last saved. Raises OSError where that fails."""
        with self._lock:
            frames = hosted.session.frames
            if frames == hosted.saved_frames or hosted.closed or not hosted.kept:
                return
            fork = hosted.session.fork()  # of one moment, whatever is taken meanwhile
            fork.save(self._file(hosted))
            hosted.saved_frames = fork.frames

    def delete(self, hosted: HostedSession) -> None:
        """Delete the saved file of a closed session."""
        with self._lock:
            self._file(hosted).unlink(missing_ok=True)

    def rename(self, hosted: HostedSession, new: str) -> None:
        """Give a session another id, and its file the name of it."""
        with self._lock:
            before = self._file(hosted)
            hosted.id = new
            if before.exists():
                before.replace(self._file(hosted))

    def _file(self, hosted: HostedSession) -> Path:
        return self.folder / f"{hosted.id}{ENDING}"


def _is_whole(file: Path) -> bool:
    """Tell whether a memory file can be read, by whatever model."""
    try:
        memory_file.read(file)
    except ValueError:
        return False
    return True
