"""The load on a server, of the toy model."""

from __future__ import annotations

import pytest
from toyclient import running
from toyhome import seeing_toy

from vlm2.evaluation.speed.server_load import (
    LoadPlan,
    ServerClient,
    ServerError,
    encoded_frames,
    new_sessions,
    run_load,
)
from vlm2.serving.app import build_app
from vlm2.serving.guard import Access
from vlm2.serving.store import SessionStore


@pytest.fixture(scope="module")
def address():
    """A server of the toy model that demands a token."""
    with running(build_app(SessionStore(seeing_toy()), Access(token="secret"))) as address:
        yield address


def test_a_load_is_counted(address) -> None:
    report = run_load(LoadPlan(address, "secret", sessions=2, fps=4.0, ask_every=0.5, seconds=3.0))
    assert report.errors == () and 4 <= report.sent <= 2 * (4.0 * report.seconds + 1)
    assert 0 < report.taken[0] <= report.taken[1] and report.questions >= 2
    assert report.answer_seconds is not None and 0 < report.answer_seconds[0] <= report.answer_seconds[1]
    assert report.megabytes is not None and report.megabytes[0] > 10
    assert ServerClient(address, "secret").sessions() == {}


def test_sessions_continue_a_memory(address, tmp_path) -> None:
    client, frames = ServerClient(address, "secret"), encoded_frames(None)
    id = client.json("POST", "/v1/sessions", {})["id"]
    for n, frame in enumerate(frames[:12]):
        client.call("POST", f"/v1/sessions/{id}/frame", frame, time=n / 2)
    (tmp_path / "memory.vlm2mem").write_bytes(client.call("GET", f"/v1/sessions/{id}/memory"))
    client.call("DELETE", f"/v1/sessions/{id}")
    plan = LoadPlan(address, "secret", sessions=2, fps=4.0, memory=tmp_path / "memory.vlm2mem")
    seen = [client.sessions()[id]["frames"] for id in new_sessions(client, plan)]
    assert seen[0] == seen[1] > 0
    for id in client.sessions():
        client.call("DELETE", f"/v1/sessions/{id}")


def test_a_server_that_refuses_is_an_error(address) -> None:
    with pytest.raises(ServerError, match="401"):
        run_load(LoadPlan(address, "wrong", seconds=1.0))
    with pytest.raises(ValueError, match="no address of a server"):
        ServerClient("ftp://x")
