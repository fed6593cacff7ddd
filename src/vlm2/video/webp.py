"""Animated WebP, which FFmpeg cannot decode: read with Pillow and encoded as a video in memory."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
from av.codec.context import Flags
from PIL import Image

from .picture import VideoError

MILLISECOND = Fraction(1, 1000)


def is_animated_webp(path: Path) -> bool:
    """Return whether a file is an animated WebP (RFC 9649, 2.7: the flag A of the VP8X chunk)."""
    with path.open("rb") as file:
        head = file.read(21)
    return len(head) == 21 and head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 0x02)


def as_video(path: Path) -> bytes:
    """Return the animation as a QuickTime video of JPEGs in the best quality. Raises VideoError for a damaged file."""
    out, time = io.BytesIO(), 0
    try:
        with Image.open(path) as animation, av.open(out, "w", format="mov") as container:
            stream = container.add_stream("mjpeg", options={"qmin": "1", "qmax": "2"})
            stream.width, stream.height, stream.pix_fmt = *animation.size, "yuvj444p"
            stream.codec_context.time_base = stream.time_base = MILLISECOND
            stream.codec_context.flags |= Flags.frame_duration
            for index in range(getattr(animation, "n_frames", 1)):
                animation.seek(index)
                frame = av.VideoFrame.from_image(animation.convert("RGB"))  # Pillow reads the duration here
                frame.duration = int(animation.info.get("duration", 0)) or 100
                frame.pts, frame.time_base = time, MILLISECOND
                time += frame.duration
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (OSError, EOFError, SyntaxError) as error:
        raise VideoError(
            f"{path} is a damaged animated WebP: its pictures cannot be read: {error}. Make another, or give a video."
        ) from None
    return out.getvalue()
