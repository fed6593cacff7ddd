"""Cameras that the server watches: named by the operator, tried again, stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx2
import pytest
from rtsp import camera
from streams import encode
from toyclient import running

from vlm2.serving.app import build_app
from vlm2.serving.cameras import CameraFeed, attach_camera, named_cameras
from vlm2.video import Frame
from vlm2.video.live import FrameReady, SourceEnded


def until(met: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + 30
    while not met():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_session_watches_a_camera_whose_connection_is_lost(make_store) -> None:
    store = make_store(start=False)
    with (
        camera(encode(28)) as address,
        running(build_app(store, cameras=named_cameras([f"door={address}"]))) as at,
        httpx2.Client(base_url=f"{at}/v1", timeout=30) as client,
    ):
        assert [row["id"] for row in client.get("/cameras").json()["data"]] == ["door"]
        client.post("/sessions", json={"id": "a"})
        watched = client.post("/sessions/a/watch", json={"camera": "door"})
        assert watched.status_code == 202 and watched.json()["camera"] == "door"
        assert client.post("/sessions/a/watch", json={"camera": "door"}).json()["error"]["code"] == "busy"
        until(lambda: client.get("/sessions/a").json()["counts"]["taken"] >= 3)
        state = client.get("/sessions/a").json()
        assert any("door stopped" in note for note in state["notes"]) and address not in str(state)
        stopped = client.delete("/sessions/a/watch").json()
        assert stopped["camera"] is None and stopped["frames"] >= 3
        until(lambda: client.get("/sessions/a").json()["waiting"] == 0)
        seen = client.get("/sessions/a").json()["counts"]["received"]
        time.sleep(1.2)
        assert client.get("/sessions/a").json()["counts"]["received"] == seen
        assert client.delete("/sessions/a/watch").json()["error"]["code"] == "no_camera"
        client.post("/sessions/a/watch", json={"camera": "door"})
        until(lambda: client.get("/sessions/a").json()["seconds"] > state["newest"])
        assert client.delete("/sessions/a").json()["deleted"]


def test_only_named_cameras_are_watched(client) -> None:
    for name in ("door", "rtsp://127.0.0.1/live", "0", "/dev/video0", ""):
        refused = client.post("/sessions/home/watch", json={"camera": name})
        assert refused.status_code == 404 and refused.json()["error"]["code"] == "no_such_camera"
    for body in ({}, {"camera": "a", "file": "b"}, {"address": "rtsp://127.0.0.1/live"}):
        assert client.post("/sessions/home/watch", json=body).status_code == 400


def test_a_camera_that_is_not_there_is_told(store) -> None:
    cameras = named_cameras(["door=rtsp://user:secret@127.0.0.1:1/live"])
    hosted = store.create("a")
    attach_camera(cameras, "door", hosted)
    until(lambda: hosted.describe()["camera"] is None)
    (note,) = hosted.notes
    assert note.startswith("door cannot be opened") and "secret" not in note


def test_a_failing_reader_is_not_told_in_detail(store, caplog, monkeypatch) -> None:
    monkeypatch.setattr("vlm2.serving.cameras.LiveReader.start", lambda _: None)
    hosted, (source,) = store.create("a"), named_cameras(["door=rtsp://127.0.0.1:1/live"]).values()
    hosted.attach(lambda: CameraFeed(source, hosted))
    hosted.camera._take(SourceEnded(RuntimeError("secret")))
    assert list(hosted.notes) == ["The camera ended."] and "secret" in caplog.text
    assert hosted.describe()["camera"] is None


def test_a_camera_of_another_shape_is_told_once(store, images, monkeypatch) -> None:
    monkeypatch.setattr("vlm2.serving.cameras.LiveReader.start", lambda _: None)
    monkeypatch.setattr("vlm2.serving.cameras.LiveReader.take", lambda _: Frame(1.0, images[0].swapaxes(0, 1)))
    hosted, (source,) = store.create("a"), named_cameras(["door=rtsp://127.0.0.1:1/live"]).values()
    hosted.push(images[0], 0.0)
    feed = CameraFeed(source, hosted)
    for _ in range(3):
        feed._take(FrameReady())
    (note,) = hosted.notes
    assert "another shape" in note


@pytest.mark.parametrize("options", [["rtsp://x/y"], ["door="], ["Door=rtsp://x/y"], ["a=rtsp://x", "a=rtsp://y"]])
def test_odd_options_are_refused(options) -> None:
    with pytest.raises(ValueError, match="--camera"):
        named_cameras(options)
