"""A server that is killed while it saves: what it said was saved comes back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np
from sessions import contents, observe
from toyclient import written

from vlm2.streaming import Session

SUPPORT = Path(__file__).resolve().parents[1] / "support"


@contextmanager
def command(state: Path) -> Iterator[tuple[subprocess.Popen, httpx2.Client]]:
    """Run `vlm2 serve --state` in a process of its own; gives it and a client. Killed at the end, if it runs still."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path]), "OMP_NUM_THREADS": "1"}
    arguments = ["--port", str(port), "--state", str(state), "--save-every", "0.05"]
    process = subprocess.Popen(
        [sys.executable, str(SUPPORT / "toyserve.py"), *arguments], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            _wait_until_up(process, client)
            yield process, client
    finally:
        process.kill()
        process.wait()


def _wait_until_up(process: subprocess.Popen, client: httpx2.Client) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("the server did not come up")


def send(client: httpx2.Client, images: np.ndarray, ids: tuple[str, ...], start: int = 0) -> None:
    for index, image in enumerate(images, start):
        for id in ids:
            sent = client.post(f"/v1/sessions/{id}/frame", params={"time": index / 2}, content=written(image, "PNG"))
            assert sent.status_code == 202


def test_saved_sessions_survive_a_kill_and_a_clean_stop(loaded, images, tmp_path) -> None:
    ids = ("a", "b")
    with command(tmp_path) as (process, client):
        for id in ids:
            client.post("/v1/sessions", json={"id": id})
        send(client, images[:9], ids)
        saved = {row["id"]: row["saved_frames"] for row in client.get("/v1/sessions").json()["data"]}
        process.send_signal(signal.SIGKILL)
        process.wait()
    with command(tmp_path) as (process, client):
        seen = {row["id"]: row["frames"] for row in client.get("/v1/sessions").json()["data"]}
        assert all(seen.get(id, 0) >= frames for id, frames in saved.items())
        for id, frames in seen.items():  # and none is wrong
            session = Session.open(tmp_path / f"{id}.vlm2mem", loaded)
            assert contents(session) == contents(observe(loaded.session(), images[:frames]))
        client.post("/v1/sessions", json={"id": "c"})
        send(client, images[:3], ("c",))
        client.post("/v1/sessions/c/ask", json={"question": "How many chairs are there?", "wait": True})
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    assert Session.open(tmp_path / "c.vlm2mem", loaded).frames == 3
