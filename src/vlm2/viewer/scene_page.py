"""The 3D scene as one HTML file: the scene, and a list of the things with the frames that show them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np

from ..objects import Track
from ..query.operators.area import Area
from ..query.query import clock
from ..streaming.thumbnail import small_jpeg
from .scene import Scene3D, SceneFrame
from .viser_scene import details, draw, start_server, stop_server, thing_colour, thing_name

SIDE, QUALITY = 320, 70  # pixels of the longer side of a frame's picture, and of its JPEG file
TEMPLATE = "scene.html.jinja"
COLOURS = ("{darkMode:false}", '{darkMode:matchMedia("(prefers-color-scheme: dark)").matches}')
"""What viser writes for light colours, and what follows the colours of the reader's system instead."""


def scene_page(scene: Scene3D, title: str) -> str:
    """Return the page. It needs no network and no other file. Raises ValueError if viser is not installed."""
    from jinja2 import Environment, FileSystemLoader

    server = start_server(0)
    try:
        draw(server, scene)
        embedded = server.get_scene_serializer().as_html().replace(*COLOURS)
    finally:
        stop_server(server)
    labels = sorted({track.label for track in scene.things})
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    return templates.get_template(TEMPLATE).render(
        title=title,
        scene=embedded,
        pictures={frame.frame: _data_url(frame) for frame in scene.frames if frame.image is not None},
        groups=[(label, thing_colour(label, labels), _rows(scene, label)) for label in labels],
        rooms=scene.map.floor.rooms,
        area=Area().run(scene.map).value,
        unit="m" if scene.metric else "scene units",
    )


def _rows(scene: Scene3D, label: str) -> list[dict[str, Any]]:
    """Return the things of a label for the template."""
    return [
        {"name": thing_name(track), "details": details(track, scene), "shots": _shots(scene, track)}
        for track in scene.things
        if track.label == label
    ]


def _shots(scene: Scene3D, track: Track) -> list[dict[str, Any]]:
    """Return the frames that show a thing, each with the thing's outline in per cent of the picture."""
    shots = []
    for frame in scene.frames_of(track):
        assert frame.image is not None
        place = scene.outline(track, frame)
        left, top, right, bottom = (100 * side for side in place or (0.0, 0.0, 0.0, 0.0))
        outline = None if place is None else (left, top, right - left, bottom - top)
        width, height = frame.image.size
        shots.append({"frame": frame.frame, "time": clock(frame.time), "ratio": width / height, "outline": outline})
    return shots


def _data_url(frame: SceneFrame) -> str:
    """Return a frame's picture as the address of a JPEG file that is part of the page."""
    assert frame.image is not None
    jpeg = small_jpeg(np.asarray(frame.image), SIDE, QUALITY).numpy().tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
