"""Odd video files, as cameras, cutters and screen recorders make them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

MILLISECOND = Fraction(1, 1000)
EXIF_ORIENTATION, EXIF_MAKE = 0x0112, 0x010F


def jpeg(picture: np.ndarray, orientation: int | None = None) -> bytes:
    """A JPEG as a camera writes it: with EXIF where it has an orientation."""
    exif = Image.Exif()
    if orientation is not None:
        exif[EXIF_ORIENTATION], exif[EXIF_MAKE] = orientation, "camera"
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=95, exif=exif.tobytes())
    return out.getvalue()


def mux_jpegs(path: Path, jpegs: Sequence[bytes], stamps: Sequence[int] | None = None, **options: str) -> Path:
    """Put JPEGs into a container as they are. `stamps` are milliseconds, by default ten frames a second; they may be
    any in a container that keeps them apart from the order of decoding."""
    with Image.open(io.BytesIO(jpegs[0])) as first, av.open(str(path.absolute()), "w", options=options) as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height = first.size
        stream.pix_fmt, stream.time_base = "yuvj420p", MILLISECOND
        for index, data in enumerate(jpegs):
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.duration = stream, MILLISECOND, 100
            packet.dts, packet.is_keyframe = 100 * index - 3_600_000 * (stamps is not None), True
            packet.pts = 100 * index if stamps is None else stamps[index]
            container.mux(packet)
    return path


def recut(source: Path, target: Path, start: float = 0.0, end: float | None = None) -> Path:
    """Copy packets without encoding, `start` seconds earlier: those before 0 stay stored, and an edit list hides them.
    A start below 0 delays the first frame."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            if end is not None and packet.pts * packet.time_base >= end:
                continue
            shift = round(start / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
            written.mux(packet)
    return target
