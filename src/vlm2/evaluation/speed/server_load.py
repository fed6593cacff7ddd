"""The load of several robots on a running server: frames and questions over HTTP, and what became of them."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode, urlsplit

from ...streaming.thumbnail import small_jpeg
from .harness import pictures
from .machine import mean_megabytes

QUESTIONS = ("How many chairs are there?", "Where is the table?", "How far did the camera move?")
TIMEOUT = 120.0  # seconds of a request
SIDE, QUALITY = 640, 85  # of the frames: pixels of the longer side, JPEG quality
FRAMES = 120  # before they repeat
SPAN = 60  # samples of the memory, one a second, that are left out in the beginning, and of which a mean is taken
RESIDENT = re.compile(r"^process_resident_memory_bytes (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class LoadPlan:
    """A load: `sessions` robots, each with `fps` frames a second and a question every `ask_every` seconds, for
    `seconds` seconds. They send the frames of a video, or a drifting pattern. Each session begins empty, or continues
    the memory in the file `memory`, which must have seen frames of this size."""

    address: str
    token: str | None = None
    sessions: int = 6
    fps: float = 2.0
    ask_every: float = 10.0
    seconds: float = 300.0
    video: Path | None = None
    memory: Path | None = None


@dataclass
class LoadLog:
    """The record of a load, written by all threads: frames sent, seconds of each answer, and errors."""

    sent: int = 0
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LoadReport:
    """Figures of a load. `taken` and `dropped` are the fewest and the most frames of a session.

    `answer_seconds` are the median and the 95th percentile. `megabytes` are the server's mean resident memory in the
    second and in the last minute, where it reports it. In a run below four minutes, they are those of the second and of
    the last quarter.
    """

    seconds: float
    sent: int
    taken: tuple[int, int]
    dropped: tuple[int, int]
    questions: int
    answer_seconds: tuple[float, float] | None
    megabytes: tuple[float, float] | None
    errors: tuple[str, ...]


class ServerError(Exception):
    """A server that cannot be reached, or an answer that is an error."""


class ServerClient:
    """Requests to a server, each over a connection of its own."""

    def __init__(self, address: str, token: str | None = None) -> None:
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"{address} is no address of a server; give one such as http://127.0.0.1:8765.")
        self._host, self._port = parts.hostname, parts.port or 80
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: bytes | dict | None = None, **query: object) -> bytes:
        """Send a request; a dictionary goes as JSON. Raises ServerError for a refusal and for a lost connection."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        kind = "application/json" if isinstance(body, dict) else "image/jpeg"
        target = f"{path}?{urlencode(query)}" if query else path
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        try:
            connection.request(method, target, data, {**self._headers, "Content-Type": kind})
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f"{method} {path}: {type(error).__name__}: {error}") from None
        finally:
            connection.close()
        if reply.status >= 400:
            raise ServerError(f"{method} {path}: {reply.status} {content[:200].decode(errors='replace')}")
        return content

    def json(self, method: str, path: str, body: bytes | dict | None = None, **query: object) -> Any:
        """Send a request; return the JSON of its answer."""
        return json.loads(self.call(method, path, body, **query))

    def sessions(self) -> dict[str, dict[str, Any]]:
        """Return the states of all sessions by their ids."""
        return {state["id"]: state for state in self.json("GET", "/v1/sessions")["data"]}


def encoded_frames(video: Path | None) -> list[bytes]:
    """Return frames as JPEG files: the first ones of a video, two a second, or a drifting pattern."""
    return [small_jpeg(image, SIDE, QUALITY).numpy().tobytes() for image in islice(pictures(video), FRAMES)]


@contextmanager
def loaded(plan: LoadPlan, ids: Sequence[str], frames: Sequence[bytes], log: LoadLog) -> Iterator[None]:
    """Keep the load on existing sessions up while the context lasts; each continues where it was."""
    stop, threads = threading.Event(), []
    for place, id in enumerate(ids):
        phase = place / len(ids)
        sending = partial(_send_frames, plan, id, phase, frames, log, stop)
        asking = partial(_ask, plan, id, phase, log, stop)
        for work in (sending, asking):
            threads.append(threading.Thread(target=_noting_errors, args=(work, log, stop), daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def run_load(plan: LoadPlan, progress: Callable[[float], None] = lambda seconds: None) -> LoadReport:
    """Load a running server with sessions of our own, which are deleted in the end. Raises ServerError where they
    cannot be made."""
    client, log, frames = ServerClient(plan.address, plan.token), LoadLog(), encoded_frames(plan.video)
    ids = new_sessions(client, plan)
    started, memory = time.monotonic(), list[float | None]()
    try:
        with loaded(plan, ids, frames, log):
            while (passed := time.monotonic() - started) < plan.seconds:
                memory.append(_resident(client))
                progress(passed)
                time.sleep(min(1.0, plan.seconds - passed))
            memory.append(_resident(client))
            states = client.sessions()
    finally:
        for id in ids:
            client.call("DELETE", f"/v1/sessions/{id}")
    counts = [states[id]["counts"] for id in ids]
    taken, dropped = [row["taken"] for row in counts], [row["dropped"] for row in counts]
    span = max(min(SPAN, len(memory) // 4), 1)
    early, late = mean_megabytes(memory[span : 2 * span]), mean_megabytes(memory[-span:])
    return LoadReport(
        seconds=passed,
        sent=log.sent,
        taken=(min(taken), max(taken)),
        dropped=(min(dropped), max(dropped)),
        questions=len(log.seconds),
        answer_seconds=(median(log.seconds), quantiles(log.seconds, n=20)[-1]) if len(log.seconds) > 1 else None,
        megabytes=None if early is None or late is None else (early, late),
        errors=tuple(log.errors),
    )


def new_sessions(client: ServerClient, plan: LoadPlan) -> list[str]:
    """Make the sessions of a plan; return their ids."""
    if plan.memory is None:
        return [client.json("POST", "/v1/sessions", {})["id"] for _ in range(plan.sessions)]
    saved, ids = plan.memory.read_bytes(), [f"load-{place}" for place in range(plan.sessions)]
    return [client.json("PUT", f"/v1/sessions/{id}/memory", saved)["id"] for id in ids]


def _noting_errors(work: Callable[[], None], log: LoadLog, stop: threading.Event) -> None:
    """Work until stopped; an error is noted, and the work begins anew a second later."""
    while not stop.is_set():
        try:
            work()
        except ServerError as error:
            log.errors.append(str(error))
            stop.wait(1.0)


def _send_frames(
    plan: LoadPlan, id: str, phase: float, frames: Sequence[bytes], log: LoadLog, stop: threading.Event
) -> None:
    """Send frames at the plan's pace, in the time of the session."""
    client = ServerClient(plan.address, plan.token)
    state = client.json("GET", f"/v1/sessions/{id}")
    first = state["newest"] + 1 / plan.fps if state["frames"] else 0.0
    started = time.monotonic() + phase / plan.fps
    for index in count():
        if stop.wait(max(started + index / plan.fps - time.monotonic(), 0.0)):
            return
        seconds = first + index / plan.fps
        jpeg = frames[round(seconds * plan.fps) % len(frames)]
        client.call("POST", f"/v1/sessions/{id}/frame", jpeg, time=f"{seconds:.3f}")
        log.sent += 1


def _ask(plan: LoadPlan, id: str, phase: float, log: LoadLog, stop: threading.Event) -> None:
    """Ask questions at the plan's pace, one after the other."""
    client = ServerClient(plan.address, plan.token)
    started = time.monotonic() + phase * plan.ask_every
    for index in count(1):
        if stop.wait(max(started + index * plan.ask_every - time.monotonic(), 0.0)):
            return
        asked = time.monotonic()
        client.call("POST", f"/v1/sessions/{id}/ask", {"question": QUESTIONS[index % len(QUESTIONS)]})
        log.seconds.append(time.monotonic() - asked)


def _resident(client: ServerClient) -> float | None:
    """Return the server's resident memory in bytes; None where it does not report it."""
    found = RESIDENT.search(client.call("GET", "/metrics").decode())
    return None if found is None else float(found[1])
