"""Frames by WebSocket."""

from __future__ import annotations

import json
import struct

import pytest
from toyclient import written
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


@pytest.fixture
def where(served_store) -> str:
    """The address of the sessions for WebSockets."""
    return f"{served_store[0]}/v1/sessions".replace("http:", "ws:")


def test_frames_come_by_socket(where, served_store, images) -> None:
    with connect(f"{where}/home/frames") as socket:
        for index, image in enumerate(images[:3]):
            socket.send(struct.pack("<d", 2 + index / 2) + written(image, "PNG"))
            assert json.loads(socket.recv(20))["queued"] == 1
        assert json.loads(_told(socket, struct.pack("<d", 1.0) + written(images[0])))["error"]["code"] == "bad_time"
        assert json.loads(_told(socket, b"short"))["error"]["code"] == "bad_message"
        assert json.loads(_told(socket, "text"))["error"]["code"] == "bad_message"
        assert json.loads(_told(socket, struct.pack("<d", 9.0) + b"no picture"))["error"]["code"] == "bad_picture"
        turned = json.loads(_told(socket, struct.pack("<d", 9.5) + written(images[3].swapaxes(0, 1))))["error"]
        assert turned["code"] == "bad_shape" and "48×32" in turned["message"] and "(32×48)" in turned["message"]
        state = json.loads(_told(socket, struct.pack("<d", 9.0) + written(images[3], "PNG")))
        assert state["queued"] == 1 and state["session"]["counts"]["received"] == 4
    served_store[1].get("home").ask("How many chairs are there?", wait=True).result(20)
    assert served_store[1].get("home").session.stream.last_time == 9.0


def _told(socket, message) -> str:
    socket.send(message)
    return socket.recv(20)


@pytest.mark.parametrize("id", ["none", "%F0%9F%A4%96" * 64])
def test_a_session_that_is_not_there_says_so_and_closes_the_socket(where, id) -> None:
    with connect(f"{where}/{id}/frames") as socket:
        assert json.loads(socket.recv(20))["error"]["code"] == "no_such_session"
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
    assert closed.value.rcvd and closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason.startswith("There is no session ")


def test_a_deleted_session_says_so(where, served_store, images) -> None:
    with connect(f"{where}/home/frames") as socket:
        served_store[1].delete("home")
        assert (
            json.loads(_told(socket, struct.pack("<d", 9.0) + written(images[0])))["error"]["code"] == "no_such_session"
        )


def test_too_large_a_message_ends_the_socket(where) -> None:
    data = b"x" * (17 * 2**20)  # more than uvicorn's own limit, which the tests' server keeps
    with connect(f"{where}/home/frames") as socket, pytest.raises(ConnectionClosed):
        _told(socket, data)
