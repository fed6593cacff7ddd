"""A server that is killed under load: what comes back is compared with what was known."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlm2.cli.main import app
from vlm2.evaluation.speed.server_kills import KillReport, _compare, _Known
from vlm2.evaluation.speed.server_load import ServerClient

SUPPORT = Path(__file__).resolve().parents[2] / "support"


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
