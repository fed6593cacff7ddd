"""Mutated requests, frame lists, memory files and WebSocket messages: each is answered or refused, and none fails the
server."""

from __future__ import annotations

import base64
import json
import struct

import httpx2
import numpy as np
import pytest
from toyclient import written
from websockets.sync.client import connect

WORDS = [
    "",
    "home",
    "../x",
    "\x00",
    "ü" * 300,
    0,
    -1,
    1e308,
    2**70,
    None,
    True,
    [],
    {},
    [[]],
    {"a": {}},
    "data:,",
    "file-",
]
ROUTES = ("", "/home", "/home/fork", "/home/frame", "/home/frames", "/home/watch", "/home/ask", "/home/objects",
          "/home/plan.png", "/home/keyframes", "/home/keyframes/0", "/home/memory", "/none/ask")  # fmt: skip


COUNT = pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.full)])


@pytest.fixture
def made() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def client(served_store):
    with httpx2.Client(base_url=served_store[0], timeout=30) as client:
        yield client
        client.post("/v1/sessions", json={"id": "after"})
        assert client.get("/v1/sessions/after").status_code == 200  # still at work


def mutated(data: bytes, made: np.random.Generator) -> bytes:
    """Change some bytes, or cut the end off."""
    changed = bytearray(data)
    for place in made.integers(0, len(data), made.integers(1, 6)):
        changed[place] = made.integers(0, 256)
    return bytes(changed[: made.integers(1, len(data) + 1)] if made.random() < 0.3 else changed)


def with_odd_value(body, made: np.random.Generator):
    """Replace one value of a JSON document, somewhere, with an odd one."""
    if isinstance(body, dict | list) and body and made.random() < 0.8:
        copy = body.copy()
        key = list(body)[made.integers(len(body))] if isinstance(body, dict) else int(made.integers(len(body)))
        copy[key] = with_odd_value(body[key], made)
        return copy
    return WORDS[made.integers(len(WORDS))]


@COUNT
def test_odd_chats_are_refused(client, images, made, count) -> None:
    frames = ",".join(base64.b64encode(written(picture)).decode() for picture in images[:3])
    parts = [
        {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{frames}"}, "uuid": "a"},
        {"type": "text", "text": "How many chairs are there?"},
    ]
    body = {"model": "toy", "messages": [{"role": "user", "content": parts}], "stream": False, "n": 1,
            "stream_options": {"include_usage": True}, "vlm2": {"times": [0.0, 0.5, 1.0], "guess": False}}  # fmt: skip
    answered = [
        client.post("/v1/chat/completions", json=with_odd_value(body, made)).status_code for _ in range(4 * count)
    ]
    assert {200, 400} <= set(answered) and max(answered) < 500
    text = json.dumps(body).encode()
    for _ in range(count):
        assert client.post("/v1/chat/completions", content=mutated(text, made)).status_code < 500


def test_odd_bodies_on_every_route_are_refused(client, made) -> None:
    kinds = ("application/json", "multipart/form-data; boundary=x", "image/jpeg", "")
    bodies = [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"--x\r\n\r\n--x--", b'{"id": 3}', b"{" * 5000, b"[" * 100_000]
    for number in range(400):
        route, kind = ROUTES[made.integers(len(ROUTES))], kinds[number % len(kinds)]
        method = ("GET", "POST", "PUT", "PATCH")[made.integers(4)]
        query = {} if number % 2 else {"time": str(WORDS[made.integers(len(WORDS))]), "side": "x", "wait": "maybe"}
        body = b"" if method == "GET" else bodies[made.integers(len(bodies))]
        reply = client.request(
            method, f"/v1/sessions{route}", content=body, headers={"Content-Type": kind}, params=query
        )
        assert reply.status_code < 500, (method, route, kind, body[:20], query, reply.text)


@COUNT
def test_mutated_frame_lists_are_refused(client, images, made, count) -> None:
    pictures = [written(picture) for picture in images[:3]]
    for _ in range(count):
        frames = [base64.b64encode(mutated(picture, made)).decode() for picture in pictures]
        url = f"data:video/jpeg;base64,{','.join(frames)}"
        parts = [{"type": "video_url", "video_url": {"url": url}}, {"type": "text", "text": "How many chairs?"}]
        body = {"model": "toy", "messages": [{"role": "user", "content": parts}]}
        assert client.post("/v1/chat/completions", json=body).status_code in (200, 400, 413)


@COUNT
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_mutated_pictures_are_refused(client, images, made, kind, count) -> None:
    whole, time = written(images[0], kind), 2.0
    for _ in range(count):
        time += 0.5
        reply = client.post("/v1/sessions/home/frame", content=mutated(whole, made), params={"time": time})
        assert reply.status_code in (202, 400, 413)


@COUNT
def test_mutated_memory_files_are_refused(client, made, count) -> None:
    whole = client.get("/v1/sessions/home/memory").content
    for number in range(count):
        reply = client.put(f"/v1/sessions/copy-{number}/memory", content=mutated(whole, made))
        assert reply.status_code in (400, 201)
        if reply.status_code == 201:
            client.delete(f"/v1/sessions/copy-{number}")
    assert len(client.get("/v1/sessions").json()["data"]) == 1


@COUNT
def test_mutated_messages_leave_the_socket_open(client, served_store, images, made, count) -> None:
    whole = struct.pack("<d", 3.0) + written(images[0])
    with connect(f"{served_store[0]}/v1/sessions/home/frames".replace("http:", "ws:")) as socket:
        for _ in range(count):
            socket.send(mutated(whole, made))
            assert set(json.loads(socket.recv(20))) & {"error", "queued"}
