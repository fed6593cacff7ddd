"""Kill a server under load, over and over.

Check that everything that it reported as saved comes back, and comes back right.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .server_load import LoadLog, LoadPlan, ServerClient, ServerError, encoded_frames, loaded

START = 300.0  # seconds that a server may take to start
POLL = 0.5  # seconds between looks at what is saved


@dataclass
class KillReport:
    """Figures of the kills. `acknowledged` counts sessions that had something saved when the server was killed.

    `compared` counts those of them that came back with a map of a moment at which the map had been read before. `lost`
    names sessions that did not come back, or came back with fewer frames than were saved. `wrong` names those with
    another map than had been read of the same moment. `errors` are those of requests while the server was up.
    """

    kills: int = 0
    acknowledged: int = 0
    compared: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass
class _Known:
    """The server's reports before it was killed: saved frames of each session, and its maps by their last time."""

    saved: dict[str, int] = field(default_factory=dict)
    maps: defaultdict[tuple[str, float], set[bytes]] = field(default_factory=lambda: defaultdict(set))


@contextmanager
def running(command: Sequence[str], plan: LoadPlan) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server and wait until it answers; it is stopped at the end. Raises ServerError where it does not come
    up."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START
        while True:
            try:
                ServerClient(plan.address, plan.token).call("GET", "/healthz")
                break
            except ServerError as error:
                if process.poll() is not None or time.monotonic() > end:
                    raise ServerError(f"No server came up at {plan.address} by {' '.join(command)}: {error}") from None
                time.sleep(0.2)
        yield process
        process.terminate()
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def run_kills(
    plan: LoadPlan,
    command: Sequence[str],
    kills: int,
    between: tuple[float, float],
    progress: Callable[[int], None] = lambda kills: None,
) -> KillReport:
    """Start a server, load it, kill it (SIGKILL) after a random number of seconds, and start it again, so many times.
    `command` keeps its sessions in a folder (`--state`) that is new. Raises ServerError for a server that does not
    start, and for one that has sessions already."""
    report, known, frames = KillReport(), _Known(), encoded_frames(plan.video)
    ids, moment = [f"robot-{place}" for place in range(plan.sessions)], random.Random()
    for done in range(kills):
        with running(command, plan) as process:
            client, log = ServerClient(plan.address, plan.token), LoadLog()
            if not done and client.sessions():
                raise ServerError("The server has sessions already; give it a new folder (--state).")
            _compare(client, known, report)
            for id in ids:
                if id not in client.sessions():
                    client.call("POST", "/v1/sessions", {"id": id})
            with loaded(plan, ids, frames, log):
                end = time.monotonic() + moment.uniform(*between)
                while time.monotonic() < end:
                    _learn(client, ids, known)
                    time.sleep(POLL)
                report.errors += log.errors
                process.kill()
        report.kills += 1
        report.acknowledged += sum(frames > 0 for frames in known.saved.values())
        progress(report.kills)
    with running(command, plan):
        _compare(ServerClient(plan.address, plan.token), known, report)
    return report


def _learn(client: ServerClient, ids: Sequence[str], known: _Known) -> None:
    """Note the numbers of saved frames, and the present maps."""
    known.saved = {id: state["saved_frames"] for id, state in client.sessions().items()}
    for id in ids:
        moment, text = _map(client, id)
        known.maps[id, moment].add(text)


def _compare(client: ServerClient, known: _Known, report: KillReport) -> None:
    """Compare the sessions that came back with their known state."""
    came_back = client.sessions()
    for id, frames in known.saved.items():
        if not frames:
            continue
        if id not in came_back or came_back[id]["frames"] < frames:
            report.lost.append(f"{id}: {frames} frames were saved, {came_back.get(id, {}).get('frames', 0)} came back")
            continue
        moment, text = _map(client, id)
        if (id, moment) in known.maps:
            report.compared += 1
            if text not in known.maps[id, moment]:
                report.wrong.append(f"{id}: another map of {moment} s")
    known.maps.clear()


def _map(client: ServerClient, id: str) -> tuple[float, bytes]:
    """Return the time of the last pose of a session's map (seconds; −1 without any), and the map as it was sent."""
    text = client.call("GET", f"/v1/sessions/{id}/objects", placed="true")
    return (json.loads(text)["path"]["times"] or [-1.0])[-1], text
