"""The sessions' routes over real HTTP: made, shown, asked, looked at, saved."""

from __future__ import annotations

import io
import json
import threading

import httpx2
import pytest
from PIL import Image
from sessions import contents
from toyclient import small_video, written

from vlm2.objects import ObjectMap

QUESTION = "How many chairs are there?"


@pytest.fixture
def client(served_store):
    """A client of the server."""
    with httpx2.Client(base_url=f"{served_store[0]}/v1", timeout=30) as client:
        yield client


@pytest.fixture
def served(served_store):
    """The store behind the client."""
    return served_store[1]


def test_sessions_come_and_go(client) -> None:
    made = client.post("/sessions", json={"id": "robot"})
    assert made.status_code == 201 and made.json()["id"] == "robot" and made.json()["frames"] == 0
    assert client.post("/sessions").status_code == 201
    assert client.post("/sessions", json={"id": "robot"}).status_code == 409
    assert client.post("/sessions", json={"id": "../x"}).status_code == 400
    assert client.post("/sessions", json={"name": "x"}).json()["error"]["param"] == "name"
    assert [row["id"] for row in client.get("/sessions").json()["data"]][:2] == ["home", "robot"]
    assert client.get("/sessions/robot").json()["counts"]["received"] == 0
    assert client.delete("/sessions/robot").json()["deleted"]
    gone = client.get("/sessions/robot")
    assert gone.status_code == 404 and gone.json()["error"]["code"] == "no_such_session"


def test_one_frame_is_a_body(client, served, images) -> None:
    client.post("/sessions", json={"id": "a"})
    for index, image in enumerate(images[:3]):
        reply = client.post("/sessions/a/frame", params={"time": index / 2}, content=written(image, "PNG"))
        assert reply.status_code == 202 and reply.json()["queued"] == 1
    answer = client.post("/sessions/a/ask", json={"question": QUESTION, "wait": True})
    assert answer.status_code == 200 and served.get("a").session.frames == 3
    assert client.post("/sessions/a/frame", params={"time": 0.5}, content=written(images[0])).status_code == 400
    assert client.post("/sessions/a/frame", params={"time": "nan"}, content=written(images[0])).status_code == 400
    assert client.post("/sessions/a/frame", content=written(images[0])).status_code == 400
    assert (
        client.post("/sessions/a/frame", params={"time": 9}, content=b"GIF89a").json()["error"]["code"] == "bad_picture"
    )


def test_several_frames_are_a_form(client, served, images) -> None:
    client.post("/sessions", json={"id": "a"})
    files = [("frame", (f"{i}.jpg", written(image), "image/jpeg")) for i, image in enumerate(images[:4])]
    reply = client.post("/sessions/a/frames", files=files, data={"time": ["0", "0.1", "0.5", "1.0"]})
    assert (reply.json()["queued"], reply.json()["skipped"]) == (3, 1)
    assert client.post("/sessions/a/frames", files=files, data={"time": ["0"]}).json()["error"]["code"] == "bad_times"
    assert client.post("/sessions/a/frames", files=files[:1], data={"time": "x"}).json()["error"]["code"] == "bad_time"
    assert client.post("/sessions/a/frames", content=b"?").status_code == 400


def test_a_file_is_watched(client, served) -> None:
    file = client.post("/files", files={"file": ("a.mkv", small_video())})
    assert file.status_code == 200
    client.post("/sessions", json={"id": "a"})
    state = client.post("/sessions/a/watch", json={"file": file.json()["id"], "wait": True})
    assert state.status_code == 202 and (state.json()["frames"], state.json()["watching"]) == (3, False)
    assert client.post("/sessions/a/watch", json={"file": "file-none"}).status_code == 404
    client.post("/sessions/a/watch", json={"file": file.json()["id"]})
    client.post("/sessions/a/ask", json={"question": QUESTION, "wait": True})
    assert served.get("a").session.frames == 6


def test_questions_are_answered_whole_and_streamed(client) -> None:
    whole = client.post("/sessions/home/ask", json={"question": QUESTION}).json()
    assert (whole["status"], whole["value"], whole["session"]) == ("ok", 2, "home") and whole["evidence"]
    streamed = client.post("/sessions/home/ask", json={"question": QUESTION, "stream": True})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    asked, answer = [
        dict(line.split(": ", 1) for line in part.splitlines()) for part in streamed.text.split("\n\n")[:2]
    ]
    assert (asked["event"], answer["event"]) == ("asked", "answer")
    assert json.loads(answer["data"]) | {"seconds": 0} == whole | {"seconds": 0}
    assert client.post("/sessions/home/ask", json={"question": ""}).status_code == 400
    client.post("/sessions", json={"id": "a"})
    unseen = client.post("/sessions/a/ask", json={"question": QUESTION, "stream": True})
    assert "Nothing was seen yet" in unseen.text and '"error"' in unseen.text


def test_the_memory_is_looked_at(client, served) -> None:
    map = ObjectMap.from_json(client.get("/sessions/home/objects").text)
    assert sorted(track.label for track in map.tracks) == ["bed", "chair", "chair", "table"]
    plan = client.get("/sessions/home/plan.png")
    assert plan.headers["content-type"] == "image/png" and Image.open(io.BytesIO(plan.content)).size == (900, 760)
    shown = client.get("/sessions/home/keyframes").json()["data"]
    assert [frame["time"] for frame in shown] == [0.0, 0.5, 1.0, 1.5]
    picture = client.get("/sessions/home/keyframes/2")
    assert picture.headers["content-type"] == "image/jpeg" and Image.open(io.BytesIO(picture.content)).size == (48, 32)
    assert Image.open(io.BytesIO(client.get("/sessions/home/keyframes/2?side=24").content)).size == (24, 16)
    assert client.get("/sessions/home/keyframes/99").status_code == 404
    assert client.get("/sessions/home/keyframes/2?side=9999").status_code == 400
    client.post("/sessions", json={"id": "a"})
    assert (
        client.get("/sessions/a/plan.png").status_code == 200
        and client.get("/sessions/a/keyframes").json()["data"] == []
    )


def test_the_memory_goes_and_comes_as_a_file(client, served) -> None:
    file = client.get("/sessions/home/memory")
    assert file.headers["content-disposition"] == 'attachment; filename="home.vlm2mem"'
    assert client.put("/sessions/copy/memory", content=file.content).status_code == 201
    assert contents(served.get("copy").session) == contents(served.get("home").session)
    assert client.put("/sessions/copy/memory", content=file.content).status_code == 409
    damaged = client.put("/sessions/bad/memory", content=file.content[:-1] + b"?")
    assert damaged.status_code == 400 and damaged.json()["error"]["message"].startswith("The file is damaged")
    client.post("/sessions", json={"id": "empty"})
    assert client.get("/sessions/empty/memory").status_code == 400


def test_a_fork_is_a_session(client, served) -> None:
    assert client.post("/sessions/home/fork", json={"id": "twin"}).json()["frames"] == 4
    assert client.post("/sessions/home/fork").status_code == 201
    assert contents(served.get("twin").session) == contents(served.get("home").session)


def test_events_come_as_they_happen(client, images) -> None:
    client.post("/sessions", json={"id": "a"})
    names: list[str] = []

    def listen() -> None:
        with client.stream("GET", "/sessions/a/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    names.append(line.removeprefix("event: "))
                    heard.set()

    heard = threading.Event()
    listener = threading.Thread(target=listen)
    listener.start()
    assert heard.wait(20)
    for index, image in enumerate(images[:8]):
        client.post("/sessions/a/frame", params={"time": index / 2}, content=written(image, "PNG"))
    client.post("/sessions/a/ask", json={"question": QUESTION, "wait": True})
    client.delete("/sessions/a")
    listener.join(20)
    assert not listener.is_alive()
    assert names[0] == "session" and "appeared" in names


def test_figures_count_what_happened(client, images) -> None:
    client.post("/sessions", json={"id": "a"})
    for time in (0.0, 0.1, 0.5):
        client.post("/sessions/a/frame", params={"time": time}, content=written(images[0]))
    client.post("/sessions/a/ask", json={"question": QUESTION, "wait": True})
    root = f"{client.base_url}".removesuffix("/v1/")
    before = client.get(f"{root}/metrics").text
    assert 'vlm2_frames_total{kind="received"} 3' in before and 'vlm2_frames_total{kind="skipped"} 1' in before
    assert "vlm2_sessions 2" in before and "vlm2_jobs_total 1" in before
    client.delete("/sessions/a")
    after = client.get(f"{root}/metrics").text
    assert 'vlm2_frames_total{kind="received"} 3' in after and "vlm2_sessions 1" in after
    assert client.get(f"{root}/healthz").json() == {"status": "ok"}
