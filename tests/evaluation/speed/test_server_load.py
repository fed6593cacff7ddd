"""The load on a server, and its kills, against servers of the toy model."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest
from toyclient import running
from toyhome import seeing_toy
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.evaluation.speed.server_kills import KillReport, _compare, _Known
from vlm2.evaluation.speed.server_load import LoadPlan, ServerClient, ServerError, run_load
from vlm2.serving.app import build_app
from vlm2.serving.guard import Access
from vlm2.serving.store import SessionStore

SUPPORT = Path(__file__).resolve().parents[2] / "support"


@pytest.fixture(scope="module")
def address():
    """A server of the toy model that demands a token."""
    with running(build_app(SessionStore(seeing_toy()), Access(token="secret"))) as address:
        yield address


def test_a_load_is_counted(address) -> None:
    report = run_load(LoadPlan(address, "secret", sessions=2, fps=4.0, ask_every=0.5, seconds=2.0))
    assert report.errors == () and 12 <= report.sent <= 18
    assert 0 < report.taken[0] <= report.taken[1] and report.questions >= 2
    assert report.answer_seconds is not None and 0 < report.answer_seconds[0] <= report.answer_seconds[1]
    assert report.megabytes is not None and report.megabytes[0] > 10
    assert ServerClient(address, "secret").sessions() == {}


def test_a_server_that_refuses_is_an_error(address) -> None:
    with pytest.raises(ServerError, match="401"):
        run_load(LoadPlan(address, "wrong", seconds=1.0))
    with pytest.raises(ValueError, match="no address of a server"):
        ServerClient("ftp://x")


class ToldClient(ServerClient):
    """A server that tells what it is given: frames of sessions, and one map for all."""

    def __init__(self, frames: dict[str, int], map: dict) -> None:
        self.frames, self.map = frames, map

    def call(self, method, path, body=None, **query) -> bytes:
        if path == "/v1/sessions":
            return json.dumps({"data": [{"id": id, "frames": frames} for id, frames in self.frames.items()]}).encode()
        return json.dumps(self.map).encode()


@pytest.mark.parametrize(
    ("frames", "map", "lost", "wrong", "compared"),
    [
        ({"a": 12, "b": 0}, {"path": {"times": [1.0, 2.0]}, "tracks": [1]}, 0, 0, 1),
        ({"a": 12}, {"path": {"times": [1.0, 2.0]}, "tracks": []}, 0, 1, 1),
        ({"a": 12}, {"path": {"times": [1.0, 4.0]}, "tracks": []}, 0, 0, 0),
        ({"a": 9}, {"path": {"times": [1.0, 2.0]}, "tracks": [1]}, 1, 0, 0),
        ({}, {}, 1, 0, 0),
    ],
)
def test_what_comes_back_is_compared(frames, map, lost, wrong, compared) -> None:
    known, report = _Known(saved={"a": 10, "b": 0}), KillReport()
    known.maps["a", 2.0].add(json.dumps({"path": {"times": [1.0, 2.0]}, "tracks": [1]}).encode())
    _compare(ToldClient(frames, map), known, report)
    assert (len(report.lost), len(report.wrong), report.compared) == (lost, wrong, compared)


def test_the_command_kills_its_server(tmp_path, monkeypatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("PYTHONPATH", ":".join([str(SUPPORT), *sys.path]))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    command = f"{sys.executable} {SUPPORT / 'toyserve.py'} --port {port} --state {tmp_path} --save-every 0.2"
    arguments = ["--command", command, "--kill", "1", "--kill-within", "4", "--sessions", "2", "--json"]
    result = CliRunner().invoke(app, ["bench", "serve", f"http://127.0.0.1:{port}", *arguments])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout[result.stdout.index("{") :])
    assert (report["kills"], report["lost"], report["wrong"], report["errors"]) == (1, [], [], [])


def test_kills_need_a_server_of_their_own() -> None:
    result = CliRunner().invoke(app, ["bench", "serve", "--kill", "1"])
    assert "add --command" in str(result.exception)
    result = CliRunner().invoke(app, ["bench", "serve", "http://127.0.0.1:9", "--seconds", "1"])
    assert isinstance(result.exception, ValueError) and "refused" in str(result.exception)
