"""The 3D scene as a recording for rerun, where rerun-sdk is installed."""

from __future__ import annotations

import numpy as np

from .scene import Scene3D
from .viser_scene import PATH, POINT, quaternion, thing_colour, thing_name


def rerun_recording(scene: Scene3D, title: str) -> bytes:
    """Return the bytes of an .rrd file: the scene, and the kept frames on a time line. Raises ValueError without
    rerun-sdk."""
    try:
        import rerun  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ValueError("A recording needs rerun. Install it: pip install rerun-sdk") from None
    recording = rerun.RecordingStream("vlm2")
    memory = recording.memory_recording()
    recording.send_recording_name(title)
    recording.log("scene", rerun.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    recording.log("scene/points", rerun.Points3D(scene.points, colors=scene.colours, radii=POINT / 2), static=True)
    recording.log("scene/path", rerun.LineStrips3D([scene.path], colors=[PATH]), static=True)
    labels = sorted({track.label for track in scene.things})
    boxes = [track.box for track in scene.things]
    if boxes:
        turns = [quaternion(np.array(box.axes).T) for box in boxes]
        recording.log(
            "scene/things",
            rerun.Boxes3D(
                centers=[box.center for box in boxes],
                sizes=[box.size for box in boxes],
                quaternions=[rerun.Quaternion(xyzw=(x, y, z, w)) for w, x, y, z in turns],
                labels=[thing_name(track) for track in scene.things],
                colors=[thing_colour(track.label, labels) for track in scene.things],
            ),
            static=True,
        )
    for frame in scene.frames:
        if frame.image is None:
            continue
        recording.set_time("time", duration=frame.time)
        width, height = frame.image.size
        pose = frame.scene_from_camera
        recording.log("scene/camera", rerun.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3]))
        lens = rerun.Pinhole(
            focal_length=(width / 2 / scene.half_view[0], height / 2 / scene.half_view[1]),
            width=width,
            height=height,
            camera_xyz=rerun.ViewCoordinates.RDF,
        )
        recording.log("scene/camera/image", lens, rerun.Image(np.asarray(frame.image)).compress())
    return memory.drain_as_bytes()
