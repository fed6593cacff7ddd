"""Animated WebP, which FFmpeg does not decode: read with Pillow, and handed on as a video in memory."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from PIL import Image, UnidentifiedImageError

MILLISECOND = Fraction(1, 1000)


def is_animated_webp(path: Path) -> bool:
    """Tell whether a file is a WebP with an animation (RFC 9649, 2.7: the flag A of the VP8X chunk)."""
    with path.open("rb") as file:
        head = file.read(21)
    return len(head) == 21 and head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 0x02)


def as_video(path: Path) -> bytes:
    """Return the animation as a video of the best JPEGs in QuickTime. Raises ValueError for a damaged file."""
    out, time, durations = io.BytesIO(), 0, {}
    try:
        with Image.open(path) as animation, av.open(out, "w", format="mov") as container:
            stream = container.add_stream("mjpeg", options={"qmin": "1", "qmax": "2"})
            stream.width, stream.height, stream.pix_fmt = *animation.size, "yuvj444p"
            stream.codec_context.time_base = stream.time_base = MILLISECOND
            for index in range(getattr(animation, "n_frames", 1)):
                animation.seek(index)
                picture = animation.convert("RGB")  # reads it, and knows its duration only then
                frame = av.VideoFrame.from_image(picture)
                frame.pts, frame.time_base = time, MILLISECOND
                durations[time] = int(animation.info.get("duration", 0)) or 100
                time += durations[time]
                _mux(container, stream.encode(frame), durations)
            _mux(container, stream.encode(None), durations)
    except (OSError, EOFError, SyntaxError, UnidentifiedImageError) as error:
        raise ValueError(f"its pictures cannot be read: {error}") from None
    return out.getvalue()


def _mux(container: OutputContainer, packets: list[Packet], durations: dict[int, int]) -> None:
    """Write packets with their durations in milliseconds, which encoders do not hand on."""
    for packet in packets:
        packet.duration = durations[packet.pts or 0]
        container.mux(packet)
