"""The routes of what sessions remember, over real HTTP."""

from __future__ import annotations

import io
import threading

from PIL import Image
from sessions import contents
from toyclient import written

from vlm2.objects import ObjectMap

QUESTION = "How many chairs are there?"


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


def test_the_map_can_leave_out_the_frames_that_wait(client, served, images) -> None:
    session = served.create("new").session
    for index in range(2):  # the first window holds four frames
        session.observe(images[index], index / 2)
    taken, placed = (
        ObjectMap.from_json(client.get(f"/sessions/new/objects{ask}").text) for ask in ("", "?placed=true")
    )
    assert taken.path.times == (0.0, 0.5) and placed.path.times == ()
