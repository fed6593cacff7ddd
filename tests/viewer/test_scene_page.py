"""The scene in viser: as one HTML file, and served."""

from __future__ import annotations

import re
import socket
import urllib.request
from html.parser import HTMLParser

import numpy as np
import pytest

from vlm2.viewer.scene_page import scene_page
from vlm2.viewer.viser_scene import FRAME, outlined, serve, start_server, thing_colour

pytest.importorskip("viser")


class Outside(HTMLParser):
    """Collects the addresses that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "poster")]


def test_the_page_holds_everything(scene):
    page = scene_page(scene, "my <room>")
    outside = Outside()
    outside.feed(page)
    assert outside.found == []
    assert len(page.encode()) < 3e6
    assert "my &lt;room&gt;" in page
    for words in ("bed 1", "chair 2", "chair 3", "__VISER_EMBED_DATA__", "darkMode:matchMedia"):
        assert words in page
    assert len(re.findall(r"\.frame\d+ \{ background-image: url\(data:image/jpeg", page)) == len(scene.frames)


def test_the_scene_is_served_on_this_machine_only(scene):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = serve(scene, port)
    try:
        assert server.get_host() == "127.0.0.1" and server.get_port() == port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as reply:
            assert reply.status == 200
        with pytest.raises(ValueError, match=f"Port {port}.*in use.*--port"):
            start_server(port)
    finally:
        server.stop()


def test_a_frame_is_shown_with_the_place_of_the_thing(scene):
    track = scene.things[0]
    frame = next(frame for frame in scene.frames_of(track) if scene.outline(track, frame) is not None)
    drawn = outlined(scene, track, frame).astype(int)
    assert drawn.shape == (48, 64, 3)
    assert (np.abs(drawn - FRAME).max(-1) == 0).any()
    assert (np.abs(np.asarray(frame.image).astype(int) - FRAME).max(-1) > 0).all()


def test_labels_have_colours_of_their_own():
    labels = [f"label{number}" for number in range(20)]
    assert len({thing_colour(label, labels) for label in labels}) == 20
