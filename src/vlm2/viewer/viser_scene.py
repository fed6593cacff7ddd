"""The 3D scene in viser (extra `view`): in a browser while a server runs, or in one HTML file."""

from __future__ import annotations

import colorsys
import io
import math
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8
from PIL import ImageDraw
from scipy.spatial.transform import Rotation

from ..objects import Track
from ..query.query import clock
from .scene import Scene3D, SceneFrame

if TYPE_CHECKING:
    import viser

POINT, FRUSTUM = 0.035, 0.15  # metres: of a point, of a camera's frustum
PATH, FRAME = (37, 99, 235), (194, 65, 12)  # colours of the camera's path and of the kept frames
SMALL = 160  # pixels of the longer side of a picture in a frustum
GOLDEN = 0.618034  # of the colour circle, from one label to the next
_SILENT = threading.Lock()


def start_server(port: int, host: str = "127.0.0.1") -> viser.ViserServer:
    """Return a viser server on a port; 0 takes a free one. Raises ValueError if viser is not installed or the port is
    in use."""
    try:
        import viser
    except ImportError:
        raise ValueError("The 3D scene needs viser. Install it: pip install 'vlm2[view]'") from None
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            raise ValueError(f"Port {port} of {host} is in use; name another with --port.") from None
        free = probe.getsockname()[1]
    with _silence():
        return viser.ViserServer(host=host, port=free, verbose=False)


def stop_server(server: viser.ViserServer) -> None:
    """Stop a server."""
    with _silence():
        server.stop()


@contextmanager
def _silence() -> Iterator[None]:
    """Keep viser from printing: it prints its addresses whether or not it is `verbose`. One thread at a time, since all
    threads share stdout."""
    with _SILENT, redirect_stdout(io.StringIO()):
        yield


def draw(server: viser.ViserServer, scene: Scene3D) -> dict[int, viser.BoxHandle]:
    """Draw a scene as it is seen from above and behind, and return the boxes of its things by the numbers of their
    tracks."""
    api = server.scene
    api.set_up_direction("+z")
    middle, reach = scene.extent()
    server.initial_camera.look_at = tuple(middle)
    server.initial_camera.position = tuple(middle + reach * np.array((-0.3, -0.6, 0.75)))
    api.add_point_cloud("/points", scene.points, scene.colours, point_size=POINT, point_shading="flat")
    if len(scene.path) > 1:
        steps = np.stack((scene.path[:-1], scene.path[1:]), 1)
        api.add_line_segments("/path", steps, PATH, thickness=0.03)
    for frame in scene.frames:
        _draw_frame(api, frame, scene)
    for number, room in enumerate(scene.map.floor.rooms):
        outline = np.array([(x, y, 0.01) for x, y in room.polygon])
        walls = np.stack((outline, np.roll(outline, -1, 0)), 1)
        api.add_line_segments(f"/rooms/{number}", walls, (90, 98, 110), thickness=0.02)
        api.add_label(f"/rooms/{number}/name", room.name, position=tuple(outline.mean(0)))
    labels = sorted({track.label for track in scene.things})
    return {track.id: _draw_thing(api, track, labels) for track in scene.things}


def _draw_frame(api: viser.SceneApi, frame: SceneFrame, scene: Scene3D) -> None:
    """Draw a kept frame as the frustum of its camera, with its picture."""
    pose, (wide, high) = frame.scene_from_camera, scene.half_view
    small = None
    if frame.image is not None:
        small = frame.image.copy()
        small.thumbnail((SMALL, SMALL))
    api.add_camera_frustum(
        f"/frames/{frame.frame}",
        fov=2 * math.atan(high),
        aspect=wide / high,
        scale=FRUSTUM,
        thickness=0.005,
        color=FRAME,
        image=None if small is None else np.asarray(small),
        format="jpeg",
        wxyz=quaternion(pose[:3, :3]),
        position=pose[:3, 3],
    )


def _draw_thing(api: viser.SceneApi, track: Track, labels: Sequence[str]) -> viser.BoxHandle:
    """Draw a thing as a translucent box with its label; a stale one is fainter."""
    colour, box = thing_colour(track.label, labels), track.box
    turn = quaternion(np.array(box.axes).T)
    size = np.maximum(box.size, 0.02)
    name = f"/things/{track.id}"
    faint = track.status == "stale"
    handle = api.add_box(
        name, colour, size, opacity=0.12 if faint else 0.3, side="double", wxyz=turn, position=box.center
    )
    api.add_box(f"{name}/edges", colour, size, wireframe=True)
    api.add_label(f"{name}/label", thing_name(track), position=(0.0, 0.0, float(size[2]) / 2), anchor="bottom-center")
    return handle


def serve(scene: Scene3D, port: int) -> viser.ViserServer:
    """Return a server of a scene on this machine. A click on a thing shows its frames beside the scene."""
    server = start_server(port)
    boxes = draw(server, scene)
    server.gui.configure_theme(show_logo=False, show_share_button=False)
    server.gui.main_panel.dock_right()
    server.gui.add_markdown("Click a thing to see its frames.")
    shown: list[viser.GuiMarkdownHandle | viser.GuiImageHandle] = []
    for track in scene.things:

        def show(_: object, track: Track = track) -> None:
            while shown:
                shown.pop().remove()
            shown.append(server.gui.add_markdown(f"**{thing_name(track)}**: {details(track, scene)}"))
            for frame in scene.frames_of(track):
                shown.append(server.gui.add_image(outlined(scene, track, frame), label=clock(frame.time)))

        boxes[track.id].on_click(show)
    return server


def outlined(scene: Scene3D, track: Track, frame: SceneFrame) -> UInt8[np.ndarray, "height width 3"]:
    """Return a frame's picture with the place of a thing's box."""
    assert frame.image is not None
    image = frame.image.copy()
    if (place := scene.outline(track, frame)) is not None:
        sides = np.array(image.size * 2) - 1
        ImageDraw.Draw(image).rectangle(tuple(np.array(place) * sides), outline=FRAME, width=3)
    return np.asarray(image)


def thing_name(track: Track) -> str:
    """Return a thing's label with its number, as the scene and the lists beside it show it: "chair 3"."""
    return f"{track.label} {track.id}" + (" (gone?)" if track.status == "stale" else "")


def details(track: Track, scene: Scene3D) -> str:
    """Return a thing's size, room and times in words."""
    unit = "m" if scene.metric else "scene units"
    parts = [" × ".join(f"{side:.1f}" for side in track.box.size) + f" {unit}", scene.map.room_of(track)]
    if track.first_seen is not None and track.last_seen is not None:
        times = dict.fromkeys((clock(track.first_seen), clock(track.last_seen)))
        parts.append("seen " + "–".join(times))
    return ", ".join(part for part in parts if part)


def thing_colour(label: str, labels: Sequence[str]) -> tuple[int, int, int]:
    """Return the colour (RGB) of a label among those of the scene."""
    red, green, blue = colorsys.hsv_to_rgb(labels.index(label) * GOLDEN % 1.0, 0.75, 0.85)
    return round(255 * red), round(255 * green), round(255 * blue)


def quaternion(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """Return a rotation matrix as a unit quaternion: w, x, y, z."""
    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    return float(w), float(x), float(y), float(z)
