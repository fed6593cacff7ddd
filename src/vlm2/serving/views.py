"""Pictures of a session's memory: the plan from above, and keyframes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..streaming.stream import Stream
from ..streaming.thumbnail import picture, small_jpeg
from ..viewer.floor_map import draw_map
from .limits import Refusal

PLAN = (900, 760)  # pixels, width and height
QUALITY = 85  # of a smaller JPEG file


def plan_png(stream: Stream) -> bytes:
    """Return the map of a stream from above as a PNG file."""
    image = Image.new("RGB", PLAN, "white")
    draw_map(image, stream, (0, 0, PLAN[0] - 1, PLAN[1] - 1))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def keyframe_jpeg(stream: Stream, frame: int, side: int | None = None) -> bytes:
    """Return a keyframe by its number as a JPEG file, of at most `side` pixels a side. Raises Refusal where there is
    none."""
    found = next((shown for shown in stream.keyframes if shown.frame == frame), None)
    if found is None:
        raise Refusal(404, "no_such_keyframe", f"Frame {frame} is no keyframe of this session.")
    jpeg = found.jpeg if side is None else small_jpeg(np.asarray(picture(found.jpeg)), side, QUALITY)
    return jpeg.numpy().tobytes()
