"""A server on loopback in a thread, and the pictures and videos that its clients send."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import uvicorn
from PIL import Image
from streams import encode


@contextmanager
def running(app) -> Iterator[str]:
    """Serve an application on 127.0.0.1; gives its address."""
    config = uvicorn.Config(app, port=0, log_level="error", ws_per_message_deflate=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive() and time.monotonic() < end
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def written(picture: np.ndarray, kind: str = "JPEG") -> bytes:
    """A picture as a file."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind)
    return out.getvalue()


def data_url(data: bytes, kind: str = "image/jpeg") -> str:
    """Bytes as a data URL."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@cache
def small_video() -> bytes:
    """A Matroska file of 1.1 seconds: three frames at two a second."""
    return encode(28, "matroska")
