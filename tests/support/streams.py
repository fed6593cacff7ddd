"""Streams on loopback, and a wall clock that waits for nobody but the one who takes the frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Semaphore, Thread

import av
import numpy as np

from vlm2.video.live import WallClock


def encode(
    frames: int,
    container: str = "mpegts",
    codec: str = "mpeg2video",
    rate: int = 25,
    size: tuple[int, int] = (32, 48),
) -> bytes:
    """A stream of frames of a height and width that grow brighter, `rate` a second."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.height, stream.width = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((*size, 3), 20 + 8 * index, np.uint8), format="rgb24")
            frame.pts, frame.time_base = index, stream.codec_context.time_base
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


@contextmanager
def served(data: bytes | list[bytes], kind: str, times: int, size: int | None = None) -> Iterator[str]:
    """Serve a stream on 127.0.0.1, `times` times; then refuse. Gives its address. It has no end of its own, or is said
    to be of a `size`. Where there are several, each is served once, in turn."""
    left = [times]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            left[0] -= 1
            if left[0] < 0:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            if size is not None:
                self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(data if isinstance(data, bytes) else data[len(data) - left[0] - 1])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/stream"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Ticking(WallClock):
    """A wall clock that moves by `tick` seconds whenever it is read, and over waits at once; it keeps the waits."""

    def __init__(self, tick: float = 0.0) -> None:
        self.time, self.tick, self.waits = 0.0, tick, []

    def now(self) -> float:
        self.time += self.tick
        return self.time

    def wait(self, seconds, stopped) -> None:
        self.time += seconds
        self.waits.append(round(seconds, 6))


class Lockstep(Ticking):
    """A wall clock that is read once a frame, and shows the next moment only when the last frame was taken."""

    def __init__(self, tick: float = 0.0) -> None:
        super().__init__(tick)
        self.turn = Semaphore(1)

    def now(self) -> float:
        assert self.turn.acquire(timeout=10), "nobody took the frame"
        return super().now()
