"""The routes of sessions and frames over real HTTP: made, shown, asked."""

from __future__ import annotations

import json

import pytest
from sessions import contents
from toyclient import small_video, written

QUESTION = "How many chairs are there?"


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


def test_a_session_gets_another_id(client) -> None:
    client.post("/sessions", json={"id": "robot"})
    renamed = client.patch("/sessions/home", json={"id": "living-room"})
    assert renamed.status_code == 200 and renamed.json()["id"] == "living-room"
    assert [row["id"] for row in client.get("/sessions").json()["data"]] == ["living-room", "robot"]
    assert client.get("/sessions/home").status_code == 404
    assert client.post("/sessions/living-room/ask", json={"question": QUESTION}).json()["value"] == 2
    assert client.patch("/sessions/robot", json={"id": "living-room"}).status_code == 409
    assert client.patch("/sessions/robot", json={"id": "No name"}).json()["error"]["code"] == "bad_id"
    assert client.patch("/sessions/robot", json={}).status_code == 400
    assert client.patch("/sessions/none", json={"id": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"question": "x"}', None, "add the header Content-Type: application/json"),
        (b'{"question": "x"}', "application/x-www-form-urlencoded", "add the header Content-Type: application/json"),
        (b'{"question" "x"}', "application/json", "not valid JSON: Expecting ':' delimiter (character 12)"),
        (b"[1]", "application/json", "must be a JSON object"),
        (b"", "application/json", "must be a JSON object"),
        (b'{"question": 3}', "application/json", "question: Input should be a valid string"),
    ],
)
def test_a_bad_body_is_explained(client, body, kind, words) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    error = client.post("/sessions/home/ask", content=body, headers=headers).json()["error"]
    assert words in error["message"] and error["code"] == "invalid"


def test_one_frame_is_a_body(client, served, images) -> None:
    client.post("/sessions", json={"id": "a"})
    for index, image in enumerate(images[:3]):
        reply = client.post("/sessions/a/frame", params={"time": index / 2}, content=written(image, "PNG"))
        assert reply.status_code == 202 and reply.json()["queued"] == 1
    answer = client.post("/sessions/a/ask", json={"question": QUESTION, "wait": True})
    assert answer.status_code == 200 and served.get("a").session.frames == 3
    assert client.post("/sessions/a/frame", params={"time": 0.5}, content=written(images[0])).status_code == 400
    turned = client.post("/sessions/a/frame", params={"time": 9}, content=written(images[0].swapaxes(0, 1)))
    assert turned.status_code == 400 and turned.json()["error"]["code"] == "bad_shape"
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


def test_a_question_is_checked_beside_the_event_loop(client, checked) -> None:
    assert client.post("/sessions/home/ask", json={"question": QUESTION}).status_code == 200
    assert checked and not any(checked)


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
    follows = {"question": "where are they?", "earlier": [QUESTION]}
    assert client.post("/sessions/home/ask", json=follows).json()["query"] == "where(chair)"
    assert client.post("/sessions/home/ask", json=follows | {"earlier": [QUESTION] * 9}).status_code == 400
    assert client.post("/sessions/home/ask", json={"question": ""}).status_code == 400
    client.post("/sessions", json={"id": "a"})
    unseen = client.post("/sessions/a/ask", json={"question": QUESTION, "stream": True})
    assert "has seen nothing yet" in unseen.text and '"error"' in unseen.text


def test_a_fork_is_a_session(client, served) -> None:
    assert client.post("/sessions/home/fork", json={"id": "twin"}).json()["frames"] == 4
    assert client.post("/sessions/home/fork").status_code == 201
    assert contents(served.get("twin").session) == contents(served.get("home").session)
