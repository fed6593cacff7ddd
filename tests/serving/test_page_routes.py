"""The web page: its files, its token, and what only it reads of a session."""

from __future__ import annotations

import re
import urllib.request
from urllib.error import HTTPError

import httpx2
import pytest
from toyclient import running

from vlm2.serving import memory_routes, page_routes
from vlm2.serving.app import build_app
from vlm2.serving.guard import Access
from vlm2.serving.limits import Refusal
from vlm2.serving.page_routes import FOLDER

TOKEN = "a b;c=d"  # what a cookie must encode


def test_the_page_and_all_that_it_loads_come_from_the_server(served_store):
    address, _ = served_store
    page = httpx2.get(address)
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    loaded, known = {"page/main.js", "page/page.css"}, {"page/" + file.name for file in FOLDER.iterdir()}
    assert loaded == set(re.findall(r'(?:src|href)="(page/[^"]+)"', page.text))
    waiting = sorted(loaded)
    while waiting:
        text = httpx2.get(f"{address}/{waiting.pop()}").text
        more = {f"page/{name}" for name in re.findall(r'from "\./([^"]+)"', text)} - loaded
        loaded |= more
        waiting += more
    assert loaded | {"page/index.html"} == known
    for path in known:
        assert not re.search(r"https?://(?!www\.w3\.org)", httpx2.get(f"{address}/{path}").text), path


@pytest.mark.parametrize("name", ["none.js", "..%2Fapp.py", "%2e%2e/app.py", "../app.py"])
def test_other_files_are_not_given(served_store, name):
    address, _ = served_store
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(f"{address}/page/{name}", timeout=30)
    assert refused.value.code == 404
    refused.value.close()


def test_the_page_needs_no_token_but_all_else_does(make_store):
    with running(build_app(make_store(start=False), Access.of("127.0.0.1", TOKEN))) as address:
        assert httpx2.get(address).status_code == httpx2.get(f"{address}/page/main.js").status_code == 200
        assert httpx2.get(f"{address}/v1/sessions").status_code == 401
        assert httpx2.get(f"{address}/pages").status_code == 401
        for cookie, status in (("vlm2_token=a%20b%3Bc%3Dd", 200), ("x=1; vlm2_token=a%20b", 401), ("vlm2_token", 401)):
            assert httpx2.get(f"{address}/v1/sessions", headers={"Cookie": cookie}).status_code == status, cookie
        both = {"Cookie": "vlm2_token=a%20b%3Bc%3Dd", "Authorization": "Bearer wrong"}
        assert httpx2.get(f"{address}/v1/sessions", headers=both).status_code == 401


def test_the_timeline_tells_what_is_held_and_what_was_given_up(served_store, images):
    address, store = served_store
    hosted = store.get("home")
    for index in range(4, 20):
        hosted.session.observe(images[index], index)
    told = httpx2.get(f"{address}/v1/sessions/home/timeline").json()
    stream = hosted.session.stream
    assert told["held"] == [held.time for held in stream.log.held]
    bank = {held.time for held in stream.log.held if held.slot >= 0}
    assert told["evicted"] and bank.isdisjoint(told["evicted"])
    assert told["lost"] == list(hosted.session.objects.path.lost)


def test_the_scene_is_a_gltf_file(served_store):
    address, store = served_store
    file = httpx2.get(f"{address}/v1/sessions/home/scene.glb", timeout=60)
    assert file.status_code == 200 and file.headers["content-type"] == "model/gltf-binary"
    assert file.content.startswith(b"glTF") and b'"bed 1"' in file.content
    store.create("new")
    empty = httpx2.get(f"{address}/v1/sessions/new/scene.glb")
    assert empty.status_code == 404 and empty.json()["error"]["code"] == "no_scene"
    assert httpx2.get(f"{address}/v1/sessions/none/scene.glb").json()["error"]["code"] == "no_such_session"


@pytest.mark.parametrize("part", ["scene.glb", "scene.html", "plan.png"])
def test_frames_that_wait_for_their_window_are_shown_too(served_store, images, monkeypatch, part):
    address, store = served_store
    session, shown = store.create("new").session, []
    session.observe(images[0], 0.0)
    assert session.stream.pictures, "it waits"

    def look(stream, *_):
        shown.append(stream)
        raise ValueError("seen enough") if part != "plan.png" else Refusal(404, "none", "seen enough")

    monkeypatch.setattr(page_routes, "scene_of", look)
    monkeypatch.setattr(memory_routes, "plan_png", look)
    assert httpx2.get(f"{address}/v1/sessions/new/{part}").status_code == 404
    assert shown == [session.completed] and not shown[0].pictures and shown[0].frames == session.frames


def test_the_scene_is_a_page_of_its_own(served_store):
    pytest.importorskip("viser")
    address, store = served_store
    page = httpx2.get(f"{address}/v1/sessions/home/scene.html", timeout=60)
    assert page.status_code == 200 and "bed 1" in page.text
    assert page.headers["content-security-policy"] == "frame-ancestors 'self'"
    store.create("new")
    empty = httpx2.get(f"{address}/v1/sessions/new/scene.html")
    assert empty.status_code == 404 and "no scene yet" in empty.text
    assert httpx2.get(f"{address}/v1/sessions/none/scene.html").status_code == 404
